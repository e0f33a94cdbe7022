// The ring of keys: made, saved, found, rotated, destroyed, and what a crash in between leaves.
#include "engine/vault/key_ring.h"

#include <atomic>
#include <thread>

#include "engine/audit/hash.h"
#include "tests/engine/vault/keys_in_memory.h"

namespace forbear::vault {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

constexpr CellPlace kCell{"borrower", "0f", "personal"};

struct House {
  Faults faults;
  KeyStoreInMemory store{&faults};
  KeysInMemory provider{&faults};
  SeededRandomness randomness{42};
  HandClock clock;
  KeyRing ring{provider, store, randomness, clock};

  House() { FORBEAR_CHECK(provider.MakeNext().ok()); }

  // `count` borrowers with a key in the store, and a cell of each sealed under it.
  std::vector<std::string> MakeBorrowers(int count) {
    std::vector<std::string> cells;
    for (int i = 0; i < count; ++i) {
      const auto key = ring.Make("demo", Borrower(i)).value();
      cells.push_back(SealCell(*key, std::to_string(i), kCell, ring.NewNonce()));
    }
    FORBEAR_CHECK(ring.Save().ok());
    return cells;
  }
};

TEST(KeyRing, AKeyIsUsableAtOnceAndStoredBySave) {
  House house;
  EXPECT_EQ(house.ring.Find(Borrower(1)).status().code(), StatusCode::kNotFound);
  const auto made = house.ring.Make("demo", Borrower(1)).value();
  EXPECT_EQ(house.ring.Find(Borrower(1)).value(), made) << "twice in one transaction: one key";
  EXPECT_TRUE(house.store.all().empty());
  ASSERT_TRUE(house.ring.Make("demo", Borrower(2)).ok());
  ASSERT_TRUE(house.ring.Save().ok());
  EXPECT_EQ(house.store.puts, 1) << "one durable write for all";
  EXPECT_EQ(house.store.all().size(), 2u);
  EXPECT_EQ(house.store.all()[Borrower(1)].kid, made->kid());
  EXPECT_EQ(house.ring.Find(Borrower(1)).value(), made);
  ASSERT_TRUE(house.ring.Save().ok());
  EXPECT_EQ(house.store.puts, 1) << "nothing new, nothing written";

  KeyRing later(house.provider, house.store, house.randomness, house.clock);
  EXPECT_EQ(later.Find(Borrower(1)).value()->kid(), made->kid());
  EXPECT_EQ(later.Find(Borrower(1)).value()->Tag("tel:+15550100123"),
            made->Tag("tel:+15550100123"));
}

TEST(KeyRing, EveryKeyIsAnother) {
  House house;
  house.MakeBorrowers(100);
  std::set<Bytes32> kids;
  for (const auto& [borrower, key] : house.store.all()) kids.insert(key.kid);
  EXPECT_EQ(kids.size(), 100u);
  std::set<Nonce> nonces;
  for (int i = 0; i < 100; ++i) nonces.insert(house.ring.NewNonce());
  EXPECT_EQ(nonces.size(), 100u);
}

TEST(KeyRing, MakeThenForgetLeavesNothing) {
  House house;
  ASSERT_TRUE(house.ring.Make("demo", Borrower(1)).ok());
  house.ring.ForgetUnsaved();
  EXPECT_EQ(house.ring.Find(Borrower(1)).status().code(), StatusCode::kNotFound);
  ASSERT_TRUE(house.ring.Save().ok());
  EXPECT_TRUE(house.store.all().empty());
  EXPECT_TRUE(house.ring.Make("demo", Borrower(1)).ok()) << "the transaction is tried again";
}

TEST(KeyRing, MakeRefuses) {
  House house;
  ASSERT_TRUE(house.ring.Make("demo", Borrower(1)).ok());
  EXPECT_EQ(house.ring.Make("demo", Borrower(1)).status().code(), StatusCode::kAlreadyExists);
  ASSERT_TRUE(house.ring.Save().ok());
  EXPECT_EQ(house.ring.Make("demo", Borrower(1)).status().code(), StatusCode::kAlreadyExists);
  for (const char* tenant : {"", "a\nb", "a\x7f"}) {
    EXPECT_EQ(house.ring.Make(tenant, Borrower(2)).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST(KeyRing, SaveNeverReplacesAnotherKey) {
  House house;
  house.MakeBorrowers(1);
  const WrappedKey first = house.store.all()[Borrower(0)];
  house.ring.DropCache();
  ASSERT_TRUE(house.ring.Make("demo", Borrower(0)).ok()) << "not asked of the store yet";
  EXPECT_EQ(house.ring.Save().code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(house.store.all()[Borrower(0)], first);
  house.ring.ForgetUnsaved();
  EXPECT_EQ(house.ring.Find(Borrower(0)).value()->kid(), first.kid);
}

TEST(KeyRing, TheCacheSparesTheStoreForFiveMinutesAndNotASecondMore) {
  House house;
  house.MakeBorrowers(1);
  KeyRing ring(house.provider, house.store, house.randomness, house.clock);
  const auto first = ring.Find(Borrower(0)).value();
  const int finds = house.store.finds;
  house.clock.Advance(kCacheTime - std::chrono::nanoseconds(1));
  EXPECT_EQ(ring.Find(Borrower(0)).value(), first);
  EXPECT_EQ(house.store.finds, finds);
  house.clock.Advance(std::chrono::nanoseconds(1));
  EXPECT_NE(ring.Find(Borrower(0)).value(), first) << "unwrapped anew";
  EXPECT_EQ(house.store.finds, finds + 1);
}

TEST(KeyRing, AnIdleHouseWipesWhatHasExpired) {
  House house;
  house.MakeBorrowers(1);
  std::weak_ptr<const DataKey> cached = house.ring.Find(Borrower(0)).value();
  house.clock.Advance(kCacheTime - std::chrono::nanoseconds(1));
  house.ring.DropExpired();
  EXPECT_FALSE(cached.expired());
  house.clock.Advance(std::chrono::nanoseconds(1));
  house.ring.DropExpired();
  EXPECT_TRUE(cached.expired());
}

TEST(KeyRing, AFullCacheLosesItsOldestFirst) {
  House house;
  const int most = static_cast<int>(kMaxCachedKeys);
  house.MakeBorrowers(most);
  const int finds = house.store.finds;
  ASSERT_TRUE(house.ring.Find(Borrower(0)).ok());
  EXPECT_EQ(house.store.finds, finds) << "all of them fit";
  house.clock.Advance(std::chrono::seconds(1));
  ASSERT_TRUE(house.ring.Make("demo", Borrower(most)).ok());
  ASSERT_TRUE(house.ring.Save().ok());
  ASSERT_TRUE(house.ring.Find(Borrower(1)).ok());
  EXPECT_EQ(house.store.finds, finds) << "the second oldest is still there";
  ASSERT_TRUE(house.ring.Find(Borrower(0)).ok());
  EXPECT_EQ(house.store.finds, finds + 1) << "the oldest is not";
}

TEST(KeyRing, X2ADestroyedKeyIsNotFoundNorCached) {
  House house;
  house.MakeBorrowers(3);
  ASSERT_TRUE(house.ring.Find(Borrower(1)).ok());
  ASSERT_TRUE(house.ring.Destroy({Borrower(1), Borrower(2)}).ok());
  EXPECT_EQ(house.ring.Find(Borrower(1)).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(house.ring.Find(Borrower(2)).status().code(), StatusCode::kNotFound);
  EXPECT_TRUE(house.ring.Find(Borrower(0)).ok());
  EXPECT_EQ(house.store.all().size(), 1u);
  EXPECT_TRUE(house.ring.Destroy({Borrower(1), Borrower(7)}).ok()) << "repeatable";
  EXPECT_TRUE(house.ring.Destroy({}).ok());
}

TEST(KeyRing, X2WhatWasNotSavedYetIsDestroyedToo) {
  House house;
  ASSERT_TRUE(house.ring.Make("demo", Borrower(1)).ok());
  ASSERT_TRUE(house.ring.Destroy({Borrower(1)}).ok());
  ASSERT_TRUE(house.ring.Save().ok());
  EXPECT_TRUE(house.store.all().empty());
  EXPECT_EQ(house.ring.Find(Borrower(1)).status().code(), StatusCode::kNotFound);
}

// A reader has the wrapped key in its hands when it is destroyed.
TEST(KeyRing, X2AKeyReadBeforeItWasDestroyedIsNotCachedAfter) {
  House house;
  house.MakeBorrowers(1);
  house.ring.DropCache();
  house.store.after_find = [&] {
    house.store.after_find = nullptr;
    ASSERT_TRUE(house.ring.Destroy({Borrower(0)}).ok());
  };
  EXPECT_EQ(house.ring.Find(Borrower(0)).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(house.ring.Find(Borrower(0)).status().code(), StatusCode::kNotFound);
}

TEST(KeyRing, X2NobodyFindsAKeyWhileItIsDestroyed) {
  House house;
  house.MakeBorrowers(1);
  ASSERT_TRUE(house.ring.Find(Borrower(0)).ok());
  int asked = 0;
  house.store.while_erasing = [&] {
    ++asked;
    EXPECT_EQ(house.ring.Find(Borrower(0)).status().code(), StatusCode::kNotFound);
    EXPECT_EQ(house.ring.Make("demo", Borrower(0)).status().code(),
              StatusCode::kFailedPrecondition);
  };
  ASSERT_TRUE(house.ring.Destroy({Borrower(0)}).ok());
  EXPECT_EQ(asked, 1);
}

TEST(KeyRing, X2AFailedDestroyStaysRefusedUntilItIsRepeated) {
  for (const Fault fault : {Fault::kBefore, Fault::kAfter}) {
    House house;
    house.MakeBorrowers(1);
    house.faults.at = house.faults.calls;
    house.faults.fault = fault;
    EXPECT_EQ(house.ring.Destroy({Borrower(0)}).code(), StatusCode::kUnavailable);
    house.faults.at = -1;
    EXPECT_EQ(house.ring.Find(Borrower(0)).status().code(), StatusCode::kNotFound);
    EXPECT_EQ(house.ring.Make("demo", Borrower(0)).status().code(),
              StatusCode::kFailedPrecondition);
    ASSERT_TRUE(house.ring.Destroy({Borrower(0)}).ok());
    EXPECT_TRUE(house.store.all().empty());
  }
}

// Another node destroyed a key and tells us while we are reading it.
TEST(KeyRing, X2DropCacheReachesAFindInFlight) {
  House house;
  house.MakeBorrowers(1);
  house.ring.DropCache();
  house.store.after_find = [&] {
    house.store.after_find = nullptr;
    ASSERT_TRUE(house.store.Erase({Borrower(0)}).ok());
    house.ring.DropCache();
  };
  EXPECT_EQ(house.ring.Find(Borrower(0)).status().code(), StatusCode::kNotFound);
}

TEST(KeyRing, X1AStoreThatAnswersAnotherKeyIsNotBelieved) {
  House house;
  house.MakeBorrowers(2);
  house.ring.DropCache();
  WrappedKey swapped = house.store.all()[Borrower(1)];
  swapped.borrower = Borrower(0);
  house.store.Overwrite(swapped);
  const absl::Status status = house.ring.Find(Borrower(0)).status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("X1"));
}

TEST(KeyRing, AMissingKekIsNotAMissingKey) {
  House house;
  house.MakeBorrowers(1);
  house.ring.DropCache();
  const std::string old = house.provider.CurrentId().value();
  ASSERT_TRUE(house.provider.MakeNext().ok());
  ASSERT_TRUE(house.provider.Destroy(old).ok());
  const absl::Status status = house.ring.Find(Borrower(0)).status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr(old));
}

// The whole rotation takes place between the store's answer and the provider's.
TEST(KeyRing, K6AKeyReadBeforeItWasWrappedAnewIsReadAgain) {
  House house;
  house.MakeBorrowers(1);
  house.ring.DropCache();
  house.store.after_find = [&] {
    house.store.after_find = nullptr;
    const std::string old = house.provider.CurrentId().value();
    ASSERT_TRUE(house.provider.MakeNext().ok());
    ASSERT_EQ(house.ring.Rewrap(10).value(), 0u);
    ASSERT_TRUE(house.provider.Destroy(old).ok());
  };
  EXPECT_TRUE(house.ring.Find(Borrower(0)).ok());
}

TEST(KeyRing, K6KeysMadeDuringARotationAreWrappedUnderTheNewKek) {
  House house;
  const std::string old = house.provider.CurrentId().value();
  const auto made = house.ring.Make("demo", Borrower(1)).value();
  const std::string next = house.provider.MakeNext().value();
  EXPECT_EQ(house.ring.Rewrap(10).value(), 0u);
  ASSERT_TRUE(house.provider.Destroy(old).ok());
  ASSERT_TRUE(house.ring.Save().ok());
  EXPECT_EQ(house.store.all()[Borrower(1)].kek_id, next);
  house.ring.DropCache();
  EXPECT_EQ(house.ring.Find(Borrower(1)).value()->kid(), made->kid());
}

TEST(KeyRing, K6RewrapTellsWhatIsLeft) {
  House house;
  house.MakeBorrowers(5);
  EXPECT_EQ(house.ring.Rewrap(10).value(), 0u) << "all are under the current one";
  const std::string first = house.provider.CurrentId().value();
  ASSERT_TRUE(house.provider.MakeNext().ok());
  EXPECT_EQ(house.ring.Rewrap(2).value(), 3u);
  ASSERT_TRUE(house.provider.MakeNext().ok());  // a second rotation before the first is through
  EXPECT_EQ(house.ring.Rewrap(0).value(), 5u);
  EXPECT_EQ(house.ring.Rewrap(4).value(), 1u);
  EXPECT_EQ(house.ring.Rewrap(4).value(), 0u);
  EXPECT_EQ(house.ring.Rewrap(4).value(), 0u);
  for (const auto& [borrower, key] : house.store.all()) {
    EXPECT_EQ(key.kek_id, house.provider.CurrentId().value());
  }
}

// The process dies at any call of the store or the provider, before it did anything or after.
TEST(KeyRing, K6ARotationInterruptedAtEveryStepResumesAndLosesNothing) {
  constexpr int kBorrowers = 5;
  int interrupted = 0;
  for (const Fault fault : {Fault::kBefore, Fault::kAfter}) {
    bool finished = false;
    for (int step = 0; !finished; ++step) {
      ASSERT_LT(step, 200);
      House house;
      const std::vector<std::string> cells = house.MakeBorrowers(kBorrowers);
      const auto rotate = [](House& of, KeyRing& ring, bool make) -> absl::Status {
        if (make) FORBEAR_RETURN_IF_ERROR(of.provider.MakeNext().status());
        for (;;) {
          FORBEAR_ASSIGN_OR_RETURN(const size_t left, ring.Rewrap(2));
          if (left == 0) break;
        }
        FORBEAR_ASSIGN_OR_RETURN(const std::string current, of.provider.CurrentId());
        FORBEAR_ASSIGN_OR_RETURN(const std::vector<std::string> ids, of.provider.Ids());
        for (const std::string& id : ids) {
          if (id != current) FORBEAR_RETURN_IF_ERROR(of.provider.Destroy(id));
        }
        return absl::OkStatus();
      };
      house.faults.at = house.faults.calls + step;
      house.faults.fault = fault;
      finished = rotate(house, house.ring, true).ok();
      if (!finished) ++interrupted;
      house.faults.at = -1;

      // Every key opens at every step …
      KeyRing restarted(house.provider, house.store, house.randomness, house.clock);
      for (int i = 0; i < kBorrowers; ++i) {
        const auto key = restarted.Find(Borrower(i));
        ASSERT_TRUE(key.ok()) << "step " << step << ": " << key.status();
        EXPECT_EQ(OpenCell(**key, cells[static_cast<size_t>(i)], kCell).value(), std::to_string(i));
      }
      // … and the rotation goes on from there.
      const bool begun = house.provider.Ids()->size() > 1 || finished;
      ASSERT_TRUE(rotate(house, restarted, !begun).ok());
      EXPECT_EQ(house.provider.Ids()->size(), 1u);
      restarted.DropCache();
      for (int i = 0; i < kBorrowers; ++i) {
        const auto key = restarted.Find(Borrower(i));
        ASSERT_TRUE(key.ok()) << "step " << step << ": " << key.status();
        EXPECT_EQ(OpenCell(**key, cells[static_cast<size_t>(i)], kCell).value(), std::to_string(i));
      }
    }
  }
  EXPECT_GT(interrupted, 30);
}

TEST(KeyRing, K6AKeyThatDoesNotOpenStopsTheRotation) {
  House house;
  house.MakeBorrowers(2);
  WrappedKey bent = house.store.all()[Borrower(1)];
  bent.wrapped[30] = static_cast<char>(bent.wrapped[30] ^ 1);
  house.store.Overwrite(bent);
  ASSERT_TRUE(house.provider.MakeNext().ok());
  const absl::Status status = house.ring.Rewrap(10).status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr(Borrower(1).Hex()));
}

TEST(KeyRing, ASaveThatFailsLeavesTheRingAsItWas) {
  for (const Fault fault : {Fault::kBefore, Fault::kAfter}) {
    for (int step = 0; step < 3; ++step) {  // current, find, put
      House house;
      const auto made = house.ring.Make("demo", Borrower(1)).value();
      house.faults.at = house.faults.calls + step;
      house.faults.fault = fault;
      EXPECT_EQ(house.ring.Save().code(), StatusCode::kUnavailable);
      house.faults.at = -1;
      EXPECT_EQ(house.ring.Find(Borrower(1)).value(), made);
      EXPECT_TRUE(house.ring.Save().ok()) << "again: the same key, so it may stand";
      EXPECT_EQ(house.store.all()[Borrower(1)].kid, made->kid());
    }
  }
}

TEST(KeyRing, ACrashBetweenTheKeyStoreAndTheLogIsSwept) {
  House house;
  house.MakeBorrowers(3);
  std::set<Bytes32> in_log;
  for (const auto& [borrower, key] : house.store.all()) in_log.insert(key.kid);
  // Saved, and the transaction never committed.
  ASSERT_TRUE(house.ring.Make("demo", Borrower(7)).ok());
  ASSERT_TRUE(house.ring.Save().ok());
  // Erased says the log, and an old copy of the store has it again.
  in_log.erase(house.store.all()[Borrower(1)].kid);

  KeyRing restarted(house.provider, house.store, house.randomness, house.clock);
  const auto known = [&](const WrappedKey& key) { return in_log.contains(key.kid); };
  EXPECT_EQ(restarted.Sweep(known).value(), 2u);
  EXPECT_EQ(restarted.Find(Borrower(7)).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(restarted.Find(Borrower(1)).status().code(), StatusCode::kNotFound);
  EXPECT_TRUE(restarted.Find(Borrower(0)).ok());
  EXPECT_TRUE(restarted.Find(Borrower(2)).ok());
  EXPECT_EQ(restarted.Sweep(known).value(), 0u);
}

TEST(KeyRing, X4NoErrorHoldsAKey) {
  House house;
  house.MakeBorrowers(2);
  house.ring.DropCache();
  Bytes32 kek;
  kek.fill(1);  // what KeysInMemory made first
  WrappedKey bent = house.store.all()[Borrower(1)];
  bent.kid[0] ^= 1;
  house.store.Overwrite(bent);
  ASSERT_TRUE(house.provider.MakeNext().ok());
  for (const absl::Status& status :
       {house.ring.Find(Borrower(1)).status(), house.ring.Rewrap(5).status()}) {
    ASSERT_FALSE(status.ok());
    const std::string text = status.ToString();
    EXPECT_THAT(text, Not(HasSubstr(std::string(audit::AsText(kek)))));
    EXPECT_THAT(text, Not(HasSubstr(ToHex(audit::AsText(kek)))));
    EXPECT_THAT(text, Not(HasSubstr(bent.wrapped)));
    EXPECT_THAT(text, Not(HasSubstr(ToHex(bent.wrapped))));
  }
}

// Readers, a writer, a rotation and an erasure at once: nothing lost, nothing back from the dead.
TEST(KeyRing, K6X2ManyThreadsAtOnce) {
  constexpr int kKept = 20, kErased = 20;
  House house;
  house.MakeBorrowers(kKept + kErased);
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t; !stop; ++i) {
        if (!house.ring.Find(Borrower(i % kKept)).ok()) ++wrong;
        (void)house.ring.Find(Borrower(kKept + i % kErased));
        if (i % 7 == 0) house.ring.DropCache();
      }
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; !stop && i < 500; ++i) {
      if (!house.ring.Make("demo", Borrower(1000 + i)).ok()) ++wrong;
      if (!house.ring.Save().ok()) ++wrong;
    }
  });
  threads.emplace_back([&] {
    for (int i = 0; i < kErased; ++i) {
      if (!house.ring.Destroy({Borrower(kKept + i)}).ok()) ++wrong;
      if (house.ring.Find(Borrower(kKept + i)).ok()) ++wrong;
    }
  });
  for (int turn = 0; turn < 10; ++turn) {
    const std::string old = house.provider.CurrentId().value();
    ASSERT_TRUE(house.provider.MakeNext().ok());
    while (house.ring.Rewrap(5).value() > 0) {
    }
    // A Find that read a key under the old KEK may be about to open it.
    ASSERT_TRUE(house.provider.Destroy(old).ok());
  }
  for (size_t i = 3; i < threads.size(); ++i) threads[i].join();
  stop = true;
  for (size_t i = 0; i < 3; ++i) threads[i].join();
  EXPECT_EQ(wrong, 0);
  while (house.ring.Rewrap(1000).value() > 0) {
  }
  const std::string current = house.provider.CurrentId().value();
  const std::vector<std::string> ids = house.provider.Ids().value();
  for (const std::string& id : ids) {
    if (id != current) {
      ASSERT_TRUE(house.provider.Destroy(id).ok());
    }
  }
  house.ring.DropCache();
  const auto all = house.store.all();
  EXPECT_EQ(all.size(), static_cast<size_t>(kKept + 500));
  for (const auto& [borrower, key] : all) EXPECT_TRUE(house.ring.Find(borrower).ok());
  for (int i = 0; i < kErased; ++i) EXPECT_FALSE(all.contains(Borrower(kKept + i)));
}

}  // namespace
}  // namespace forbear::vault
