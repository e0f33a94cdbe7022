// What is said, who says it and who may: the kinds of rule that look at message, caller and tenant,
// and the words, tables and overlays that packs and tenants bring along. Made-up place XA.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/engine/policy/world.h"

namespace forbear::policy {
namespace {

constexpr const char* kNoon = "2026-04-02T16:00:00Z";

std::vector<std::string> Duties(const Decision& decision) {
  std::vector<std::string> duties;
  for (const Obligation& one : decision.obligations) duties.push_back(one.duty);
  return duties;
}

std::vector<Reason> Reasons(const Decision& decision) {
  std::vector<Reason> reasons;
  for (const Denial& denial : decision.denials) reasons.push_back(denial.reason);
  return reasons;
}

TEST(ContentBan, DeniesWhatWasFoundAndWhatNobodyHasLookedFor) {
  TestWorld world;
  world.vocabulary.findings = {"threat_of_violence"};
  ContentBan ban;
  ban.forbids.codes = {"threat_of_violence"};
  world.rules = {MakeRule("xa.ban", RuleKind::kContentBan, ban)};
  EXPECT_EQ(Reasons(world.At(kNoon)), std::vector{Reason::kUnknownFact}) << "nobody has looked";
  world.contact.message.found = std::vector<std::string>{};
  EXPECT_EQ(world.At(kNoon).answer, Answer::kAllowed) << "looked at, and clean";
  world.contact.message.found = std::vector<std::string>{"threat_of_violence"};
  EXPECT_EQ(Reasons(world.At(kNoon)), std::vector{Reason::kForbiddenContent});
  EXPECT_EQ(world.At(kNoon).answer, Answer::kDenied) << "waiting never mends a message";
}

TEST(ContentBan, AConditionThatIsNotKnownCountsAsMet) {
  TestWorld world;
  ContentBan ban;
  Condition pressing;
  pressing.tests = {WordTest(Field::kMessagePressingOffer, {1})};
  ban.forbids.conditions = {pressing};
  world.rules = {MakeRule("xa.ban", RuleKind::kContentBan, ban)};
  EXPECT_EQ(world.At(kNoon).answer, Answer::kDenied);
  world.contact.message.pressing_offer = false;
  EXPECT_EQ(world.At(kNoon).answer, Answer::kAllowed);
}

TEST(Disclosure, ObligesAlwaysAndDeniesAMessageWithoutTheItem) {
  TestWorld world;
  world.vocabulary.items = {"amount_due"};
  MustSay say;
  say.items = {"amount_due"};
  world.rules = {MakeRule("xa.say", RuleKind::kDisclosure, say)};
  EXPECT_EQ(Reasons(world.At(kNoon)), std::vector{Reason::kItemMissing});
  world.contact.message.carries = std::vector<std::string>{"amount_due"};
  const Decision decision = world.At(kNoon);
  EXPECT_EQ(decision.answer, Answer::kAllowed);
  EXPECT_EQ(Duties(decision), std::vector<std::string>{"say:amount_due"});
  say.when = MustSay::When::kOnRequest;
  world.rules = {MakeRule("xa.say", RuleKind::kDisclosure, say)};
  world.contact.message.carries = std::vector<std::string>{};
  EXPECT_EQ(world.At(kNoon).answer, Answer::kAllowed) << "on request only obliges";
  EXPECT_EQ(Duties(world.At(kNoon)), std::vector<std::string>{"say:amount_due"});
}

TEST(Disclosure, FirstMeansNobodyWasSurelyReachedAndLaterThatSomebodyMayHaveBeen) {
  const struct {
    const char* why;
    std::optional<Outcome> before;
    MustSay::When when;
    bool wanted;
  } rows[] = {
      {"nothing before", std::nullopt, MustSay::When::kFirst, true},
      {"rang unanswered", Outcome::kNoAnswer, MustSay::When::kFirst, true},
      {"spoke", Outcome::kConversation, MustSay::When::kFirst, false},
      {"nobody knows", Outcome::kUnreported, MustSay::When::kFirst, true},
      {"nothing before", std::nullopt, MustSay::When::kLater, false},
      {"spoke", Outcome::kConversation, MustSay::When::kLater, true},
      {"nobody knows", Outcome::kUnreported, MustSay::When::kLater, true},
      {"a call is not the first writing", std::nullopt, MustSay::When::kFirstWritten, false},
      {"a call is the first talk", std::nullopt, MustSay::When::kFirstOral, true},
  };
  for (const auto& row : rows) {
    TestWorld world;
    world.vocabulary.items = {"amount_due"};
    MustSay say;
    say.items = {"amount_due"};
    say.when = row.when;
    world.rules = {MakeRule("xa.say", RuleKind::kDisclosure, say)};
    if (row.before) world.AddCall("2026-04-01T16:00:00Z", *row.before);
    EXPECT_EQ(world.At(kNoon).answer == Answer::kDenied, row.wanted) << row.why;
  }
}

TEST(Language, ATagSpeaksTheLanguageItBeginsWith) {
  const struct {
    const char* why;
    std::optional<std::vector<std::string>> spoken;
    bool allowed;
  } rows[] = {
      {"not told", std::nullopt, false},
      {"the language itself", {{"zh"}}, true},
      {"a kind of it", {{"zh-Hant-TW"}}, true},
      {"another one", {{"en"}}, false},
      {"not a prefix of letters", {{"zhx"}}, false},
      {"two of them", {{"en", "zh"}}, true},
  };
  for (const auto& row : rows) {
    TestWorld world;
    MustSay say;
    say.any_language = {"zh"};
    world.rules = {MakeRule("xa.tongue", RuleKind::kLanguage, say)};
    world.contact.message.languages = row.spoken;
    EXPECT_EQ(world.At(kNoon).answer == Answer::kAllowed, row.allowed) << row.why;
  }
}

TEST(Identification, AHiddenNumberOrOneOfTheWrongKindIsNoNumber) {
  TestWorld world;
  MustSay say;
  say.caller_id = CallerId::kShown;
  say.caller_class = {"registered"};
  world.rules = {MakeRule("xa.caller", RuleKind::kIdentification, say)};
  EXPECT_EQ(Reasons(world.At(kNoon)), std::vector{Reason::kCallerNotShown}) << "class not known";
  world.contact.caller_class = std::vector<std::string>{"registered"};
  EXPECT_EQ(world.At(kNoon).answer, Answer::kAllowed);
  world.contact.caller_id = CallerId::kHidden;
  EXPECT_EQ(Reasons(world.At(kNoon)), std::vector{Reason::kCallerNotShown});
}

TEST(TimeBarred, FromTheDayAfterTheLastOneAndWhereNobodyKnows) {
  TestWorld world;
  world.vocabulary.findings = {"threatens_lawsuit"};
  TimeBarred rule;
  rule.forbids.codes = {"threatens_lawsuit"};
  world.rules = {MakeRule("xa.stale", RuleKind::kTimeBarred, rule)};
  world.contact.message.found = std::vector<std::string>{"threatens_lawsuit"};
  world.accounts.front().limitation_expires_on = OnDay("2026-04-02");
  EXPECT_EQ(world.At("2026-04-03T03:59:59Z").answer, Answer::kAllowed) << "its last day, in North";
  EXPECT_EQ(Reasons(world.At("2026-04-03T04:00:00Z")), std::vector{Reason::kTimeBarred});
  world.accounts.front().limitation_expires_on.reset();
  EXPECT_EQ(world.At(kNoon).answer, Answer::kDenied) << "the date is not known";
  world.accounts.front().limitation_expires_on = OnDay("2030-01-01");
  EXPECT_EQ(world.At(kNoon).answer, Answer::kAllowed);
  world.accounts.front().stale = true;
  EXPECT_EQ(world.At(kNoon).answer, Answer::kDenied) << "the tenant knows better than the date";
}

TEST(Licence, WithoutItNobodyIsContacted) {
  TestWorld world;
  Licence licence;
  licence.holds = {"collector"};
  world.rules = {MakeRule("xa.licence", RuleKind::kLicence, licence)};
  EXPECT_EQ(Reasons(world.At(kNoon)), std::vector{Reason::kNotLicensed}) << "not known";
  world.tenant.licences = std::vector<std::string>{"lender"};
  EXPECT_EQ(world.At(kNoon).answer, Answer::kDenied);
  world.tenant.licences = std::vector<std::string>{"collector"};
  EXPECT_EQ(world.At(kNoon).answer, Answer::kAllowed);
}

TEST(Parameters, NeverGateAContact) {
  TestWorld world;
  world.rules = {MakeRule("xa.keep", RuleKind::kRecordRetention, Parameters{{{"years", "3"}}})};
  EXPECT_EQ(world.At(kNoon).answer, Answer::kAllowed);
}

TEST(Overlay, WarnsOfGuidanceAndShowsWhatItSetAside) {
  TestWorld world;
  Rule guidance = HoursRule("xa.hours", 8, 9);
  guidance.effect = Effect::kGuidance;
  world.rules = {guidance};
  EXPECT_EQ(world.At(kNoon).answer, Answer::kDeferred) << "guidance denies by default";
  world.warn = {"xa.hours"};
  const Decision decision = world.At(kNoon);
  EXPECT_EQ(decision.answer, Answer::kAllowed);
  ASSERT_EQ(decision.set_aside.size(), 1U);
  EXPECT_EQ(decision.set_aside.front().denial.rule, "xa.hours");
  EXPECT_EQ(decision.set_aside.front().how, SetAsideHow::kWarned);
}

TEST(Overlay, MutesTheSuggestedLimitAndLeavesTheLaw) {
  TestWorld world;
  FrequencyCap cap;
  Window day, week;
  day.unit = WindowUnit::kCalendarDay;
  week.unit = WindowUnit::kCalendarWeek;
  cap.limits = {{2, week, false}, {1, day, true}};
  world.rules = {MakeRule("xa.cap", RuleKind::kFrequencyCap, cap)};
  world.AddCall("2026-04-02T14:00:00Z");
  EXPECT_EQ(world.At(kNoon).answer, Answer::kDeferred) << "ours holds too";
  EXPECT_TRUE(world.At(kNoon).denials.front().suggested);
  world.mute = {"xa.cap"};
  EXPECT_EQ(world.At(kNoon).answer, Answer::kAllowed);
  EXPECT_EQ(world.At(kNoon).set_aside.size(), 1U);
  world.AddCall("2026-04-02T15:00:00Z");
  EXPECT_EQ(world.At(kNoon).answer, Answer::kDeferred) << "the law's own limit is not muted";
}

TEST(Overlay, CanTakeAwayNothingElse) {
  const auto compile = [](const Rule& rule, std::vector<std::string> warn,
                          std::vector<std::string> mute) {
    Pack pack;
    pack.name = "xa";
    pack.jurisdiction = "XA";
    pack.rules = {rule};
    Pack overlay;
    overlay.name = "house";
    overlay.jurisdiction = "*";
    overlay.warn = std::move(warn);
    overlay.mute = std::move(mute);
    return Compile({pack, overlay}, {}, "house").status();
  };
  const Rule law = HoursRule("xa.hours", 8, 21);
  EXPECT_FALSE(compile(law, {"xa.hours"}, {}).ok()) << "a prohibition is not warned of";
  EXPECT_FALSE(compile(law, {}, {"xa.hours"}).ok()) << "law suggests nothing";
  EXPECT_FALSE(compile(law, {"xa.other"}, {}).ok()) << "no such rule";
  EXPECT_TRUE(compile(law, {}, {}).ok());
}

TEST(DeclaredNames, ANoticeOfThePacksOwnIsToldFromEveryOther) {
  TestWorld world;
  world.vocabulary.notices = {"rights_notice"};
  NoticeFirst first;
  first.notices = {{static_cast<int64_t>(NoticeKind::kDeclared), "rights_notice"}};
  world.rules = {MakeRule("xa.notice", RuleKind::kNoticeFirst, first)};
  Event& other = world.Add(EventName::kNotice, "2026-04-01T12:00:00Z");
  other.notice = NoticeKind::kDeclared;
  other.declared_notice = "fee_notice";
  EXPECT_EQ(world.At(kNoon).answer, Answer::kDenied);
  Event& right = world.Add(EventName::kNotice, "2026-04-01T13:00:00Z");
  right.notice = NoticeKind::kDeclared;
  right.declared_notice = "rights_notice";
  EXPECT_EQ(world.At(kNoon).answer, Answer::kAllowed);
}

TEST(DeclaredNames, AnEndedStatusEndsNoOther) {
  TestWorld world;
  world.vocabulary.statuses = {"breathing_space", "audit"};
  auto filter = std::make_shared<Filter>();
  filter->events.clear();
  filter->declared_events = {"breathing_space"};
  StopContact stop;
  stop.standing = filter;
  world.rules = {MakeRule("xa.stop", RuleKind::kStopContact, stop)};
  world.Add(EventName::kDeclared, "2026-04-01T12:00:00Z").declared_name = "breathing_space";
  EXPECT_EQ(world.At(kNoon).answer, Answer::kDenied);
  Event& other = world.Add(EventName::kDeclared, "2026-04-01T13:00:00Z");
  other.declared_name = "audit";
  other.ended = true;
  EXPECT_EQ(world.At(kNoon).answer, Answer::kDenied) << "another status ended";
  Event& own = world.Add(EventName::kDeclared, "2026-04-01T14:00:00Z");
  own.declared_name = "breathing_space";
  own.ended = true;
  EXPECT_EQ(world.At(kNoon).answer, Answer::kAllowed);
}

TEST(Source, ATableOfOnesOwnIsTheOnlyOneNarrowsOrReplaces) {
  using As = ContactHours::Source::As;
  const struct {
    const char* why;
    As as;
    bool told;
    const char* at;  // North is four hours behind
    bool open;
  } rows[] = {
      {"only, not told", As::kOnly, false, "2026-04-02T14:30:00Z", false},
      {"only, told, inside", As::kOnly, true, "2026-04-02T14:30:00Z", true},
      {"only, told, outside", As::kOnly, true, "2026-04-02T16:00:00Z", false},
      {"within, not told", As::kWithin, false, "2026-04-02T14:30:00Z", false},
      {"within, told, inside both", As::kWithin, true, "2026-04-02T14:30:00Z", true},
      {"within, told, outside the table", As::kWithin, true, "2026-04-02T16:00:00Z", false},
      {"instead, not told: the rule's own", As::kInstead, false, "2026-04-02T16:00:00Z", true},
      {"instead, told", As::kInstead, true, "2026-04-02T16:00:00Z", false},
  };
  for (const auto& row : rows) {
    TestWorld world;
    ContactHours hours;
    if (row.as != As::kOnly) hours.windows.push_back({0x7f, false, 8 * 60, 21 * 60});
    hours.source = ContactHours::Source{ContactHours::Source::Of::kTenantHours, row.as};
    world.rules = {MakeRule("xa.hours", RuleKind::kContactHours, hours)};
    if (row.told) world.tenant.hours = std::vector<WeeklySlot>{{0x7f, 10 * 60, 11 * 60}};
    EXPECT_EQ(world.At(row.at).answer == Answer::kAllowed, row.open) << row.why;
  }
}

TEST(InARow, TheOutcomeMakesTheRowAndOtherEventsAreNoneOfIt) {
  TestWorld world;
  Rule rule = HoursRule("xa.hours", 8, 9);
  Seen seen;
  auto of = std::make_shared<Filter>();
  of->when.tests = {WordTest(Field::kOutcome, {static_cast<int64_t>(Outcome::kNoAnswer)}),
                    WordTest(Field::kChannel, {static_cast<int64_t>(Channel::kCall)})};
  seen.of = of;
  seen.in_a_row = 2;
  Exception spared;
  spared.when.seen = {seen};
  rule.exceptions = {spared};
  world.rules = {rule};
  world.AddCall("2026-04-01T14:00:00Z");
  EXPECT_NE(world.At(kNoon).answer, Answer::kAllowed) << "one is no row of two";
  Event& text = world.AddCall("2026-04-01T15:00:00Z", Outcome::kDelivered);
  text.channel = Channel::kSms;
  world.AddCall("2026-04-01T16:00:00Z");
  EXPECT_EQ(world.At(kNoon).answer, Answer::kAllowed) << "a text between is of another row";
  world.AddCall("2026-04-01T17:00:00Z", Outcome::kConversation);
  EXPECT_NE(world.At(kNoon).answer, Answer::kAllowed) << "answered: the row is broken";
}

TEST(Undelivered, WhatCameBackIsNoLongerDelivered) {
  TestWorld world;
  FrequencyCap cap;
  Window day;
  day.unit = WindowUnit::kCalendarDay;
  cap.limits = {{1, day, false}};
  cap.counts = Counts::kContacts;
  world.rules = {MakeRule("xa.cap", RuleKind::kFrequencyCap, cap)};
  world.contact.channel = Channel::kLetter;
  Event& sent = world.AddCall("2026-04-02T13:00:00Z", Outcome::kDelivered);
  sent.channel = Channel::kLetter;
  EXPECT_EQ(world.At(kNoon).answer, Answer::kDeferred);
  Event& back = world.Add(EventName::kUndelivered, "2026-04-02T14:00:00Z");
  back.by = DoneBy::kTenant;
  back.channel = Channel::kLetter;
  back.point = world.contact.point;
  EXPECT_EQ(world.At(kNoon).answer, Answer::kAllowed);
}

TEST(BusinessDays, FollowTheCalendarsOwnWeekend) {
  TestWorld world;
  HolidayCalendar calendar;
  calendar.name = "xa";
  calendar.first_year = 2026;
  calendar.last_year = 2026;
  calendar.weekend = 1U << 4 | 1U << 5;  // Friday and Saturday
  world.calendars["xa"] = calendar;
  Cooldown cooldown;
  cooldown.after = EventFilter(EventName::kAttempt);
  Wait wait;
  wait.unit = Wait::Unit::kBusinessDays;
  wait.n = 2;
  wait.calendar = "xa";
  cooldown.wait = {wait};
  world.rules = {MakeRule("xa.wait", RuleKind::kCooldown, cooldown)};
  world.AddCall("2026-04-01T14:00:00Z");  // a Wednesday; Thursday and Sunday are its two days
  EXPECT_EQ(FormatInstant(*world.At(kNoon).next_allowed_at), "2026-04-06T04:00:00Z");
}

TEST(BusinessDays, ThatACalendarDoesNotReachNeverCome) {
  TestWorld world;
  HolidayCalendar calendar;
  calendar.name = "xa";
  calendar.first_year = 2020;
  calendar.last_year = 2025;  // every later day is a holiday
  world.calendars["xa"] = calendar;
  Cooldown cooldown;
  cooldown.after = EventFilter(EventName::kAttempt);
  Wait wait;
  wait.unit = Wait::Unit::kBusinessDays;
  wait.n = 1;
  wait.calendar = "xa";
  cooldown.wait = {wait};
  world.rules = {MakeRule("xa.wait", RuleKind::kCooldown, cooldown)};
  world.AddCall("2026-04-01T14:00:00Z");
  EXPECT_EQ(world.At(kNoon).answer, Answer::kDenied) << "and asking does not take for ever";
}

TEST(Messages, ACallIsNoneAndIsFreeOfTheirCap) {
  TestWorld world;
  FrequencyCap cap;
  Window day;
  day.unit = WindowUnit::kCalendarDay;
  cap.messages = true;
  cap.limits = {{1, day, false}};
  world.rules = {MakeRule("xa.cap", RuleKind::kFrequencyCap, cap)};
  Event& text = world.AddCall("2026-04-02T13:00:00Z", Outcome::kDelivered);
  text.channel = Channel::kSms;
  EXPECT_EQ(world.At(kNoon).answer, Answer::kAllowed) << "asked about a call";
  world.contact.channel = Channel::kSms;
  EXPECT_EQ(world.At(kNoon).answer, Answer::kDeferred);
}

TEST(Denial, NamesTheFactItRestsOnAndTheBudgetItsScopeAndWindow) {
  TestWorld world;
  StopContact stop;
  stop.standing = EventFilter(EventName::kCeaseRequest);
  world.rules = {MakeRule("xa.stop", RuleKind::kStopContact, stop),
                 CapRule("xa.cap", 7, WindowUnit::kConsecutiveDays, 7)};
  world.Add(EventName::kCeaseRequest, "2026-03-30T16:00:00Z");
  const Decision decision = world.At(kNoon);
  ASSERT_EQ(decision.denials.size(), 1U);
  EXPECT_EQ(decision.denials.front().fact, "cease_request");
  EXPECT_EQ(FormatInstant(*decision.denials.front().fact_at), "2026-03-30T16:00:00Z");
  ASSERT_EQ(decision.budgets.size(), 1U);
  EXPECT_EQ(decision.budgets.front().scope, "person");
  EXPECT_EQ(decision.budgets.front().window, "7 consecutive_days");
}

TEST(Verdict, IsUsedAgainAndRendersWhatDecideSays) {
  TestWorld world;
  world.rules = {HoursRule("xa.hours", 8, 21), CapRule("xa.cap", 1, WindowUnit::kCalendarDay, 1)};
  world.AddCall("2026-04-02T14:00:00Z");
  const Question question = world.Ask();
  Verdict verdict;
  for (const char* at : {"2026-04-03T02:00:00Z", "2026-04-03T13:00:00Z", "2026-04-02T16:00:00Z"}) {
    Judge(question, Utc(at), &verdict);
    const Decision rendered = Render(question, verdict);
    const Decision decided = Decide(question, Utc(at));
    EXPECT_EQ(rendered.answer, decided.answer) << at;
    EXPECT_EQ(rendered.denials, decided.denials) << at;
    EXPECT_EQ(rendered.budgets, decided.budgets) << at;
    EXPECT_EQ(rendered.next_allowed_at, decided.next_allowed_at) << at;
  }
}

}  // namespace
}  // namespace forbear::policy
