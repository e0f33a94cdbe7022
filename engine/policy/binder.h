// Binder: turns conditions, filters and waits into signals, for one set of facts.
//
// Private to engine/policy. A condition is bound for a subject: the contact that is asked about, or
// one event of the past, which is judged at its own instant. Whatever can be known without the
// time is folded away here, so that Decide has little left to do.
#pragma once

#include <bitset>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/policy/bound.h"
#include "engine/policy/bundle.h"
#include "engine/policy/facts.h"
#include "engine/policy/pack.h"
#include "engine/policy/question.h"
#include "engine/policy/signal.h"

namespace forbear::policy {

// Which places and zones are in the sets, and for how long (domain.md).
struct PlaceSpan {
  std::string jurisdiction;  // "US", "US-OH"
  std::string why;
  Instant from = kFirstInstant;
  Instant until = kEndOfTime;
  bool of_borrower = false, of_number = false, of_tenant = false;
};
// Where the borrower said they would be, until when.
struct WhereaboutsSpan {
  const Event* event;
  Instant until;
};
struct Sets {
  std::vector<PlaceSpan> places;
  std::vector<ZoneSpan> zones;          // the borrower's clock
  std::vector<ZoneSpan> address_zones;  // `clock: place`
  std::vector<ZoneSpan> number_zones;   // `clock: number`
  std::vector<ZoneSpan> tenant_zones;
  std::vector<WhereaboutsSpan> whereabouts;  // oldest first
  std::vector<Because> zone_reasons;    // sorted, unique
  bool addresses_known_down_to_zone = false;
};
Sets FindSets(const Facts& facts, const Surroundings& surroundings);

// Does a tag of BCP 47 speak the language asked for (RFC 4647, basic filtering: `zh-Hant-TW` speaks
// `zh`)?
bool SpeaksTag(std::string_view tag, std::string_view asked);

// The contact, or a past event.
struct Subject {
  const Event* event = nullptr;  // nullptr: the contact asked about
};

class Binder {
 public:
  Binder(const Facts& facts, const Surroundings& surroundings, const Sets& sets);

  const Facts& facts() const { return facts_; }
  const Sets& sets() const { return sets_; }
  const Surroundings& surroundings() const { return surroundings_; }

  // The account that is asked about now; conditions on accounts and scopes of `debt` mean it.
  void SetAccount(const Account* account) { account_ = account; }
  const Account* account() const { return account_; }
  // The zones in which local days are counted; of each row of LeavesByZone, where the window counts
  // days.
  size_t day_zones() const { return zones_.size(); }
  Instant DayZoneUntil(size_t row) const {
    return row < zones_.size() ? zones_[row].until : kEndOfTime;
  }
  const ZoneTable* DayZoneAt(size_t row) const {
    return row < zones_.size() ? zones_[row].zone : nullptr;
  }
  // The pack whose rule is being bound: its calendars and week.
  void SetPack(const Pack* pack) { pack_ = pack; }
  int week_starts() const { return pack_ == nullptr ? 0 : pack_->week_starts; }

  // May the rule apply, as far as its gates tell?
  bool Concerned(const RulePlan& plan) const;
  // Is there any such event at all?
  bool Has(EventName name) const { return present_[static_cast<size_t>(name)]; }
  bool HasAny(const Filter& filter) const;
  // The local day of a date of law has come, for whatever the contact may be asked about.
  Signal InForceFrom(Day day) const;

  Signal Bind(const Condition& condition, const Subject& subject) const;
  // Does the event pass, judged at its own instant?
  bool Passes(const Filter& filter, const Event& event, bool unknown_passes) const;
  // Is it an event that the filter names?
  static bool IsNamed(const Filter& filter, const Event& event);
  bool PassesCondition(const Condition& condition, const Event& event, bool unknown_passes) const;
  // Passing events in the scope of the contact, or of the event that `subject` names, oldest first.
  // With the scope of a person, attempts meant for somebody else are left out, unless the filter
  // itself says whom it means.
  std::vector<const Event*> Find(const Filter& filter, Scopes scope, bool unknown_passes,
                                 const Subject& subject = {}) const;

  // How far an event reaches (section 3, Scope). Events narrowed to channels, points or accounts
  // reach no further than that, as far as the scope speaks of them.
  // What nobody told, here the original creditor, is as `unknown_reaches` says.
  // Scopes compare with the contact asked about; for a condition on an event, with that event.
  bool Reaches(const Event& event, Scopes scope, bool unknown_reaches = true,
               const Subject& subject = {}) const;
  // Was the event about the account asked about, or about this one?
  bool AboutAccount(const Event& event) const;
  static bool About(const Event& event, const Account& account);
  // What a party says for itself is said of contact with that party alone.
  static bool SpeaksOf(const Event& event, const Person& to);
  // Did `event` happen after `before`? Of one instant, what was told later is later.
  bool ToldAfter(const Event& event, const Event& before) const;

  // The first instant when the wait after `event` (or after local day `day`) is over, in every
  // zone. kEndOfTime when it cannot be known.
  Instant WaitEnd(const Waits& waits, const Event& event) const;
  Instant WaitEndFromDay(const Waits& waits, Day day) const;
  // The first instant when the wait is over in some zone that is still in the set then.
  Instant FirstWaitEnd(const Waits& waits, const Event& event) const;
  // Is that wait over? Unknown while only some zones say so.
  Signal WaitOverFromDay(const Waits& waits, Day day) const;
  // When the event's own end, if it carries one, is over; kEndOfTime: it carries none.
  Instant OwnEnd(const Event& event) const;
  // The event began to count for the tenant.
  static Instant KnownAt(const Event& event) { return event.received_at.value_or(event.at); }

