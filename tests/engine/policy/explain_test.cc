// Decisions in sentences: nothing left out, in any language.
#include "engine/policy/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/policy/world.h"

namespace forbear::policy {
namespace {

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
  EXPECT_THAT(said, ElementsAre("Yes. This contact may be made now, 2026-03-02 12:00 XA/North.",
                                StartsWith("Whose law: XA (home, phone number), XA-N (home). Whose "
                                           "clock: XA/North (home, phone number). Judged by the "
                                           "packs xa, bundle sha256:")));
}

TEST(Explain, NotNowNamesTheFirstLawfulMomentAndEachRule) {
  TestWorld world;
  world.rules = {HoursRule("xa.hours", 8, 21), CapRule("xa.cap", 1, WindowUnit::kCalendarDay, 1)};
  world.AddCall("2026-03-02T18:00:00Z");
  const std::vector<std::string> said = Say(world.At("2026-03-03T02:30:00Z"));
  ASSERT_EQ(said.size(), 5u);
  EXPECT_EQ(
      said[0],
      "Not now, 2026-03-02 21:30 XA/North. If nothing else happens, the first moment at which "
      "it may be made is 2026-03-03 08:00 XA/North.");
  EXPECT_THAT(said[1],
              StartsWith("As many contacts as are permitted have been made already (xa.cap"));
  EXPECT_THAT(said[1], HasSubstr("By this rule alone it opens at 2026-03-03 00:00 XA/North."));
  EXPECT_THAT(said[2], StartsWith("It is outside the hours"));
  EXPECT_EQ(said[3],
            "1 of 1 are used under xa.cap (1 calendar_day; counted by person). The next frees "
            "2026-03-03 00:00 XA/North.");
}

TEST(Explain, NeverSaysWhatWouldChangeIt) {
  TestWorld world;
  StopContact stop;
  stop.standing = EventFilter(EventName::kCeaseRequest);
  world.rules = {MakeRule("xa.cease", RuleKind::kStopContact, stop)};
  world.Add(EventName::kCeaseRequest, "2026-03-01T12:00:00Z");
  const Decision decision = world.At("2026-03-02T17:00:00Z");
  EXPECT_THAT(Say(decision)[0], HasSubstr("waiting alone will not change that"));
  EXPECT_THAT(Say(decision)[1], HasSubstr("What is needed: "));
  EXPECT_THAT(Say(decision, Tongue::kChineseTraditional)[1], HasSubstr("只有債務人本人"));
  EXPECT_THAT(Say(decision, Tongue::kChineseSimplified)[1], HasSubstr("只有债务人本人"));
}

TEST(Explain, SaysWhatIsOnlyGuidancePresumptionOrOurs) {
  const struct {
    Effect effect;
    bool suggested;
    const char* says;
  } rows[] = {{Effect::kPresumption, false, "presumes harassment"},
              {Effect::kGuidance, false, "regulator's guidance"},
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
      decision.budgets = {{"xa.cap", "person, debt", "7 consecutive_days", 6, 7,
                            Utc("2026-03-02T00:00:00Z")}};
      decision.obligations = {{"xa.notice", "send_notice:validation_notice", std::nullopt},
                              {"xa.way-out", "offer_opt_out", Utc("2026-03-02T00:00:00Z")}};
      const std::vector<std::string> said = Say(decision, tongue);
      ASSERT_EQ(said.size(), 5u);
      EXPECT_THAT(said, Each(Not(HasSubstr("{")))) << "a slot that nothing filled";
      EXPECT_THAT(said[1], Not(StartsWith(std::string(word)))) << "no words for it";
      EXPECT_THAT(said[1], HasSubstr("xa.rule"));
      EXPECT_THAT(said[1], HasSubstr("Act 1"));
      EXPECT_THAT(said[2], HasSubstr("2026-03-02T00:00:00Z")) << "no zone: UTC, and says so";
      EXPECT_THAT(said[3], Not(HasSubstr("send_notice:")));
    }
  }
}

}  // namespace
}  // namespace forbear::policy
