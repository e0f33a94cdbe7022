// KeyStore: where the wrapped data keys of borrowers are kept, apart from the data they open and
// outside of its backups (audit-log.md section 9, security.md K4).
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/model/ids.h"

namespace forbear {

// One borrower's data key, encrypted under a KEK. None of it opens anything without that KEK.
struct WrappedKey {
  std::string tenant;
  BorrowerId borrower;
  Bytes32 kid{};  // names the data key and commits to it
  std::string kek_id;
  std::string wrapped;  // nonce (24 bytes) || ciphertext and tag (48 bytes)
  bool operator==(const WrappedKey&) const = default;
};

// Implementations: adapters/keys/key_database; tests' in memory. Both pass
// tests/adapters/keys/key_store_suite.h.
// Errors beside those named: kUnavailable, kDataLoss. An error means that it is not known whether
// the change is durable; doing it again is safe.
// Thread safety: every method may be called from any thread, and may block on a disk.
class KeyStore {
 public:
  virtual ~KeyStore() = default;

  // Stores all or none; durable when it returns. A key of the same borrower is replaced only if kid
  // and tenant are the same (it was wrapped anew); else kAlreadyExists, for an overwritten key is
  // data nobody can read.
  virtual absl::Status Put(const std::vector<WrappedKey>& keys) = 0;
  virtual absl::StatusOr<std::optional<WrappedKey>> Find(const BorrowerId& borrower) = 0;
  // Gone from the store and from every file it keeps beside it, and synced, when it returns.
  // Repeatable, also for keys that are not there: a try that was interrupted is completed by the
  // next.
  virtual absl::Status Erase(const std::vector<BorrowerId>& borrowers) = 0;
  // Calls `each` for every key that is there throughout, once, in no promised order. `each` may
  // call the store.
  virtual absl::Status ForEach(std::function<void(const WrappedKey&)> each) = 0;
  // At most `limit` of the keys under that KEK.
  virtual absl::StatusOr<std::vector<WrappedKey>> WrappedUnder(std::string_view kek_id,
                                                               size_t limit) = 0;
  // How many there are under that KEK. A store that can count overrides this.
  virtual absl::StatusOr<size_t> CountUnder(std::string_view kek_id) {
    size_t count = 0;
    const absl::Status walked =
        ForEach([&](const WrappedKey& key) { count += key.kek_id == kek_id; });
    if (!walked.ok()) return walked;
    return count;
  }
};

}  // namespace forbear
