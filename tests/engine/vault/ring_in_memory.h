// A ring of keys that forgets everything with the test.
#pragma once

#include "engine/vault/key_ring.h"
#include "tests/engine/vault/keys_in_memory.h"

namespace forbear::vault {

struct RingInMemory {
  // With `faults`, the store and the provider of keys fail as it says.
  RingInMemory(Clock& clock, Randomness& randomness, Faults* faults = nullptr)
      : provider(faults), store(faults), ring(provider, store, randomness, clock) {
    FORBEAR_CHECK(provider.MakeNext().ok());
  }

  KeysInMemory provider;
  KeyStoreInMemory store;
  KeyRing ring;
};

}  // namespace forbear::vault
