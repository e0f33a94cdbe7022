// An Event is something that happened to a borrower: an attempt, a message from them, a notice, a
// statement, a permission, a status. Caps, waits, standings and consents are all read from events;
// there is no second place where such a fact is kept.
//
// Which fields an event of a name has is policy-language.md section 3; the others stay at their
// defaults. An attempt keeps the facts of the contact as they were.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/model/borrower.h"
#include "engine/model/ids.h"
#include "engine/model/instant.h"
#include "engine/model/weekly_slot.h"
#include "engine/model/words.h"

namespace forbear {

// Who is addressed, or acts. For the borrower `party` is zero.
struct Person {
  Relation relation = Relation::kBorrower;
  Id128 party;
  bool operator==(const Person&) const = default;
};

// What a template, script or message was found to hold. Defaults are what a decent reminder to
// the borrower says; a flag that nobody looked at stays empty and never helps the sender.
struct Message {
  MessageForm form = MessageForm::kFull;
  OptOutOffer opt_out = OptOutOffer::kUnstated;
  std::optional<bool> mentions_debt, discloses_collector, reveals_trade, true_sender_name,
      names_firm_unasked, misleading_reason, payment_link, pressing_offer, demands_payment, offer,
      commercial, recipient_charged;
  // Words that packs declare, each sorted; absent: nobody has looked.
  std::optional<std::vector<std::string>> carries;    // items: `amount_due`, `licence_number`
  std::optional<std::vector<std::string>> found;      // findings: `threat_of_violence`; none: clean
  std::optional<std::vector<std::string>> languages;  // BCP 47 tags it is written or spoken in
  bool operator==(const Message&) const = default;
};

// What a conversation touched.
struct Talk {
  AccountId account;
  bool raised_by_tenant = true;
  bool declined = false;  // the borrower would not discuss it
};

struct Event {
  EventId id;
  EventName name = EventName::kAttempt;
  std::string declared_name;           // with EventName::kDeclared: a statement or status of a pack
  Instant at{};
  std::optional<Instant> received_at;  // when it reached the tenant; absent: at once
  DoneBy by = DoneBy::kTenant;
  Id128 by_party;                      // with DoneBy::kParty
  std::vector<AccountId> accounts;     // sorted; empty: all of the borrower's

  // Attempts, inbound contacts, notices.
  std::optional<Channel> channel;
  std::optional<ContactPointId> point;
  Person to;
  std::optional<Purpose> purpose;
  std::optional<Outcome> outcome;
  Message message;
  Dialling dialling = Dialling::kManual;
  Voice voice = Voice::kHuman;
  bool automated = false;
  bool requested = false;               // the borrower asked for this very contact
  std::optional<EventId> answers;       // the inbound it answers
  std::optional<Basis> relies_on;
  Id128 answered_by;                    // the party who took it, with other_answered
  std::optional<std::vector<Talk>> talk;  // absent: all accounts were discussed
  std::optional<AttemptId> attempt;     // the attempt of ours this event is

  std::optional<NoticeKind> notice;
  std::string declared_notice;          // with NoticeKind::kDeclared
  std::optional<Day> opt_out_by, period_ends_on, received_on;

  // Statements, permissions, statuses.
  std::optional<Via> via;
  std::vector<Channel> channels;        // sorted; empty: not narrowed
  std::vector<ContactPointId> points;   // sorted; empty: not narrowed
  std::vector<Covers> covers;
  std::optional<ConsentForm> consent_form;
  std::string document;                 // a word: in which document a consent stands
  bool use_disclosed = true;
  DoneBy given_to = DoneBy::kTenant;
  std::vector<WeeklySlot> windows;
  std::optional<Day> first_day, last_day;
  std::optional<Instant> until;
  std::vector<TiedTo> places;           // inconvenient_place
  std::optional<Whereabouts> where;
  std::optional<Place> place;           // whereabouts elsewhere
  std::optional<Wording> wording;
  std::optional<Id128> attorney;        // a party
  bool repeats = false, new_evidence = false;
  bool refuses_to_pay = false;
  std::optional<bool> confirmed;
  bool ended = false;                   // a status that is over from `at` on
  std::string cause;                    // a word, never free text
  Relation owner = Relation::kBorrower; // owner_learned
  Id128 owner_party;
  std::optional<Day> same_user_since;

  // Payments and promises.
  int64_t amount_minor_units = 0;

  // True for something said in writing: any way but by voice.
  bool Written() const { return via.has_value() && *via != Via::kCall; }
};

}  // namespace forbear
