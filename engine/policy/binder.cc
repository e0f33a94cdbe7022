#include "engine/policy/binder.h"

#include "absl/container/inlined_vector.h"

#include <algorithm>
#include <set>

namespace forbear::policy {
namespace {

// What a subject says about one field. Nothing known: `known` is false.
struct Known {
  bool known = false;
  absl::InlinedVector<int64_t, 2> numbers;
  absl::InlinedVector<std::string_view, 2> texts;  // declared words, tags; in the facts or the bundle

  static Known Of(int64_t number) { return {true, {number}, {}}; }
  // `texts` outlive this.
  static Known Texts(const std::vector<std::string>& texts) {
    return {true, {}, {texts.begin(), texts.end()}};
  }
  static Known Texts(const std::optional<std::vector<std::string>>& texts) {
    return texts ? Texts(*texts) : Known{};
  }
  static Known Text(std::string_view text) {
    return text.empty() ? Known{} : Known{true, {}, {text}};
  }
  // A word of an open vocabulary: `declared` has its name beside it.
  template <typename E>
  static Known Open(E word, const std::string& declared) {
    Known known = Word(word);
    if (word == E::kDeclared) known.texts.push_back(declared);
    return known;
  }
  template <typename E>
  static Known Word(E word) {
    return Of(static_cast<int64_t>(word));
  }
  template <typename E>
  static Known Maybe(const std::optional<E>& word) {
    return word.has_value() ? Word(*word) : Known{};
  }
  static Known MaybeDay(const std::optional<Day>& day) {
    return day.has_value() ? Of(day->time_since_epoch().count()) : Known{};
  }
};

bool HasScope(Scopes scopes, Scope scope) { return (scopes & static_cast<Scopes>(scope)) != 0; }

// `us-{subdivision}`: one calendar for each subdivision.
constexpr std::string_view kSubdivisionHole = "{subdivision}";

template <typename T>
bool Contains(const std::vector<T>& list, const T& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

absl::InlinedVector<int64_t, 2> FormsOf(const Event& event) {
  if (!event.via) return {};
  const auto words = [](std::initializer_list<Form> forms) {
    absl::InlinedVector<int64_t, 2> numbers;
    for (const Form form : forms) numbers.push_back(static_cast<int64_t>(form));
    return numbers;
  };
  switch (*event.via) {
    case Via::kCall:
      return words({Form::kAny, Form::kOral});
    case Via::kSms:
    case Via::kEmail:
    case Via::kLetter:
      return words({Form::kAny, Form::kWritten});
    case Via::kPortal:
      return words({Form::kAny, Form::kWritten, Form::kPortal});
    case Via::kResponseForm:
      return words({Form::kAny, Form::kWritten, Form::kResponseForm});
    case Via::kRegisteredMail:
      return words({Form::kAny, Form::kWritten, Form::kRegistered});
    case Via::kNotary:
      return words({Form::kAny, Form::kWritten, Form::kRegistered, Form::kNotarial});
  }
  return {};
}

// Where nobody has told it: what the way of its words tells.
std::optional<ConsentForm> FormOfConsent(const Event& event) {
  if (event.consent_form || !event.via) return event.consent_form;
  return event.Written() ? ConsentForm::kExpressWritten : ConsentForm::kExpress;
}

// Does a consent of form `given` satisfy a rule that asks for `asked`? Signed is written, and
// written is express; notice with a way out satisfies only those who ask for no more.
bool FormSatisfies(ConsentForm given, ConsentForm asked) {
  const auto rank = [](ConsentForm form) {
    switch (form) {
      case ConsentForm::kNoticeWithOptOut:
        return 0;
      case ConsentForm::kExpress:
        return 1;
      case ConsentForm::kExpressWritten:
        return 2;
      case ConsentForm::kSigned:
        return 3;
    }
    return 0;
  };
  return rank(given) >= rank(asked);
}

// What a message of which nobody has told says, where papers are in order: to the borrower it speaks of
// the debt, unless its form is one that does not.
std::optional<bool> SupposedToMentionDebt(const Facts& facts) {
  if (!facts.papers_in_order_by_default ||
      facts.contact.to.relation != Relation::kBorrower) {
    return std::nullopt;
  }
  return facts.contact.message.form != MessageForm::kLimitedContent;
}

// For durations, which are the same on every clock.
const ZoneTable& Utc() {
  static const ZoneTable* const kUtc = new ZoneTable("UTC", {{kFirstInstant, Seconds{0}}});
  return *kUtc;
}

}  // namespace

bool SpeaksTag(std::string_view tag, std::string_view asked) {
  if (tag.size() < asked.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  for (size_t i = 0; i < asked.size(); ++i) {
    if (lower(tag[i]) != lower(asked[i])) return false;
  }
  return tag.size() == asked.size() || tag[asked.size()] == '-';
}

Binder::Binder(const Facts& facts, const Surroundings& surroundings, const Sets& sets)
    : facts_(facts), surroundings_(surroundings), sets_(sets) {
  for (const ZoneSpan& span : sets.zones) {
    const auto known = std::find_if(zones_.begin(), zones_.end(), [&](const DayZone& one) {
      return one.zone == span.zone;
    });
    if (known == zones_.end()) {
      zones_.push_back({span.zone, span.until});
    } else {
      known->until = std::max(known->until, span.until);
    }
  }
  // Where none is left, days are reckoned on in those that left last; `engine.no_zone` denies then.
  Instant last = kFirstInstant;
  for (const DayZone& one : zones_) last = std::max(last, one.until);
  for (DayZone& one : zones_) {
    if (one.until == last) one.until = kEndOfTime;
  }
  for (const Event* event : facts.history) present_.set(static_cast<size_t>(event->name));
}

bool Binder::Concerned(const RulePlan& plan) const {
  const Contact& contact = facts_.contact;
  const auto number_of = [&](Field field) -> size_t {
    switch (field) {
      case Field::kChannel:
        return static_cast<size_t>(contact.channel);
      case Field::kPurpose:
        return static_cast<size_t>(contact.purpose);
      case Field::kTo:
        return static_cast<size_t>(contact.to.relation);
      case Field::kDialling:
        return static_cast<size_t>(contact.dialling);
      case Field::kVoice:
        return static_cast<size_t>(contact.voice);
      default:
        return static_cast<size_t>(account_->role);
    }
  };
  return std::all_of(plan.gates.begin(), plan.gates.end(), [&](const RulePlan::Gate& gate) {
    return (gate.words >> number_of(gate.field) & 1) != 0;
  });
}

bool Binder::HasAny(const Filter& filter) const {
  if (!filter.declared_events.empty() && Has(EventName::kDeclared)) return true;
  return std::any_of(filter.events.begin(), filter.events.end(),
                     [&](EventName name) { return Has(name); });
}

template <typename End>
Instant Binder::LastEnd(const End& end) const {
  Instant last = kFirstInstant;
  for (const DayZone& one : zones_) last = std::max(last, std::min(end(*one.zone), one.until));
  return last;
}

template <typename End>
Instant Binder::FirstEnd(const End& end) const {
  Instant first = kEndOfTime;
  for (const DayZone& one : zones_) {
    const Instant here = end(*one.zone);
    if (here < one.until) first = std::min(first, here);
  }
  return first;
}

template <typename End>
Signal Binder::Reached(const End& end) const {
  if (zones_.empty()) return Signal(Tri::kUnknown);
  if (zones_.size() == 1) return Signal::During(end(*zones_.front().zone), kEndOfTime);
  absl::InlinedVector<Instant, 4> ends, changes;
  for (const DayZone& one : zones_) {
    ends.push_back(end(*one.zone));
    changes.push_back(ends.back());
    if (one.until < kEndOfTime) changes.push_back(one.until);
  }
  std::sort(changes.begin(), changes.end());
  absl::InlinedVector<Signal::Step, 8> steps;
  for (const Instant at : changes) {
    bool some = false, all = true;
    for (size_t i = 0; i < zones_.size(); ++i) {
      if (zones_[i].until <= at) continue;
      some = some || ends[i] <= at;
      all = all && ends[i] <= at;
    }
    steps.push_back({at, all ? Tri::kYes : some ? Tri::kUnknown : Tri::kNo});
  }
  return Signal::Steps(Tri::kNo, steps);
}

// ---- Points, parties, audience -----------------------------------------------------------------

const ContactPoint* Binder::FindPoint(const ContactPointId& id) const {
  for (const ContactPoint& point : facts_.borrower->contact_points) {
    if (point.id == id) return &point;
  }
  for (const Borrower* borrower : facts_.linked) {
    for (const ContactPoint& point : borrower->contact_points) {
      if (point.id == id) return &point;
    }
  }
  return nullptr;
}

Relation Binder::OwnerOf(const ContactPoint& point) const {
  Relation owner = point.owner;
  for (const Event* event : facts_.history) {
    if (event->name == EventName::kOwnerLearned && event->point == point.id) owner = event->owner;
    // Whoever lives at an address the borrower has left is not the borrower.
    if (event->name == EventName::kMovedAway && event->point == point.id) {
      owner = Relation::kOccupier;
    }
  }
  return owner;
}

bool Binder::SamePoint(const ContactPointId& a, const ContactPointId& b) const {
  if (a == b) return true;
  const ContactPoint* first = FindPoint(a);
  const ContactPoint* second = FindPoint(b);
  return first != nullptr && second != nullptr && first->link_digest != Bytes32{} &&
         first->link_digest == second->link_digest;
}

Audience Binder::AudienceOfContact() const {
  const Contact& contact = facts_.contact;
  if (contact.channel == Channel::kSocialPublic) return Audience::kPublic;
  if (contact.channel == Channel::kVoicemail || contact.channel == Channel::kPostcard) {
    return Audience::kOthersPossible;
  }
  const ContactPoint* point = contact.point ? FindPoint(*contact.point) : nullptr;
  if (point == nullptr) return Audience::kAddressee;
  const Relation owner = OwnerOf(*point);
  // What reaches the borrower beside somebody who is told anyway tells nobody else. A mailbox the
  // employer provides reaches the borrower, and the employer may look into it.
  const bool own = owner == contact.to.relation || owner == Relation::kBorrower;
  if (point->shared || !own) return Audience::kOthersPossible;
  return Audience::kAddressee;
}

std::optional<bool> Binder::MentionsDebt() const {
  const Message& message = facts_.contact.message;
  // A name that tells what trade the sender is in tells of a debt.
  if (message.reveals_trade == true) return true;
  if (message.mentions_debt) return message.mentions_debt;
  return SupposedToMentionDebt(facts_);  // nobody has looked: it may
}

const Event* Binder::Answered(const Subject& subject) const {
  const std::optional<EventId>& id =
      subject.event == nullptr ? facts_.contact.answers : subject.event->answers;
  if (!id) return nullptr;
  for (const Event* event : facts_.history) {
    if (event->id == *id) return event;
  }
  return nullptr;
}

std::optional<Day> Binder::LineChangedOn(const ContactPoint& point) const {
  std::optional<Day> changed;
  for (const Event* event : facts_.history) {
    if (event->name != EventName::kLineChanged || !event->point ||
        !SamePoint(*event->point, point.id)) {
      continue;
    }
    changed = event->first_day;
    if (!changed && !zones_.empty()) changed = zones_.front().zone->DayOf(event->at);
  }
  return changed;
}

std::vector<std::string> Binder::JurisdictionsOf(const std::vector<Place>& places) const {
  std::set<std::string> all;
  for (const Place& place : places) {
    for (std::string& one : surroundings_.places->JurisdictionsOf(place)) all.insert(std::move(one));
  }
  return {all.begin(), all.end()};
}

Signal Binder::BorrowerIsMinor() const {
  constexpr int kAgeOfMajority = 18;
  if (!facts_.borrower->born_on) return Signal(Tri::kUnknown);
  const date::year_month_day born{*facts_.borrower->born_on};
  const date::year_month_day_last month_end{born.year() + date::years{kAgeOfMajority},
                                            date::month_day_last{born.month()}};
  const date::year_month_day birthday{
      month_end.year(), month_end.month(),
      born.day() > month_end.day() ? month_end.day() : born.day()};
  return Signal::Not(DayReached(Day{birthday}));
}

Signal Binder::WhereaboutsIs(Whereabouts where) const {
  std::vector<Signal> parts;
  for (size_t i = 0; i < sets_.whereabouts.size(); ++i) {
    const auto& [event, own_end] = sets_.whereabouts[i];
    if (event->where != where) continue;
    // A newer word on it replaces the older one.
    const Instant replaced =
        i + 1 < sets_.whereabouts.size() ? sets_.whereabouts[i + 1].event->at : kEndOfTime;
    parts.push_back(Signal::During(event->at, std::min(own_end, replaced)));
  }
  return Signal::Or(parts);
}

// ---- Days and waits ----------------------------------------------------------------------------

std::vector<std::string> Binder::CalendarNames(const std::string& calendar) const {
  if (calendar.empty()) return {};
  if (calendar != "pack") return {calendar};
  std::vector<std::string> names;
  for (const std::string& name : pack_ == nullptr ? std::vector<std::string>{} : pack_->holidays) {
    const size_t hole = name.find(kSubdivisionHole);
    if (hole == std::string::npos) {
      names.push_back(name);
      continue;
    }
    // One calendar for each subdivision of the place set; where none is known, all of them.
    const std::string before = name.substr(0, hole);
    const std::string after = name.substr(hole + kSubdivisionHole.size());
    const std::string country = pack_->jurisdiction.substr(0, 2) + "-";
    std::set<std::string> parts;
    for (const PlaceSpan& span : sets_.places) {
      if (!span.jurisdiction.starts_with(country)) continue;
      std::string part = span.jurisdiction.substr(country.size());
      part = part.substr(0, part.find('-'));
      for (char& c : part) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      parts.insert(before + part + after);
    }
    if (parts.empty()) {
      for (const auto& [known, table] : surroundings_.bundle->calendars()) {
        if (known.size() > before.size() + after.size() && known.starts_with(before) &&
            known.ends_with(after)) {
          parts.insert(known);
        }
      }
    }
    names.insert(names.end(), parts.begin(), parts.end());
  }
  // A pack whose calendars nobody named: what is no holiday cannot be known.
  if (names.empty()) names.emplace_back("pack");
  return names;
}

std::optional<Day> Binder::CountOn(Day from, int n, const std::function<bool(Day)>& counts) {
  // No zone table reaches further, and a calendar that ends is all holidays from there on.
  static const Day kLast{date::floor<date::days>(kEndOfTime).time_since_epoch()};
  Day day = from;
  while (n > 0) {
    day += date::days{1};
    if (day > kLast) return std::nullopt;
    if (counts(day)) --n;
  }
  return day;
}

std::function<bool(Day)> Binder::BusinessDays(const std::string& calendar) const {
  uint8_t weekend = 0;
  for (const std::string& name : CalendarNames(calendar)) {
    const auto found = surroundings_.bundle->calendars().find(name);
    if (found != surroundings_.bundle->calendars().end()) weekend |= found->second.weekend;
  }
  return [kind_of = KindOfDay(calendar), weekend](Day day) {
    const uint8_t kind = (*kind_of)(day);
    return kind != kHolidayBit && (kind & weekend) == 0;
  };
}

const DayKind* Binder::KindOfDay(const std::string& calendar) const {
  static const DayKind kNoCalendar = [](Day day) {
    return static_cast<uint8_t>(1U << WeekdayOf(day));
  };
  if (calendar.empty()) return &kNoCalendar;
  for (const auto& [pack, name, kind_of] : day_kinds_) {
    if (pack == pack_ && name == calendar) return kind_of;
  }
  std::vector<const HolidayCalendar*> tables;
  bool missing = false;
  for (const std::string& name : CalendarNames(calendar)) {
    const auto found = surroundings_.bundle->calendars().find(name);
    if (found == surroundings_.bundle->calendars().end()) {
      missing = true;
    } else {
      tables.push_back(&found->second);
    }
  }
  const DayKind* const kind_of =
      Arena::Current().Own<DayKind>([tables = std::move(tables), missing](Day day) -> uint8_t {
        if (missing) return kHolidayBit;
        int weekday = WeekdayOf(day);
        for (const HolidayCalendar* table : tables) {
          const int year = static_cast<int>(date::year_month_day{day}.year());
          if (year < table->first_year || year > table->last_year) return kHolidayBit;
          if (std::binary_search(table->holidays.begin(), table->holidays.end(), day)) {
            return kHolidayBit;
          }
          const auto as = table->workdays_as.find(day);
          if (as != table->workdays_as.end()) weekday = as->second;
        }
        return static_cast<uint8_t>(1U << weekday);
      });
  day_kinds_.emplace_back(pack_, calendar, kind_of);
  return kind_of;
}

Signal Binder::DayReached(Day day) const {
  return Reached([day](const ZoneTable& zone) { return zone.StartOfDay(day); });
}

Signal Binder::InForceFrom(Day day) const {
  // The day has begun everywhere on Earth before the newest event, and nothing earlier is asked.
  constexpr std::chrono::hours kEverywhere{26};
  if (!facts_.history.empty() && !zones_.empty() &&
      Instant{date::sys_days{day.time_since_epoch()}} + kEverywhere <= facts_.history.back()->at) {
    return Signal::Always(true);
  }
  return Signal::Definite(DayReached(day), true);
}

Instant Binder::OwnEnd(const Event& event) const {
  if (event.until) return *event.until;
  if (!event.last_day || zones_.empty()) return kEndOfTime;
  return LastEnd([&](const ZoneTable& zone) {
    return zone.StartOfDay(*event.last_day + date::days{1});
  });
}

Instant Binder::WaitEndIn(const ZoneTable& zone, const Wait& wait, Instant anchor,
                          const Event* event) const {
  if (wait.unit == Wait::Unit::kMinutes) return anchor + std::chrono::minutes{wait.n};
  if (wait.unit == Wait::Unit::kHours) return anchor + std::chrono::hours{wait.n};
  if (wait.unit == Wait::Unit::kField) {
    std::optional<Day> day;
    if (event != nullptr) {
      switch (wait.field) {
        case Wait::EventField::kUntil:
          if (event->until) return *event->until;
          break;
        case Wait::EventField::kLastDay:
          day = event->last_day;
          break;
        case Wait::EventField::kPeriodEndsOn:
          day = event->period_ends_on;
          break;
        case Wait::EventField::kOptOutBy:
          day = event->opt_out_by;
          break;
      }
    }
    if (!day) {
      return wait.otherwise == nullptr ? kEndOfTime
                                       : WaitEndIn(zone, *wait.otherwise, anchor, event);
    }
    return zone.StartOfDay(*day + date::days{1});
  }
  Day day = zone.DayOf(anchor);
  // From when the event is taken to count: sent, received, or deemed to have arrived.
  if (wait.from != Wait::From::kSent && event != nullptr) {
    if (wait.from == Wait::From::kReceived && event->received_on) {
      day = *event->received_on;
    } else if (wait.from == Wait::From::kReceived && event->received_at) {
      day = zone.DayOf(*event->received_at);
    } else {
      int travel = 0;
      for (const Wait::Deemed& deemed : wait.deemed) {
        if (!deemed.channel || deemed.channel == event->channel) {
          travel = deemed.days;
          if (deemed.channel) break;
        }
      }
      const DayKind& kind_of = *KindOfDay(wait.skip_holiday ? wait.calendar : "");
      const std::optional<Day> arrives = CountOn(day, travel, [&](Day on) {
        const int weekday = WeekdayOf(on);
        return !(weekday == 5 && wait.skip_saturday) && !(weekday == 6 && wait.skip_sunday) &&
               !(wait.skip_holiday && kind_of(on) == kHolidayBit);
      });
      if (!arrives) return kEndOfTime;
      day = *arrives;
      // A receipt that turns out later counts; an earlier one changes nothing.
      if (event->received_on) day = std::max(day, *event->received_on);
    }
  }
  // `day` is the event's day; the next one is day 1 unless the event's own day is.
  Day opens = day;
  switch (wait.unit) {
    case Wait::Unit::kDays:
      opens = day + date::days{wait.n + (wait.event_day_is_first ? 0 : 1)};
      break;
    case Wait::Unit::kBusinessDays: {
      const std::optional<Day> last =
          CountOn(wait.event_day_is_first ? day - date::days{1} : day, wait.n,
                  BusinessDays(wait.calendar));
      if (!last) return kEndOfTime;
      opens = *last + date::days{1};
      break;
    }
    case Wait::Unit::kMonths: {
      const date::year_month_day from{day};
      const date::year_month target = from.year() / from.month() + date::months{wait.n};
      const date::day last = (target / date::last).day();
      opens = Day{target / (from.day() > last ? last : from.day())} +
              date::days{wait.event_day_is_first ? 0 : 1};
      break;
    }
    case Wait::Unit::kMinutes:
    case Wait::Unit::kHours:
    case Wait::Unit::kField:
      break;
  }
  return std::min(zone.StartOfDay(opens), kEndOfTime);
}

Instant Binder::WaitEndIn(const ZoneTable& zone, const Waits& waits, Instant anchor,
                          const Event* event) const {
  Instant end = kFirstInstant;
  for (const Wait& wait : waits) {
    const bool sent = event == nullptr || wait.from == Wait::From::kSent;
    end = std::max(end, WaitEndIn(zone, wait, sent ? anchor : KnownAt(*event), event));
  }
  return end;
}

Instant Binder::WaitEnd(const Waits& waits, const Event& event) const {
  if (!zones_.empty()) {
    return LastEnd([&](const ZoneTable& zone) { return WaitEndIn(zone, waits, event.at, &event); });
  }
  // Without a zone nobody can say when a day is over; an hour is one everywhere.
  Instant end = kFirstInstant;
  for (const Wait& wait : waits) {
    if (wait.unit != Wait::Unit::kMinutes && wait.unit != Wait::Unit::kHours) return kEndOfTime;
    end = std::max(end, WaitEndIn(Utc(), {wait}, event.at, &event));
  }
  return end;
}

Instant Binder::WaitEndFromDay(const Waits& waits, Day day) const {
  if (zones_.empty()) return kEndOfTime;
  return LastEnd([&](const ZoneTable& zone) {
    return WaitEndIn(zone, waits, zone.StartOfDay(day), nullptr);
  });
}

Instant Binder::FirstWaitEnd(const Waits& waits, const Event& event) const {
  if (zones_.empty()) {
    // What lasts for days has ended where nobody can say when a day is over.
    const Instant end = WaitEnd(waits, event);
    return end == kEndOfTime ? kFirstInstant : end;
  }
  return FirstEnd([&](const ZoneTable& zone) { return WaitEndIn(zone, waits, event.at, &event); });
}

Signal Binder::WaitOverFromDay(const Waits& waits, Day day) const {
  return Reached([&](const ZoneTable& zone) {
    return WaitEndIn(zone, waits, zone.StartOfDay(day), nullptr);
  });
}

// ---- Events ------------------------------------------------------------------------------------

bool Binder::ToldAfter(const Event& event, const Event& before) const {
  if (event.at != before.at) return event.at > before.at;
  const auto first = std::find(facts_.history.begin(), facts_.history.end(), &before);
  const auto found = std::find(first, facts_.history.end(), &event);
  return found != first && found != facts_.history.end();
}

bool Binder::AboutAccount(const Event& event) const {
  return account_ == nullptr || About(event, *account_);
}

bool Binder::About(const Event& event, const Account& account) {
  if (event.talk && !event.talk->empty()) {
    for (const Talk& talk : *event.talk) {
      // A debt the borrower alone raised and would not go into was not talked about.
      if (talk.account == account.id && (!talk.declined || talk.raised_by_tenant)) return true;
    }
    return false;
  }
  return event.accounts.empty() || Contains(event.accounts, account.id);
}

namespace {

// What somebody says for themselves: of contact with them, and not of contact with others.
bool SpeaksForOneself(EventName name) {
  return name == EventName::kRequest || name == EventName::kRefusal ||
         name == EventName::kInconvenientTime || name == EventName::kInconvenientPlace ||
         name == EventName::kInconvenientNow || name == EventName::kOptOut;
}

}  // namespace

bool Binder::SpeaksOf(const Event& event, const Person& to) {
  return event.by != DoneBy::kParty || !SpeaksForOneself(event.name) || to.party == event.by_party;
}

bool Binder::Reaches(const Event& event, Scopes scope, bool unknown_reaches,
                     const Subject& subject) const {
  const Contact& contact = facts_.contact;
  const Event* of = subject.event;
  const std::optional<Channel> channel = of == nullptr ? contact.channel : of->channel;
  const std::optional<ContactPointId>& at = of == nullptr ? contact.point : of->point;
  if (HasScope(scope, Scope::kPerson) && !SpeaksOf(event, of == nullptr ? contact.to : of->to)) {
    return false;
  }
  if (HasScope(scope, Scope::kDebt) && !AboutAccount(event)) return false;
  if (HasScope(scope, Scope::kCreditor) && account_ != nullptr && !event.accounts.empty()) {
    bool same = Contains(event.accounts, account_->id);
    for (const Account* account : facts_.accounts) {
      if (same || !Contains(event.accounts, account->id)) continue;
      const bool told = !account->original_creditor.empty() && !account_->original_creditor.empty();
      same = told ? account->original_creditor == account_->original_creditor : unknown_reaches;
    }
    if (!same) return false;
  }
  if (HasScope(scope, Scope::kChannel)) {
    if (event.channel && event.channels.empty() && event.channel != channel) return false;
    if (!event.channels.empty() && (!channel || !Contains(event.channels, *channel))) return false;
  }
  if (HasScope(scope, Scope::kPurpose) && event.purpose &&
      *event.purpose !=
          (of == nullptr ? contact.purpose : of->purpose.value_or(Purpose::kPaymentReminder))) {
    return false;
  }
  if (HasScope(scope, Scope::kPoint)) {
    // What was said of one number or address says nothing of another.
    if (!event.points.empty()) {
      bool named = false;
      for (const ContactPointId& point : event.points) {
        named = named || (at && SamePoint(point, *at));
      }
      if (!named) return false;
    } else if (event.point) {
      if (!at || !SamePoint(*event.point, *at)) return false;
    } else if (event.name == EventName::kAttempt || event.name == EventName::kInbound ||
               event.name == EventName::kNotice) {
      // It had a number or an address, and nobody told which.
      if (!unknown_reaches) return false;
    }
  }
  if (HasScope(scope, Scope::kPlace)) {
    const ContactPoint* here = at ? FindPoint(*at) : nullptr;
    std::vector<ContactPointId> named = event.points;
    if (event.point) named.push_back(*event.point);
    bool known = here != nullptr, same = false;
    for (const ContactPointId& one : named) {
      const ContactPoint* there = FindPoint(one);
      known = known && there != nullptr;
      same = same || (known && there->tied_to == here->tied_to);
    }
    if (named.empty()) {
      // It had a number or an address, and nobody told which; or it was said of places as such.
      if (event.name == EventName::kAttempt || event.name == EventName::kInbound ||
          event.name == EventName::kNotice) {
        known = false;
      } else {
        same = event.places.empty() || (known && Contains(event.places, here->tied_to));
        known = known || event.places.empty();
      }
    }
    if (known ? !same : !unknown_reaches) return false;
  }
  return true;
}

bool Binder::PassesCondition(const Condition& condition, const Event& event,
                             bool unknown_passes) const {
  const Tri passes = Bind(condition, Subject{&event}).At(event.at);
  return passes == Tri::kYes || (passes == Tri::kUnknown && unknown_passes);
}

bool Binder::Ends(const Event& later, const Event& event) const {
  return later.ended && later.name == event.name && later.declared_name == event.declared_name &&
         later.by == event.by && later.by_party == event.by_party && later.at >= event.at &&
         AboutAccount(later);
}

Instant Binder::SaidOverAt(const Event& event) const {
  Instant over = kEndOfTime;
  for (const Event* later : facts_.history) {
    if (Ends(*later, event)) over = std::min(over, KnownAt(*later));
  }
  return over;
}

bool Binder::IsNamed(const Filter& filter, const Event& event) {
  if (event.name == EventName::kDeclared) {
    return Contains(filter.declared_events, event.declared_name);
  }
  return Contains(filter.events, event.name);
}

bool Binder::Passes(const Filter& filter, const Event& event, bool unknown_passes) const {
  if (!IsNamed(filter, event)) return false;
  if (!filter.by.empty()) {
    if (!Contains(filter.by, event.by)) return false;
  } else if ((event.name == EventName::kAttempt || event.name == EventName::kNotice) &&
             event.by != DoneBy::kTenant) {
    return false;
  }
  return PassesCondition(filter.when, event, unknown_passes);
}

std::vector<const Event*> Binder::Find(const Filter& filter, Scopes scope, bool unknown_passes,
                                       const Subject& subject) const {
  if (!HasAny(filter)) return {};
  const bool for_person =
      HasScope(scope, Scope::kPerson) &&
      std::none_of(filter.when.tests.begin(), filter.when.tests.end(),
                   [](const Test& test) { return test.field == Field::kTo; });
  const Person& person = subject.event == nullptr ? facts_.contact.to : subject.event->to;
  std::vector<const Event*> found;
  found.reserve(facts_.history.size());
  for (const Event* event : facts_.history) {
    if (!IsNamed(filter, *event)) continue;
    if (for_person && event->name == EventName::kAttempt && event->to != person) continue;
    if (Reaches(*event, scope, unknown_passes, subject) && Passes(filter, *event, unknown_passes)) {
      found.push_back(event);
    }
  }
  return found;
}

Outcome Binder::OutcomeOf(const Event& event) const {
  const Outcome outcome = event.outcome.value_or(Outcome::kUnreported);
  if (event.name == EventName::kAttempt && Undelivered(event)) return Outcome::kUndelivered;
  return outcome;
}

bool Binder::Undelivered(const Event& event) const {
  if (!Has(EventName::kUndelivered)) return false;
  for (const Event* later : facts_.history) {
    if (later->name != EventName::kUndelivered || later->at < event.at ||
        later->channel != event.channel || later->point != event.point) {
      continue;
    }
    // It speaks of what was last sent there.
    bool superseded = false;
    for (const Event* between : facts_.history) {
      superseded = superseded ||
                   (between != &event &&
                    (between->name == EventName::kNotice || between->name == EventName::kAttempt) &&
                    between->channel == event.channel && between->point == event.point &&
                    between->at > event.at && between->at <= later->at);
    }
    if (!superseded) return true;
  }
  return false;
}

// ---- Counting ----------------------------------------------------------------------------------

Signal Binder::AtLeast(std::vector<std::pair<Instant, Instant>> intervals, int n) {
  if (n <= 0) return Signal::Always(true);
  std::vector<std::pair<Instant, int>> bounds;
  for (const auto& [from, to] : intervals) {
    if (from >= to) continue;
    bounds.emplace_back(from, +1);
    if (to < kEndOfTime) bounds.emplace_back(to, -1);
  }
  std::sort(bounds.begin(), bounds.end());
  std::vector<Signal::Step> steps;
  int count = 0;
  for (size_t i = 0; i < bounds.size(); ++i) {
    count += bounds[i].second;
    if (i + 1 < bounds.size() && bounds[i + 1].first == bounds[i].first) continue;
    steps.push_back({bounds[i].first, TriOf(count >= n)});
  }
  return Signal::Steps(Tri::kNo, steps);
}

std::vector<std::vector<Instant>> Binder::LeavesByZone(
    const Window& window, const std::vector<const Event*>& events) const {
  std::vector<std::vector<Instant>> by_zone;
  const auto leaves_in = [&](const ZoneTable& zone, Instant until) {
    std::vector<Instant> leaves;
    for (const Event* event : events) {
      leaves.push_back(
          std::min(LeavesWindow(window.unit, window.n, week_starts(), zone, event->at), until));
    }
    std::sort(leaves.begin(), leaves.end());
    return leaves;
  };
  if (!CountsDays(window.unit)) {
    by_zone.push_back(leaves_in(Utc(), kEndOfTime));
  } else {
    for (const DayZone& one : zones_) by_zone.push_back(leaves_in(*one.zone, one.until));
  }
  return by_zone;
}

// The newest of the events that the filter selects, as long as they ended as it wants, newest last.
// The outcome makes or breaks the row; everything else says which events it is a row of.
std::vector<const Event*> Binder::FindRow(const Seen& seen, const Subject& subject) const {
  Filter selects = *seen.of;
  Condition wanted;
  std::erase_if(selects.when.tests, [&](const Test& test) {
    if (test.field != Field::kOutcome) return false;
    wanted.tests.push_back(test);
    return true;
  });
  std::vector<const Event*> row;
  const std::vector<const Event*> selected = Find(selects, seen.scope, true, subject);
  for (auto at = selected.rbegin(); at != selected.rend(); ++at) {
    if (!PassesCondition(wanted, **at, false) || !Passes(selects, **at, false)) break;
    row.push_back(*at);
  }
  std::reverse(row.begin(), row.end());
  return row;
}

Signal Binder::BindSeen(const Seen& seen, const Subject& subject) const {
  if (!HasAny(*seen.of) && std::max(seen.at_least, seen.in_a_row) > 0) {
    return Signal::Always(false);
  }
  // Whether a day has passed is asked now, not at the instant of the event that carries it.
  const auto is_of_now = [](const Test& test) { return test.op == Test::Op::kPassed; };
  std::vector<Test> of_now;
  std::optional<Filter> without;
  const std::vector<Test>& tests = seen.of->when.tests;
  if (std::any_of(tests.begin(), tests.end(), is_of_now)) {
    without = *seen.of;
    std::copy_if(tests.begin(), tests.end(), std::back_inserter(of_now), is_of_now);
    std::erase_if(without->when.tests, is_of_now);
  }
  const Filter& of = without ? *without : *seen.of;
  const auto holds = [&](std::vector<const Event*> events) {
    const int wanted = std::max(seen.at_least, seen.in_a_row);
    // An event does not see itself.
    std::erase(events, subject.event);
    if (seen.window.unit == WindowUnit::kSinceEvent) {
      const std::vector<const Event*> anchors = Find(*seen.window.since, seen.scope, false, subject);
      if (anchors.empty()) return Signal::Always(false);
      const Instant since = anchors.back()->at;
      std::erase_if(events, [&](const Event* event) { return event->at <= since; });
    }
    std::vector<Signal> zones;
    for (const auto& leaves : LeavesByZone(seen.window, events)) {
      std::vector<std::pair<Instant, Instant>> intervals;
      // Leaves are sorted and events are oldest first; in one zone the order is the same.
      for (size_t i = 0; i < events.size(); ++i) {
        Instant from = KnownAt(*events[i]);
        Instant to = leaves[i];
        for (const Test& test : of_now) {
          const Signal passed = BindTest(test, Subject{events[i]});
          while (from < to && !passed.Holds(from)) from = passed.NextChange(from);
          Instant end = from;
          while (end < to && passed.Holds(end)) end = passed.NextChange(end);
          to = std::min(to, end);
        }
        intervals.emplace_back(from, to);
      }
      zones.push_back(AtLeast(std::move(intervals), wanted));
    }
    if (zones.empty()) {
      // No zone says whether it is inside; of too few nobody need ask.
      std::vector<std::pair<Instant, Instant>> intervals;
      for (const Event* event : events) intervals.emplace_back(KnownAt(*event), kEndOfTime);
      return Signal::And(AtLeast(std::move(intervals), wanted), Signal(Tri::kUnknown));
    }
    // Zones that disagree leave it open.
    const Signal all = Signal::And(zones);
    const Signal any = Signal::Or(zones);
    return Signal::Or(all, Signal::And(any, Signal(Tri::kUnknown)));
  };
  if (seen.in_a_row > 0) return holds(FindRow(seen, subject));
  std::vector<const Event*> certain = Find(of, seen.scope, false, subject);
  std::vector<const Event*> possible = Find(of, seen.scope, true, subject);
  if (certain.size() == possible.size()) return holds(std::move(certain));
  // What may have been such an event may have been seen.
  return Signal::Or({holds(std::move(certain)),
                     Signal::And(holds(std::move(possible)), Signal(Tri::kUnknown))});
}

// ---- Consents, standings, periods --------------------------------------------------------------

Signal Binder::Standing(const Filter& began_by, Scopes scope) const {
  std::vector<Signal> parts;
  for (const Event* event : Find(began_by, scope, true)) {
    if (event->ended) continue;
    parts.push_back(
        Signal::During(KnownAt(*event), std::min(OwnEnd(*event), SaidOverAt(*event))));
  }
  return Signal::Or(parts);
}

Instant Binder::RevokedAt(const std::vector<Covers>& covers, const Event& given,
                          const std::optional<Channel>& channel,
                          const std::optional<ContactPointId>& point) const {
  // What was agreed to of all that is asked for; each ends on its own.
  Instant last = kFirstInstant;
  for (const Covers cover : covers) {
    if (!Contains(given.covers, cover)) continue;
    Instant end = kEndOfTime;
    for (const Event* later : facts_.history) {
      if (later->name != EventName::kRevocation || later->by != given.by || later->at < given.at ||
          !Contains(later->covers, cover) || !AboutAccount(*later) ||
          !Concerns(*later, channel, point)) {
        continue;
      }
      end = std::min(end, KnownAt(*later));
    }
    last = std::max(last, end);
  }
  return last;
}

bool Binder::Concerns(const Event& event, const std::optional<Channel>& channel,
                      const std::optional<ContactPointId>& point) const {
  if (!event.channels.empty() && (!channel || !Contains(event.channels, *channel))) return false;
  return event.points.empty() ||
         std::any_of(event.points.begin(), event.points.end(), [&](const ContactPointId& one) {
           return point && SamePoint(one, *point);
         });
}

Signal Binder::Consent(const ConsentTest& test, const Subject& subject,
                       std::optional<Instant> given_after) const {
  if (!Has(EventName::kConsent)) return Signal::Always(false);
  const Contact& contact = facts_.contact;
  const std::optional<Channel> channel =
      subject.event == nullptr ? contact.channel : subject.event->channel;
  const std::optional<ContactPointId> point =
      subject.event == nullptr ? contact.point : subject.event->point;
  const Person& to_whom = subject.event == nullptr ? contact.to : subject.event->to;
  std::vector<Signal> parts;
  for (size_t i = 0; i < facts_.history.size(); ++i) {
    const Event& given = *facts_.history[i];
    if (&given == subject.event) break;  // what comes after it was not yet
    if (given.name != EventName::kConsent || !given.use_disclosed) continue;
    if (given_after && given.at <= *given_after) continue;
    if (given.by != test.by || given.given_to != test.to) continue;
    // Of others each agrees for itself alone; of contact with the borrower it may be an attorney.
    if (given.by == DoneBy::kParty && to_whom.relation != Relation::kBorrower &&
        given.by_party != to_whom.party) {
      continue;
    }
    const bool covers = std::any_of(test.covers.begin(), test.covers.end(), [&](Covers cover) {
      return Contains(given.covers, cover);
    });
    if (!covers) continue;
    const bool form_accepted =
        test.forms.empty() ||
        std::any_of(test.forms.begin(), test.forms.end(), [&](ConsentForm form) {
          const std::optional<ConsentForm> has = FormOfConsent(given);
          return has && FormSatisfies(*has, form);
        });
    if (!form_accepted) continue;
    if (!test.documents.empty() && !Contains(test.documents, given.document)) continue;
    // No wider than it was given.
    if (account_ != nullptr && !given.accounts.empty() &&
        !Contains(given.accounts, account_->id)) {
      continue;
    }
    if (!Concerns(given, channel, point)) continue;
    Instant from = KnownAt(given);
    Instant to = kEndOfTime;
    if (zones_.empty() && (given.first_day || given.last_day)) continue;
    if (given.first_day) {
      from = std::max(from, LastEnd([&](const ZoneTable& zone) {
                        return zone.StartOfDay(*given.first_day);
                      }));
    }
    if (given.last_day) {
      to = std::min(to, FirstEnd([&](const ZoneTable& zone) {
                      return zone.StartOfDay(*given.last_day + date::days{1});
                    }));
    }
    if (given.until) to = std::min(to, *given.until);
    // A limit on how long a consent lasts helps the borrower: the earliest zone's end counts.
    if (!test.lasts.empty()) to = std::min(to, FirstWaitEnd(test.lasts, given));
    to = std::min(to, RevokedAt(test.covers, given, channel, point));
    for (size_t j = 0; j < facts_.history.size(); ++j) {
      const Event& later = *facts_.history[j];
      if (&later == subject.event) break;  // what comes after it was not yet
      if (later.at < given.at || j == i) continue;
      // Refusing a channel takes back the agreement to it.
      if (later.name == EventName::kOptOut && later.given_to == given.given_to &&
          AboutAccount(later) && SpeaksOf(later, to_whom) &&
          (Contains(test.covers, Covers::kChannel) || Contains(test.covers, Covers::kAddress) ||
           Contains(test.covers, Covers::kPrerecorded))) {
        if (Concerns(later, channel, point)) to = std::min(to, KnownAt(later));
      }
      // Its purpose fulfilled.
      if (test.spent_by != nullptr && later.at > given.at && Passes(*test.spent_by, later, true)) {
        to = std::min(to, later.at);
      }
    }
    Signal live = Signal::During(from, to);
    if (!given.windows.empty()) {
      WeeklyQuestion question;
      for (const WeeklySlot& slot : given.windows) {
        question.rows.push_back({slot.days, slot.from_minute, slot.to_minute});
      }
      question.zones = sets_.zones;
      question.kind_of = KindOfDay("");
      live = Signal::And(live, Signal::Weekly(std::move(question)));
    }
    parts.push_back(std::move(live));
  }
  return Signal::Or(parts);
}

Signal Binder::During(const std::string& period) const {
  std::vector<Signal> parts;
  for (const Pack& pack : surroundings_.bundle->packs()) {
    for (const Period& one : pack.periods) {
      if (one.name != period) continue;
      for (const Event* event :
           Find(*one.after, static_cast<Scopes>(Scope::kDebt), false)) {
        if (event->name == EventName::kNotice && Undelivered(*event)) continue;
        parts.push_back(Signal::During(event->at, WaitEnd(one.wait, *event)));
      }
    }
  }
  return Signal::Or(parts);
}

bool Binder::BeganDuring(const std::string& period, Instant at) const {
  return During(period).Holds(at);
}

const Event* Binder::NewestToAnswer(Instant before) const {
  const Event* newest = nullptr;
  for (const Event* event : facts_.history) {
    if (event->at >= before) break;
    if (event->name == EventName::kOptOut || event->name == EventName::kInbound) newest = event;
  }
  return newest;
}

// ---- Allowances --------------------------------------------------------------------------------

Signal Binder::Available(const Allowance& allowance, const Condition& when,
                         bool doubtful_uses) const {
  const Event* answered = Answered(Subject{});
  Signal in_time = Signal::Always(true);
  if (!allowance.within.empty()) {
    const Event* anchor = answered != nullptr ? answered : NewestToAnswer(kEndOfTime);
    if (anchor == nullptr) return Signal::Always(false);
    in_time = Signal::During(anchor->at, FirstWaitEnd(allowance.within, *anchor));
  }
  const bool same_person = allowance.scope == 0 || HasScope(allowance.scope, Scope::kPerson);
  std::vector<const Event*> used;
  for (const Event* event : facts_.history) {
    if (event->name != EventName::kAttempt || event->by != DoneBy::kTenant) continue;
    if (!CountsAs(OutcomeOf(*event), allowance.counts)) continue;
    if (allowance.per_inbound) {
      if (answered == nullptr || event->answers != answered->id) continue;
    } else {
      if (same_person && event->to != facts_.contact.to) continue;
      if (!Reaches(*event, allowance.scope)) continue;
      if (!PassesCondition(when, *event, doubtful_uses)) continue;
    }
    used.push_back(event);
  }
  if (allowance.per_inbound) {
    // One allowance for each inbound message: without one there is nothing to use.
    if (answered == nullptr) return Signal::Always(false);
    if (static_cast<int>(used.size()) >= allowance.limit) return Signal::Always(false);
    return in_time;
  }
  const Window window = allowance.window.value_or(Window{});
  if (window.unit == WindowUnit::kSinceEvent) {
    const std::vector<const Event*> anchors =
        Find(*window.since, allowance.scope, false);
    if (anchors.empty()) return Signal::Always(false);
    std::erase_if(used, [&](const Event* event) { return event->at < anchors.back()->at; });
  }
  std::vector<Signal> zones{in_time};
  for (const auto& leaves : LeavesByZone(window, used)) {
    std::vector<std::pair<Instant, Instant>> intervals;
    for (const Instant leave : leaves) intervals.emplace_back(kFirstInstant, leave);
    zones.push_back(Signal::Not(AtLeast(std::move(intervals), allowance.limit)));
  }
  if (zones.size() == 1) return Signal(Tri::kUnknown);  // no zone: nobody can count
  return Signal::And(zones);
}

Signal Binder::Excepted(const Condition& when, const std::optional<Allowance>& up_to,
                        bool doubtful_uses) const {
  Signal holds = Bind(when, Subject{});
  if (up_to && !holds.Never()) holds = Signal::And(holds, Available(*up_to, when, doubtful_uses));
  return Signal::Definite(std::move(holds), false);
}

// ---- Clocks ------------------------------------------------------------------------------------

std::vector<ZoneSpan> Binder::ClockZones(const ClockChoice& clock) const {
  switch (clock.kind) {
    case ClockChoice::Kind::kBorrower:
    case ClockChoice::Kind::kContacted:  // parties are taken to live where the borrower does
      return sets_.zones;
    case ClockChoice::Kind::kPlace:
      return sets_.addresses_known_down_to_zone ? sets_.address_zones : sets_.zones;
    case ClockChoice::Kind::kNumber:
      if (!sets_.number_zones.empty()) return sets_.number_zones;
      return sets_.addresses_known_down_to_zone ? sets_.address_zones : sets_.zones;
    case ClockChoice::Kind::kTenant:
      return sets_.tenant_zones;
    case ClockChoice::Kind::kZone: {
      const auto zone = surroundings_.zones->Find(clock.zone);
      return zone == nullptr ? std::vector<ZoneSpan>{} : std::vector<ZoneSpan>{{zone.get()}};
    }
  }
  return {};
}

// ---- Conditions --------------------------------------------------------------------------------

namespace {

Known TextsIfAny(const std::vector<std::string>& texts) {
  Known known;
  known.known = !texts.empty();
  for (const std::string& text : texts) known.texts.push_back(Arena::Current().Keep(text));
  return known;
}

Known FieldOf(const Binder& binder, Field field, const Subject& subject) {
  const Contact& contact = binder.facts().contact;
  const Event* event = subject.event;
  const Message& message = event == nullptr ? contact.message : event->message;
  const auto flag = [](const std::optional<bool>& value) {
    return value ? Known::Of(*value ? 1 : 0) : Known{};
  };
  const auto sure = [](bool value) { return Known::Of(value ? 1 : 0); };
  const std::optional<ContactPointId> point_id = event == nullptr ? contact.point : event->point;
  const ContactPoint* point = point_id ? binder.FindPoint(*point_id) : nullptr;
  const Account* account = binder.account();
  switch (field) {
    case Field::kChannel:
      return event == nullptr ? Known::Word(contact.channel) : Known::Maybe(event->channel);
    case Field::kPurpose:
      if (event != nullptr && event->name == EventName::kNotice && !event->purpose) {
        return Known::Word(Purpose::kRequiredNotice);
      }
      return event == nullptr ? Known::Word(contact.purpose) : Known::Maybe(event->purpose);
    case Field::kNotice:
      if (event != nullptr) {
        return event->notice ? Known::Open(*event->notice, event->declared_notice) : Known{};
      }
      return contact.notice ? Known::Open(*contact.notice, contact.declared_notice) : Known{};
    case Field::kTo:
      return Known::Word((event == nullptr ? contact.to : event->to).relation);
    case Field::kToLiable: {
      const Relation to = (event == nullptr ? contact.to : event->to).relation;
      return sure(to == Relation::kBorrower || to == Relation::kCoDebtor ||
                  to == Relation::kGuarantor);
    }
    case Field::kAnswersSameDay:
    case Field::kAnswers:
    case Field::kAccountDaysPastDue:
    case Field::kBorrowerAge:
    case Field::kBorrowerWhereabouts:
      return {};  // asked of the time: BindTest
    case Field::kRequested:
      return sure(event == nullptr ? contact.requested : event->requested);
    case Field::kAutomated:
      return sure(event == nullptr ? contact.automated : event->automated);
    case Field::kDialling:
      return Known::Word(event == nullptr ? contact.dialling : event->dialling);
    case Field::kVoice:
      return Known::Word(event == nullptr ? contact.voice : event->voice);
    case Field::kCallerId:
      return event == nullptr ? Known::Word(contact.caller_id) : Known{};
    case Field::kCallerClass:
      return event == nullptr ? Known::Texts(contact.caller_class) : Known{};
    case Field::kReliesOn:
      return event == nullptr ? Known::Maybe(contact.relies_on) : Known::Maybe(event->relies_on);
    case Field::kRepeatReason:
      return event == nullptr ? Known::Maybe(contact.repeat_reason) : Known{};
    case Field::kAudience:
      return event == nullptr ? Known::Word(binder.AudienceOfContact()) : Known{};
    case Field::kMessageForm:
      return Known::Word(message.form);
    case Field::kMessageOptOut:
      return message.opt_out == OptOutOffer::kUnstated ? Known{} : Known::Word(message.opt_out);
    case Field::kMessageMentionsDebt:
      return flag(message.mentions_debt);
    case Field::kMessageDemandsPayment:
      return flag(message.demands_payment);
    case Field::kMessageRevealsTrade:
      return flag(message.reveals_trade);
    case Field::kMessageNamesFirmUnasked:
      return flag(message.names_firm_unasked);
    case Field::kMessagePaymentLink:
      return flag(message.payment_link);
    case Field::kMessagePressingOffer:
      return flag(message.pressing_offer);
    case Field::kMessageOffer:
      return flag(message.offer);
    case Field::kMessageCommercial:
      return flag(message.commercial);
    case Field::kMessageDisclosesCollector:
      return flag(message.discloses_collector);
    case Field::kMessageTrueSenderName:
      return flag(message.true_sender_name);
    case Field::kMessageMisleadingReason:
      return flag(message.misleading_reason);
    case Field::kMessageRecipientCharged:
      return flag(message.recipient_charged);
    case Field::kMessageLanguage:
      return Known::Texts(message.languages);
    case Field::kMessageCarries:
      return Known::Texts(message.carries);
    case Field::kMessageFound:
      return Known::Texts(message.found);
    case Field::kPointKind:
      return point == nullptr ? Known{} : Known::Word(point->kind);
    case Field::kPointLine:
      return point == nullptr || point->line == Line::kUnknown ? Known{} : Known::Word(point->line);
    case Field::kPointOwner:
      return point == nullptr ? Known{} : Known::Word(binder.OwnerOf(*point));
    case Field::kPointPlace:
      return point == nullptr ? Known{} : Known::Word(point->tied_to);
    case Field::kPointShared:
      return point == nullptr ? Known{} : sure(point->shared);
    case Field::kPointSource:
      return point == nullptr || point->source == PointSource::kUnknown
                 ? Known{}
                 : Known::Word(point->source);
    case Field::kPointVerified:
      return point == nullptr ? Known{} : sure(point->verified);
    case Field::kPointLineChangedOn:
      return point == nullptr ? Known{} : Known::MaybeDay(binder.LineChangedOn(*point));
    case Field::kAccountProduct:
      return account == nullptr ? Known{} : Known::Open(account->product, account->declared_product);
    case Field::kAccountKind:
      return account == nullptr || account->kind == AccountKind::kUnknown
                 ? Known{}
                 : Known::Word(account->kind);
    case Field::kAccountHeldAs:
      return account == nullptr || account->held_as == HeldAs::kUnknown
                 ? Known{}
                 : Known::Word(account->held_as);
    case Field::kAccountCreditorKind:
      return account == nullptr || account->creditor_kind == FirmKind::kUnknown
                 ? Known{}
                 : Known::Word(account->creditor_kind);
    case Field::kAccountSecured:
      return account == nullptr ? Known{} : flag(account->secured);
    case Field::kAccountStale:
      return account == nullptr ? Known{} : flag(account->stale);
    case Field::kAccountNumberAtPlacement:
      return account == nullptr ? Known{} : Known::Text(account->account_number_at_placement);
    case Field::kAccountStage:
      return account == nullptr ? Known{} : Known::Word(account->stage);
    case Field::kAccountBalance:
      return account == nullptr || account->balance.currency.empty()
                 ? Known{}
                 : Known::Of(account->balance.minor_units);
    case Field::kAccountPrincipal:
      return account == nullptr || account->principal.minor_units == 0
                 ? Known{}
                 : Known::Of(account->principal.minor_units);
    case Field::kAccountDueOn:
      return account == nullptr ? Known{} : Known::MaybeDay(DueOn(*account));
    case Field::kAccountDefaultedOn:
      return account == nullptr ? Known{} : Known::MaybeDay(account->defaulted_on);
    case Field::kAccountPlacedOn:
      return account == nullptr ? Known{} : Known::MaybeDay(account->placed_on);
    case Field::kAccountLimitationExpiresOn:
      return account == nullptr ? Known{} : Known::MaybeDay(account->limitation_expires_on);
    case Field::kAccountServicedByTenant:
      return account == nullptr ? Known{} : sure(account->serviced_by_tenant);
    case Field::kTenantRole:
      return account == nullptr ? Known{} : Known::Word(account->role);
    case Field::kTenantKind:
      return binder.facts().tenant->kind == FirmKind::kUnknown
                 ? Known{}
                 : Known::Word(binder.facts().tenant->kind);
    case Field::kTenantPlace:
      return TextsIfAny(binder.JurisdictionsOf(binder.facts().tenant->seats));
    case Field::kTenantLicences:
      return Known::Texts(binder.facts().tenant->licences);
    case Field::kTenantMemberOf:
      return Known::Texts(binder.facts().tenant->member_of);
    case Field::kBorrowerLanguage:
      return Known::Text(binder.facts().borrower->language);
    case Field::kBorrowerPlaces:
      return TextsIfAny(binder.JurisdictionsOf(binder.facts().borrower->places));
    case Field::kOutcome: {
      if (event == nullptr) return {};
      const Outcome outcome = binder.OutcomeOf(*event);
      // What nobody has reported may have become anything, but for what came back.
      return outcome == Outcome::kUnreported ? Known{} : Known::Word(outcome);
    }
    case Field::kForm:
      if (event == nullptr || !event->via) return {};
      return {true, FormsOf(*event), {}};
    case Field::kWording:
      return event == nullptr ? Known{} : Known::Maybe(event->wording);
    case Field::kCovers: {
      if (event == nullptr) return {};
      Known known{true, {}, {}};
      for (const Covers cover : event->covers) known.numbers.push_back(static_cast<int64_t>(cover));
      return known;
    }
    case Field::kConsentForm:
      if (event == nullptr || event->name != EventName::kConsent) return {};
      return Known::Maybe(FormOfConsent(*event));
    case Field::kDocument:
      return event == nullptr ? Known{} : Known::Text(event->document);
    case Field::kCause:
      return event == nullptr ? Known{} : Known::Text(event->cause);
    case Field::kRefusesToPay:
      return event == nullptr ? Known{} : sure(event->refuses_to_pay);
    case Field::kVia:
      return event == nullptr ? Known{} : Known::Maybe(event->via);
    case Field::kUseDisclosed:
      return event == nullptr ? Known{} : sure(event->use_disclosed);
    case Field::kRepeats:
      return event == nullptr ? Known{} : sure(event->repeats);
    case Field::kNewEvidence:
      return event == nullptr ? Known{} : sure(event->new_evidence);
    case Field::kConfirmed:
      return event == nullptr ? Known{} : flag(event->confirmed);
    case Field::kGivenTo:
      return event == nullptr ? Known{} : Known::Word(event->given_to);
    case Field::kOptOutBy:
      return event == nullptr ? Known{} : Known::MaybeDay(event->opt_out_by);
    case Field::kLastDay:
      return event == nullptr ? Known{} : Known::MaybeDay(event->last_day);
    case Field::kUntil:
      if (event == nullptr || !event->until) return {};
      return Known::Of(date::floor<date::days>(*event->until).time_since_epoch().count());
  }
  return {};
}

bool HasValue(const Known& known, const Value& value, bool languages) {
  if (value.text.empty()) {
    return std::find(known.numbers.begin(), known.numbers.end(), value.number) != known.numbers.end();
  }
  return std::any_of(known.texts.begin(), known.texts.end(), [&](std::string_view text) {
    return languages ? SpeaksTag(text, value.text) : text == value.text;
  });
}

bool OneOf(const Known& known, const std::vector<Value>& values, bool languages = false) {
  return std::any_of(values.begin(), values.end(), [&](const Value& value) {
    return HasValue(known, value, languages);
  });
}

// In a question about a rule, licences that are not spoken of are held; and the message asked about
// carries what it should, holds nothing that it should not, comes from a number of which nothing special
// is known, and says what a decent one says. Of earlier contacts nobody supposes anything.
std::optional<Known> InOrder(const Facts& facts, const Test& test, bool of_contact) {
  switch (test.field) {
    case Field::kMessageCarries:
    case Field::kTenantLicences: {
      if (test.field == Field::kMessageCarries && !of_contact) return std::nullopt;
      Known known{true, {}, {}};
      for (const Value& value : test.values) {
        if (!facts.lacks.contains(value.text)) known.texts.push_back(value.text);
      }
      return known;
    }
    case Field::kMessageFound:
    case Field::kCallerClass:
      return of_contact ? std::optional(Known{true, {}, {}}) : std::nullopt;
    case Field::kMessageDisclosesCollector:
    case Field::kMessageTrueSenderName:
      return of_contact ? std::optional(Known::Of(1)) : std::nullopt;
    case Field::kMessageMisleadingReason:
    case Field::kMessageRevealsTrade:
    case Field::kMessageNamesFirmUnasked:
    case Field::kMessagePaymentLink:
    case Field::kMessagePressingOffer:
    case Field::kMessageOffer:
    case Field::kMessageCommercial:
    case Field::kMessageRecipientCharged:
      return of_contact ? std::optional(Known::Of(0)) : std::nullopt;
    case Field::kMessageMentionsDebt:
      if (of_contact) {
        if (const auto mentions = SupposedToMentionDebt(facts)) return Known::Of(*mentions ? 1 : 0);
      }
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace

Signal Binder::BindTest(const Test& test, const Subject& subject) const {
  // ---- fields that depend on the time ----
  if (test.field == Field::kAnswers || test.field == Field::kAnswersSameDay) {
    const Event* answered = Answered(subject);
    const std::optional<Channel> channel =
        subject.event == nullptr ? facts_.contact.channel : subject.event->channel;
    const auto wants = [&](Answering answering) {
      return OneOf(Known::Word(answering), test.values);
    };
    const bool negated = test.op == Test::Op::kNotOneOf;
    if (test.op == Test::Op::kKnown) {
      return Signal::Always((answered != nullptr) == (test.values.front().number == 1));
    }
    Signal holds = Signal::Always(false);
    if (test.field == Field::kAnswersSameDay) {
      if (answered != nullptr && !zones_.empty()) {
        const Signal over = Reached([&](const ZoneTable& zone) {
          return zone.StartOfDay(zone.DayOf(answered->at) + date::days{1});
        });
        holds = Signal::And(Signal::During(answered->at, kEndOfTime), Signal::Not(over));
      }
      if (!OneOf(Known::Of(1), test.values)) holds = Signal::Not(holds);
      return negated ? Signal::Not(holds) : holds;
    }
    if (answered == nullptr) {
      holds = Signal::Always(wants(Answering::kNone));
    } else if (channel == Channel::kCall && answered->channel == Channel::kCall) {
      // Speaking on the very call the borrower placed is live; ringing back later is not.
      const Signal live = Signal::During(answered->at, answered->at + Seconds{1});
      holds = Signal::Or(
          {Signal::And(live, Signal::Always(wants(Answering::kLive))),
           Signal::And(Signal::Not(live), Signal::Always(wants(Answering::kSameChannel)))});
    } else {
      holds = Signal::Always(wants(channel == answered->channel ? Answering::kSameChannel
                                                                : Answering::kOtherChannel));
    }
    return negated ? Signal::Not(holds) : holds;
  }
  if (test.field == Field::kAccountDaysPastDue) {
    const bool told = account_ != nullptr && DueOn(*account_).has_value();
    if (!told && test.op == Test::Op::kKnown) {
      return Signal::Always(test.values.front().number == 0);
    }
    if (!told) return Signal(Tri::kUnknown);
    // More than n days past due: from the start of the local day due + n + 1.
    const auto more_than = [&](int64_t n) {
      return n < 0 ? Signal::Always(true)
                   : DayReached(account_->due_on + date::days{static_cast<int>(n) + 1});
    };
    const int64_t n = test.values.empty() ? 0 : test.values.front().number;
    switch (test.op) {
      case Test::Op::kOver:
        return more_than(n);
      case Test::Op::kAtLeast:
        return more_than(n - 1);
      case Test::Op::kUnder:
        return Signal::Not(more_than(n - 1));
      case Test::Op::kAtMost:
        return Signal::Not(more_than(n));
      case Test::Op::kKnown:
        return Signal::Always(n == 1);
      case Test::Op::kOneOf:
      case Test::Op::kNotOneOf: {
        std::vector<Signal> any;
        for (const Value& value : test.values) {
          any.push_back(Signal::And(
              {more_than(value.number - 1), Signal::Not(more_than(value.number))}));
        }
        Signal one = Signal::Or(any);
        return test.op == Test::Op::kOneOf ? one : Signal::Not(one);
      }
      case Test::Op::kBefore:
      case Test::Op::kFromDay:
      case Test::Op::kWithin:
      case Test::Op::kAfter:
      case Test::Op::kPassed:
      case Test::Op::kHas:
        return Signal(Tri::kUnknown);
    }
  }
  if (test.field == Field::kBorrowerAge) {
    if (test.op == Test::Op::kKnown) {
      return Signal::Always(facts_.borrower->born_on.has_value() ==
                            (test.values.front().number == 1));
    }
    if (!facts_.borrower->born_on) return Signal(Tri::kUnknown);
    const auto reached = [&](int64_t years) {
      const date::year_month_day born{*facts_.borrower->born_on};
      const date::year_month target =
          (born.year() + date::years{static_cast<int>(years)}) / born.month();
      const date::day last = (target / date::last).day();
      return DayReached(Day{target / (born.day() > last ? last : born.day())});
    };
    const int64_t n = test.values.empty() ? 0 : test.values.front().number;
    if (test.op == Test::Op::kUnder) return Signal::Not(reached(n));
    if (test.op == Test::Op::kAtMost) return Signal::Not(reached(n + 1));
    if (test.op == Test::Op::kAtLeast) return reached(n);
    if (test.op == Test::Op::kOver) return reached(n + 1);
    return Signal(Tri::kUnknown);
  }
  if (test.field == Field::kBorrowerWhereabouts) {
    std::vector<Signal> any;
    for (const Value& value : test.values) {
      any.push_back(WhereaboutsIs(static_cast<Whereabouts>(value.number)));
    }
    Signal one = Signal::Or(any);
    // Where somebody is now is hardly ever known; nobody is taken to be in hospital for that.
    return test.op == Test::Op::kNotOneOf ? Signal::Not(one) : one;
  }

  // ---- fields that do not ----
  Known known = FieldOf(*this, test.field, subject);
  if (!known.known && facts_.papers_in_order_by_default) {
    if (std::optional<Known> given = InOrder(facts_, test, subject.event == nullptr)) known = std::move(*given);
  }
  const bool languages =
      test.field == Field::kMessageLanguage || test.field == Field::kBorrowerLanguage;
  if (test.op == Test::Op::kKnown) {
    return Signal::Always(known.known == (test.values.front().number == 1));
  }
  if (!known.known) return Signal(Tri::kUnknown);
  const int64_t number = known.numbers.empty() ? 0 : known.numbers.front();
  const int64_t bound = test.values.empty() ? 0 : test.values.front().number;
  const Day day{date::days{static_cast<int>(number)}};
  switch (test.op) {
    case Test::Op::kOneOf:
      return Signal::Always(OneOf(known, test.values, languages));
    case Test::Op::kNotOneOf:
      return Signal::Always(!OneOf(known, test.values, languages));
    case Test::Op::kOver:
      return Signal::Always(number > bound);
    case Test::Op::kUnder:
    case Test::Op::kBefore:
      return Signal::Always(number < bound);
    case Test::Op::kAtLeast:
    case Test::Op::kFromDay:
      return Signal::Always(number >= bound);
    case Test::Op::kAtMost:
      return Signal::Always(number <= bound);
    case Test::Op::kHas: {
      for (const Value& value : test.values) {
        if (!HasValue(known, value, languages)) return Signal::Always(false);
      }
      return Signal::Always(true);
    }
    case Test::Op::kPassed: {
      const Signal passed = DayReached(day + date::days{1});
      return bound == 1 ? passed : Signal::Not(passed);
    }
    case Test::Op::kWithin:
      return Signal::And(DayReached(day), Signal::Not(WaitOverFromDay(test.wait, day)));
    case Test::Op::kAfter: {
      if (subject.event == nullptr || zones_.empty()) return Signal(Tri::kUnknown);
      // The day must lie at least the wait after the event's own day, wherever that day is read.
      Waits from_own_day = test.wait;
      for (Wait& wait : from_own_day) wait.event_day_is_first = true;
      const Instant earliest = WaitEnd(from_own_day, *subject.event);
      for (const DayZone& one : zones_) {
        if (one.zone->StartOfDay(day) < earliest) return Signal::Always(false);
      }
      return Signal::Always(true);
    }
    case Test::Op::kKnown:
      break;
  }
  return Signal(Tri::kUnknown);
}

Signal Binder::Bind(const Condition& condition, const Subject& subject) const {
  Signal::All parts;
  for (const Test& test : condition.tests) {
    parts.Add(BindTest(test, subject));
    if (parts.Never()) return Signal::Always(false);
  }
  for (const Seen& seen : condition.seen) parts.Add(BindSeen(seen, subject));
  for (const ConsentTest& test : condition.consents) parts.Add(Consent(test, subject));
  for (const StandingTest& test : condition.standings) {
    parts.Add(Standing(*test.began_by, test.scope));
  }
  for (const DeclaredTest& test : condition.declared) {
    const std::map<std::string, DeclaredAnswer>& answers =
        surroundings_.bundle->IsAskedOfTenant(test.name) ? facts_.tenant->declared : facts_.declared;
    const auto found = answers.find(test.name);
    if (found == answers.end()) {
      const bool asks = test.op == Test::Op::kKnown;
      parts.Add(asks ? Signal::Always(test.values.front().number == 0)
                           : Signal(Tri::kUnknown));
      continue;
    }
    const DeclaredAnswer& answer = found->second;
    if (test.op == Test::Op::kKnown) {
      parts.Add(Signal::Always(test.values.front().number == 1));
    } else if (answer.flag) {
      const bool holds = OneOf(Known::Of(*answer.flag ? 1 : 0), test.values);
      parts.Add(Signal::Always(holds == (test.op != Test::Op::kNotOneOf)));
    } else if (answer.day && test.op == Test::Op::kWithin) {
      parts.Add(
          Signal::And(DayReached(*answer.day), Signal::Not(WaitOverFromDay(test.wait, *answer.day))));
    } else if (answer.number) {
      const int64_t bound = test.values.empty() ? 0 : test.values.front().number;
      const bool holds = test.op == Test::Op::kOver      ? *answer.number > bound
                         : test.op == Test::Op::kUnder   ? *answer.number < bound
                         : test.op == Test::Op::kAtLeast ? *answer.number >= bound
                         : test.op == Test::Op::kAtMost  ? *answer.number <= bound
                                                         : *answer.number == bound;
      parts.Add(Signal::Always(holds));
    } else {
      parts.Add(Signal(Tri::kUnknown));
    }
  }
  for (const std::string& period : condition.during) parts.Add(During(period));
  for (const std::string& name : condition.switches) {
    bool active = false;
    for (const Pack& pack : surroundings_.bundle->packs()) {
      for (const Pack::Switch& one : pack.switches) active = active || (one.name == name && one.active);
    }
    parts.Add(Signal::Always(active));
  }
  if (condition.in_session) {
    std::vector<Signal> sessions;
    for (const Event* event : facts_.history) {
      if (event->name == EventName::kAppSession) {
        sessions.push_back(Signal::During(event->at, OwnEnd(*event)));
      }
    }
    const Signal open = Signal::Or(std::move(sessions));
    parts.Add(*condition.in_session ? open : Signal::Not(open));
  }
  for (const Condition& part : condition.all) parts.Add(Bind(part, subject));
  if (!condition.any.empty()) {
    Signal::Any any;
    for (const Condition& part : condition.any) any.Add(Bind(part, subject));
    parts.Add(std::move(any).Take());
  }
  for (const Condition& part : condition.none) {
    parts.Add(Signal::Not(Bind(part, subject)));
  }
  return std::move(parts).Take();
}

}  // namespace forbear::policy
