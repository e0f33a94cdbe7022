// Decisions in sentences: nothing left out, in any language.
#include "engine/policy/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/policy/explain_words.h"
#include "tests/engine/policy/world.h"

namespace forbear::policy {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> Say(const Decision& decision, Tongue tongue = Tongue::kEnglish) {
  return Explain(decision, *TestZones(), tongue);
}

TEST(Explain, AYesAndWhatItRestsOn) {
  TestWorld world;
  world.rules = {HoursRule("xa.hours", 8, 21)};
  const std::vector<std::string> said = Say(world.At("2026-03-02T17:00:00Z"));
  EXPECT_THAT(said,
              ElementsAre("Yes. This contact may be made on Mon 2 March 2026, 12:00 XA/North.",
                          StartsWith("The law that counts: XA (home address, phone number), XA-N "
                                     "(home address). The clock that counts: XA/North (home "
                                     "address, phone number). Judged by the rule packs xa (bundle "
                                     "sha256:")));
}

TEST(Explain, NotNowNamesTheFirstLawfulMomentAndEachRule) {
  TestWorld world;
  world.rules = {HoursRule("xa.hours", 8, 21), CapRule("xa.cap", 1, WindowUnit::kCalendarDay, 1)};
  world.AddCall("2026-03-02T18:00:00Z");
  const std::vector<std::string> said = Say(world.At("2026-03-03T02:30:00Z"));
  ASSERT_EQ(said.size(), 5u);
  EXPECT_EQ(
      said[0],
      "Not yet. This contact may not be made on Mon 2 March 2026, 21:30 XA/North; if nothing else "
      "happens, the first moment at which it may be made is Tue 3 March 2026, 08:00 XA/North.");
  EXPECT_THAT(said[1], StartsWith("As many contacts as are permitted have been made already "
                                  "(XA act 1; rule xa.cap)."));
  EXPECT_THAT(said[1],
              HasSubstr("By this rule alone it opens on Tue 3 March 2026, 00:00 XA/North."));
  EXPECT_THAT(said[2], StartsWith("It is outside the hours"));
  EXPECT_EQ(
      said[3],
      "Allowance: 1 of 1 used, 0 left, in one calendar day, counted for each person (XA act 1; "
      "rule xa.cap). The oldest of these stops counting on Tue 3 March 2026, 00:00 XA/North.");
}

TEST(Explain, NeverSaysWhatWouldChangeIt) {
  TestWorld world;
  StopContact stop;
  stop.standing = EventFilter(EventName::kCeaseRequest);
  world.rules = {MakeRule("xa.cease", RuleKind::kStopContact, stop)};
  world.Add(EventName::kCeaseRequest, "2026-03-01T12:00:00Z");
  const Decision decision = world.At("2026-03-02T17:00:00Z");
  EXPECT_THAT(Say(decision)[0], HasSubstr("waiting alone will not change that"));
  EXPECT_EQ(Say(decision)[1],
            "There has been a request to be left alone (XA act 1; rule xa.cease). It rests on the "
            "request to be left alone (Sun 1 March 2026, 07:00 XA/North; one day earlier). Only "
            "whoever said so can take it back.");
  EXPECT_THAT(Say(decision, Tongue::kChineseTraditional)[1], HasSubstr("停止聯絡的要求"));
  EXPECT_THAT(Say(decision, Tongue::kChineseSimplified)[1], HasSubstr("停止联络的要求"));
}

TEST(Explain, SaysWhatIsOnlyGuidancePresumptionOrOurs) {
  const struct {
    Effect effect;
    bool suggested;
    const char* says;
  } rows[] = {{Effect::kPresumption, false, "presumes harassment"},
              {Effect::kGuidance, false, "guidance and not law"},
              {Effect::kProhibition, true, "This rule is ours"}};
  for (const auto& row : rows) {
    TestWorld world;
    Rule rule = HoursRule("xa.hours", 8, 21);
    rule.effect = row.effect;
    rule.suggested = row.suggested;
    world.rules = {rule};
    EXPECT_THAT(Say(world.At("2026-03-02T03:00:00Z"))[1], HasSubstr(row.says));
  }
}

TEST(Explain, HasWordsForEveryReasonInEveryTongue) {
  for (const std::string_view tongue_word : AllWords<Tongue>()) {
    const Tongue tongue = *ParseWord<Tongue>(tongue_word);
    for (const std::string_view word : AllWords<Reason>()) {
      Decision decision;
      Denial denial;
      denial.rule = "xa.rule";
      denial.reason = *ParseWord<Reason>(word);
      denial.cites = {{"Act 1", ""}};
      decision.denials = {denial};
      decision.budgets = {
          {"xa.cap", "person, debt", "7 consecutive_days", 6, 7, Utc("2026-03-02T00:00:00Z")}};
      decision.obligations = {{"xa.notice", "send_notice:validation_notice", std::nullopt},
                              {"xa.way-out", "offer_opt_out", Utc("2026-03-02T00:00:00Z")}};
      const std::vector<std::string> said = Say(decision, tongue);
      ASSERT_EQ(said.size(), 5u);
      EXPECT_THAT(said, Each(Not(HasSubstr("{")))) << "a slot that nothing filled";
      EXPECT_THAT(said, Each(Not(HasSubstr("_")))) << "a word for machines";
      EXPECT_THAT(said[1], Not(StartsWith(std::string(word)))) << "no words for it";
      EXPECT_THAT(said[1], HasSubstr("xa.rule"));
      EXPECT_THAT(said[1], HasSubstr("Act 1"));
      EXPECT_THAT(said[2], HasSubstr("UTC")) << "no zone, and says so";
      EXPECT_THAT(said[3], Not(HasSubstr("send_notice:")));
    }
  }
}

TEST(Explain, HasWordsForEveryEventAndNotice) {
  for (const std::string_view word : AllWords<EventName>()) {
    if (word == ToWord(EventName::kDeclared)) continue;
    EXPECT_NE(Find(kWordRows, word), nullptr) << word;
  }
  for (const std::string_view word : AllWords<NoticeKind>()) {
    if (word == ToWord(NoticeKind::kDeclared)) continue;
    EXPECT_NE(Find(kWordRows, word), nullptr) << word;
  }
}

TEST(Explain, NamesAllThatIsMissingAndNotOnlyTheFirst) {
  TestWorld world;
  MustSay say;
  say.items = {"creditor_name", "made_up_word", "amount_due"};
  world.vocabulary.items = say.items;
  world.rules = {MakeRule("xa.say", RuleKind::kDisclosure, say)};
  world.contact.message.carries = std::vector<std::string>{};
  const Decision decision = world.At("2026-04-02T16:00:00Z");
  EXPECT_THAT(Say(decision)[1], HasSubstr("It has to say or show: what is owed, the creditor's "
                                          "name, \"made up word\"."));
  EXPECT_THAT(Say(decision, Tongue::kChineseSimplified)[1],
              HasSubstr("须载明：所欠金额、债权人的名称、“made up word”。"));
  EXPECT_THAT(Say(decision)[2], HasSubstr("(XA act 1; rule xa.say)"));
}

TEST(Explain, TellsTimesOnTheClockOfTheHomeAndWhatItIsElsewhere) {
  TestWorld world;
  world.rules = {HoursRule("xa.hours", 8, 21)};
  world.borrower.places.front().subdivision = "XA-S";  // the number is North's
  const std::vector<std::string> said = Say(world.At("2026-03-02T17:00:00Z"));
  EXPECT_EQ(said.front(), "Yes. This contact may be made on Mon 2 March 2026, 09:00 XA/South.");
  EXPECT_THAT(said.back(),
              HasSubstr("The clocks that count: XA/North, Mon 12:00 (phone number); XA/South, Mon "
                        "09:00 (home address); it must be open on every one of them."));
}

TEST(Explain, ADateOfTheAccountIsThatDayWhateverTheZone) {
  TestWorld world;
  world.rules = {HoursRule("xa.hours", 8, 21)};
  Decision decision = world.At("2026-03-02T17:00:00Z");
  Denial denial;
  denial.fact = "account.due_on";
  denial.fact_at = Utc("2026-01-02T00:00:00Z");
  decision.denials = {denial};
  EXPECT_THAT(Say(decision)[1], HasSubstr("It rests on the day on which the debt fell due (Fri 2 "
                                          "January 2026; 59 days earlier)."));
}

TEST(Explain, SaysADutyOnceAndWhetherItsTimeHasRunOut) {
  Decision decision;
  decision.answer = Answer::kAllowed;
  decision.at = Utc("2026-03-02T17:00:00Z");
  decision.obligations = {
      {"xa.a", "say:amount_due", std::nullopt, {{"Act 1", ""}}},
      {"xa.b", "say:amount_due", std::nullopt, {{"Act 1", ""}}},
      {"xa.c", "send_notice:first_notice", Utc("2026-03-01T00:00:00Z"), {{"Act 2", ""}}},
      {"xa.d", "send_notice:first_notice", Utc("2026-03-03T00:00:00Z"), {{"Act 2", ""}}}};
  EXPECT_THAT(
      Say(decision),
      ElementsAre("Yes. This contact may be made on Mon 2 March 2026, 17:00 UTC.",
                  "A duty that comes with the contact: say or show what is owed (Act 1; "
                  "rule xa.a, rule xa.b).",
                  "A duty whose time ran out on Sun 1 March 2026, 00:00 UTC: send the first "
                  "notice (Act 2; rule xa.c).",
                  "A duty that is owed before Tue 3 March 2026, 00:00 UTC: send the first "
                  "notice (Act 2; rule xa.d)."));
}

TEST(Explain, SaysWhyWhatWasSetAsideWouldHaveDenied) {
  TestWorld world;
  Rule guidance = HoursRule("xa.hours", 8, 9);
  guidance.effect = Effect::kGuidance;
  world.rules = {guidance};
  world.warn = {"xa.hours"};
  const std::vector<std::string> said = Say(world.At("2026-04-02T16:00:00Z"));
  EXPECT_THAT(said[0], StartsWith("Yes."));
  EXPECT_THAT(said[1],
              AllOf(StartsWith("It is outside the hours"), HasSubstr("(XA act 1; rule xa.hours)"),
                    HasSubstr("the house rules only warn")));
}

TEST(Explain, SaysThatRulesWhichOpenOneByOneNeverOpenTogether) {
  Decision decision;
  decision.at = Utc("2026-03-02T17:00:00Z");
  Denial denial;
  denial.opens_at = Utc("2026-03-03T00:00:00Z");
  decision.denials = {denial};
  EXPECT_THAT(Say(decision)[2], StartsWith("Each of these rules opens by itself"));
  decision.denials.front().opens_at.reset();
  EXPECT_EQ(Say(decision).size(), 2u);
}

}  // namespace
}  // namespace forbear::policy
