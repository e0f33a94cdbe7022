// KeyRing: the data keys of borrowers, made, found, cached for at most five minutes, destroyed.
//
// How a transaction makes keys, so that the key store never lacks one that the log relies on:
//
//   ring.Make(tenant, borrower)    for each new borrower; seal with it at once
//   ring.Save()                    one durable write for all of them …
//   commit the transaction         … before this
//
// and ForgetUnsaved() when it fails. What Save has stored by then is found again when the transaction is
// tried again, and otherwise named by nothing, as after a crash between Save and commit: Sweep at start.
//
// How a KEK is rotated (K6; each step may be interrupted and repeated, keys are made and found all
// the while):
//
//   provider.MakeNext()
//   until ring.Rewrap(1000) answers 0
//   provider.Destroy(each older id)
//
// Whoever holds a DataKey may use it after it was destroyed or has left the cache: hold it for one
// request, never longer.
//
// One KeyRing a key store: what it promises about destroyed keys holds for changes made through it.
// Thread safety: every method may be called from any thread. Find, Save, Destroy, Rewrap and Sweep
// block on the store and the provider; a Find that meets the cache does not.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/model/ids.h"
#include "engine/ports/clock.h"
#include "engine/ports/key_provider.h"
#include "engine/ports/key_store.h"
#include "engine/ports/randomness.h"
#include "engine/vault/seal.h"

namespace forbear::vault {

// How long a key that was unwrapped may be used without asking the store again (audit-log.md 9).
inline constexpr std::chrono::minutes kCacheTime{5};
// Keys in the cache, 64 locked bytes each: 2 MiB, a quarter of what systems let a process lock
// (8 MiB), and a hundred new borrowers a second for as long as a key stays.
inline constexpr size_t kMaxCachedKeys = 32'768;

class KeyRing {
 public:
  // All four are borrowed and outlive the ring.
  KeyRing(KeyProvider& provider, KeyStore& store, Randomness& randomness, Clock& clock);
  KeyRing(const KeyRing&) = delete;
  KeyRing& operator=(const KeyRing&) = delete;

  // The key of a borrower, also one that is made and not saved yet: who seals twice in one
  // transaction must get one key.
  //   kNotFound             there is none: destroyed, being destroyed, or never made
  //   kFailedPrecondition   the KEK it is wrapped under is not there
  //   kDataLoss             X1: it does not open, or is not what its kid names
  absl::StatusOr<std::shared_ptr<const DataKey>> Find(const BorrowerId& borrower);

  // A new random key, in memory only: usable at once by whoever asked, in the store after Save.
  // kAlreadyExists when the ring knows a key of that borrower; the store is asked by Save.
  // kFailedPrecondition while the borrower's key is being destroyed; kInvalidArgument for a tenant
  // that is empty or has control characters.
  absl::StatusOr<std::shared_ptr<const DataKey>> Make(const std::string& tenant,
                                                      const BorrowerId& borrower);

  // Stores every key made since the last Save or ForgetUnsaved, in one durable write, wrapped under
  // the KEK that is current now. Called before the transaction that uses them commits; after an
  // error nothing of it may commit. kAlreadyExists when the store has another key of a borrower.
  absl::Status Save();
  // The transaction that made them failed: as if never made.
  void ForgetUnsaved();

  // From the store first, then from the cache. Repeatable, and to be repeated after an error: until
  // it succeeds the keys stay refused.
  absl::Status Destroy(const std::vector<BorrowerId>& borrowers);

  // Everything cached is wiped, apart from what is unsaved or in use: another node destroyed a key.
  void DropCache();
  // What has outlived kCacheTime is wiped. Every other call does the same on its way; an idle house
  // calls this now and then.
  void DropExpired();

  Nonce NewNonce();

  // Wraps at most `limit` keys that are not under the current KEK anew, in one durable write. The
  // number still to do; 0 means that no key needs an older KEK. A key that does not open stops it
  // with an error that names the borrower's pseudonym.
  absl::StatusOr<size_t> Rewrap(size_t limit);

  // Deletes the keys of the store that `known` disowns: orphans of a crash between key store and
  // log, and keys the log calls erased. The number deleted. REQUIRES: nobody makes keys meanwhile;
  // this is for the start, before anything is served. `known` does not call the ring.
  absl::StatusOr<size_t> Sweep(std::function<bool(const WrappedKey&)> known);

  // kResourceExhausted when the system refuses to lock the keys' memory: told once, at start.
  absl::Status LockedMemory() const;

 private:
  struct Cached {
    BorrowerId borrower;
    std::shared_ptr<const DataKey> key;
    std::chrono::nanoseconds since;
  };
  struct Unsaved {
    std::string tenant;
    SecretKey dek;
    std::shared_ptr<const DataKey> key;
  };

  // REQUIRES of all of these: mutex_ is held.
  void Expire();
  std::shared_ptr<const DataKey> Remember(const BorrowerId& borrower,
                                          std::shared_ptr<const DataKey> key,
                                          std::chrono::nanoseconds since);
  void Drop(const BorrowerId& borrower);

  absl::StatusOr<std::shared_ptr<const SecretKey>> FindKek(const std::string& id);
  // `keys` under the KEK `id`, opened and wrapped under the current one.
  absl::StatusOr<std::vector<WrappedKey>> WrapAnew(std::vector<WrappedKey> keys,
                                                   const std::string& id,
                                                   const std::string& current);

  KeyProvider& provider_;
  KeyStore& store_;
  Randomness& randomness_;
  Clock& clock_;

  // Held by whoever changes the store, all through: a key that Rewrap has read must not be put back
  // after Destroy has erased it. Taken before mutex_, which is never held across a call of a port.
  std::mutex changing_;

  std::mutex mutex_;
  std::list<Cached> cached_;  // oldest first
  std::unordered_map<BorrowerId, std::list<Cached>::iterator, IdHash> by_borrower_;
  // Shared, because Save works on them without the mutex.
  std::map<BorrowerId, std::shared_ptr<const Unsaved>> unsaved_;
  // Borrowers whose Destroy has begun and not succeeded.
  std::unordered_set<BorrowerId, IdHash> doomed_;
  // Raised when anything is destroyed or dropped: what a Find read before is stale and read again.
  uint64_t drops_ = 0;
};

}  // namespace forbear::vault
