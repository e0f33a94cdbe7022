// What every KeyStore does. A store gives a `Make()` that answers an empty one.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/ports/key_store.h"
#include "tests/engine/vault/keys_in_memory.h"

namespace forbear::keys {

inline WrappedKey TestKey(int number, const std::string& kek_id = "k1", uint8_t kid = 1) {
  WrappedKey key;
  key.tenant = "demo";
  key.borrower = vault::Borrower(number);
  key.kid.fill(kid);
  key.kid[31] = static_cast<uint8_t>(number);
  key.kek_id = kek_id;
  key.wrapped = std::string(72, static_cast<char>('A' + number % 26));
  return key;
}

inline std::vector<WrappedKey> Walk(KeyStore& store) {
  std::vector<WrappedKey> keys;
  EXPECT_TRUE(store.ForEach([&](const WrappedKey& key) { keys.push_back(key); }).ok());
  std::sort(keys.begin(), keys.end(),
            [](const auto& a, const auto& b) { return a.borrower < b.borrower; });
  return keys;
}

template <typename Store>
class KeyStoreSuite : public testing::Test {
 protected:
  Store made_;
  KeyStore& store_ = made_.Make();
};
TYPED_TEST_SUITE_P(KeyStoreSuite);

TYPED_TEST_P(KeyStoreSuite, FindsWhatWasPut) {
  KeyStore& store = this->store_;
  EXPECT_EQ(store.Find(vault::Borrower(1)).value(), std::nullopt);
  ASSERT_TRUE(store.Put({TestKey(1), TestKey(2)}).ok());
  ASSERT_TRUE(store.Put({}).ok());
  EXPECT_EQ(store.Find(vault::Borrower(1)).value(), TestKey(1));
  EXPECT_EQ(store.Find(vault::Borrower(2)).value(), TestKey(2));
  EXPECT_EQ(store.Find(vault::Borrower(3)).value(), std::nullopt);
}

TYPED_TEST_P(KeyStoreSuite, K6AKeyMayBeWrappedAnewAndNotReplaced) {
  KeyStore& store = this->store_;
  ASSERT_TRUE(store.Put({TestKey(1), TestKey(2)}).ok());
  WrappedKey anew = TestKey(1, "k2");
  anew.wrapped = std::string(72, 'z');
  ASSERT_TRUE(store.Put({anew}).ok());
  EXPECT_EQ(store.Find(anew.borrower).value(), anew);
  ASSERT_TRUE(store.Put({anew}).ok()) << "repeatable";

  WrappedKey other_tenant = TestKey(2);
  other_tenant.tenant = "else";
  for (const WrappedKey& other : {TestKey(2, "k1", 9), other_tenant}) {
    EXPECT_EQ(store.Put({TestKey(3), other, TestKey(4)}).code(), absl::StatusCode::kAlreadyExists);
    EXPECT_EQ(Walk(store), (std::vector<WrappedKey>{anew, TestKey(2)})) << "all or none";
  }
}

TYPED_TEST_P(KeyStoreSuite, ErasesForGoodAndRepeatably) {
  KeyStore& store = this->store_;
  ASSERT_TRUE(store.Put({TestKey(1), TestKey(2), TestKey(3)}).ok());
  ASSERT_TRUE(store.Erase({vault::Borrower(1), vault::Borrower(3), vault::Borrower(9)}).ok());
  EXPECT_EQ(Walk(store), (std::vector<WrappedKey>{TestKey(2)}));
  ASSERT_TRUE(store.Erase({vault::Borrower(1)}).ok());
  ASSERT_TRUE(store.Erase({}).ok());
  ASSERT_TRUE(store.Put({TestKey(1, "k1", 7)}).ok()) << "the name is free again";
}

TYPED_TEST_P(KeyStoreSuite, WalksOverAllAndMayBeCalledMeanwhile) {
  KeyStore& store = this->store_;
  constexpr int kMany = 3000;  // more than a store reads at once
  std::vector<WrappedKey> keys;
  for (int i = 0; i < kMany; ++i) keys.push_back(TestKey(i));
  ASSERT_TRUE(store.Put(keys).ok());
  EXPECT_EQ(Walk(store), keys);
  int seen = 0;
  ASSERT_TRUE(store
                  .ForEach([&](const WrappedKey& key) {
                    EXPECT_EQ(store.Find(key.borrower).value(), key);
                    EXPECT_TRUE(seen++ % 500 != 0 || store.Erase({key.borrower}).ok());
                  })
                  .ok());
  EXPECT_EQ(seen, kMany);
  EXPECT_EQ(Walk(store).size(), static_cast<size_t>(kMany - kMany / 500));
}

TYPED_TEST_P(KeyStoreSuite, KnowsWhatIsUnderAKek) {
  KeyStore& store = this->store_;
  ASSERT_TRUE(store.Put({TestKey(1, "k1"), TestKey(2, "k2"), TestKey(3, "k1")}).ok());
  EXPECT_EQ(store.WrappedUnder("k1", 10)->size(), 2u);
  EXPECT_EQ(store.WrappedUnder("k1", SIZE_MAX)->size(), 2u);
  EXPECT_EQ(store.WrappedUnder("k1", 1)->size(), 1u);
  EXPECT_EQ(store.WrappedUnder("k1", 0)->size(), 0u);
  EXPECT_EQ(store.WrappedUnder("k2", 10).value(), (std::vector<WrappedKey>{TestKey(2, "k2")}));
  EXPECT_EQ(store.WrappedUnder("k", 10)->size(), 0u);
  EXPECT_EQ(store.CountUnder("k1").value(), 2u);
  ASSERT_TRUE(store.Put({TestKey(1, "k2")}).ok());
  ASSERT_TRUE(store.Erase({vault::Borrower(2)}).ok());
  EXPECT_EQ(store.CountUnder("k1").value(), 1u);
  EXPECT_EQ(store.CountUnder("k2").value(), 1u);
  EXPECT_EQ(store.CountUnder("k3").value(), 0u);
}

REGISTER_TYPED_TEST_SUITE_P(KeyStoreSuite, FindsWhatWasPut, K6AKeyMayBeWrappedAnewAndNotReplaced,
                            ErasesForGoodAndRepeatably, WalksOverAllAndMayBeCalledMeanwhile,
                            KnowsWhatIsUnderAKek);

}  // namespace forbear::keys
