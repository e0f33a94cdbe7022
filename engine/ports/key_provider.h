// KeyProvider: the keys that wrap the keys of borrowers (audit-log.md section 9).
//
// A key-encryption key (KEK) wraps data keys and nothing else. The current one wraps from now on;
// older ones stay until every key is wrapped anew, and are then destroyed, at least every 30 days.
// A destroyed KEK takes every old copy of what it wrapped with it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/model/instant.h"
#include "engine/vault/secret.h"

namespace forbear {

// Implementations: adapters/keys/kek_files; tests' in memory.
// Errors beside those named: kFailedPrecondition when somebody must mend something first (others
// may read a key file, there is no key at all), kUnavailable when the world failed. No error holds
// a key.
// Thread safety: every method may be called from any thread, and may block on a disk or a network.
class KeyProvider {
 public:
  virtual ~KeyProvider() = default;

  // The KEK that wraps from now on. An id may be shown: it names the key and tells nothing of it.
  virtual absl::StatusOr<std::string> CurrentId() = 0;
  // kNotFound: destroyed, or never was.
  virtual absl::StatusOr<std::shared_ptr<const vault::SecretKey>> Find(std::string_view id) = 0;
  // When it was made, to the second. kNotFound as Find.
  virtual absl::StatusOr<Instant> MadeAt(std::string_view id) = 0;
  // A new KEK, durable and current when this returns; old ones stay.
  virtual absl::StatusOr<std::string> MakeNext() = 0;
  // Destroys a KEK for good. kFailedPrecondition for the current one; repeatable.
  // REQUIRES: KeyRing::Rewrap answered 0 since `id` ceased to be current, or what is still wrapped
  // under it is meant to die.
  virtual absl::Status Destroy(std::string_view id) = 0;
  // Those that exist, oldest first.
  virtual absl::StatusOr<std::vector<std::string>> Ids() = 0;
};

}  // namespace forbear
