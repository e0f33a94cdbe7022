// A Decision answers one question: may this contact be made, at this instant?
//
// Every rule that denies is kept, not only the first, so that an auditor can read the whole reason
// back years later. A rule that lacks a fact denies too: what we cannot establish, we do not do.
//
//   const Decision decision = Decide(question, now);
//   if (decision.answer != Answer::kAllowed) return Sleep(account, decision);
//
// INVARIANT: kAllowed iff denials is empty; kDeferred iff next_allowed_at is set.
// INVARIANT: equal arguments give equal Decisions, however packs and rules were ordered.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/instant.h"
#include "engine/model/words.h"

namespace forbear {

#define FORBEAR_ANSWERS(X) \
  X(kDenied, "denied") X(kDeferred, "deferred") X(kAllowed, "allowed")
FORBEAR_WORDS(Answer, FORBEAR_ANSWERS)  // denied first: unfinished means no

#define FORBEAR_EFFECTS(X) \
  X(kProhibition, "prohibition") X(kPresumption, "presumption") X(kGuidance, "guidance")
FORBEAR_WORDS(Effect, FORBEAR_EFFECTS)

#define FORBEAR_KINDS(X)                                                                     \
  X(kContactHours, "contact_hours") X(kDayBlackout, "day_blackout")                          \
  X(kFrequencyCap, "frequency_cap") X(kCooldown, "cooldown")                                 \
  X(kConsentRequired, "consent_required") X(kOptOut, "opt_out")                              \
  X(kStopContact, "stop_contact") X(kInconvenient, "inconvenient")                           \
  X(kThirdParty, "third_party") X(kNoticeFirst, "notice_first")                              \
  X(kDisclosure, "disclosure") X(kIdentification, "identification")                          \
  X(kLanguage, "language") X(kContentBan, "content_ban") X(kTimeBarred, "time_barred")       \
  X(kLicence, "licence") X(kRecordRetention, "record_retention")                             \
  X(kDataProtection, "data_protection")
FORBEAR_WORDS(RuleKind, FORBEAR_KINDS)

// What a denial lacks or meets, as a word for machines; `needs` says it for people.
#define FORBEAR_REASONS(X)                                                                    \
  X(kOutsideHours, "outside_hours") X(kBlackoutDay, "blackout_day")                           \
  X(kCapReached, "cap_reached") X(kGap, "gap") X(kCooldown, "cooldown")                       \
  X(kNoConsent, "no_consent") X(kOptedOut, "opted_out") X(kNoWayOut, "no_way_out")            \
  X(kStanding, "standing") X(kInconvenientTime, "inconvenient_time")                          \
  X(kInconvenientPlace, "inconvenient_place") X(kChannelRefused, "channel_refused")           \
  X(kThirdParty, "third_party") X(kOverheard, "overheard")                                    \
  X(kNoticeNotSent, "notice_not_sent") X(kNoticeWait, "notice_wait")                          \
  X(kBarred, "barred") X(kUnknownFact, "unknown_fact") X(kNoZone, "no_zone")                  \
  X(kNoJurisdiction, "no_jurisdiction") X(kNoHoursRule, "no_hours_rule")                      \
  X(kItemMissing, "item_missing") X(kWrongLanguage, "wrong_language")                         \
  X(kCallerNotShown, "caller_not_shown") X(kForbiddenContent, "forbidden_content")            \
  X(kTimeBarred, "time_barred") X(kNotLicensed, "not_licensed")

FORBEAR_WORDS(Reason, FORBEAR_REASONS)

}  // namespace forbear

namespace forbear::policy {

// Where a rule comes from: at least one a rule.
struct Citation {
  std::string text;  // "12 CFR 1006.6(b)(1)(i)"
  std::string url;   // where it can be read; may be empty
  bool operator==(const Citation&) const = default;
};

// One rule that says no.
struct Denial {
  std::string rule;                   // id of the rule, which is the id of its fact
  RuleKind kind = RuleKind::kContactHours;
  Effect effect = Effect::kProhibition;
  bool suggested = false;             // ours, not law's
  Reason reason = Reason::kUnknownFact;
  std::string needs;                  // what would change the answer, in plain English
  std::vector<Citation> cites;
  // What is missing or in the way, where there is a word for it: every item, finding, notice,
  // licence, language or date that violates the rule for this reason. Sorted, each once.
  std::vector<std::string> named;
  // What it rests on, as a word (`cease_request`, `account.due_on`), and since when that has been so;
  // its age is the time from then to the instant asked about. Empty and absent: on no one fact.
  std::string fact;
  std::optional<Instant> fact_at;
  // The first instant, at or after the one asked about, when this rule alone no longer denies.
  // Absent: waiting alone never helps.
  std::optional<Instant> opens_at;
  bool operator==(const Denial&) const = default;
};

// How much of a cap is used, counting the contacts made so far and not this one.
struct Budget {
  std::string rule;
  std::string scope;   // what shares the count: `person`, `debt`, `person, debt`
  std::string window;  // `7 consecutive_days`
  int used = 0;
  int limit = 0;
  std::optional<Instant> next_frees_at;  // when the oldest counted one leaves the window
  std::vector<Citation> cites = {};
  bool operator==(const Budget&) const = default;
};

// A duty that comes with the contact, or with having made it.
struct Obligation {
  std::string rule;
  std::string duty;  // a word: `offer_opt_out`, `send_notice:validation_notice`
  std::optional<Instant> due_at;
  std::vector<Citation> cites = {};
  bool operator==(const Obligation&) const = default;
};

// A place or zone of the set, and why it is in it.
struct Because {
  std::string what;  // "US-OH", "America/New_York"
  std::string why;   // `home`, `work`, `number`, `declared`, `whereabouts`, `tenant_fallback` …
  auto operator<=>(const Because&) const = default;
};

// A denial that the overlay has set aside: guidance it only warns of, or a suggestion it has muted.
#define FORBEAR_ASIDES(X) X(kWarned, "warned") X(kMuted, "muted")
enum class SetAsideHow : uint8_t { kWarned, kMuted };
struct SetAside {
  SetAsideHow how = SetAsideHow::kWarned;
  Denial denial;
  bool operator==(const SetAside&) const = default;
};

// What a decision rests on beside the facts. Shared by every decision of one Question.
struct Grounds {
  std::vector<Because> jurisdictions;  // sorted
  std::vector<Because> zones;          // sorted
  std::vector<std::string> packs;      // the packs that bind, sorted
  std::string bundle_digest;           // "sha256:" and 64 hex digits
  std::string tzdata;                  // "2025b"
};

struct Decision {
  Answer answer = Answer::kDenied;     // until someone shows otherwise
  Instant at{};                        // the instant decided for
  std::vector<Denial> denials;         // sorted by rule id
  std::vector<SetAside> set_aside;     // what would have denied but for the overlay; by rule id
  std::vector<Budget> budgets;         // every cap that applies, sorted by rule id
  std::vector<Obligation> obligations; // sorted by rule id
  // The first instant, at or after the one asked about, when no rule denies, supposing nothing
  // else happens. Exact: one second earlier is denied.
  std::optional<Instant> next_allowed_at;
  std::shared_ptr<const Grounds> grounds;
};

}  // namespace forbear::policy
