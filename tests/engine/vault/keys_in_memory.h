// A key store and a key provider in memory, and a switch that makes either fail at a chosen call,
// before it did anything or after it did everything: what a crash or a broken disk leaves.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>

#include "engine/model/status.h"
#include "engine/ports/clock.h"
#include "engine/ports/key_provider.h"
#include "engine/ports/key_store.h"
#include "engine/ports/randomness.h"

namespace forbear::vault {

enum class Fault { kBefore, kAfter };

// Counts calls of both ports. The one numbered `at` fails, and all that follow: the process is
// gone.
struct Faults {
  int at = -1;
  Fault fault = Fault::kBefore;
  std::atomic<int> calls = 0;  // the ports have a mutex each

  // `change` done, unless it is the turn of the fault.
  absl::Status Do(const std::function<absl::Status()>& change) {
    const int call = calls++;
    if (at < 0 || call < at) return change();
    if (call == at && fault == Fault::kAfter) (void)change();
    return Unavailable("injected");
  }
};

class KeyStoreInMemory : public KeyStore {
 public:
  explicit KeyStoreInMemory(Faults* faults = nullptr) : faults_(faults) {}

  absl::Status Put(const std::vector<WrappedKey>& keys) override {
    return Do([&]() -> absl::Status {
      auto next = keys_;
      for (const WrappedKey& key : keys) {
        const auto [at, is_new] = next.emplace(key.borrower, key);
        if (!is_new && (at->second.kid != key.kid || at->second.tenant != key.tenant)) {
          return AlreadyExists("another key of that borrower");
        }
        at->second = key;
      }
      keys_ = std::move(next);
      ++puts;
      return absl::OkStatus();
    });
  }
  absl::StatusOr<std::optional<WrappedKey>> Find(const BorrowerId& borrower) override {
    std::optional<WrappedKey> found;
    FORBEAR_RETURN_IF_ERROR(Do([&]() -> absl::Status {
      if (const auto at = keys_.find(borrower); at != keys_.end()) found = at->second;
      ++finds;
      return absl::OkStatus();
    }));
    if (after_find) after_find();
    return found;
  }
  absl::Status Erase(const std::vector<BorrowerId>& borrowers) override {
    if (while_erasing) while_erasing();
    return Do([&]() -> absl::Status {
      for (const BorrowerId& borrower : borrowers) keys_.erase(borrower);
      return absl::OkStatus();
    });
  }
  absl::Status ForEach(std::function<void(const WrappedKey&)> each) override {
    for (const auto& [borrower, key] : all()) each(key);
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<WrappedKey>> WrappedUnder(std::string_view kek_id,
                                                       size_t limit) override {
    std::vector<WrappedKey> found;
    FORBEAR_RETURN_IF_ERROR(Do([&]() -> absl::Status {
      for (const auto& [borrower, key] : keys_) {
        if (key.kek_id == kek_id && found.size() < limit) found.push_back(key);
      }
      return absl::OkStatus();
    }));
    return found;
  }

  std::map<BorrowerId, WrappedKey> all() {
    const std::lock_guard lock(mutex_);
    return keys_;
  }
  // What a thief of the store's file does.
  void Overwrite(const WrappedKey& key) {
    const std::lock_guard lock(mutex_);
    keys_[key.borrower] = key;
  }

  int puts = 0, finds = 0;
  std::function<void()> after_find;     // between the store's answer and whoever asked
  std::function<void()> while_erasing;  // before the key is gone

 private:
  absl::Status Do(const std::function<absl::Status()>& change) {
    const std::lock_guard lock(mutex_);
    return faults_ == nullptr ? change() : faults_->Do(change);
  }
  std::mutex mutex_;
  std::map<BorrowerId, WrappedKey> keys_;
  Faults* faults_;
};

class KeysInMemory : public KeyProvider {
 public:
  explicit KeysInMemory(Faults* faults = nullptr) : faults_(faults) {}

  absl::StatusOr<std::string> CurrentId() override {
    std::string id;
    FORBEAR_RETURN_IF_ERROR(Do([&]() -> absl::Status {
      if (keys_.empty()) return FailedPrecondition("no KEK");
      id = current_;
      return absl::OkStatus();
    }));
    return id;
  }
  absl::StatusOr<std::shared_ptr<const SecretKey>> Find(std::string_view id) override {
    std::shared_ptr<const SecretKey> found;
    FORBEAR_RETURN_IF_ERROR(Do([&]() -> absl::Status {
      const auto at = keys_.find(id);
      if (at == keys_.end()) return NotFound("no such KEK");
      found = at->second;
      return absl::OkStatus();
    }));
    return found;
  }
  absl::StatusOr<Instant> MadeAt(std::string_view) override {
    Instant at{};
    FORBEAR_RETURN_IF_ERROR(Do([&]() -> absl::Status {
      at = made_at;
      return absl::OkStatus();
    }));
    return at;
  }
  absl::StatusOr<std::string> MakeNext() override {
    std::string id;
    FORBEAR_RETURN_IF_ERROR(Do([&]() -> absl::Status {
      id = "k" + std::to_string(100 + ++made_);
      Bytes32 bytes;
      bytes.fill(static_cast<uint8_t>(made_));
      keys_[id] = std::make_shared<const SecretKey>(SecretKey::Copy(bytes));
      current_ = id;
      return absl::OkStatus();
    }));
    return id;
  }
  absl::Status Destroy(std::string_view id) override {
    return Do([&]() -> absl::Status {
      if (id == current_) return FailedPrecondition("the current one");
      if (const auto at = keys_.find(id); at != keys_.end()) keys_.erase(at);
      return absl::OkStatus();
    });
  }
  absl::StatusOr<std::vector<std::string>> Ids() override {
    std::vector<std::string> ids;
    FORBEAR_RETURN_IF_ERROR(Do([&]() -> absl::Status {
      for (const auto& [id, key] : keys_) ids.push_back(id);
      return absl::OkStatus();
    }));
    return ids;
  }
  Instant made_at{};  // of all of them
  void Put(const std::string& id, const Bytes32& bytes) {
    const std::lock_guard lock(mutex_);
    keys_[id] = std::make_shared<const SecretKey>(SecretKey::Copy(bytes));
    current_ = id;
  }

 private:
  absl::Status Do(const std::function<absl::Status()>& change) {
    const std::lock_guard lock(mutex_);
    return faults_ == nullptr ? change() : faults_->Do(change);
  }
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const SecretKey>, std::less<>> keys_;
  std::string current_;
  int made_ = 0;
  Faults* faults_;
};

class HandClock : public Clock {
 public:
  Instant Now() const override { return Instant(std::chrono::seconds(1772442000)); }
  std::chrono::nanoseconds Monotonic() const override { return monotonic_; }
  void Hold() override {}
  void Release() override {}
  void Advance(std::chrono::nanoseconds by) { monotonic_ += by; }

 private:
  std::chrono::nanoseconds monotonic_{std::chrono::hours(1)};
};

// splitmix64; the seed says which test went wrong.
class SeededRandomness : public Randomness {
 public:
  explicit SeededRandomness(uint64_t seed) : state_(seed) {}
  void Fill(std::span<uint8_t> bytes) override {
    const std::lock_guard lock(mutex_);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(Next());
  }

 private:
  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::mutex mutex_;
  uint64_t state_;
};

inline BorrowerId Borrower(int number) {
  BorrowerId id;
  id.bytes[0] = 0xb0;
  id.bytes[14] = static_cast<uint8_t>(number >> 8);
  id.bytes[15] = static_cast<uint8_t>(number);
  return id;
}

}  // namespace forbear::vault
