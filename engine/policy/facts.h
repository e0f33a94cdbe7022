// Facts: the closed list of what a decision may know (domain.md, Facts; policy-language.md
// section 2). Everything else in the world is invisible to the rules.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/model/account.h"
#include "engine/model/borrower.h"
#include "engine/model/event.h"
#include "engine/model/ids.h"
#include "engine/model/words.h"

namespace forbear::policy {

// The contact that is asked about.
struct Contact {
  Channel channel = Channel::kLetter;
  std::optional<ContactPointId> point;  // absent only where the channel needs none
  Person to;                            // whom it is meant for
  std::vector<AccountId> accounts;      // at least one
  Purpose purpose = Purpose::kPaymentReminder;
  std::optional<NoticeKind> notice;     // with required_notice
  std::string declared_notice;          // with NoticeKind::kDeclared
  std::optional<EventId> answers;       // with reply: the inbound event it answers
  bool automated = false;
  bool requested = false;               // the borrower asked for this very contact
  Dialling dialling = Dialling::kManual;
  Voice voice = Voice::kHuman;
  CallerId caller_id = CallerId::kShown;
  // Tags of the number that is shown, sorted: `registered`, `premium_rate`. Absent: not known.
  std::optional<std::vector<std::string>> caller_class;
  std::optional<Basis> relies_on;
  std::optional<RepeatReason> repeat_reason;
  Message message;
};

// An answer to a question that a pack declares (policy-language.md section 1, `declares`).
struct DeclaredAnswer {
  std::optional<bool> flag;
  std::optional<Day> day;
  std::optional<int64_t> number;
};

struct TenantFacts {
  std::string id;
  std::vector<Place> seats;            // where its staff sit
  std::vector<Place> fallback_places;  // for a borrower whose place is unknown: all of them bind
  FirmKind kind = FirmKind::kUnknown;
  // Words that packs declare, sorted. Absent: not known, which never helps the sender.
  std::optional<std::vector<std::string>> licences;
  std::optional<std::vector<std::string>> member_of;
  std::optional<std::vector<WeeklySlot>> hours;  // its own table of contact hours
  std::map<std::string, DeclaredAnswer> declared;
};

// Consent the law wants before a channel, autodialler or recorded voice may be used at all.
// `kGivenLongAgo` is the scenario form's default and never used by `serve`.
enum class ChannelConsent { kOnlyHistory, kGivenLongAgo };

// Pointers are borrowed for the length of the call. `history` holds the events of the whole
// linked set of borrowers, oldest first; `accounts` likewise. Notices and waits before a first
// contact: `notices_given_by_default` is the scenario form's default that law's first notices
// went out, arrived and ran out long ago unless history has a notice of that kind.
struct Facts {
  Contact contact;
  const TenantFacts* tenant = nullptr;
  const Borrower* borrower = nullptr;
  std::vector<const Borrower*> linked;   // others who may be the same person
  std::vector<const Account*> accounts;
  std::vector<const Event*> history;
  ChannelConsent channel_consent = ChannelConsent::kOnlyHistory;
  bool notices_given_by_default = false;
  // Answers to questions that a pack asks of this file, and not of the tenant as such.
  std::map<std::string, DeclaredAnswer> declared;
  // The scenario form's default that content, callers and licences are as law wants them, but for
  // what `lacks` names (items, caller tags, licences). `serve` never sets it.
  bool papers_in_order_by_default = false;
  std::set<std::string, std::less<>> lacks;
};

}  // namespace forbear::policy
