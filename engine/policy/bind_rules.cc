// Each kind of rule, bound: what policy-language.md section 4 says of it, as clauses over time.
#include <algorithm>
#include <map>

#include "absl/strings/str_join.h"
#include "engine/policy/binder.h"
#include "engine/policy/bundle.h"

namespace forbear::policy {
namespace {

template <typename T>
bool Contains(const std::vector<T>& list, const T& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

bool HasScope(Scopes scopes, Scope scope) { return (scopes & static_cast<Scopes>(scope)) != 0; }

Arena& Memory() { return Arena::Current(); }

// What the log and an explanation call it.
std::string_view NameOf(const Event& event) {
  return event.name == EventName::kDeclared ? Memory().Keep(event.declared_name) : ToWord(event.name);
}

// Channels that `applies` names; empty: all.
std::vector<Channel> ChannelsOf(const Condition& applies) {
  std::vector<Channel> channels;
  for (const Test& test : applies.tests) {
    if (test.field != Field::kChannel || test.op != Test::Op::kOneOf) continue;
    for (const Value& value : test.values) channels.push_back(static_cast<Channel>(value.number));
  }
  return channels;
}

bool IsOral(Channel channel) {
  return channel == Channel::kCall || channel == Channel::kVoicemail || channel == Channel::kVisit;
}

// Did the event come in one of these forms? Empty: in whatever form.
bool IsInForm(const Binder& binder, const std::vector<Form>& forms, const Event& event,
              bool unknown_is) {
  if (forms.empty()) return true;
  Condition condition;
  Test& test = condition.tests.emplace_back();
  test.field = Field::kForm;
  for (const Form form : forms) test.values.push_back({static_cast<int64_t>(form), ""});
  return binder.PassesCondition(condition, event, unknown_is);
}

// ---- contact_hours, day_blackout ---------------------------------------------------------------

WeeklyRow RowOf(const HoursRow& row) {
  return {static_cast<uint8_t>(row.days | (row.holiday ? kHolidayBit : 0)), row.from_minute,
          row.to_minute, row.from_exclusive, row.to_inclusive};
}

// The table of hours that somebody brought along; nullptr: nobody told it.
const std::vector<WeeklySlot>* TableOf(const Binder& binder, ContactHours::Source::Of of) {
  const auto told = [](const std::optional<std::vector<WeeklySlot>>& table) {
    return table ? &*table : nullptr;
  };
  switch (of) {
    case ContactHours::Source::Of::kTenantHours:
      return told(binder.facts().tenant->hours);
    case ContactHours::Source::Of::kAccountHours:
      return binder.account() == nullptr ? nullptr : told(binder.account()->hours);
    case ContactHours::Source::Of::kBorrowerWorkHours:
      return told(binder.facts().borrower->work_hours);
  }
  return nullptr;
}

void Bind(const Binder& binder, const Rule&, const ContactHours& hours, Draft* bound) {
  const std::vector<ZoneSpan> zones = binder.ClockZones(hours.clock);
  if (zones.empty()) {
    bound->clauses.push_back({Signal::Always(true), Reason::kNoZone,
                              "a time zone: an address or a phone number that tells one"});
    return;
  }
  const auto closed_outside = [&](std::vector<WeeklyRow> rows) {
    WeeklyQuestion question;
    question.rows = std::move(rows);
    question.zones = zones;
    question.kind_of = binder.KindOfDay(hours.calendar);
    bound->clauses.push_back(
        {Signal::Not(Signal::Definite(Signal::Weekly(std::move(question)), false)),
         Reason::kOutsideHours, "a time inside the permitted hours in every zone of the set"});
  };
  using As = ContactHours::Source::As;
  const std::vector<WeeklySlot>* table =
      hours.source ? TableOf(binder, hours.source->of) : nullptr;
  if (table != nullptr) {
    std::vector<WeeklyRow> rows;
    for (const WeeklySlot& slot : *table) {
      // Somebody's own table lists no holiday: where the rule has a calendar, it is closed on them.
      rows.push_back({slot.days, slot.from_minute, slot.to_minute});
    }
    closed_outside(std::move(rows));
  } else if (hours.source && hours.source->as != As::kInstead) {
    bound->clauses.push_back({Signal::Always(true), Reason::kUnknownFact,
                              "the table of hours that the rule goes by"});
  }
  const bool own_windows = !hours.source || hours.source->as == As::kWithin ||
                           (hours.source->as == As::kInstead && table == nullptr);
  if (!own_windows) return;
  std::vector<WeeklyRow> rows;
  for (const HoursRow& row : hours.windows) rows.push_back(RowOf(row));
  closed_outside(std::move(rows));
}

void Bind(const Binder& binder, const Rule&, const DayBlackout& blackout, Draft* bound) {
  const std::vector<ZoneSpan> zones = binder.ClockZones(blackout.clock);
  if (zones.empty()) {
    bound->clauses.push_back({Signal::Always(true), Reason::kNoZone,
                              "a time zone: an address or a phone number that tells one"});
    return;
  }
  const auto closed_when = [&](uint8_t days, const DayKind* kind_of) {
    WeeklyQuestion question;
    question.mode = WeeklyQuestion::Mode::kHoldsInAnyZone;
    question.rows.push_back({days, 0, 1440});
    question.zones = zones;
    question.kind_of = kind_of;
    return Signal::Definite(Signal::Weekly(std::move(question)), true);
  };
  std::vector<Signal> closed;
  if (blackout.holidays) closed.push_back(closed_when(kHolidayBit, binder.KindOfDay(blackout.calendar)));
  // A holiday that falls on a Saturday is still a Saturday; a Saturday that is worked is none.
  if (blackout.days != 0) {
    const DayKind* kind_of = binder.KindOfDay(blackout.calendar);
    closed.push_back(closed_when(blackout.days, Memory().Own<DayKind>([kind_of](Day day) -> uint8_t {
      const uint8_t kind = (*kind_of)(day);
      return kind == kHolidayBit ? static_cast<uint8_t>(1U << WeekdayOf(day)) : kind;
    })));
  }
  // On the days from `first` to `last`, in every zone for as long as it belongs to the set.
  const auto close = [&](const ZoneSpan& span, Day first, std::optional<Day> last, Instant until) {
    const Instant over = last ? span.zone->StartOfDay(*last + date::days{1}) : kEndOfTime;
    closed.push_back(Signal::During(std::max(span.zone->StartOfDay(first), span.from),
                                    std::min({over, until, span.until})));
  };
  for (const Day day : blackout.dates) {
    for (const ZoneSpan& span : zones) close(span, day, day, kEndOfTime);
  }
  if (blackout.occasions) {
    for (const Event* event : binder.facts().history) {
      if (event->name != EventName::kOccasion || event->ended) continue;
      // Without a last day it lasts until somebody says that it is over.
      const Instant ended = binder.SaidOverAt(*event);
      for (const ZoneSpan& span : zones) {
        close(span, event->first_day.value_or(span.zone->DayOf(event->at)), event->last_day, ended);
      }
    }
  }
  bound->clauses.push_back(
      {Signal::Or(std::move(closed)), Reason::kBlackoutDay, "a day that is not closed"});
}

// ---- frequency_cap -----------------------------------------------------------------------------

// The other accounts that count as one debt with the account asked about.
std::vector<const Account*> PooledWith(const Binder& binder, const std::vector<DebtPool>& pools) {
  std::vector<const Account*> others;
  const Account* mine = binder.account();
  if (mine == nullptr) return others;
  for (const DebtPool& pool : pools) {
    if (pool.by != "account_number_at_placement" || mine->account_number_at_placement.empty()) {
      continue;
    }
    if (binder.Bind(pool.when, Subject{}).At(kFirstInstant) != Tri::kYes) continue;
    Binder other = binder;
    for (const Account* account : binder.facts().accounts) {
      if (account->id == mine->id ||
          account->account_number_at_placement != mine->account_number_at_placement) {
        continue;
      }
      other.SetAccount(account);
      if (other.Bind(pool.when, Subject{}).At(kFirstInstant) == Tri::kYes) {
        others.push_back(account);
      }
    }
  }
  return others;
}

// Is the event in the scope, where debts that are one debt share it?
bool ReachesPooled(const Binder& binder, const Event& event, Scopes scope,
                   const std::vector<const Account*>& pooled) {
  const Scopes without_debt = static_cast<Scopes>(scope & ~static_cast<Scopes>(Scope::kDebt));
  if (!binder.Reaches(event, without_debt)) return false;
  if (!HasScope(scope, Scope::kDebt) || binder.AboutAccount(event)) return true;
  return std::any_of(pooled.begin(), pooled.end(), [&](const Account* account) {
    return Binder::About(event, *account);
  });
}

bool SharesPerson(const FrequencyCap& cap, const Person& a, const Person& b) {
  if (a == b) return true;
  const auto in_set = [&](const Person& person) {
    return person.relation == Relation::kBorrower || Contains(cap.persons, person.relation);
  };
  return !cap.persons.empty() && in_set(a) && in_set(b);
}

// A call and a visit leave nothing to read or hear again.
bool IsMessage(Channel channel) { return channel != Channel::kCall && channel != Channel::kVisit; }

// Does the attempt belong to the cap's count at all, exclusions aside?
bool Counted(const Binder& binder, const FrequencyCap& cap, const std::vector<Channel>& channels,
             const std::vector<const Account*>& pooled, const Event& event) {
  if (event.name != EventName::kAttempt) return false;
  if (cap.messages && event.channel && !IsMessage(*event.channel)) return false;
  if (!cap.by.empty() && !Contains(cap.by, event.by)) return false;
  if (!CountsAs(binder.OutcomeOf(event), cap.counts)) return false;
  if (cap.of) {
    if (!binder.PassesCondition(*cap.of, event, true)) return false;
  } else {
    if (!channels.empty() && event.channel && !Contains(channels, *event.channel)) return false;
  }
  if (HasScope(cap.scope, Scope::kPerson) &&
      !SharesPerson(cap, event.to, binder.facts().contact.to)) {
    return false;
  }
  return ReachesPooled(binder, event, cap.scope, pooled);
}

// Is the exclusion's allowance still open to the event, after whatever used it before?
bool HasRoom(const Binder& binder, const Exclusion& exclusion, const Event& event) {
  const Allowance& allowance = *exclusion.up_to;
  const Event* answered = binder.Answered(Subject{&event});
  if (!allowance.within.empty()) {
    const Event* anchor = answered != nullptr ? answered : binder.NewestToAnswer(event.at);
    if (anchor == nullptr || event.at >= binder.FirstWaitEnd(allowance.within, *anchor)) return false;
  }
  if (allowance.per_inbound && answered == nullptr) return false;
  const bool same_person = allowance.scope == 0 || HasScope(allowance.scope, Scope::kPerson);
  // What fits has used it, also where the cap does not count it; what only may fit is counted itself.
  std::vector<const Event*> used;
  for (const Event* earlier : binder.facts().history) {
    if (earlier == &event) break;
    if (earlier->name != EventName::kAttempt || earlier->by != DoneBy::kTenant) continue;
    if (!CountsAs(binder.OutcomeOf(*earlier), allowance.counts)) continue;
    if (allowance.per_inbound) {
      if (earlier->answers == event.answers) used.push_back(earlier);
      continue;
    }
    if (same_person && earlier->to != event.to) continue;
    if (HasScope(allowance.scope, Scope::kDebt) && !binder.AboutAccount(*earlier)) continue;
    if (HasScope(allowance.scope, Scope::kChannel) && earlier->channel && event.channel &&
        earlier->channel != event.channel) {
      continue;
    }
    if (HasScope(allowance.scope, Scope::kPoint) && earlier->point && event.point &&
        !binder.SamePoint(*earlier->point, *event.point)) {
      continue;
    }
    if (binder.PassesCondition(exclusion.when, *earlier, false)) used.push_back(earlier);
  }
  if (allowance.per_inbound) return static_cast<int>(used.size()) < allowance.limit;
  const Window window = allowance.window.value_or(Window{});
  if (window.unit == WindowUnit::kSinceEvent) {
    std::vector<const Event*> anchors = binder.Find(*window.since, allowance.scope, false);
    std::erase_if(anchors, [&](const Event* anchor) { return anchor->at > event.at; });
    if (anchors.empty()) return false;
    std::erase_if(used, [&](const Event* one) { return one->at < anchors.back()->at; });
  }
  int most = 0;
  for (const auto& leaves : binder.LeavesByZone(window, used)) {
    most = std::max(most, static_cast<int>(std::count_if(
                              leaves.begin(), leaves.end(),
                              [&](Instant leave) { return leave > event.at; })));
  }
  return most < allowance.limit;
}

// Takes out what `excludes` spares.
std::vector<const Event*> WithoutExcluded(const Binder& binder, const FrequencyCap& cap,
                                          std::vector<const Event*> events) {
  for (const Exclusion& exclusion : cap.excludes) {
    std::erase_if(events, [&](const Event* event) {
      return binder.PassesCondition(exclusion.when, *event, false) &&
             (!exclusion.up_to || HasRoom(binder, exclusion, *event));
    });
  }
  return events;
}

void Bind(const Binder& binder, const Rule& rule, const FrequencyCap& cap, Draft* bound) {
  if (cap.messages && !IsMessage(binder.facts().contact.channel)) return;
  const std::vector<Channel> channels = ChannelsOf(rule.applies);
  const std::vector<const Account*> pooled = PooledWith(binder, cap.pool);
  std::vector<const Event*> events;
  events.reserve(binder.facts().history.size());
  for (const Event* event : binder.facts().history) {
    if (Counted(binder, cap, channels, pooled, *event)) events.push_back(event);
  }
  events = WithoutExcluded(binder, cap, std::move(events));
  if (cap.starts_after) {
    const std::vector<const Event*> starts = binder.Find(*cap.starts_after->of, cap.scope, true);
    if (starts.empty()) return;  // before it there is no cap
    // Of one instant, what was told later is later.
    const std::vector<const Event*>& history = binder.facts().history;
    const auto begins = std::find(history.begin(), history.end(), starts.front()) +
                        (cap.starts_after->counts ? 0 : 1);
    std::erase_if(events, [&](const Event* event) {
      return std::find(begins, history.end(), event) == history.end();
    });
  }
  // A contact that would be excluded adds nothing and is free.
  std::vector<Signal> spares;
  for (const Exclusion& exclusion : cap.excludes) {
    spares.push_back(binder.Excepted(exclusion.when, exclusion.up_to, false));
  }
  const Signal counted = Signal::Not(Signal::Or(std::move(spares)));
  if (counted.Never()) return;

  for (const CapLimit& limit : cap.limits) {
    std::vector<const Event*> inside = events;
    if (limit.window.unit == WindowUnit::kSinceEvent) {
      const std::vector<const Event*> anchors =
          binder.Find(*limit.window.since, cap.scope, false);
      if (anchors.empty()) continue;
      std::erase_if(inside, [&](const Event* event) { return event->at <= anchors.back()->at; });
    }
    const auto by_zone = binder.LeavesByZone(limit.window, inside);
    // Days differ from zone to zone, also where the window is the same in all of them.
    const bool days = cap.distinct == FrequencyCap::Distinct::kLocalDay;
    if (by_zone.empty() || (days && binder.day_zones() == 0)) {
      bound->clauses.push_back({counted, Reason::kNoZone,
                                "a time zone: the cap counts local days"});
      continue;
    }
    Signal full;
    std::vector<Instant> fullest;
    if (cap.distinct == FrequencyCap::Distinct::kNo) {
      // Full while `limit` of the counted are still inside, in any zone: until the limit-th
      // youngest leaves.
      Instant until = kFirstInstant;
      for (const std::vector<Instant>& leaves : by_zone) {
        if (limit.limit == 0) {
          until = kEndOfTime;
        } else if (static_cast<int>(leaves.size()) >= limit.limit) {
          until = std::max(until, leaves[leaves.size() - static_cast<size_t>(limit.limit)]);
        }
        if (fullest.empty() || leaves > fullest) fullest = leaves;
      }
      full = Signal::During(kFirstInstant, until);
    } else {
      // Different values: this contact adds one unless its value is already among them.
      std::vector<Signal> zones;
      for (size_t z = 0; z < std::max(by_zone.size(), days ? binder.day_zones() : 0); ++z) {
        std::map<int64_t, Instant> last_leave;  // value -> when its youngest leaves
        const ZoneTable* zone = binder.DayZoneAt(z);
        const std::vector<Instant>& leaves = by_zone[std::min(z, by_zone.size() - 1)];
        for (size_t i = 0; i < inside.size(); ++i) {
          int64_t value = 0;
          if (cap.distinct == FrequencyCap::Distinct::kChannel) {
            value = static_cast<int64_t>(inside[i]->channel.value_or(Channel::kCall));
            if (value == static_cast<int64_t>(binder.facts().contact.channel)) continue;
          } else if (zone != nullptr) {
            value = zone->DayOf(inside[i]->at).time_since_epoch().count();
          }
          Instant& leave = last_leave.try_emplace(value, kFirstInstant).first->second;
          leave = std::max(leave, std::min(leaves[i], days ? binder.DayZoneUntil(z) : kEndOfTime));
        }
        std::vector<std::pair<Instant, Instant>> intervals;
        for (const auto& [value, leave] : last_leave) intervals.emplace_back(kFirstInstant, leave);
        Signal reached = Binder::AtLeast(intervals, limit.limit);
        if (days && zone != nullptr) {
          // On a day that is counted already this contact adds no other day.
          std::vector<Signal> counted_days;
          for (const auto& [value, leave] : last_leave) {
            const Day day{date::days{static_cast<int>(value)}};
            counted_days.push_back(Signal::During(
                zone->StartOfDay(day), std::min(leave, zone->StartOfDay(day + date::days{1}))));
          }
          reached = Signal::Or({Binder::AtLeast(intervals, limit.limit + 1),
                                Signal::And(reached, Signal::Not(Signal::Or(counted_days)))});
        }
        zones.push_back(std::move(reached));
      }
      full = Signal::Or(std::move(zones));
      fullest = by_zone.front();
    }
    bound->budgets.push_back(
        {limit.limit, Memory().Keep<Instant>(fullest), cap.scope, &limit.window});
    const Signal violated = Signal::And(full, counted);
    if (violated.Never()) continue;
    std::vector<FactSpan> facts;
    if (!inside.empty()) {
      facts.push_back({kFirstInstant, kEndOfTime, "attempt", inside.back()->at});
    }
    bound->clauses.push_back({violated, Reason::kCapReached,
                              {"room in the cap of ", Memory().Keep(std::to_string(limit.limit)),
                               limit.limit == 1 ? " contact" : " contacts"},
                              Memory().Keep<FactSpan>(facts), limit.suggested});
  }
  if (!cap.gap.empty()) {
    std::vector<Signal> gaps;
    for (const Event* event : events) {
      gaps.push_back(Signal::During(event->at, binder.WaitEnd(cap.gap, *event)));
    }
    bound->clauses.push_back({Signal::And(Signal::Or(std::move(gaps)), counted), Reason::kGap,
                              "a longer gap since the last contact"});
  }
}

// The date that a rule names; nullopt: not told.
std::optional<Day> AccountDate(const Account* account, Field field) {
  if (account == nullptr) return std::nullopt;
  switch (field) {
    case Field::kAccountDueOn:
      return DueOn(*account);
    case Field::kAccountDefaultedOn:
      return account->defaulted_on;
    case Field::kAccountPlacedOn:
      return account->placed_on;
    case Field::kAccountLimitationExpiresOn:
      return account->limitation_expires_on;
    default:
      return std::nullopt;
  }
}

// ---- cooldown ----------------------------------------------------------------------------------

void Bind(const Binder& binder, const Rule&, const Cooldown& cooldown, Draft* bound) {
  if (cooldown.after_account_date) {
    const std::optional<Day> day = AccountDate(binder.account(), *cooldown.after_account_date);
    if (!day) {
      bound->clauses.push_back({Signal::Always(true), Reason::kUnknownFact,
                                {"the account's ", InfoOf(*cooldown.after_account_date).name}});
      return;
    }
    const FactSpan fact{kFirstInstant, kEndOfTime, InfoOf(*cooldown.after_account_date).name,
                        Instant{date::sys_days{day->time_since_epoch()}}};
    bound->clauses.push_back(
        {Signal::During(kFirstInstant, binder.WaitEndFromDay(cooldown.wait, *day)),
         Reason::kCooldown, "the end of the wait",
         Memory().KeepOne(fact)});
    return;
  }
  std::vector<Signal> waits;
  std::vector<FactSpan> facts;
  const std::vector<const Account*> pooled = PooledWith(binder, cooldown.pool);
  for (const Event* event : binder.facts().history) {
    if (!Binder::IsNamed(*cooldown.after, *event) ||
        !ReachesPooled(binder, *event, cooldown.scope, pooled) ||
        !binder.Passes(*cooldown.after, *event, true)) {
      continue;
    }
    if (HasScope(cooldown.scope, Scope::kPerson) &&
        (event->name == EventName::kAttempt) && event->to != binder.facts().contact.to) {
      continue;
    }
    const Instant end = binder.WaitEnd(cooldown.wait, *event);
    waits.push_back(Signal::During(event->at, end));
    facts.push_back({event->at, end, NameOf(*event), event->at});
  }
  bound->clauses.push_back({Signal::Or(std::move(waits)), Reason::kCooldown,
                            "the end of the wait after the last one", Memory().Keep<FactSpan>(facts)});
}

// ---- consent_required, opt_out -----------------------------------------------------------------

// Agreement given long ago, until history takes it back (the scenario form's default).
Signal GivenLongAgo(const Binder& binder, const ConsentTest& test) {
  const Contact& contact = binder.facts().contact;
  static constexpr Covers kMeant[] = {Covers::kChannel, Covers::kPrerecorded, Covers::kAddress};
  const bool meant = std::any_of(test.covers.begin(), test.covers.end(), [](Covers cover) {
    return std::find(std::begin(kMeant), std::end(kMeant), cover) != std::end(kMeant);
  });
  if (!meant) return Signal::Always(false);
  Event long_ago;
  long_ago.name = EventName::kConsent;
  long_ago.at = kFirstInstant;
  long_ago.by = DoneBy::kBorrower;
  for (const Covers cover : kMeant) long_ago.covers.push_back(cover);
  Instant until = binder.RevokedAt(test.covers, long_ago, contact.channel, contact.point);
  for (const Event* event : binder.facts().history) {
    if (event->name == EventName::kOptOut && event->given_to == DoneBy::kTenant &&
        binder.AboutAccount(*event) && Binder::SpeaksOf(*event, contact.to) &&
        binder.Concerns(*event, contact.channel, contact.point)) {
      until = std::min(until, Binder::KnownAt(*event));
    }
  }
  return Signal::During(kFirstInstant, until);
}

void Bind(const Binder& binder, const Rule&, const ConsentRequired& required, Draft* bound) {
  const bool long_ago =
      binder.facts().channel_consent == ChannelConsent::kGivenLongAgo && required.routes.empty();
  Signal holds;
  if (required.routes.empty()) {
    holds = binder.Consent(required.consent, Subject{});
    if (long_ago) holds = Signal::Or({holds, GivenLongAgo(binder, required.consent)});
  } else {
    std::vector<Signal> routes;
    for (const ConsentRequired::Route& route : required.routes) {
      const std::optional<Basis>& relied = binder.facts().contact.relies_on;
      if (relied && route.id != ToWord(*relied)) continue;
      routes.push_back(binder.Bind(route.when, Subject{}));
    }
    holds = Signal::Or(std::move(routes));
  }
  bound->clauses.push_back({Signal::Not(Signal::Definite(holds, false)), Reason::kNoConsent,
                            "consent that covers this contact"});
  if (required.fresh && !long_ago) {
    std::vector<Signal> fresh;
    for (const auto& filter : required.fresh->by) {
      for (const Event* event :
           binder.Find(*filter, static_cast<Scopes>(Scope::kPoint), false)) {
        // A sign is fresh no longer than in the first zone that says so.
        fresh.push_back(
            Signal::During(event->at, binder.FirstWaitEnd({required.fresh->within}, *event)));
      }
    }
    bound->clauses.push_back({Signal::Not(Signal::Or(std::move(fresh))), Reason::kNoConsent,
                              "a fresh sign that the address is still the borrower's"});
  }
}

void Bind(const Binder& binder, const Rule&, const OptOut& opt_out, Draft* bound) {
  const Contact& contact = binder.facts().contact;
  std::vector<Signal> refused;
  std::vector<FactSpan> facts;
  for (const Event* event : binder.facts().history) {
    if (event->name != EventName::kOptOut || event->given_to != DoneBy::kTenant) continue;
    if (event->ended) continue;
    if (!binder.Reaches(*event, opt_out.scope)) continue;
    // Whatever the scope, an opt-out from other channels leaves this one alone, unless the rule
    // says that one refusal ends all.
    const bool narrow = HasScope(opt_out.scope, Scope::kPoint) ||
                        HasScope(opt_out.scope, Scope::kChannel);
    if (narrow && !event->channels.empty() && !Contains(event->channels, contact.channel)) continue;
    if (!opt_out.honours_channels.empty() &&
        !Contains(opt_out.honours_channels, contact.channel)) {
      continue;
    }
    if (!IsInForm(binder, opt_out.honours_forms, *event, true)) continue;
    const Instant until = opt_out.lasts.empty() ? kEndOfTime : binder.WaitEnd(opt_out.lasts, *event);
    // Only the borrower lifts it, by agreeing to this contact again, for as long as that is live.
    // What was said last counts, though the refusal may have been longer on its way.
    ConsentTest again;
    again.covers = {Covers::kChannel, Covers::kAddress};
    const Signal agreed = Signal::Definite(binder.Consent(again, Subject{}, event->at), false);
    refused.push_back(
        Signal::And(Signal::During(Binder::KnownAt(*event), until), Signal::Not(agreed)));
    facts.push_back({Binder::KnownAt(*event), until, NameOf(*event), event->at});
  }
  bound->clauses.push_back({Signal::Or(std::move(refused)), Reason::kOptedOut,
                            "the borrower's own word that this channel is welcome again",
                            Memory().Keep<FactSpan>(facts)});
  if (!opt_out.must_offer.empty() && !Contains(opt_out.must_offer, contact.message.opt_out)) {
    bound->clauses.push_back({Signal::Always(true), Reason::kNoWayOut,
                              "a message that offers a simple way to refuse"});
  }
}

// ---- stop_contact ------------------------------------------------------------------------------

void Bind(const Binder& binder, const Rule&, const StopContact& stop, Draft* bound) {
  std::vector<Signal> held;
  std::vector<FactSpan> facts;
  for (const Event* event : binder.Find(*stop.standing, stop.scope, true)) {
    if (event->ended || !IsInForm(binder, stop.forms, *event, true)) continue;
    const Instant from = stop.counts_from == StopContact::CountsFrom::kReceived
                             ? Binder::KnownAt(*event)
                             : event->at;
    if (stop.not_before) {
      // Without the date nobody can call it early.
      const std::optional<Day> day = AccountDate(binder.account(), stop.not_before->date);
      if (day && event->at < binder.WaitEndFromDay(stop.not_before->wait, *day)) continue;
    }
    if (!stop.during.empty() && !binder.BeganDuring(stop.during, from)) continue;
    Instant to = std::min(binder.OwnEnd(*event), binder.SaidOverAt(*event));
    for (const StopContact::Until& until : stop.until) {
      if (until.event != nullptr) {
        for (const Event* end : binder.Find(*until.event, stop.scope, false)) {
          // What was sent and did not arrive has ended nothing.
          if (!binder.ToldAfter(*end, *event) ||
              (end->name == EventName::kNotice && binder.Undelivered(*end))) {
            continue;
          }
          to = std::min(to, Binder::KnownAt(*end));
        }
      }
      if (until.after != nullptr) {
        const std::vector<const Event*> anchors = binder.Find(*until.after, stop.scope, false);
        for (const Event* anchor : anchors) {
          if (anchor != event && !binder.ToldAfter(*anchor, *event)) continue;
          bool saved = false;
          if (until.unless != nullptr) {
            // What keeps the silence is in time as long as the wait for it is not over in every zone.
            const Instant too_late = until.unless_within.empty()
                                         ? kEndOfTime
                                         : binder.WaitEnd(until.unless_within, *anchor);
            for (const Event* rescue : binder.Find(*until.unless, stop.scope, true)) {
              saved = saved || (rescue->at >= anchor->at && rescue->at < too_late);
            }
          }
          if (!saved) to = std::min(to, binder.WaitEnd(until.wait, *anchor));
        }
      }
    }
    held.push_back(Signal::During(from, to));
    facts.push_back({from, to, NameOf(*event), event->at});
  }
  bound->clauses.push_back({Signal::Or(std::move(held)), Reason::kStanding,
                            "an event that ends what the borrower asked for or what holds",
                            Memory().Keep<FactSpan>(facts)});
}

// ---- inconvenient ------------------------------------------------------------------------------

bool Heard(const Inconvenient& rule, const Event& event) {
  switch (event.by) {
    case DoneBy::kBorrower:
    case DoneBy::kTenant:
      return rule.from_borrower || rule.from_anyone;
    case DoneBy::kCreditor:
    case DoneBy::kFormerCollector:
      return rule.from_creditor_file || rule.from_anyone;
    case DoneBy::kParty:
      return rule.from_anyone;
  }
  return true;
}

void Bind(const Binder& binder, const Rule&, const Inconvenient& named, Draft* bound) {
  const Contact& contact = binder.facts().contact;
  const ContactPoint* point = contact.point ? binder.FindPoint(*contact.point) : nullptr;
  const std::vector<const Event*>& history = binder.facts().history;
  // When the event stops counting: its own end, or the same kind of word taken back.
  const auto live = [&](const Event& event) {
    Instant end = binder.OwnEnd(event);
    for (const Event* later : history) {
      if (binder.Ends(*later, event)) {
        end = std::min(end, later->at);
      }
    }
    return Signal::During(Binder::KnownAt(event), end);
  };
  std::vector<Signal> times, places;
  std::vector<FactSpan> facts;
  for (const Event* event : history) {
    if (event->ended || !Heard(named, *event)) continue;
    const size_t named_before = times.size() + places.size();
    if (named.times && event->name == EventName::kInconvenientTime) {
      WeeklyQuestion question;
      question.mode = WeeklyQuestion::Mode::kHoldsInAnyZone;
      for (const WeeklySlot& slot : event->windows) {
        question.rows.push_back({slot.days, slot.from_minute, slot.to_minute});
      }
      if (question.rows.empty()) question.rows.push_back({0x7f, 0, 1440});
      question.zones = binder.sets().zones;
      question.kind_of = binder.KindOfDay("");
      times.push_back(Signal::And(
          {live(*event), Signal::Definite(Signal::Weekly(std::move(question)), true)}));
    }
    if (named.places && event->name == EventName::kInconvenientPlace) {
      for (const TiedTo place : event->places) {
        // Where a visit goes is a place, also where nobody has said which.
        const bool visited = contact.channel == Channel::kVisit &&
                             (point == nullptr || point->tied_to == TiedTo::kNone);
        const bool tied = visited || (point != nullptr && point->tied_to == place);
        const Signal there = binder.WhereaboutsIs(
            place == TiedTo::kWork ? Whereabouts::kWork : Whereabouts::kHome);
        places.push_back(Signal::And(live(*event), Signal::Or({Signal::Always(tied), there})));
      }
    }
    if (named.employer && event->name == EventName::kWorkplaceBarred) {
      // A mailbox the employer provides is at the place of work wherever it is read.
      const bool tied = point != nullptr && (point->tied_to == TiedTo::kWork ||
                                             binder.OwnerOf(*point) == Relation::kEmployer);
      places.push_back(Signal::And(
          {live(*event),
           Signal::Or({Signal::Always(tied), binder.WhereaboutsIs(Whereabouts::kWork)})}));
    }
    if ((named.points || named.channels) &&
        (event->name == EventName::kRequest || event->name == EventName::kRefusal)) {
      bool met = named.channels && Contains(event->channels, contact.channel);
      for (const ContactPointId& one : event->points) {
        met = met || (named.points && contact.point && binder.SamePoint(one, *contact.point));
      }
      if (met) places.push_back(live(*event));
    }
    if (times.size() + places.size() > named_before) {
      facts.push_back({Binder::KnownAt(*event), kEndOfTime, NameOf(*event), event->at});
    }
  }
  if (!times.empty()) {
    bound->clauses.push_back({Signal::Or(std::move(times)), Reason::kInconvenientTime,
                              "a time the borrower did not name as inconvenient",
                              Memory().Keep<FactSpan>(facts)});
  }
  if (!places.empty()) {
    bound->clauses.push_back({Signal::Or(std::move(places)), Reason::kInconvenientPlace,
                              "another place or contact point", Memory().Keep<FactSpan>(facts)});
  }
  if (named.channels && Contains(binder.facts().borrower->refused_channels, contact.channel)) {
    bound->clauses.push_back({Signal::Always(true), Reason::kChannelRefused,
                              "a channel the borrower has not refused"});
  }
}

// ---- third_party, notice_first, bars -----------------------------------------------------------

void Bind(const Binder& binder, const Rule&, const ThirdParty& rule, Draft* bound) {
  const Relation to = binder.facts().contact.to.relation;
  Signal as_borrower =
      Signal::Always(to == Relation::kBorrower || Contains(rule.as_borrower, to));
  if (to == Relation::kParent && Contains(rule.as_borrower, Relation::kParentOfMinor)) {
    as_borrower = Signal::Or({as_borrower, Signal::Definite(binder.BorrowerIsMinor(), false)});
  }
  bound->clauses.push_back({Signal::Not(as_borrower), Reason::kThirdParty,
                            "the borrower, or one who may act in the borrower's place"});
  if (rule.overheard && binder.AudienceOfContact() != Audience::kAddressee &&
      binder.MentionsDebt().value_or(true)) {
    bound->clauses.push_back({Signal::Always(true), Reason::kOverheard,
                              "a message or contact point that tells nobody else of the debt"});
  }
}

// It is the sender who relies on a notice: a form that nobody told is none that law wants. But
// whether it was spoken or in writing its channel tells as well.
bool WentOutIn(const Binder& binder, const std::vector<Form>& forms, const Event& notice) {
  if (forms.empty() || notice.via) return IsInForm(binder, forms, notice, false);
  return notice.channel &&
         Contains(forms, IsOral(*notice.channel) ? Form::kOral : Form::kWritten);
}

void Bind(const Binder& binder, const Rule&, const NoticeFirst& rule, Draft* bound) {
  const Contact& contact = binder.facts().contact;
  const auto wanted = [&](NoticeKind kind, const std::string& declared) {
    return std::any_of(rule.notices.begin(), rule.notices.end(), [&](const Value& value) {
      return value.number == static_cast<int64_t>(kind) && value.text == declared;
    });
  };
  if (contact.purpose == Purpose::kRequiredNotice && contact.notice &&
      wanted(*contact.notice, contact.declared_notice)) {
    return;  // the contact that carries it
  }
  const std::vector<const Event*>& history = binder.facts().history;
  // Those after which nothing has to be sent again, oldest first.
  std::vector<const Event*> good;
  bool told_otherwise = false;  // history speaks of such a notice
  for (const Event* event : history) {
    if (event->name != EventName::kNotice || !event->notice ||
        !wanted(*event->notice, event->declared_notice) || !binder.Reaches(*event, rule.scope)) {
      continue;
    }
    told_otherwise = true;
    if (rule.by.empty() ? event->by != DoneBy::kTenant : !Contains(rule.by, event->by)) continue;
    if (!rule.channels.empty() && (!event->channel || !Contains(rule.channels, *event->channel))) {
      continue;
    }
    if (!WentOutIn(binder, rule.forms, *event)) continue;
    if (binder.Undelivered(*event)) {
      good.clear();
    } else {
      good.push_back(event);
    }
  }
  for (const auto& renew : rule.renew_on) {
    for (const Event* event : binder.Find(*renew, rule.scope, true)) {
      told_otherwise = true;
      // Of one instant, what was told later is later.
      const auto after = std::find(history.begin(), history.end(), event);
      std::erase_if(good, [&](const Event* notice) {
        return std::find(history.begin(), after, notice) != after;
      });
    }
  }
  const Value& first = rule.notices.front();
  const std::string_view name =
      first.text.empty() ? ToWord(static_cast<NoticeKind>(first.number)) : std::string_view(first.text);
  if (!good.empty()) {
    if (!rule.wait.empty()) {
      // A second notice by a slower way gives its own time to answer.
      Instant end = kFirstInstant;
      for (const Event* notice : good) end = std::max(end, binder.WaitEnd(rule.wait, *notice));
      const FactSpan fact{good.back()->at, kEndOfTime, name, good.back()->at};
      bound->clauses.push_back(
          {Signal::During(good.front()->at, end), Reason::kNoticeWait,
           {"the end of the wait after the ", name},
           Memory().KeepOne(fact)});
    }
    return;
  }
  if (!told_otherwise && binder.facts().notices_given_by_default) return;
  if (rule.within.empty()) {
    bound->clauses.push_back(
        {Signal::Always(true), Reason::kNoticeNotSent, {"the ", name, ", sent first"}});
    return;
  }
  const std::vector<const Event*> triggers =
      rule.after == nullptr ? std::vector<const Event*>{}
                            : binder.Find(*rule.after, rule.scope, true);
  std::optional<Instant> due;
  // After it we must hold back, so the first zone in which it has passed counts.
  if (!triggers.empty()) due = binder.FirstWaitEnd(rule.within, *triggers.front());
  bound->obligations.push_back({Signal::Always(true), {"send_notice:", name}, due});
  if (due) {
    bound->clauses.push_back({Signal::During(*due, kEndOfTime), Reason::kNoticeNotSent,
                              {"the ", name, ", whose time has passed"}});
  }
}

// ---- disclosure, identification, language, content_ban, time_barred, licence --------------------

// Is the word among those known of, or in order by default?
Signal Carried(const Binder& binder, const std::optional<std::vector<std::string>>& known,
               std::string_view word) {
  if (known) return Signal::Always(std::find(known->begin(), known->end(), word) != known->end());
  if (!binder.facts().papers_in_order_by_default) return Signal(Tri::kUnknown);
  return Signal::Always(!binder.facts().lacks.contains(word));
}

// `item` outlives the Question.
void AddItem(const Binder& binder, std::string_view item, const Signal& wanted, bool binding,
             Draft* bound) {
  bound->obligations.push_back({wanted, {"say:", item}, {}});
  if (!binding) return;
  const Signal carried =
      Signal::Definite(Carried(binder, binder.facts().contact.message.carries, item), false);
  if (carried.AlwaysYes()) return;
  bound->clauses.push_back({Signal::And(wanted, Signal::Not(carried)), Reason::kItemMissing,
                            {"a message that carries `", item, "`"}});
}

void AddItems(const Binder& binder, const std::vector<std::string>& items, const Signal& wanted,
              bool binding, Draft* bound) {
  for (const std::string& item : items) AddItem(binder, item, wanted, binding, bound);
}

// Whether the contact is one of those that must say it: the first about this debt, or a later one.
// Whoever cannot be sure that somebody was reached before treats this contact as the first, and as
// a later one too.
Signal IsWanted(const Binder& binder, MustSay::When when) {
  if (when == MustSay::When::kEvery || when == MustSay::When::kOnRequest) {
    return Signal::Always(true);
  }
  const Channel channel = binder.facts().contact.channel;
  if (when == MustSay::When::kFirstOral && !IsOral(channel)) return Signal::Always(false);
  if (when == MustSay::When::kFirstWritten && IsOral(channel)) return Signal::Always(false);
  bool reached = false;
  bool maybe_reached = false;
  for (const Event* event : binder.facts().history) {
    if (event->name != EventName::kAttempt || event->by != DoneBy::kTenant ||
        !binder.AboutAccount(*event) || event->to != binder.facts().contact.to) {
      continue;
    }
    const Channel way = event->channel.value_or(Channel::kLetter);
    if (when == MustSay::When::kFirstOral && !IsOral(way)) continue;
    if (when == MustSay::When::kFirstWritten && IsOral(way)) continue;
    const Outcome outcome = binder.OutcomeOf(*event);
    if (!CountsAs(outcome, Counts::kContacts)) continue;
    maybe_reached = true;
    reached = reached || outcome != Outcome::kUnreported;
  }
  return Signal::Always(when == MustSay::When::kLater ? maybe_reached : !reached);
}

void Bind(const Binder& binder, const Rule&, const MustSay& rule, Draft* bound) {
  const Contact& contact = binder.facts().contact;
  const bool binding = rule.when != MustSay::When::kOnRequest;
  const bool in_order = binder.facts().papers_in_order_by_default;
  const Signal wanted = IsWanted(binder, rule.when);
  if (wanted.Never()) return;
  AddItems(binder, rule.items, wanted, binding, bound);
  if (rule.same_as_message) AddItem(binder, "same_language", wanted, binding, bound);

  const auto& spoken = contact.message.languages;
  const auto speaks = [&](const std::string& asked) {
    return spoken && std::any_of(spoken->begin(), spoken->end(), [&](const std::string& tag) {
      return SpeaksTag(tag, asked);
    });
  };
  const auto add_language = [&](bool met, std::string_view names) {
    bound->obligations.push_back({wanted, {"speak:", names}, {}});
    if (!binding || met || (!spoken && in_order)) return;
    bound->clauses.push_back({wanted, spoken ? Reason::kWrongLanguage : Reason::kUnknownFact,
                              {"a message in `", names, "`"}});
  };
  if (!rule.any_language.empty()) {
    add_language(std::any_of(rule.any_language.begin(), rule.any_language.end(), speaks),
                 Memory().Keep(absl::StrJoin(rule.any_language, "|")));
  }
  for (const std::string& tag : rule.all_languages) add_language(speaks(tag), tag);

  if (rule.caller_id) {
    bound->obligations.push_back(
        {wanted, {"caller_id:", ToWord(*rule.caller_id)}, {}});
    if (binding && contact.caller_id != *rule.caller_id) {
      bound->clauses.push_back({wanted, Reason::kCallerNotShown, "a number that is shown"});
    }
  }
  if (!rule.caller_class.empty()) {
    std::vector<Signal> any;
    for (const std::string& tag : rule.caller_class) {
      any.push_back(Carried(binder, contact.caller_class, tag));
    }
    const std::string_view names = Memory().Keep(absl::StrJoin(rule.caller_class, "|"));
    bound->obligations.push_back({wanted, {"caller:", names}, {}});
    if (binding) {
      bound->clauses.push_back(
          {Signal::And(wanted, Signal::Not(Signal::Definite(Signal::Or(std::move(any)), false))),
           Reason::kCallerNotShown, {"a caller's number of the kind `", names, "`"}});
    }
  }
}

void AddForbidden(const Binder& binder, const Forbidden& forbids, const Signal& while_,
                  Draft* bound) {
  if (forbids.everything) {
    bound->clauses.push_back({while_, Reason::kBarred, "another contact"});
  }
  const auto& found = binder.facts().contact.message.found;
  for (const std::string& code : forbids.codes) {
    if (found ? !Contains(*found, code) : binder.facts().papers_in_order_by_default) continue;
    bound->clauses.push_back({while_, found ? Reason::kForbiddenContent : Reason::kUnknownFact,
                              {found ? "a message without `"
                                     : "somebody's look at whether the message holds `",
                               code, "`"}});
  }
  for (const Condition& condition : forbids.conditions) {
    const Signal met = Signal::Definite(binder.Bind(condition, Subject{}), true);
    bound->clauses.push_back(
        {Signal::And(while_, met), Reason::kForbiddenContent, "another message"});
  }
}

void Bind(const Binder& binder, const Rule&, const ContentBan& ban, Draft* bound) {
  AddForbidden(binder, ban.forbids, Signal::Always(true), bound);
}

void Bind(const Binder& binder, const Rule&, const TimeBarred& rule, Draft* bound) {
  const Account* account = binder.account();
  const std::optional<Day> day = AccountDate(account, rule.stale_on);
  Signal stale(Tri::kUnknown);
  if (account != nullptr && account->stale == true) {
    stale = Signal::Always(true);
  } else if (day && !rule.wait.empty()) {
    stale = binder.WaitOverFromDay(rule.wait, *day);
  } else if (day) {
    stale = binder.DayReached(*day + date::days{1});
  } else if (binder.facts().papers_in_order_by_default) {
    stale = Signal::Always(false);  // the scenario form's limitation is far off
  }
  const Signal while_ = Signal::Definite(std::move(stale), true);
  if (while_.Never()) return;
  AddItems(binder, rule.items, while_, true, bound);
  const size_t before = bound->clauses.size();
  AddForbidden(binder, rule.forbids, while_, bound);
  for (size_t i = before; i < bound->clauses.size(); ++i) {
    if (bound->clauses[i].reason == Reason::kForbiddenContent) {
      bound->clauses[i].reason = Reason::kTimeBarred;
    }
  }
}

void Bind(const Binder& binder, const Rule&, const Licence& licence, Draft* bound) {
  for (const std::string& name : licence.holds) {
    const Signal held = Signal::Definite(Carried(binder, binder.facts().tenant->licences, name), false);
    bound->clauses.push_back(
        {Signal::Not(held), Reason::kNotLicensed, {"the licence `", name, "`"}});
  }
  if (Contains(licence.show_on, binder.facts().contact.channel)) {
    AddItem(binder, "licence_number", Signal::Always(true), true, bound);
  }
}

void Bind(const Binder&, const Rule&, const Parameters&, Draft*) {}

void Bind(const Binder&, const Rule&, const BarsContact&, Draft* bound) {
  bound->clauses.push_back(
      {Signal::Always(true), Reason::kBarred, "another channel, contact point or message"});
}

// Guidance that the overlay only warns of, suggestions that it has muted (section 5).
void SetAsideByOverlay(const Rule& rule, const RulePlan& plan, Draft* bound) {
  if (!plan.warned && !plan.muted) return;
  for (Clause& clause : bound->clauses) {
    clause.aside = plan.warned || rule.suggested || clause.suggested;
  }
}

}  // namespace

Signal BindsForCertain(const Binder& binder, const Rule& rule, const RulePlan& plan) {
  if (rule.status != RuleStatus::kInForce) return Signal::Always(false);
  Signal::All parts;
  if (rule.in_force_from) parts.Add(binder.DayReached(*rule.in_force_from));
  if (rule.in_force_to) {
    parts.Add(Signal::Not(binder.DayReached(*rule.in_force_to + date::days{1})));
  }
  parts.Add(binder.Bind(plan.beyond_gates, Subject{}));
  return Signal::Definite(std::move(parts).Take(), false);
}

void BindRule(Binder& binder, const Rule& rule, const RulePlan& plan, const Signal& active,
              Draft* draft, std::vector<BoundRule>* rules, std::vector<const Rule*>* considered) {
  if (rule.status != RuleStatus::kInForce) return;
  // Of a rule that bars whatever it applies to, `applies` is the body: it was looked at.
  const bool bars = std::holds_alternative<BarsContact>(rule.body);
  if (bars) considered->push_back(&rule);
  if (!binder.Concerned(plan)) return;
  Signal::All gate;
  gate.Add(active);
  if (rule.in_force_from) gate.Add(binder.InForceFrom(*rule.in_force_from));
  if (rule.in_force_to) {
    gate.Add(Signal::Definite(
        Signal::Not(binder.DayReached(*rule.in_force_to + date::days{1})), true));
  }
  if (gate.Never()) return;
  gate.Add(Signal::Definite(binder.Bind(plan.beyond_gates, Subject{}), true));
  if (gate.Never()) return;
  if (!bars) considered->push_back(&rule);
  // The body first: of most rules nothing is violated, now or ever, and then no exception matters.
  draft->clauses.clear();
  draft->budgets.clear();
  draft->obligations.clear();
  std::visit([&](const auto& body) { Bind(binder, rule, body, draft); }, rule.body);
  for (Clause& clause : draft->clauses) clause.violated = Signal::Definite(clause.violated, true);
  std::erase_if(draft->clauses, [](const Clause& clause) { return clause.violated.Never(); });
  if (draft->clauses.empty() && draft->budgets.empty() && draft->obligations.empty()) return;
  for (const Exception& exception : rule.exceptions) {
    gate.Add(Signal::Not(binder.Excepted(exception.when, exception.up_to)));
    if (gate.Never()) return;
  }
  SetAsideByOverlay(rule, plan, draft);
  BoundRule bound;
  bound.id = rule.id;
  bound.rank = plan.rank;
  bound.kind = rule.kind;
  bound.effect = rule.effect;
  bound.suggested = rule.suggested;
  bound.aside_how = plan.muted && !plan.warned ? SetAsideHow::kMuted : SetAsideHow::kWarned;
  bound.cites = &rule.cites;
  bound.gate = std::move(gate).Take();
  if (bound.gate.Never()) return;
  bound.clauses = Memory().Keep<Clause>(draft->clauses);
  bound.budgets = Memory().Keep<BoundBudget>(draft->budgets);
  bound.obligations = Memory().Keep<BoundObligation>(draft->obligations);
  rules->push_back(bound);
}

}  // namespace forbear::policy
