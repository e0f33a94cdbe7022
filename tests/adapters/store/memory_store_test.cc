#include "adapters/memory/memory_store.h"

#include "tests/adapters/store/store_suite.h"

namespace forbear {
namespace {

class MemoryBench : public StoreBench {
 public:
  explicit MemoryBench(MemoryStore::Handling handling)
      : store_({.origin = kTestOrigin,
                .node = kTestNode,
                .handler = desk::MakeDeskHandler(gate),
                .clock = &clock,
                .randomness = &randomness,
                .keys = &keys.ring,
                .handling = handling}) {}
  MemoryStore& store() override { return store_; }
  std::unique_ptr<audit::EntrySource> OpenLog() override { return store_.OpenLog(); }

 private:
  MemoryStore store_;
};

INSTANTIATE_TEST_SUITE_P(
    Memory, StoreSuite,
    testing::Values(
        StoreKind{"Once",
                  [] { return std::make_unique<MemoryBench>(MemoryStore::Handling::kOnce); }},
        StoreKind{"Twice",
                  [] { return std::make_unique<MemoryBench>(MemoryStore::Handling::kTwice); }}),
    [](const auto& test) { return test.param.name; });

TEST(MemoryStoreDeathTest, AHandlerThatIsNotPureEndsTheProcess) {
  MemoryBench bench(MemoryStore::Handling::kTwice);
  desk::Desk desk(3);
  EXPECT_TRUE(bench.store().ApplyAndWait(desk.Note("acme")).ok());
  EXPECT_DEATH(bench.store().ApplyAndWait(desk.Note("acme", "test.impure")).status().IgnoreError(),
               "EncodeChanges");
}

}  // namespace
}  // namespace forbear
