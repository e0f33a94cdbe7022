#include <gtest/gtest.h>

#include <future>

#include "adapters/clock/clocks.h"
#include "adapters/clock/worker.h"
#include "tests/engine/orchestrator/house.h"
#include "tests/engine/vault/ring_in_memory.h"

namespace forbear::house {
namespace {

TEST(SimulatedClock, BeginsWhereItIsToldAndStandsStillWhileHeld) {
  SimulatedClock clock(kNoon, 1'000'000);
  clock.Hold();
  const Instant held = clock.Now();
  const auto monotonic = clock.Monotonic();
  EXPECT_GE(held, kNoon);
  const auto real = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - real < std::chrono::milliseconds(2)) continue;
  EXPECT_EQ(clock.Now(), held) << "two thousand simulated seconds would have passed";
  EXPECT_EQ(clock.Monotonic(), monotonic);
  clock.Hold();
  clock.Release();
  EXPECT_EQ(clock.Now(), held) << "one hold is still out";
  clock.Release();
}

TEST(SimulatedClock, GoesAsFastAsItIsTold) {
  SimulatedClock clock(kNoon, 1'000'000);
  const auto real = std::chrono::steady_clock::now();
  while (clock.Now() < kNoon + Seconds(5000)) continue;
  const auto took = std::chrono::steady_clock::now() - real;
  EXPECT_GE(took, std::chrono::milliseconds(4)) << "5,000 seconds are five real milliseconds";
  EXPECT_GE(clock.Monotonic(), Seconds(5000)) << "and it is its own monotonic clock";
}

TEST(SimulatedClock, KnowsHowLongARealThreadMustWait) {
  SimulatedClock clock(kNoon, 1000);
  clock.Hold();
  const auto left = clock.RealTimeUntil(kNoon + Seconds(3600));
  EXPECT_LE(left, std::chrono::milliseconds(3601));
  EXPECT_GT(left, std::chrono::milliseconds(3000));
  EXPECT_LE(clock.RealTimeUntil(kNoon - Seconds(1)), std::chrono::nanoseconds(0));
  clock.Release();
}

TEST(SimulatedClock, NeverLeavesTheZoneTables) {
  SimulatedClock clock(kEndOfTime - Seconds(1), 1'000'000);
  const auto real = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - real < std::chrono::milliseconds(1)) continue;
  EXPECT_LT(clock.Now(), kEndOfTime);
}

TEST(SystemClock, GoesForwardAndTakesNoNoticeOfHolds) {
  SystemClock clock;
  clock.Hold();
  const auto before = clock.Monotonic();
  while (clock.Monotonic() == before) continue;
  EXPECT_GT(clock.Monotonic(), before);
  clock.Release();
  EXPECT_GT(clock.RealTimeUntil(clock.Now() + Seconds(100)), Seconds(90));
}

TEST(SystemRandomness, FillsEveryByteAnewEachTime) {
  SystemRandomness randomness;
  std::array<uint8_t, 300> one{}, other{};
  randomness.Fill(one);
  randomness.Fill(other);
  EXPECT_NE(one, other);
  EXPECT_NE(std::vector<uint8_t>(one.begin() + 200, one.end()), std::vector<uint8_t>(100, 0));
}

TEST(Worker, SendsWhatIsSubmittedAndStopsWhenTold) {
  SimulatedClock clock(kNoon, 1);
  SeededRandomness randomness(1);
  vault::RingInMemory keys(clock, randomness);
  MemoryStore store({.origin = "audit.example/test",
                     .node = "n1",
                     .handler = MakeHandler(TestWorld()),
                     .clock = &clock,
                     .randomness = &randomness,
                     .keys = &keys.ring});
  ScriptedChannel channel;
  Orchestrator orchestrator({store, clock, randomness, {{Channel::kEmail, &channel}}});
  std::promise<Round> sent;
  bool told = false;
  Worker worker(orchestrator, clock, [&](const Round& round) {
    if (round.sent > 0 && !told) {
      told = true;
      sent.set_value(round);
    }
  });
  ASSERT_TRUE(orchestrator.Start().ok());
  worker.Start();
  const CommandMaker maker(clock, randomness);
  ASSERT_TRUE(
      orchestrator
          .ApplyAndWait(maker.Make(Item("A-1", "B-1"), {"lender", CallerRole::kLender, "tester"},
                                   {audit::ActorKind::kService, "tester", "lender"}))
          .ok());
  EXPECT_EQ(sent.get_future().get().sent, 1u);
  worker.Stop();
  worker.Stop();
  EXPECT_EQ(channel.calls.size(), 1u);
  EXPECT_EQ(orchestrator.tally().sent, 1u);
}

}  // namespace
}  // namespace forbear::house
