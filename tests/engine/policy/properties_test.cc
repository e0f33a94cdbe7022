// The laws of composition, over seeded random worlds.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "engine/policy/week.h"
#include "tests/engine/policy/world.h"

namespace forbear::policy {
namespace {

constexpr uint32_t kSeed = 20260302;  // printed with every failure
constexpr int kWorlds = 400;

class Dice {
 public:
  explicit Dice(uint32_t seed) : generator_(seed) {}
  int Roll(int from, int to) { return std::uniform_int_distribution<int>(from, to)(generator_); }
  bool Coin() { return Roll(0, 1) == 1; }

 private:
  std::mt19937 generator_;
};

// Instants of a year around both clock changes of North.
Instant RandomInstant(Dice& dice) {
  return Utc("2026-01-01T00:00:00Z") + Seconds{dice.Roll(0, 365 * 86'400 - 1)};
}

Rule RandomRule(Dice& dice, int number) {
  const std::string id = "xa.rule" + std::to_string(number);
  switch (dice.Roll(0, 6)) {
    case 0: {
      ContactHours hours;
      for (int i = dice.Roll(1, 2); i > 0; --i) {
        hours.windows.push_back({static_cast<uint8_t>(dice.Roll(1, 127)), false, dice.Roll(0, 1439),
                                 dice.Roll(1, 1440), dice.Coin(), dice.Coin()});
      }
      return MakeRule(id, RuleKind::kContactHours, hours);
    }
    case 1:
    case 2: {
      static constexpr WindowUnit kUnits[] = {
          WindowUnit::kRollingHours, WindowUnit::kRollingDays,  WindowUnit::kConsecutiveDays,
          WindowUnit::kCalendarDay,  WindowUnit::kCalendarWeek, WindowUnit::kCalendarMonth};
      Rule rule = CapRule(id, dice.Roll(1, 4), kUnits[dice.Roll(0, 5)], dice.Roll(1, 9));
      auto& cap = std::get<FrequencyCap>(rule.body);
      cap.counts = static_cast<Counts>(dice.Roll(0, 2));
      if (dice.Coin()) {
        Wait gap;
        gap.unit = Wait::Unit::kHours;
        gap.n = dice.Roll(1, 60);
        cap.gap = {gap};
      }
      return rule;
    }
    case 3: {
      Cooldown cooldown;
      auto filter = std::make_shared<Filter>();
      filter->when.tests.push_back(
          WordTest(Field::kOutcome, {static_cast<int64_t>(Outcome::kConversation)}));
      cooldown.after = filter;
      Wait wait;
      wait.n = dice.Roll(1, 9);
      wait.event_day_is_first = dice.Coin();
      cooldown.wait = {wait};
      return MakeRule(id, RuleKind::kCooldown, cooldown);
    }
    case 4: {
      StopContact stop;
      stop.standing = EventFilter(EventName::kCeaseRequest);
      return MakeRule(id, RuleKind::kStopContact, stop);
    }
    case 5: {
      Inconvenient named;
      named.times = true;
      return MakeRule(id, RuleKind::kInconvenient, named);
    }
    default: {
      DayBlackout blackout;
      blackout.days = static_cast<uint8_t>(1U << dice.Roll(0, 6));
      blackout.dates = {OnDay("2026-07-04")};
      return MakeRule(id, RuleKind::kDayBlackout, blackout);
    }
  }
}

TestWorld RandomWorld(Dice& dice, Instant* asked_at) {
  TestWorld world;
  static constexpr const char* kSubdivisions[] = {"XA-N", "XA-S", "XA-M"};
  world.borrower.places.front().subdivision = kSubdivisions[dice.Roll(0, 2)];
  if (dice.Coin()) world.borrower.contact_points.front().number_zones = {"XA/East"};
  for (int i = dice.Roll(1, 4); i > 0; --i) world.rules.push_back(RandomRule(dice, i));
  *asked_at = RandomInstant(dice);
  for (int i = dice.Roll(0, 8); i > 0; --i) {
    const Instant at =
        std::max(*asked_at - Seconds{dice.Roll(1, 20 * 86'400)}, Utc("2025-12-01T00:00:00Z"));
    const int kind = dice.Roll(0, 9);
    if (kind < 7) {
      Event& event = world.AddCall(FormatInstant(at), kind < 3   ? Outcome::kConversation
                                                      : kind < 5 ? Outcome::kNoAnswer
                                                                 : Outcome::kUnreported);
      event.at = at;
    } else if (kind < 9) {
      Event& event = world.Add(EventName::kInconvenientTime, FormatInstant(at));
      event.windows = {
          {static_cast<uint8_t>(dice.Roll(1, 127)), dice.Roll(0, 1439), dice.Roll(1, 1440)}};
      if (dice.Coin()) event.last_day = OnDay("2026-09-30");
    } else {
      Event& event = world.Add(EventName::kCeaseRequest, FormatInstant(at));
      if (dice.Coin()) event.until = at + Seconds{dice.Roll(1, 40 * 86'400)};
    }
  }
  std::sort(world.history.begin(), world.history.end(),
            [](const Event& a, const Event& b) { return a.at < b.at; });
  return world;
}

TEST(Decide, NextAllowedIsAllowedAndOneSecondBeforeIsNot) {
  Dice dice(kSeed);
  int deferred = 0;
  for (int i = 0; i < kWorlds; ++i) {
    Instant at;
    const TestWorld world = RandomWorld(dice, &at);
    const Question question = world.Ask();
    const Decision decision = Decide(question, at);
    if (!decision.next_allowed_at) continue;
    ++deferred;
    EXPECT_EQ(Decide(question, *decision.next_allowed_at).answer, Answer::kAllowed)
        << "seed " << kSeed << " world " << i;
    EXPECT_NE(Decide(question, *decision.next_allowed_at - Seconds{1}).answer, Answer::kAllowed)
        << "seed " << kSeed << " world " << i;
    // Nothing between opened for a moment: no second of a random hundred was allowed.
    const auto span = (*decision.next_allowed_at - at).count();
    for (int probe = 0; probe < 100; ++probe) {
      const Instant between = at + Seconds{std::uniform_int_distribution<int64_t>(0, span - 1)(*[] {
                                static std::mt19937_64 generator(kSeed);
                                return &generator;
                              }())};
      EXPECT_NE(Decide(question, between).answer, Answer::kAllowed)
          << "seed " << kSeed << " world " << i << " at " << FormatInstant(between);
    }
  }
  EXPECT_GT(deferred, kWorlds / 4) << "the worlds must be worth asking about";
}

TEST(SpansOf, SaysOfEveryInstantWhatDecideSays) {
  Dice dice(kSeed + 7);
  for (int i = 0; i < kWorlds; ++i) {
    Instant at;
    const TestWorld world = RandomWorld(dice, &at);
    const Question question = world.Ask();
    const Instant until = at + Seconds{9 * 86'400};
    const std::vector<OpenSpan> spans = SpansOf(question, at, until);
    ASSERT_FALSE(spans.empty());
    EXPECT_EQ(spans.front().from, at);
    EXPECT_EQ(spans.back().until, until);
    for (size_t k = 0; k < spans.size(); ++k) {
      const OpenSpan& span = spans[k];
      ASSERT_LT(span.from, span.until);
      if (k > 0) {
        ASSERT_EQ(span.from, spans[k - 1].until) << "no gap";
        ASSERT_NE(span.closed_by, spans[k - 1].closed_by) << "neighbours differ";
      }
      const auto length = (span.until - span.from).count();
      for (const Instant probe :
           {span.from, span.until - Seconds{1},
            span.from + Seconds{dice.Roll(0, static_cast<int>(length) - 1)}}) {
        std::vector<std::string> closed_by;
        for (const Denial& denial : Decide(question, probe).denials) {
          closed_by.push_back(denial.rule);
        }
        ASSERT_EQ(span.closed_by, closed_by)
            << "seed " << kSeed << " world " << i << " at " << FormatInstant(probe);
      }
    }
  }
}

TEST(Decide, AddingARuleNeverAllowsMore) {
  Dice dice(kSeed + 1);
  for (int i = 0; i < kWorlds; ++i) {
    Instant at;
    TestWorld world = RandomWorld(dice, &at);
    const Decision before = Decide(world.Ask(), at);
    world.rules.push_back(RandomRule(dice, 99));
    const Decision after = Decide(world.Ask(), at);
    if (before.answer != Answer::kAllowed) {
      EXPECT_NE(after.answer, Answer::kAllowed) << "seed " << kSeed << " world " << i;
    }
    if (before.answer == Answer::kDenied) {
      EXPECT_EQ(after.answer, Answer::kDenied) << "seed " << kSeed << " world " << i;
    }
    if (before.next_allowed_at && after.next_allowed_at) {
      EXPECT_GE(*after.next_allowed_at, *before.next_allowed_at);
    }
  }
}

TEST(Decide, PackAndRuleOrderNeverMatter) {
  Dice dice(kSeed + 2);
  for (int i = 0; i < kWorlds; ++i) {
    Instant at;
    TestWorld world = RandomWorld(dice, &at);
    const Decision before = Decide(world.Ask(), at);
    std::reverse(world.rules.begin(), world.rules.end());
    const Decision after = Decide(world.Ask(), at);
    EXPECT_EQ(before.answer, after.answer);
    EXPECT_EQ(before.denials, after.denials) << "seed " << kSeed << " world " << i;
    EXPECT_EQ(before.budgets, after.budgets);
    EXPECT_EQ(before.next_allowed_at, after.next_allowed_at);
    EXPECT_EQ(AnswerDigest(before) == 0, false);
  }
}

TEST(Decide, ARestrictingStandingNeverAllowsMore) {
  Dice dice(kSeed + 3);
  for (int i = 0; i < kWorlds; ++i) {
    Instant at;
    TestWorld world = RandomWorld(dice, &at);
    const Decision before = Decide(world.Ask(), at);
    Event& cease = world.Add(EventName::kCeaseRequest, FormatInstant(at));
    cease.at = at;
    const Decision after = Decide(world.Ask(), at);
    if (before.answer != Answer::kAllowed) {
      EXPECT_NE(after.answer, Answer::kAllowed) << "seed " << kSeed << " world " << i;
    }
  }
}

TEST(Decide, AMissingZoneNeverAllows) {
  Dice dice(kSeed + 4);
  for (int i = 0; i < kWorlds; ++i) {
    Instant at;
    TestWorld world = RandomWorld(dice, &at);
    const Decision before = Decide(world.Ask(), at);
    world.zones = std::make_shared<const ZoneTables>();
    const Decision after = Decide(world.Ask(), at);
    if (before.answer != Answer::kAllowed) {
      EXPECT_NE(after.answer, Answer::kAllowed) << "seed " << kSeed << " world " << i;
    }
  }
}

}  // namespace
}  // namespace forbear::policy
