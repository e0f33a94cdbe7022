// SecretKey: 32 bytes of a key that stay where they are.
//
// They live in one arena of the process: fixed slots in pages that are locked (not swapped), kept
// out of core files, and fenced by pages nobody may touch. A slot is wiped when its key goes,
// before anybody else gets it (security.md K3). A moved key keeps its slot, so no copy is left
// behind.
//
//   const SecretKey key = SecretKey::Copy(bytes);   // then wipe `bytes`
//
// A SecretKey cannot be copied, printed or compared.
// Thread safety: keys are made, moved and freed on any thread; one key is a value like any other.
#pragma once

#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "engine/model/ids.h"

namespace forbear::vault {

inline constexpr size_t kKeyBytes = 32;

class SecretKey {
 public:
  // The caller wipes what it copied from.
  static SecretKey Copy(std::span<const uint8_t, kKeyBytes> bytes);
  // A key that `fill(std::span<uint8_t, kKeyBytes>)` writes in its place: random numbers, the
  // output of a cipher. Zeroes before.
  template <typename Fill>
  static SecretKey FilledBy(const Fill& fill) {
    SecretKey key;
    fill(std::span<uint8_t, kKeyBytes>(*key.slot_));
    return key;
  }

  SecretKey(SecretKey&& other) noexcept;
  SecretKey& operator=(SecretKey&& other) noexcept;
  ~SecretKey();

  // kKeyBytes of them, until the key goes. REQUIRES: nothing was moved out of this key.
  const uint8_t* data() const { return slot_->data(); }
  // The same, as the hash functions want it.
  const Bytes32& bytes() const { return *slot_; }

 private:
  SecretKey();
  Bytes32* slot_;
};

// Is the memory of all keys locked? kResourceExhausted when the system refused (RLIMIT_MEMLOCK):
// keys may then reach the swap, which is for whoever starts the house to tell and for the operator
// to mend. Core files never hold them either way.
absl::Status LockedMemory();

}  // namespace forbear::vault