  // Is the local date ≥ `day`? Unknown while only some zones say so.
  Signal DayReached(Day day) const;
  // Live intervals of a standing that such events begin.
  Signal Standing(const Filter& began_by, Scopes scope) const;
  // Of consents given after `given_after` alone.
  Signal Consent(const ConsentTest& test, const Subject& subject,
                 std::optional<Instant> given_after = std::nullopt) const;
  // When the last of what was agreed to, of all that is asked for, is taken back.
  Instant RevokedAt(const std::vector<Covers>& covers, const Event& given,
                    const std::optional<Channel>& channel,
                    const std::optional<ContactPointId>& point) const;
  // Is what the event was narrowed to this channel and point?
  bool Concerns(const Event& event, const std::optional<Channel>& channel,
                const std::optional<ContactPointId>& point) const;
  Signal During(const std::string& period) const;
  bool BeganDuring(const std::string& period, Instant at) const;
  // How long an allowance is not used up. Has what may have been such a contact used it?
  Signal Available(const Allowance& allowance, const Condition& when, bool doubtful_uses) const;
  // Does an exception or an exclusion hold? In an exclusion what is doubtful uses no room: it is counted.
  Signal Excepted(const Condition& when, const std::optional<Allowance>& up_to,
                  bool doubtful_uses = true) const;

  // At least `n` of these intervals [from, to) hold.
  static Signal AtLeast(std::vector<std::pair<Instant, Instant>> intervals, int n);
  // For each zone (or once, without zones, for durations): when events leave the window.
  std::vector<std::vector<Instant>> LeavesByZone(const Window& window,
                                                 const std::vector<const Event*>& events) const;

  // The calendars meant by the name: `pack` is those of the pack, with the subdivisions filled in.
  std::vector<std::string> CalendarNames(const std::string& calendar) const;
  std::vector<ZoneSpan> ClockZones(const ClockChoice& clock) const;
  // Lives as long as the Question.
  const DayKind* KindOfDay(const std::string& calendar) const;
  // Is the later event the end of the state that the earlier one began?
  bool Ends(const Event& later, const Event& event) const;
  // When the first such end becomes known; kEndOfTime: nobody said it.
  Instant SaidOverAt(const Event& event) const;
  // How an attempt ended; one that came back later was undelivered.
  Outcome OutcomeOf(const Event& event) const;
  // True if no notice went out by this event after all: the tenant learned that it did not arrive.
  bool Undelivered(const Event& event) const;

  const ContactPoint* FindPoint(const ContactPointId& id) const;
  Relation OwnerOf(const ContactPoint& point) const;
  bool SamePoint(const ContactPointId& a, const ContactPointId& b) const;
  std::optional<Day> LineChangedOn(const ContactPoint& point) const;
  // Of all of them, sorted.
  std::vector<std::string> JurisdictionsOf(const std::vector<Place>& places) const;
  Signal BorrowerIsMinor() const;
  Signal WhereaboutsIs(Whereabouts where) const;
  Audience AudienceOfContact() const;
  std::optional<bool> MentionsDebt() const;
  // Inbound event that the contact, or the event, answers; nullptr: none.
  const Event* Answered(const Subject& subject) const;
  // The newest inbound or opt-out before an instant, which an allowance without an answer follows.
  const Event* NewestToAnswer(Instant before) const;

 private:
  Signal BindTest(const Test& test, const Subject& subject) const;
  Signal BindSeen(const Seen& seen, const Subject& subject) const;
  std::vector<const Event*> FindRow(const Seen& seen, const Subject& subject) const;
  // A zone of the borrower's clock, and until when it is in the set. It counts as long as it is in it
  // or will be: a zone that has left the set ends no day and no wait any more.
  struct DayZone {
    const ZoneTable* zone;
    Instant until;
  };
  Instant WaitEndIn(const ZoneTable& zone, const Wait& wait, Instant anchor, const Event* event) const;
  Instant WaitEndIn(const ZoneTable& zone, const Waits& waits, Instant anchor, const Event* event) const;
  // `end` of each zone, over in all that still count: the greatest of what each zone asks for.
  template <typename End>
  Instant LastEnd(const End& end) const;
  // Over in the first zone that says so while it is in the set.
  template <typename End>
  Instant FirstEnd(const End& end) const;
  // Yes once all zones that count have come to their instant, No before any has.
  template <typename End>
  Signal Reached(const End& end) const;
  std::function<bool(Day)> BusinessDays(const std::string& calendar) const;
  // The n-th day after `from` that counts; nullopt: none before time ends.
  static std::optional<Day> CountOn(Day from, int n, const std::function<bool(Day)>& counts);

  const Facts& facts_;
  const Surroundings& surroundings_;
  const Sets& sets_;
  const Account* account_ = nullptr;
  const Pack* pack_ = nullptr;
  std::vector<DayZone> zones_;  // each once
  std::bitset<128> present_;    // names of events that history has
  // By pack and name: the days of calendars that were asked for.
  mutable std::vector<std::tuple<const Pack*, std::string, const DayKind*>> day_kinds_;
};

// Adds the rule, bound, to `rules`, unless it can never deny this contact, and the rule itself to
// `considered`, if it may apply. engine/policy/bind_rules.cc.
// `draft` is room to work in.
void BindRule(Binder& binder, const Rule& rule, const RulePlan& plan, const Signal& active,
              Draft* draft, std::vector<BoundRule>* rules, std::vector<const Rule*>* considered);

// While the rule is in force and certainly applies to the contact. REQUIRES: Concerned(plan).
Signal BindsForCertain(const Binder& binder, const Rule& rule, const RulePlan& plan);

}  // namespace forbear::policy
