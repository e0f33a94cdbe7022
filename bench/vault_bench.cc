// How many seals a second on one core: an entry's of 128 bytes of personal data, sealed and opened;
// a cell's of the same length; and the keys of a new borrower.
#include <benchmark/benchmark.h>

#include "engine/model/status.h"
#include "engine/vault/seal.h"

namespace forbear::vault {
namespace {

constexpr EntryPlace kPlace{"audit.example/forbear", "00112233445566778899aabbccddeeff",
                            "attempt.reserved"};
constexpr CellPlace kCell{"borrower", "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f", "personal"};

SecretKey TheDek() {
  Bytes32 bytes;
  bytes.fill(0x40);
  return SecretKey::Copy(bytes);
}

// An object that CJ1 writes in 128 bytes.
cj1::Value Plain() {
  cj1::Value plain = cj1::Object();
  plain.Set("endpoint", "+15550100123").Set("name", std::string(128 - 37, 'x'));
  FORBEAR_CHECK(cj1::Encode(plain)->size() == 128);
  return plain;
}

// Nonces are counted here: random numbers are the caller's, and measured by nobody.
void Count(Nonce* nonce) {
  for (uint8_t& byte : *nonce) {
    if (++byte != 0) return;
  }
}

void BM_SealEntry128(benchmark::State& state) {
  const DataKey key = DataKey::Derive(TheDek());
  const cj1::Value plain = Plain();
  Nonce nonce{};
  for (auto _ : state) {
    Count(&nonce);
    benchmark::DoNotOptimize(SealEntry(key, plain, kPlace, nonce).value());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_SealEntry128);

void BM_OpenEntry128(benchmark::State& state) {
  const DataKey key = DataKey::Derive(TheDek());
  const cj1::Value seal = SealEntry(key, Plain(), kPlace, {}).value();
  for (auto _ : state) benchmark::DoNotOptimize(OpenEntry(key, seal, kPlace).value());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_OpenEntry128);

void BM_SealCell128(benchmark::State& state) {
  const DataKey key = DataKey::Derive(TheDek());
  const std::string plain(128, 'x');
  Nonce nonce{};
  for (auto _ : state) {
    Count(&nonce);
    benchmark::DoNotOptimize(SealCell(key, plain, kCell, nonce));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_SealCell128);

void BM_DeriveKeys(benchmark::State& state) {
  const SecretKey dek = TheDek();
  for (auto _ : state) benchmark::DoNotOptimize(DataKey::Derive(dek));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_DeriveKeys);

}  // namespace
}  // namespace forbear::vault

BENCHMARK_MAIN();
