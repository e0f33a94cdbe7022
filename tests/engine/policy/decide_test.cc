// Each kind of rule at both sides of its edges, in the made-up place XA.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/engine/policy/world.h"

namespace forbear::policy {
namespace {

std::string Opening(const Decision& decision) {
  return decision.next_allowed_at ? FormatInstant(*decision.next_allowed_at) : "never";
}

using ::testing::ElementsAre;

std::vector<std::string> Deniers(const Decision& decision) {
  std::vector<std::string> rules;
  for (const Denial& denial : decision.denials) rules.emplace_back(denial.rule);
  return rules;
}

TEST(ContactHours, AreReadOnTheBorrowersWallClock) {
  TestWorld world;
  world.rules = {HoursRule("xa.hours", 8, 21)};
  const struct {
    const char* why;
    const char* at;
    bool allowed;
    const char* opens;
  } rows[] = {
      {"one second early", "2026-03-10T11:59:59Z", false, "2026-03-10T12:00:00Z"},
      {"the first second", "2026-03-10T12:00:00Z", true, ""},
      {"the last second", "2026-03-11T00:59:59Z", true, ""},
      {"the closing second is out", "2026-03-11T01:00:00Z", false, "2026-03-11T12:00:00Z"},
      {"winter time: seven", "2026-03-07T12:30:00Z", false, "2026-03-07T13:00:00Z"},
      {"clocks moved: half past eight", "2026-03-08T12:30:00Z", true, ""},
      {"clocks moved back: half past seven", "2026-11-01T12:30:00Z", false,
       "2026-11-01T13:00:00Z"},
  };
  for (const auto& row : rows) {
    const Decision decision = world.At(row.at);
    EXPECT_EQ(decision.answer == Answer::kAllowed, row.allowed) << row.why;
    if (!row.allowed) {
      EXPECT_EQ(Opening(decision), row.opens) << row.why;
    }
  }
}

TEST(ContactHours, MustHoldInEveryZoneOfTheSet) {
  TestWorld world;
  world.rules = {HoursRule("xa.hours", 8, 21)};
  ContactPoint other = world.borrower.contact_points.front();
  other.id = NumberedId<ContactPointId>(2);
  other.number_zones = {"XA/South"};
  world.borrower.contact_points.push_back(other);
  // 08:30 in North is 04:30 in South, and the number is not even the one used.
  const Decision morning = world.At("2026-03-10T12:30:00Z");
  EXPECT_EQ(Opening(morning), "2026-03-10T16:00:00Z");
  // 20:59:59 in North is the last common second; South closes in North's night.
  EXPECT_EQ(world.At("2026-03-11T00:59:59Z").answer, Answer::kAllowed);
  EXPECT_EQ(Opening(world.At("2026-03-11T01:00:00Z")), "2026-03-11T16:00:00Z");
  EXPECT_THAT(morning.grounds->zones,
              testing::ElementsAre(Because{"XA/North", "home"}, Because{"XA/North", "number"},
                                   Because{"XA/South", "number"}));
}

TEST(ContactHours, WrapPastMidnightAsOneWindow) {
  TestWorld world;
  ContactHours hours;
  hours.windows.push_back({0x01, false, 22 * 60, 6 * 60});  // Monday night
  world.rules = {MakeRule("xa.night", RuleKind::kContactHours, hours)};
  EXPECT_EQ(world.At("2026-03-10T01:59:59Z").answer, Answer::kDeferred) << "Monday 21:59:59";
  EXPECT_EQ(world.At("2026-03-10T02:00:00Z").answer, Answer::kAllowed) << "Monday 22:00";
  EXPECT_EQ(world.At("2026-03-10T09:59:59Z").answer, Answer::kAllowed) << "Tuesday 05:59:59";
  EXPECT_EQ(Opening(world.At("2026-03-10T10:00:00Z")), "2026-03-17T02:00:00Z")
      << "Tuesday 06:00 waits for the next Monday night";
}

TEST(ContactHours, WithoutAZoneNothingIsOpen) {
  TestWorld world;
  world.rules = {HoursRule("xa.hours", 0, 24)};
  world.borrower.places.front().subdivision.clear();
  world.borrower.contact_points.front().number_zones.clear();
  auto nowhere = std::make_shared<PlaceTable>(*world.places);
  nowhere->countries.clear();
  world.places = nowhere;
  const Decision decision = world.At("2026-03-10T12:00:00Z");
  ASSERT_EQ(decision.denials.size(), 2U) << "no rule needs to ask for the time";
  EXPECT_EQ(decision.answer, Answer::kDenied);
  EXPECT_EQ(decision.denials[0].rule, "engine.no_zone");
  EXPECT_EQ(decision.denials[1].reason, Reason::kNoZone);
}

TEST(FrequencyCap, SevenInSevenCountsLocalDaysNotHours) {
  TestWorld world;
  world.rules = {CapRule("xa.cap", 7, WindowUnit::kConsecutiveDays, 7)};
  for (int i = 0; i < 6; ++i) world.AddCall("2026-04-01T18:00:00Z");
  EXPECT_EQ(world.At("2026-04-03T18:00:00Z").answer, Answer::kAllowed) << "the seventh call";
  world.AddCall("2026-04-02T18:00:00Z");
  const Decision eighth = world.At("2026-04-07T18:00:00Z");
  EXPECT_EQ(eighth.answer, Answer::kDeferred);
  EXPECT_EQ(Opening(eighth), "2026-04-08T04:00:00Z") << "midnight in North, not 168 hours on";
  ASSERT_EQ(eighth.budgets.size(), 1U);
  EXPECT_EQ(eighth.budgets.front().used, 7);
  EXPECT_EQ(eighth.budgets.front().limit, 7);
  EXPECT_EQ(world.At("2026-04-08T03:59:59Z").answer, Answer::kDeferred);
  EXPECT_EQ(world.At("2026-04-08T04:00:00Z").answer, Answer::kAllowed);
}

TEST(FrequencyCap, RollingHoursAreExact) {
  TestWorld world;
  world.rules = {CapRule("xa.cap", 1, WindowUnit::kRollingHours, 24)};
  world.AddCall("2026-03-07T18:00:30Z");  // the clocks move in between; durations do not care
  EXPECT_EQ(Opening(world.At("2026-03-08T12:00:00Z")), "2026-03-08T18:00:30Z");
}

TEST(FrequencyCap, CalendarUnitsEndAtLocalMidnight) {
  const struct {
    const char* why;
    WindowUnit unit;
    const char* opens;
  } rows[] = {
      {"a day", WindowUnit::kCalendarDay, "2026-01-29T05:00:00Z"},
      {"a week, from Monday", WindowUnit::kCalendarWeek, "2026-02-02T05:00:00Z"},
      {"a month", WindowUnit::kCalendarMonth, "2026-02-01T05:00:00Z"},
  };
  for (const auto& row : rows) {
    TestWorld world;
    world.rules = {CapRule("xa.cap", 1, row.unit, 1)};
    world.AddCall("2026-01-28T18:00:00Z");
    EXPECT_EQ(Opening(world.At("2026-01-28T20:00:00Z")), row.opens) << row.why;
  }
}

TEST(FrequencyCap, AttemptsNobodyReportedCountAsEverything) {
  for (const Counts counts : {Counts::kAttempts, Counts::kContacts, Counts::kConversations}) {
    TestWorld world;
    Rule rule = CapRule("xa.cap", 1, WindowUnit::kCalendarDay, 1);
    std::get<FrequencyCap>(rule.body).counts = counts;
    world.rules = {rule};
    world.AddCall("2026-01-28T18:00:00Z", Outcome::kUnreported);
    EXPECT_EQ(world.At("2026-01-28T20:00:00Z").answer, Answer::kDeferred);
    world.history.back().outcome = Outcome::kBusy;
    EXPECT_EQ(world.At("2026-01-28T20:00:00Z").answer == Answer::kAllowed,
              counts != Counts::kAttempts)
        << "a busy line reached nobody";
  }
}

TEST(FrequencyCap, WhatIsExcludedNeitherCountsNorIsHeldBack) {
  TestWorld world;
  Rule rule = CapRule("xa.cap", 1, WindowUnit::kCalendarDay, 1);
  Exclusion busy;
  busy.when.tests.push_back(
      WordTest(Field::kOutcome, {static_cast<int64_t>(Outcome::kBusy)}));
  Exclusion asked_for;
  asked_for.when.tests.push_back(WordTest(Field::kRequested, {1}));
  std::get<FrequencyCap>(rule.body).excludes = {busy, asked_for};
  world.rules = {rule};
  world.AddCall("2026-01-28T18:00:00Z", Outcome::kBusy);
  EXPECT_EQ(world.At("2026-01-28T20:00:00Z").answer, Answer::kAllowed);
  world.AddCall("2026-01-28T18:05:00Z");
  EXPECT_EQ(world.At("2026-01-28T20:00:00Z").answer, Answer::kDeferred);
  world.contact.requested = true;
  EXPECT_EQ(world.At("2026-01-28T20:00:00Z").answer, Answer::kAllowed);
}

TEST(FrequencyCap, AnAnswerByAnotherChannelUsesTheAllowanceOfWhatItAnswers) {
  Rule rule = CapRule("xa.cap", 1, WindowUnit::kCalendarDay, 1);
  FrequencyCap& cap = std::get<FrequencyCap>(rule.body);
  cap.scope = static_cast<Scopes>(Scope::kChannel);
  Exclusion answers;
  answers.when.tests = {WordTest(Field::kAnswers, {static_cast<int64_t>(Answering::kOtherChannel),
                                                   static_cast<int64_t>(Answering::kSameChannel)})};
  answers.up_to.emplace();
  answers.up_to->per_inbound = true;
  cap.excludes = {answers};
  TestWorld world;
  world.rules = {rule};
  Event& inbound = world.Add(EventName::kInbound, "2026-04-01T10:00:00Z");
  inbound.channel = Channel::kEmail;
  const EventId asked = inbound.id;
  world.AddCall("2026-04-02T13:00:00Z").answers = asked;
  EXPECT_EQ(world.At("2026-04-02T14:00:00Z").answer, Answer::kAllowed) << "the answer is not counted";
  Event& text = world.history[1];
  text.channel = Channel::kSms;
  world.AddCall("2026-04-02T13:30:00Z").answers = asked;
  EXPECT_EQ(world.At("2026-04-02T14:00:00Z").answer, Answer::kDeferred) << "it was answered before";
}

TEST(FrequencyCap, AnotherDebtHasACountOfItsOwn) {
  TestWorld world;
  Rule rule = CapRule("xa.cap", 1, WindowUnit::kCalendarDay, 1);
  std::get<FrequencyCap>(rule.body).scope =
      static_cast<Scopes>(Scope::kPerson) | static_cast<Scopes>(Scope::kDebt);
  world.rules = {rule};
  Account second = world.accounts.front();
  second.id = NumberedId<AccountId>(2);
  world.accounts.push_back(second);
  world.AddCall("2026-01-28T18:00:00Z");
  world.contact.accounts = {second.id};
  EXPECT_EQ(world.At("2026-01-28T20:00:00Z").answer, Answer::kAllowed);
  world.contact.accounts = {world.accounts[0].id, second.id};
  EXPECT_EQ(world.At("2026-01-28T20:00:00Z").answer, Answer::kDeferred)
      << "a contact about both waits for both";
}

TEST(FrequencyCap, DifferentLocalDaysAreDifferentInAnyZone) {
  // 02:00Z and 06:30Z: one day in the south, two days in the north.
  Rule cap = CapRule("xa.cap", 1, WindowUnit::kRollingDays, 2);
  std::get<FrequencyCap>(cap.body).distinct = FrequencyCap::Distinct::kLocalDay;
  for (const bool north_first : {true, false}) {
    TestWorld world;
    world.borrower.contact_points.front().number_zones = {"XA/South", "XA/North"};
    world.borrower.places.front().subdivision = north_first ? "XA-N" : "XA-S";
    world.rules = {cap};
    world.AddCall("2026-04-10T02:00:00Z");
    EXPECT_EQ(world.At("2026-04-10T03:30:00Z").answer, Answer::kAllowed) << "one day in both";
    EXPECT_EQ(world.At("2026-04-10T06:30:00Z").answer, Answer::kDeferred);
  }
}

TEST(FrequencyCap, DifferentLocalDaysWantAZone) {
  TestWorld world;
  world.zones = NoZones();
  Rule cap = CapRule("xa.cap", 2, WindowUnit::kRollingDays, 1);
  std::get<FrequencyCap>(cap.body).distinct = FrequencyCap::Distinct::kLocalDay;
  world.rules = {cap};
  EXPECT_THAT(Deniers(world.At("2026-04-10T02:00:00Z")), ElementsAre("engine.no_zone", "xa.cap"));
  std::get<FrequencyCap>(world.rules.front().body).distinct = FrequencyCap::Distinct::kChannel;
  EXPECT_THAT(Deniers(world.At("2026-04-10T02:00:00Z")), ElementsAre("engine.no_zone"));
}

TEST(Seen, WhatNeverHappenedNeedsNoZoneToSayWhen) {
  TestWorld world;
  world.zones = NoZones();
  Rule rule = HoursRule("xa.hours", 9, 10);
  Seen seen;
  seen.of = EventFilter(EventName::kInbound);
  seen.window.unit = WindowUnit::kCalendarDay;
  seen.window.n = 1;
  rule.applies.seen = {seen};
  world.rules = {rule};
  EXPECT_THAT(Deniers(world.At("2026-04-10T02:00:00Z")), ElementsAre("engine.no_zone"));
  world.Add(EventName::kInbound, "2026-04-09T02:00:00Z");
  EXPECT_THAT(Deniers(world.At("2026-04-10T02:00:00Z")), ElementsAre("engine.no_zone", "xa.hours"))
      << "it may have been today";
}

TEST(Cooldown, CountsTheDayOfTheTalkAsDayOneWhenItsRuleSaysSo) {
  for (const bool event_day_is_first : {true, false}) {
    TestWorld world;
    Cooldown cooldown;
    auto filter = std::make_shared<Filter>();
    filter->when.tests.push_back(
        WordTest(Field::kOutcome, {static_cast<int64_t>(Outcome::kConversation)}));
    cooldown.after = filter;
    Wait wait;
    wait.n = 7;
    wait.event_day_is_first = event_day_is_first;
    cooldown.wait = {wait};
    world.rules = {MakeRule("xa.cooldown", RuleKind::kCooldown, cooldown)};
    world.AddCall("2026-08-14T23:00:00Z", Outcome::kNoAnswer);
    EXPECT_EQ(world.At("2026-08-15T12:00:00Z").answer, Answer::kAllowed) << "no talk, no wait";
    world.AddCall("2026-08-14T23:30:00Z", Outcome::kConversation);
    EXPECT_EQ(Opening(world.At("2026-08-15T12:00:00Z")),
              event_day_is_first ? "2026-08-21T04:00:00Z" : "2026-08-22T04:00:00Z");
  }
}

TEST(Cooldown, WhatCameBackReachedNobodyAlsoWhereNoOutcomeWasReported) {
  TestWorld world;
  auto talk = std::make_shared<Filter>();
  talk->when.tests = {WordTest(Field::kOutcome, {static_cast<int64_t>(Outcome::kConversation)})};
  Cooldown cooldown;
  cooldown.after = talk;
  cooldown.wait = {Wait{Wait::Unit::kDays, 7}};
  world.rules = {MakeRule("xa.wait", RuleKind::kCooldown, cooldown)};
  world.AddCall("2026-04-01T16:00:00Z").outcome.reset();
  EXPECT_EQ(world.At("2026-04-02T16:00:00Z").answer, Answer::kDeferred) << "it may have been a talk";
  Event& back = world.Add(EventName::kUndelivered, "2026-04-01T17:00:00Z");
  back.channel = Channel::kCall;
  back.point = world.contact.point;
  EXPECT_EQ(world.At("2026-04-02T16:00:00Z").answer, Answer::kAllowed);
}

TEST(Exceptions, AnAllowanceIsOfThePersonUnlessItsScopeSaysOtherwise) {
  const struct {
    const char* why;
    Scopes scope;
    bool allowed;
  } rows[] = {
      {"of the person, unsaid", 0, true},
      {"of the person", static_cast<Scopes>(Scope::kPerson), true},
      {"of the channel, whoever is meant", static_cast<Scopes>(Scope::kChannel), false},
      {"of both", static_cast<Scopes>(Scope::kPerson) | static_cast<Scopes>(Scope::kChannel), true},
  };
  for (const auto& row : rows) {
    TestWorld world;
    Rule rule = HoursRule("xa.hours", 9, 10);
    Exception exception;
    exception.up_to = Allowance{};
    exception.up_to->limit = 1;
    exception.up_to->window = Window{};
    exception.up_to->window->unit = WindowUnit::kSinceEver;
    exception.up_to->scope = row.scope;
    rule.exceptions = {exception};
    world.rules = {rule};
    world.AddCall("2026-04-01T16:00:00Z");  // to the borrower
    world.contact.to.relation = Relation::kSpouse;
    EXPECT_EQ(world.At("2026-04-02T19:00:00Z").answer == Answer::kAllowed, row.allowed) << row.why;
  }
}

TEST(FrequencyCap, WhatMayHaveUsedAnExclusionsRoomHasAlsoWhereTheCapCountsItNot) {
  // Of mobiles the first in thirty days is left out. A text used that room, though the cap counts calls.
  TestWorld world;
  Rule rule = CapRule("xa.cap", 1, WindowUnit::kConsecutiveDays, 30);
  rule.applies = ChannelIs({Channel::kCall});
  Exclusion mobile;
  mobile.when.tests = {WordTest(Field::kPointLine, {static_cast<int64_t>(Line::kMobile)})};
  mobile.up_to = Allowance{};
  mobile.up_to->window = Window{};
  mobile.up_to->window->unit = WindowUnit::kConsecutiveDays;
  mobile.up_to->window->n = 30;
  std::get<FrequencyCap>(rule.body).excludes = {mobile};
  world.rules = {rule};
  world.AddCall("2026-04-02T16:00:00Z");
  EXPECT_EQ(world.At("2026-04-03T16:00:00Z").answer, Answer::kAllowed) << "the call was the first";
  world.history.clear();
  world.AddCall("2026-04-01T16:00:00Z", Outcome::kDelivered).channel = Channel::kSms;
  world.AddCall("2026-04-02T16:00:00Z");
  EXPECT_EQ(world.At("2026-04-03T16:00:00Z").answer, Answer::kDeferred) << "the text was";
}

TEST(FrequencyCap, OfOneInstantWhatWasToldLaterComesAfterWhatStartsIt) {
  TestWorld world;
  Rule rule = CapRule("xa.cap", 1, WindowUnit::kCalendarDay, 1);
  auto calls = std::make_shared<Filter>();
  calls->when = ChannelIs({Channel::kCall});
  std::get<FrequencyCap>(rule.body).starts_after = FrequencyCap::StartsAfter{calls, false};
  world.rules = {rule};
  world.AddCall("2026-04-02T16:00:00Z");
  EXPECT_EQ(world.At("2026-04-02T17:00:00Z").answer, Answer::kAllowed) << "the first starts it";
  world.AddCall("2026-04-02T16:00:00Z", Outcome::kDelivered).channel = Channel::kSms;
  EXPECT_EQ(world.At("2026-04-02T17:00:00Z").answer, Answer::kDeferred) << "the second counts";
}

TEST(Scope, APlaceIsThatOfEveryPointAnEventNames) {
  const struct {
    const char* why;
    bool by_point, by_points, tied_to_work, stopped;
  } rows[] = {
      {"its own point, elsewhere", true, false, false, false},
      {"its own point, there", true, false, true, true},
      {"a point it is narrowed to, elsewhere", false, true, false, false},
      {"a point it is narrowed to, there", false, true, true, true},
      {"no point at all", false, false, false, true},
  };
  for (const auto& row : rows) {
    TestWorld world;
    ContactPoint other;
    other.id = NumberedId<ContactPointId>(2);
    other.tied_to = row.tied_to_work ? TiedTo::kWork : TiedTo::kHome;
    world.borrower.contact_points.front().tied_to = TiedTo::kWork;
    world.borrower.contact_points.push_back(other);
    StopContact stop;
    stop.standing = EventFilter(EventName::kOptOut);
    stop.scope = static_cast<Scopes>(Scope::kPlace);
    world.rules = {MakeRule("xa.stop", RuleKind::kStopContact, stop)};
    Event& event = world.Add(EventName::kOptOut, "2026-04-01T16:00:00Z");
    if (row.by_point) event.point = other.id;
    if (row.by_points) event.points = {other.id};
    EXPECT_EQ(world.At("2026-04-02T17:00:00Z").answer == Answer::kDenied, row.stopped) << row.why;
  }
}

TEST(StopContact, HoldsUntilItsOwnEndOrForGood) {
  TestWorld world;
  StopContact stop;
  stop.standing = EventFilter(EventName::kCeaseRequest);
  world.rules = {MakeRule("xa.cease", RuleKind::kStopContact, stop)};
  EXPECT_EQ(world.At("2026-05-01T12:00:00Z").answer, Answer::kAllowed);
  Event& cease = world.Add(EventName::kCeaseRequest, "2026-04-01T12:00:00Z");
  cease.received_at = Utc("2026-04-03T15:00:00Z");
  EXPECT_EQ(world.At("2026-04-03T14:59:59Z").answer, Answer::kAllowed) << "not yet received";
  const Decision after = world.At("2026-04-03T15:00:00Z");
  EXPECT_EQ(after.answer, Answer::kDenied);
  EXPECT_EQ(after.denials.front().reason, Reason::kStanding);
  world.history.front().last_day = OnDay("2026-04-30");
  EXPECT_EQ(Opening(world.At("2026-04-20T12:00:00Z")), "2026-05-01T04:00:00Z");
}

TEST(StopContact, EndsWhenTheBorrowerTakesItBack) {
  TestWorld world;
  StopContact stop;
  stop.standing = EventFilter(EventName::kDispute);
  world.rules = {MakeRule("xa.dispute", RuleKind::kStopContact, stop)};
  world.Add(EventName::kDispute, "2026-04-01T12:00:00Z");
  Event& ended = world.Add(EventName::kDispute, "2026-04-05T12:00:00Z");
  ended.ended = true;
  EXPECT_EQ(world.At("2026-04-06T12:00:00Z").answer, Answer::kAllowed);
  world.Add(EventName::kDispute, "2026-04-07T12:00:00Z");
  EXPECT_EQ(world.At("2026-04-08T12:00:00Z").answer, Answer::kDenied) << "a new one begins anew";
}

TEST(StopContact, WhatKeepsItCountsOnlyInTimeInAnyZone) {
  // A refusal on the 1st lapses with the 11th, unless a request by letter comes within seven days: until
  // 04:00 on the 9th in the home zone, 08:00 in the other.
  const struct {
    const char* why;
    const char* request_at;
    std::optional<Via> via;
    bool in_time_only;
    bool other_zone;
    bool kept;
  } rows[] = {
      {"the last second", "2026-04-09T03:59:59Z", Via::kLetter, true, false, true},
      {"a second late", "2026-04-09T04:00:00Z", Via::kLetter, true, false, false},
      {"in time in one of two zones", "2026-04-09T04:00:00Z", Via::kLetter, true, true, true},
      {"the last second of the other zone", "2026-04-09T07:59:59Z", Via::kLetter, true, true, true},
      {"late in both", "2026-04-09T08:00:00Z", Via::kLetter, true, true, false},
      {"late, where no time is set", "2026-04-20T16:00:00Z", Via::kLetter, false, false, true},
      {"before the refusal", "2026-03-31T16:00:00Z", Via::kLetter, true, false, false},
      {"in time and spoken", "2026-04-02T16:00:00Z", Via::kCall, true, false, false},
      {"in time, and nobody told how", "2026-04-02T16:00:00Z", std::nullopt, true, false, true},
  };
  for (const auto& row : rows) {
    TestWorld world;
    if (row.other_zone) {
      ContactPoint other = world.borrower.contact_points.front();
      other.id = NumberedId<ContactPointId>(2);
      other.number_zones = {"XA/South"};
      world.borrower.contact_points.push_back(other);
    }
    auto request = std::make_shared<Filter>();
    request->events = {EventName::kRequest};
    request->when.tests = {WordTest(Field::kForm, {static_cast<int64_t>(Form::kWritten)})};
    StopContact::Until until;
    until.after = EventFilter(EventName::kRefusal);
    until.wait = {Wait{Wait::Unit::kDays, 10}};
    until.unless = request;
    if (row.in_time_only) until.unless_within = {Wait{Wait::Unit::kDays, 7}};
    StopContact stop;
    stop.standing = EventFilter(EventName::kRefusal);
    stop.until = {until};
    world.rules = {MakeRule("xa.refusal", RuleKind::kStopContact, stop)};
    world.Add(EventName::kRefusal, "2026-04-01T16:00:00Z");
    world.Add(EventName::kRequest, row.request_at).via = row.via;
    std::stable_sort(world.history.begin(), world.history.end(),
                     [](const Event& a, const Event& b) { return a.at < b.at; });
    EXPECT_EQ(world.At("2026-05-01T16:00:00Z").answer == Answer::kDenied, row.kept) << row.why;
    EXPECT_NE(world.At("2026-04-11T16:00:00Z").answer, Answer::kAllowed) << row.why;
  }
}

TEST(StopContact, OfOneInstantOnlyWhatWasToldLaterBeginsTheWaitThatEndsIt) {
  for (const bool hardship_first : {true, false}) {
    TestWorld world;
    StopContact::Until until;
    until.after = EventFilter(EventName::kHardship);
    until.wait = {Wait{Wait::Unit::kHours, 24}};
    StopContact stop;
    stop.standing = EventFilter(EventName::kRefusal);
    stop.until = {until};
    world.rules = {MakeRule("xa.refusal", RuleKind::kStopContact, stop)};
    if (hardship_first) world.Add(EventName::kHardship, "2026-04-01T16:00:00Z");
    world.Add(EventName::kRefusal, "2026-04-01T16:00:00Z");
    if (!hardship_first) world.Add(EventName::kHardship, "2026-04-01T16:00:00Z");
    EXPECT_EQ(world.At("2026-04-02T16:00:00Z").answer == Answer::kAllowed, !hardship_first);
  }
}

TEST(OptOut, IsLiftedByWhatWasSaidLaterThoughItArrivedLater) {
  const struct {
    const char* agreed_at;
    bool lifted;
  } rows[] = {{"2026-04-01T12:00:00Z", false}, {"2026-04-01T12:00:01Z", true}};
  for (const auto& row : rows) {
    TestWorld world;
    world.rules = {MakeRule("xa.opt_out", RuleKind::kOptOut, OptOut{})};
    world.Add(EventName::kOptOut, "2026-04-01T12:00:00Z").received_at = Utc("2026-04-05T12:00:00Z");
    world.Add(EventName::kConsent, row.agreed_at).covers = {Covers::kChannel};
    EXPECT_EQ(world.At("2026-04-06T12:00:00Z").answer == Answer::kAllowed, row.lifted);
  }
}

TEST(ConsentRequired, WhatWasGivenLongAgoIsNotTakenBackByARefusalAboutAnotherDebt) {
  for (const bool own : {true, false}) {
    TestWorld world;
    world.channel_consent = ChannelConsent::kGivenLongAgo;
    Account other = world.accounts.front();
    other.id = NumberedId<AccountId>(2);
    world.accounts.push_back(other);
    ConsentRequired required;
    required.consent.covers = {Covers::kChannel};
    world.rules = {MakeRule("xa.consent", RuleKind::kConsentRequired, required)};
    world.Add(EventName::kOptOut, "2026-04-01T12:00:00Z").accounts = {
        own ? world.accounts.front().id : other.id};
    EXPECT_EQ(world.At("2026-04-02T12:00:00Z").answer == Answer::kDenied, own);
  }
}

TEST(OptOut, ReachesThePointItNamesAndNoOther) {
  TestWorld world;
  OptOut opt_out;
  opt_out.must_offer = {OptOutOffer::kReplyStop};
  Rule rule = MakeRule("xa.opt_out", RuleKind::kOptOut, opt_out);
  rule.applies = ChannelIs({Channel::kSms});
  world.rules = {rule};
  world.contact.channel = Channel::kSms;
  world.contact.message.opt_out = OptOutOffer::kReplyStop;
  Event& stop = world.Add(EventName::kOptOut, "2026-04-01T12:00:00Z");
  stop.channels = {Channel::kSms};
  stop.points = {NumberedId<ContactPointId>(9)};
  EXPECT_EQ(world.At("2026-04-02T12:00:00Z").answer, Answer::kAllowed) << "another number";
  stop.points = {*world.contact.point};
  EXPECT_EQ(world.At("2026-04-02T12:00:00Z").answer, Answer::kDenied);
  world.history.clear();
  world.contact.message.opt_out = OptOutOffer::kPostalOnly;
  const Decision no_way_out = world.At("2026-04-02T12:00:00Z");
  ASSERT_EQ(no_way_out.denials.size(), 1U);
  EXPECT_EQ(no_way_out.denials.front().reason, Reason::kNoWayOut);
  world.contact.channel = Channel::kCall;
  EXPECT_EQ(world.At("2026-04-02T12:00:00Z").answer, Answer::kAllowed) << "rule speaks of texts";
}

TEST(ConsentRequired, EndsWithRevocationAndIsNoWiderThanGiven) {
  TestWorld world;
  ConsentRequired required;
  required.consent.covers = {Covers::kChannel};
  world.rules = {MakeRule("xa.consent", RuleKind::kConsentRequired, required)};
  EXPECT_EQ(world.At("2026-04-02T12:00:00Z").answer, Answer::kDenied) << "nothing was agreed";
  Event& consent = world.Add(EventName::kConsent, "2026-04-01T12:00:00Z");
  consent.covers = {Covers::kChannel};
  consent.channels = {Channel::kSms};
  EXPECT_EQ(world.At("2026-04-02T12:00:00Z").answer, Answer::kDenied) << "for texts, not calls";
  consent.channels = {Channel::kCall};
  EXPECT_EQ(world.At("2026-04-02T12:00:00Z").answer, Answer::kAllowed);
  Event& revoked = world.Add(EventName::kRevocation, "2026-04-03T12:00:00Z");
  revoked.covers = {Covers::kChannel};
  EXPECT_EQ(world.At("2026-04-03T11:59:59Z").answer, Answer::kAllowed);
  EXPECT_EQ(world.At("2026-04-03T12:00:00Z").answer, Answer::kDenied);
}

TEST(Inconvenient, TimesAreQuietInEveryZone) {
  TestWorld world;
  Inconvenient named;
  named.times = true;
  world.rules = {MakeRule("xa.named", RuleKind::kInconvenient, named)};
  Event& said = world.Add(EventName::kInconvenientTime, "2026-03-02T12:00:00Z");
  said.windows = {{0x1f, 15 * 60, 17 * 60}, {0x60, 0, 1440}};
  EXPECT_EQ(world.At("2026-03-11T18:59:59Z").answer, Answer::kAllowed) << "Wednesday 14:59:59";
  EXPECT_EQ(Opening(world.At("2026-03-11T19:00:00Z")), "2026-03-11T21:00:00Z");
  EXPECT_EQ(Opening(world.At("2026-03-14T12:00:00Z")), "2026-03-16T04:00:00Z")
      << "the whole weekend";
}

TEST(ThirdParty, NobodyButTheBorrowerUnlessTheRuleSaysSo) {
  TestWorld world;
  ThirdParty rule;
  rule.as_borrower = {Relation::kSpouse};
  rule.overheard = true;
  world.rules = {MakeRule("xa.third", RuleKind::kThirdParty, rule)};
  EXPECT_EQ(world.At("2026-04-02T12:00:00Z").answer, Answer::kAllowed);
  world.contact.to.relation = Relation::kNeighbour;
  EXPECT_EQ(world.At("2026-04-02T12:00:00Z").answer, Answer::kDenied);
  world.contact.to.relation = Relation::kBorrower;
  world.borrower.contact_points.front().shared = true;
  EXPECT_EQ(world.At("2026-04-02T12:00:00Z").denials.front().reason, Reason::kOverheard);
  world.contact.message.form = MessageForm::kLimitedContent;
  EXPECT_EQ(world.At("2026-04-02T12:00:00Z").denials.front().reason, Reason::kOverheard)
      << "nobody has looked whether it tells of a debt";
  world.contact.message.mentions_debt = false;
  EXPECT_EQ(world.At("2026-04-02T12:00:00Z").answer, Answer::kAllowed) << "tells of no debt";
}

TEST(NoticeFirst, WaitsForTheNoticeAndItsTime) {
  TestWorld world;
  NoticeFirst first;
  first.notices = {{static_cast<int64_t>(NoticeKind::kFirstNotice), ""}};
  Wait wait;
  wait.n = 6;
  first.wait = {wait};
  world.rules = {MakeRule("xa.notice", RuleKind::kNoticeFirst, first)};
  EXPECT_EQ(world.At("2026-04-02T12:00:00Z").answer, Answer::kDenied);
  Event& notice = world.Add(EventName::kNotice, "2026-04-02T12:00:00Z");
  notice.notice = NoticeKind::kFirstNotice;
  notice.channel = Channel::kLetter;
  notice.point = world.contact.point;
  EXPECT_EQ(Opening(world.At("2026-04-03T12:00:00Z")), "2026-04-09T04:00:00Z");
  Event& bounced = world.Add(EventName::kUndelivered, "2026-04-05T12:00:00Z");
  bounced.channel = Channel::kLetter;
  bounced.point = world.contact.point;
  EXPECT_EQ(world.At("2026-04-12T12:00:00Z").answer, Answer::kDenied) << "it did not arrive";
  world.contact.purpose = Purpose::kRequiredNotice;
  world.contact.notice = NoticeKind::kFirstNotice;
  EXPECT_EQ(world.At("2026-04-12T12:00:00Z").answer, Answer::kAllowed) << "the one that carries it";
}

TEST(NoticeFirst, CountsByWhomAndInWhichFormItWentOut) {
  const std::vector<DoneBy> anybody = {DoneBy::kTenant, DoneBy::kBorrower, DoneBy::kCreditor,
                                       DoneBy::kFormerCollector, DoneBy::kParty};
  const struct {
    const char* why;
    std::vector<DoneBy> by;
    std::vector<Form> forms;
    DoneBy sender;
    std::optional<Channel> channel;
    std::optional<Via> via;
    bool counts;
  } rows[] = {
      {"the tenant's", {}, {}, DoneBy::kTenant, Channel::kLetter, {}, true},
      {"the creditor's, of whom nobody spoke", {}, {}, DoneBy::kCreditor, Channel::kLetter, {}, false},
      {"the creditor's, from anybody", anybody, {}, DoneBy::kCreditor, Channel::kLetter, {}, true},
      {"a former collector's, from anybody", anybody, {}, DoneBy::kFormerCollector, Channel::kSms, {},
       true},
      {"a letter is written", {}, {Form::kWritten}, DoneBy::kTenant, Channel::kLetter, {}, true},
      {"a call is not", {}, {Form::kWritten}, DoneBy::kTenant, Channel::kCall, {}, false},
      {"a visit is spoken", {}, {Form::kOral}, DoneBy::kTenant, Channel::kVisit, {}, true},
      {"nobody told how it went", {}, {Form::kWritten}, DoneBy::kTenant, {}, {}, false},
      {"a letter that may have been registered", {}, {Form::kRegistered}, DoneBy::kTenant,
       Channel::kLetter, {}, false},
      {"a registered one", {}, {Form::kRegistered}, DoneBy::kTenant, Channel::kLetter,
       Via::kRegisteredMail, true},
      {"a notary's is registered", {}, {Form::kRegistered}, DoneBy::kTenant, Channel::kLetter,
       Via::kNotary, true},
      {"one of two forms", {}, {Form::kNotarial, Form::kPortal}, DoneBy::kTenant, Channel::kEmail,
       Via::kPortal, true},
      {"neither of two", {}, {Form::kNotarial, Form::kPortal}, DoneBy::kTenant, Channel::kLetter,
       Via::kRegisteredMail, false},
  };
  for (const auto& row : rows) {
    TestWorld world;
    NoticeFirst first;
    first.notices = {{static_cast<int64_t>(NoticeKind::kFirstNotice), ""}};
    first.by = row.by;
    first.forms = row.forms;
    world.rules = {MakeRule("xa.notice", RuleKind::kNoticeFirst, first)};
    Event& notice = world.Add(EventName::kNotice, "2026-04-02T12:00:00Z");
    notice.notice = NoticeKind::kFirstNotice;
    notice.by = row.sender;
    notice.channel = row.channel;
    notice.via = row.via;
    EXPECT_EQ(world.At("2026-04-03T16:00:00Z").answer == Answer::kAllowed, row.counts) << row.why;
  }
}

TEST(NoticeFirst, OneThatCameBackIsSentAgainAndASlowerOneGivesItsOwnTime) {
  TestWorld world;
  NoticeFirst first;
  first.notices = {{static_cast<int64_t>(NoticeKind::kFirstNotice), ""}};
  Wait wait;
  wait.n = 2;
  wait.from = Wait::From::kDeemed;
  wait.deemed = {{Channel::kLetter, 7}, {std::nullopt, 0}};
  first.wait = {wait};
  first.renew_on = {EventFilter(EventName::kPlacement)};
  world.rules = {MakeRule("xa.notice", RuleKind::kNoticeFirst, first)};
  const auto send = [&](std::string_view at, Channel channel) {
    Event& notice = world.Add(EventName::kNotice, at);
    notice.notice = NoticeKind::kFirstNotice;
    notice.channel = channel;
    notice.point = world.contact.point;
  };
  send("2026-04-02T12:00:00Z", Channel::kLetter);
  send("2026-04-03T12:00:00Z", Channel::kEmail);
  EXPECT_EQ(Opening(world.At("2026-04-06T12:00:00Z")), "2026-04-12T04:00:00Z") << "the letter's time";
  Event& back = world.Add(EventName::kUndelivered, "2026-04-04T12:00:00Z");
  back.channel = Channel::kEmail;
  back.point = world.contact.point;
  EXPECT_EQ(world.At("2026-04-20T12:00:00Z").answer, Answer::kDenied) << "the newest came back";
  world.history.pop_back();
  // Placed in the very second of the mail, and told after it.
  world.Add(EventName::kPlacement, "2026-04-03T12:00:00Z").by = DoneBy::kTenant;
  EXPECT_EQ(world.At("2026-04-20T12:00:00Z").answer, Answer::kDenied) << "placed since";
}

TEST(Exceptions, SpareOneRuleAloneAndNeverOnAGuess) {
  TestWorld world;
  Rule hours = HoursRule("xa.hours", 8, 21);
  Exception consent;
  consent.when.consents.push_back({{Covers::kHours}});
  hours.exceptions = {consent};
  world.rules = {hours, CapRule("xa.cap", 0, WindowUnit::kCalendarDay, 1)};
  Event& given = world.Add(EventName::kConsent, "2026-04-01T12:00:00Z");
  given.covers = {Covers::kHours};
  const Decision decision = world.At("2026-04-02T03:00:00Z");
  ASSERT_EQ(decision.denials.size(), 1U) << "the cap is not spared";
  EXPECT_EQ(decision.denials.front().rule, "xa.cap");
  EXPECT_EQ(decision.answer, Answer::kDenied) << "a cap of none never opens";
}

TEST(Exceptions, OfEarlierMessagesNobodySupposesThatTheyWereInOrder) {
  // One message in which shaming was found is let through at night: what nobody looked into may have
  // been it.
  TestWorld world;
  world.papers_in_order = true;
  world.vocabulary.findings = {"shaming"};
  Rule rule = HoursRule("xa.hours", 9, 10);
  policy::Test found;
  found.field = Field::kMessageFound;
  found.values = {{0, "shaming"}};
  Exception exception;
  exception.when.tests = {found};
  exception.up_to = Allowance{};
  exception.up_to->limit = 1;
  exception.up_to->window = Window{};
  exception.up_to->window->unit = WindowUnit::kSinceEver;
  rule.exceptions = {exception};
  world.rules = {rule};
  world.contact.message.found = {"shaming"};
  EXPECT_EQ(world.At("2026-04-02T20:00:00Z").answer, Answer::kAllowed);
  Event& before = world.AddCall("2026-04-01T16:00:00Z");
  EXPECT_EQ(world.At("2026-04-02T20:00:00Z").answer, Answer::kDeferred);
  before.message.found.emplace();
  EXPECT_EQ(world.At("2026-04-02T20:00:00Z").answer, Answer::kAllowed) << "nothing was found in it";
}

TEST(Exceptions, WhatAnEarlierContactUsedIsAskedOfItsOwnNumberAndOfWhatWasSaidBeforeIt) {
  const auto once = [](Condition when) {
    Exception exception;
    exception.when = std::move(when);
    exception.up_to = Allowance{};
    exception.up_to->limit = 1;
    exception.up_to->window = Window{};
    exception.up_to->window->unit = WindowUnit::kSinceEver;
    return exception;
  };
  // Spared is one contact at a point that the creditor has used.
  for (const bool own_point : {true, false}) {
    TestWorld world;
    ContactPoint other = world.borrower.contact_points.front();
    other.id = NumberedId<ContactPointId>(2);
    world.borrower.contact_points.push_back(other);
    auto by_creditor = std::make_shared<Filter>();
    by_creditor->events = {EventName::kAttempt};
    by_creditor->by = {DoneBy::kCreditor};
    Seen seen;
    seen.of = by_creditor;
    seen.scope = static_cast<Scopes>(Scope::kPoint);
    Rule rule = HoursRule("xa.hours", 9, 10);
    rule.exceptions = {once({})};
    rule.exceptions.front().when.seen = {seen};
    world.rules = {rule};
    world.AddCall("2026-04-01T12:00:00Z").by = DoneBy::kCreditor;
    world.AddCall("2026-04-01T16:00:00Z").point = own_point ? *world.contact.point : other.id;
    EXPECT_EQ(world.At("2026-04-02T20:00:00Z").answer == Answer::kAllowed, !own_point);
  }
  // Spared is one contact that was agreed to.
  for (const bool agreed_first : {true, false}) {
    TestWorld world;
    ConsentTest test;
    test.covers = {Covers::kHours};
    Rule rule = HoursRule("xa.hours", 9, 10);
    rule.exceptions = {once({})};
    rule.exceptions.front().when.consents = {test};
    world.rules = {rule};
    const auto agree = [&] {
      world.Add(EventName::kConsent, "2026-04-01T16:00:00Z").covers = {Covers::kHours};
    };
    if (agreed_first) agree();
    world.AddCall("2026-04-01T16:00:00Z");
    if (!agreed_first) agree();
    EXPECT_EQ(world.At("2026-04-02T20:00:00Z").answer == Answer::kAllowed, !agreed_first);
  }
}

TEST(ConsentRequired, APartysRefusalEndsNoAgreementOfTheBorrowers) {
  TestWorld world;
  Party neighbour;
  neighbour.id = NumberedId<Id128>(7);
  world.borrower.parties = {neighbour};
  ConsentRequired required;
  required.consent.covers = {Covers::kChannel};
  world.rules = {MakeRule("xa.consent", RuleKind::kConsentRequired, required)};
  world.Add(EventName::kConsent, "2026-04-01T12:00:00Z").covers = {Covers::kChannel};
  Event& refusal = world.Add(EventName::kOptOut, "2026-04-01T13:00:00Z");
  EXPECT_EQ(world.At("2026-04-02T12:00:00Z").answer, Answer::kDenied);
  refusal.by = DoneBy::kParty;
  refusal.by_party = neighbour.id;
  EXPECT_EQ(world.At("2026-04-02T12:00:00Z").answer, Answer::kAllowed);
  world.channel_consent = ChannelConsent::kGivenLongAgo;
  world.history.erase(world.history.begin());
  EXPECT_EQ(world.At("2026-04-02T12:00:00Z").answer, Answer::kAllowed);
}

TEST(Days, AZoneThatHasLeftTheSetEndsNoWaitAndNoWindow) {
  // A wait over the 11th: at 04:00 in the home zone, at 08:00 in the one the borrower declared, which
  // counts for ninety days.
  const struct {
    const char* why;
    const char* declared_at;
    const char* opens;
  } rows[] = {
      {"declared lately", "2026-04-01T00:00:00Z", "2026-04-12T08:00:00Z"},
      {"declared long ago", "2026-01-01T00:00:00Z", "2026-04-12T04:00:00Z"},
      {"grows stale between the two", "2026-01-12T06:00:00Z", "2026-04-12T06:00:00Z"},
  };
  for (const auto& row : rows) {
    for (const bool cap : {false, true}) {
      TestWorld world;
      world.borrower.declared_zone = "XA/South";
      world.borrower.declared_zone_at = Utc(row.declared_at);
      Cooldown cooldown;
      cooldown.after = EventFilter(EventName::kAttempt);
      cooldown.wait = {Wait{Wait::Unit::kDays, 1}};
      world.rules = {cap ? CapRule("xa.rule", 1, WindowUnit::kCalendarDay, 2)
                         : MakeRule("xa.rule", RuleKind::kCooldown, cooldown)};
      world.AddCall("2026-04-10T16:00:00Z");
      const Decision decision = world.At("2026-04-10T17:00:00Z");
      EXPECT_EQ(decision.answer, Answer::kDeferred) << row.why;
      EXPECT_EQ(decision.next_allowed_at, Utc(row.opens)) << row.why << (cap ? ", cap" : ", wait");
    }
  }
}

TEST(Whereabouts, ALastDayIsOverThereAndAtHomeAndNeverWhereNeitherIsKnown) {
  const struct {
    const char* why;
    bool home, there;       // an address in North; the journey goes to South
    const char* over;       // nullptr: never
  } rows[] = {
      {"at home", true, false, "2026-04-06T04:00:00Z"},
      {"there too, where it is later", true, true, "2026-04-06T08:00:00Z"},
      {"there alone", false, true, "2026-04-06T08:00:00Z"},
      {"nobody knows where either is, whatever a number tells", false, false, nullptr},
  };
  for (const auto& row : rows) {
    TestWorld world;
    if (!row.home) {
      world.tenant.fallback_places = world.borrower.places;
      world.borrower.places.clear();
    }
    Rule rule = MakeRule("xa.work", RuleKind::kThirdParty, BarsContact{});
    Condition at_work;
    at_work.tests = {WordTest(Field::kBorrowerWhereabouts,
                              {static_cast<int64_t>(Whereabouts::kWork)})};
    rule.applies = at_work;
    world.rules = {rule};
    Event& said = world.Add(EventName::kWhereabouts, "2026-04-02T16:00:00Z");
    said.where = Whereabouts::kWork;
    said.last_day = OnDay("2026-04-05");
    if (row.there) {
      said.place = Place{};
      said.place->country = "XA";
      said.place->subdivision = "XA-S";
    }
    const Decision decision = world.At("2026-04-03T16:00:00Z");
    EXPECT_NE(decision.answer, Answer::kAllowed) << row.why;
    EXPECT_EQ(decision.next_allowed_at,
              row.over == nullptr ? std::nullopt : std::optional(Utc(row.over)))
        << row.why;
  }
}

TEST(DayBlackout, AnOccasionWithoutALastDayLastsUntilItIsSaidToBeOver) {
  TestWorld world;
  DayBlackout blackout;
  blackout.occasions = true;
  world.rules = {MakeRule("xa.days", RuleKind::kDayBlackout, blackout)};
  world.Add(EventName::kOccasion, "2026-04-02T16:00:00Z").first_day = OnDay("2026-04-04");
  EXPECT_EQ(world.At("2026-04-03T16:00:00Z").answer, Answer::kAllowed) << "before its first day";
  EXPECT_EQ(world.At("2026-04-04T03:59:59Z").answer, Answer::kAllowed);
  EXPECT_EQ(world.At("2026-04-04T04:00:00Z").answer, Answer::kDenied);
  EXPECT_EQ(world.At("2027-04-04T16:00:00Z").answer, Answer::kDenied) << "for good";
  Event& over = world.Add(EventName::kOccasion, "2026-04-20T16:00:00Z");
  over.ended = true;
  EXPECT_EQ(world.At("2026-04-20T16:00:00Z").answer, Answer::kAllowed);
  world.history.pop_back();
  world.history.back().last_day = OnDay("2026-04-05");
  EXPECT_EQ(world.At("2026-04-06T03:59:59Z").next_allowed_at, Utc("2026-04-06T04:00:00Z"));
}

TEST(ThirdParty, ALimitedContentVoicemailTellsNobodyOfTheDebtWherePapersAreInOrder) {
  TestWorld world;
  ThirdParty third;
  third.overheard = true;
  world.rules = {MakeRule("xa.third", RuleKind::kThirdParty, third)};
  world.contact.channel = Channel::kVoicemail;
  world.contact.message.form = MessageForm::kLimitedContent;
  EXPECT_EQ(world.At("2026-04-02T16:00:00Z").answer, Answer::kDenied) << "nobody has looked";
  world.papers_in_order = true;
  EXPECT_EQ(world.At("2026-04-02T16:00:00Z").answer, Answer::kAllowed);
  world.contact.message.form = MessageForm::kFull;
  EXPECT_EQ(world.At("2026-04-02T16:00:00Z").answer, Answer::kDenied);
}

TEST(Scope, ACreditorNobodyToldOfMayBeTheSame) {
  const struct {
    const char* why;
    const char* mine;
    const char* theirs;
    bool counts;
  } rows[] = {{"the same", "Bank A", "Bank A", true},
              {"another", "Bank A", "Bank B", false},
              {"theirs not told", "Bank A", "", true},
              {"mine not told", "", "Bank B", true}};
  for (const auto& row : rows) {
    TestWorld world;
    Account other = world.accounts.front();
    other.id = NumberedId<AccountId>(2);
    world.accounts.front().original_creditor = row.mine;
    other.original_creditor = row.theirs;
    world.accounts.push_back(other);
    Rule cap = CapRule("xa.cap", 1, WindowUnit::kRollingDays, 7);
    std::get<FrequencyCap>(cap.body).scope = static_cast<Scopes>(Scope::kCreditor);
    world.rules = {cap};
    world.AddCall("2026-04-01T16:00:00Z").accounts = {other.id};
    EXPECT_EQ(world.At("2026-04-02T16:00:00Z").answer == Answer::kDeferred, row.counts) << row.why;
  }
}

TEST(Scope, WhatWasMeantForAnotherPersonIsNoAnchorForThisOne) {
  TestWorld world;
  NoticeFirst notice;
  notice.notices = {{static_cast<int64_t>(NoticeKind::kValidationNotice), ""}};
  notice.scope = static_cast<Scopes>(Scope::kPerson);
  notice.within = {Wait{Wait::Unit::kHours, 1}};
  notice.after = EventFilter(EventName::kAttempt);
  world.rules = {MakeRule("xa.notice", RuleKind::kNoticeFirst, notice)};
  Event& letter = world.AddCall("2026-04-01T16:00:00Z");
  EXPECT_EQ(world.At("2026-04-02T16:00:00Z").answer, Answer::kDenied);
  letter.to.relation = Relation::kAttorney;
  EXPECT_EQ(world.At("2026-04-02T16:00:00Z").answer, Answer::kAllowed);
}

TEST(Question, KeepsEveryDenialAndNamesTheFirstCommonOpening) {
  TestWorld world;
  world.rules = {HoursRule("xa.hours", 8, 21), CapRule("xa.cap", 1, WindowUnit::kCalendarDay, 1)};
  world.AddCall("2026-04-02T18:00:00Z");
  const Decision night = world.At("2026-04-03T02:00:00Z");  // 22:00 in North
  ASSERT_EQ(night.denials.size(), 2U);
  EXPECT_EQ(night.denials[0].rule, "xa.cap");
  EXPECT_EQ(FormatInstant(*night.denials[0].opens_at), "2026-04-03T04:00:00Z");
  EXPECT_EQ(night.denials[1].rule, "xa.hours");
  EXPECT_EQ(Opening(night), "2026-04-03T12:00:00Z");
}

TEST(Question, TheEnginesOwnRefusalsKeepTheirNamesWhereSeveralAccountsAreAskedAbout) {
  TestWorld world;
  world.zones = NoZones();
  world.borrower.places.clear();
  Account other = world.accounts.front();
  other.id = NumberedId<AccountId>(2);
  world.accounts.push_back(other);
  world.contact.accounts.push_back(other.id);
  EXPECT_THAT(Deniers(world.At("2026-04-03T12:00:00Z")),
              ElementsAre("engine.no_jurisdiction", "engine.no_zone"));
}

TEST(Question, WithoutAPlaceOrAPackTheAnswerIsNo) {
  TestWorld world;
  world.borrower.places.clear();
  EXPECT_EQ(world.At("2026-04-03T12:00:00Z").answer, Answer::kDenied);
  Place fallback;
  fallback.country = "XA";
  world.tenant.fallback_places = {fallback};
  EXPECT_EQ(world.At("2026-04-03T12:00:00Z").answer, Answer::kAllowed) << "every named place binds";
  world.tenant.fallback_places.front().country = "XB";
  world.borrower.contact_points.front().number_country.clear();
  EXPECT_EQ(world.At("2026-04-03T12:00:00Z").denials.front().rule, "engine.no_pack");
}

}  // namespace
}  // namespace forbear::policy
