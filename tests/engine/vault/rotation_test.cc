// The KEK in its turn, and interrupted at every step of it (K6).
#include "engine/vault/rotation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/vault/keys_in_memory.h"

namespace forbear::vault {
namespace {

using testing::ElementsAre;

constexpr int kBorrowers = 2'500;  // more than are wrapped anew at a time

struct House {
  House() : provider(&faults), store(&faults), ring(provider, store, randomness, clock) {
    FORBEAR_CHECK(provider.MakeNext().ok());
    provider.made_at = Instant(std::chrono::hours(24 * 100));
    for (int i = 0; i < kBorrowers; ++i) FORBEAR_CHECK(ring.Make("acme", Borrower(i)).ok());
    FORBEAR_CHECK(ring.Save().ok());
    ring.DropCache();
  }
  absl::Status Turn(Instant now) {
    return RotateIfDue(provider, ring, now, [&](std::string kind, const cj1::Value&) {
      return faults.Do([&] {
        said.push_back(std::move(kind));
        return absl::OkStatus();
      });
    });
  }

  Faults faults;
  KeysInMemory provider;
  KeyStoreInMemory store;
  SeededRandomness randomness{1};
  HandClock clock;
  KeyRing ring;
  std::vector<std::string> said;
};

const Instant kDue = Instant(std::chrono::hours(24 * 129));

TEST(Rotation, K6IsDueInTimeLeavesADayForCopiesAndDestroysTheOldOne) {
  House house;
  ASSERT_TRUE(house.Turn(kDue - std::chrono::seconds(1)).ok());
  EXPECT_TRUE(house.said.empty());
  const std::string before = house.provider.CurrentId().value();
  ASSERT_TRUE(house.Turn(kDue).ok());
  EXPECT_THAT(house.said, ElementsAre("kek.rotated"));
  house.provider.made_at = kDue;  // the new one is young
  ASSERT_TRUE(house.Turn(kDue + kTimeToCopy - std::chrono::seconds(1)).ok());
  EXPECT_EQ(house.provider.Ids()->size(), 2u) << "time to make copies";
  ASSERT_TRUE(house.Turn(kDue + kTimeToCopy).ok());
  EXPECT_THAT(house.said, ElementsAre("kek.rotated", "kek.destroyed"));
  const std::string now = house.provider.CurrentId().value();
  EXPECT_NE(now, before);
  EXPECT_THAT(house.provider.Ids().value(), ElementsAre(now)) << "the old one is no more";
  for (const auto& [borrower, key] : house.store.all()) EXPECT_EQ(key.kek_id, now);
  house.ring.DropCache();
  for (int i = 0; i < kBorrowers; i += 100) EXPECT_TRUE(house.ring.Find(Borrower(i)).ok());
  ASSERT_TRUE(house.Turn(kDue + kTimeToCopy + std::chrono::hours(1)).ok());
  EXPECT_EQ(house.said.size(), 2u);
}

TEST(Rotation, K6InterruptedAnywhereGoesOnAndLosesNothing) {
  // First the turn, then the end of the old one: all clocks a long time after.
  const auto turn = [](House& house) -> absl::Status {
    FORBEAR_RETURN_IF_ERROR(house.Turn(kDue));
    return house.Turn(kDue);
  };
  House whole;
  const int before = whole.faults.calls;
  ASSERT_TRUE(turn(whole).ok());
  EXPECT_THAT(whole.said, ElementsAre("kek.rotated", "kek.destroyed"));
  const int steps = whole.faults.calls - before;
  ASSERT_GT(steps, 8);
  for (const Fault fault : {Fault::kBefore, Fault::kAfter}) {
    for (int step = 0; step < steps; ++step) {
      House house;
      house.faults.fault = fault;
      house.faults.at = house.faults.calls + step;
      EXPECT_FALSE(turn(house).ok()) << step;
      house.faults.at = -1;
      house.ring.DropCache();
      for (int i = 0; i < 3; ++i) ASSERT_TRUE(house.Turn(kDue).ok()) << step;
      house.provider.made_at = kDue;
      ASSERT_TRUE(house.Turn(kDue + kTimeToCopy).ok()) << step;
      const std::string now = house.provider.CurrentId().value();
      // Where the turn was over but for its last word, the next one may find nothing to do.
      EXPECT_THAT(house.provider.Ids().value(), ElementsAre(now)) << step;
      ASSERT_EQ(house.store.all().size(), static_cast<size_t>(kBorrowers)) << step;
      for (int i = 0; i < kBorrowers; i += 500) {
        EXPECT_TRUE(house.ring.Find(Borrower(i)).ok()) << step << " " << i;
      }
    }
  }
}

}  // namespace
}  // namespace forbear::vault
