#include "engine/vault/secret.h"

#include <sodium.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/model/status.h"

namespace forbear::vault {
namespace {

// Slots that are asked of the system at once, 64 KiB: each piece costs four pages of fence beside
// it, and a system's usual limit of locked memory (8 MiB) holds more than a hundred pieces.
constexpr size_t kSlotsAtOnce = 2048;

// All slots of the process. The limit of locked memory is the process's own, so there is one arena,
// and it is never taken down: keys may go as late as anything does.
class Arena {
 public:
  static Arena& Get() {
    static Arena* const arena = new Arena();
    return *arena;
  }

  Bytes32* Take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) Grow();
    Bytes32* const slot = free_.back();
    free_.pop_back();
    return slot;
  }

  void GiveBack(Bytes32* slot) {
    sodium_memzero(slot->data(), slot->size());
    const std::lock_guard lock(mutex_);
    free_.push_back(slot);
  }

  bool locked() {
    const std::lock_guard lock(mutex_);
    return locked_;
  }

 private:
  Arena() {
    FORBEAR_CHECK(sodium_init() >= 0);
    Grow();
  }

  void Grow() {
    // sodium_malloc fences, marks the pages as not to be dumped, and tries to lock them; whether
    // that went well it does not tell, so they are locked once more, which changes nothing.
    void* const piece = sodium_allocarray(kSlotsAtOnce, sizeof(Bytes32));
    FORBEAR_CHECK(piece != nullptr);
    if (sodium_mlock(piece, kSlotsAtOnce * sizeof(Bytes32)) != 0) locked_ = false;
    auto* const slots = static_cast<Bytes32*>(piece);
    std::uninitialized_fill_n(slots, kSlotsAtOnce, Bytes32{});
    // GiveBack never has to ask for memory.
    total_ += kSlotsAtOnce;
    free_.reserve(total_);
    for (size_t i = kSlotsAtOnce; i > 0; --i) free_.push_back(slots + i - 1);
  }

  std::mutex mutex_;
  std::vector<Bytes32*> free_;
  size_t total_ = 0;
  bool locked_ = true;
};

}  // namespace

SecretKey::SecretKey() : slot_(Arena::Get().Take()) {}

SecretKey::SecretKey(SecretKey&& other) noexcept : slot_(std::exchange(other.slot_, nullptr)) {}

SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
  std::swap(slot_, other.slot_);
  return *this;
}

SecretKey::~SecretKey() {
  if (slot_ != nullptr) Arena::Get().GiveBack(slot_);
}

SecretKey SecretKey::Copy(std::span<const uint8_t, kKeyBytes> bytes) {
  return FilledBy([&](std::span<uint8_t, kKeyBytes> out) {
    std::copy(bytes.begin(), bytes.end(), out.begin());
  });
}

absl::Status LockedMemory() {
  if (Arena::Get().locked()) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      "keys: the system refuses to lock the memory they are in, so they may reach the swap; raise "
      "RLIMIT_MEMLOCK (LimitMEMLOCK= of the unit) or run without swap");
}

}  // namespace forbear::vault
