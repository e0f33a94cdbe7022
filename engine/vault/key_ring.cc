#include "engine/vault/key_ring.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/model/status.h"

namespace forbear::vault {
namespace {

// Tenants and KEK ids are lines of what a wrap authenticates.
bool IsLine(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
}

SecretKey RandomKey(Randomness& randomness) {
  return SecretKey::FilledBy([&](std::span<uint8_t, kKeyBytes> out) { randomness.Fill(out); });
}

absl::Status NoKey() {
  return NotFound("key ring: no key of this borrower; it was erased or never made");
}

}  // namespace

KeyRing::KeyRing(KeyProvider& provider, KeyStore& store, Randomness& randomness, Clock& clock)
    : provider_(provider), store_(store), randomness_(randomness), clock_(clock) {}

absl::StatusOr<std::shared_ptr<const DataKey>> KeyRing::Find(const BorrowerId& borrower) {
  for (;;) {
    uint64_t drops = 0;
    {
      const std::lock_guard lock(mutex_);
      Expire();
      if (doomed_.contains(borrower)) return NoKey();
      if (const auto made = unsaved_.find(borrower); made != unsaved_.end()) {
        return made->second->key;
      }
      if (const auto found = by_borrower_.find(borrower); found != by_borrower_.end()) {
        return found->second->key;
      }
      drops = drops_;
    }
    // Five minutes since the store said so, not since it was unwrapped.
    const std::chrono::nanoseconds asked = clock_.Monotonic();
    FORBEAR_ASSIGN_OR_RETURN(const std::optional<WrappedKey> wrapped, store_.Find(borrower));
    if (wrapped.has_value()) {
      if (wrapped->borrower != borrower) return DataLoss("X1: the key store answered another key");
      const auto kek = FindKek(wrapped->kek_id);
      if (absl::IsFailedPrecondition(kek.status())) {
        // A rotation may have ended since the store answered.
        FORBEAR_ASSIGN_OR_RETURN(const std::optional<WrappedKey> now, store_.Find(borrower));
        if (now != wrapped) continue;
      }
      if (!kek.ok()) return kek.status();
      FORBEAR_ASSIGN_OR_RETURN(const SecretKey dek, Unwrap(**kek, *wrapped));
      auto key = std::make_shared<const DataKey>(DataKey::Derive(dek));
      const std::lock_guard lock(mutex_);
      // What was destroyed meanwhile may be this very key: ask again.
      if (drops_ != drops) continue;
      return Remember(borrower, std::move(key), asked);
    }
    const std::lock_guard lock(mutex_);
    // Made, or made and saved, since we looked?
    if (unsaved_.contains(borrower) || by_borrower_.contains(borrower)) continue;
    return NoKey();
  }
}

absl::StatusOr<std::shared_ptr<const DataKey>> KeyRing::Make(const std::string& tenant,
                                                             const BorrowerId& borrower) {
  if (!IsLine(tenant)) {
    return InvalidArgument("key ring: a tenant's id is not empty and has no control characters");
  }
  SecretKey dek = RandomKey(randomness_);
  auto key = std::make_shared<const DataKey>(DataKey::Derive(dek));
  auto unsaved = std::make_shared<const Unsaved>(Unsaved{tenant, std::move(dek), key});
  const std::lock_guard lock(mutex_);
  Expire();
  if (doomed_.contains(borrower)) {
    return FailedPrecondition(
        "key ring: this borrower's key is being destroyed; finish that first");
  }
  if (by_borrower_.contains(borrower) || !unsaved_.emplace(borrower, std::move(unsaved)).second) {
    return AlreadyExists("key ring: this borrower has a key; find it");
  }
  return key;
}

absl::Status KeyRing::Save() {
  const std::lock_guard changing(changing_);
  std::map<BorrowerId, std::shared_ptr<const Unsaved>> saving;
  {
    const std::lock_guard lock(mutex_);
    saving = unsaved_;
  }
  if (saving.empty()) return absl::OkStatus();
  // Wrapped here and not in Make: a KEK that ceased to be current in between may be gone tomorrow.
  FORBEAR_ASSIGN_OR_RETURN(const std::string current, provider_.CurrentId());
  FORBEAR_ASSIGN_OR_RETURN(const std::shared_ptr<const SecretKey> kek, FindKek(current));
  std::vector<WrappedKey> wrapped;
  wrapped.reserve(saving.size());
  for (const auto& [borrower, made] : saving) {
    const Bytes32& kid = made->key->kid();
    wrapped.push_back({made->tenant, borrower, kid, current,
                       Wrap(*kek, current, made->tenant, borrower, kid, made->dek, NewNonce())});
  }
  const std::chrono::nanoseconds since = clock_.Monotonic();
  FORBEAR_RETURN_IF_ERROR(store_.Put(wrapped));
  const std::lock_guard lock(mutex_);
  for (const auto& [borrower, made] : saving) {
    const auto still = unsaved_.find(borrower);
    if (still == unsaved_.end() || still->second != made) continue;  // forgotten meanwhile
    unsaved_.erase(still);
    Remember(borrower, made->key, since);
  }
  return absl::OkStatus();
}

void KeyRing::ForgetUnsaved() {
  const std::lock_guard lock(mutex_);
  unsaved_.clear();
}

absl::Status KeyRing::Destroy(const std::vector<BorrowerId>& borrowers) {
  if (borrowers.empty()) return absl::OkStatus();
  const std::lock_guard changing(changing_);
  {
    const std::lock_guard lock(mutex_);
    ++drops_;
    for (const BorrowerId& borrower : borrowers) {
      doomed_.insert(borrower);
      unsaved_.erase(borrower);
    }
  }
  const absl::Status erased = store_.Erase(borrowers);
  const std::lock_guard lock(mutex_);
  for (const BorrowerId& borrower : borrowers) {
    Drop(borrower);
    if (erased.ok()) doomed_.erase(borrower);
  }
  return erased;
}

void KeyRing::DropCache() {
  const std::lock_guard lock(mutex_);
  ++drops_;
  by_borrower_.clear();
  cached_.clear();
}

void KeyRing::DropExpired() {
  const std::lock_guard lock(mutex_);
  Expire();
}

Nonce KeyRing::NewNonce() {
  Nonce nonce;
  randomness_.Fill(nonce);
  return nonce;
}

absl::StatusOr<size_t> KeyRing::Rewrap(size_t limit) {
  const std::lock_guard changing(changing_);
  FORBEAR_ASSIGN_OR_RETURN(const std::string current, provider_.CurrentId());
  FORBEAR_ASSIGN_OR_RETURN(const std::vector<std::string> ids, provider_.Ids());
  std::vector<WrappedKey> anew;
  for (const std::string& id : ids) {
    if (id == current || anew.size() >= limit) continue;
    FORBEAR_ASSIGN_OR_RETURN(std::vector<WrappedKey> old,
                             store_.WrappedUnder(id, limit - anew.size()));
    if (old.empty()) continue;
    FORBEAR_ASSIGN_OR_RETURN(std::vector<WrappedKey> wrapped,
                             WrapAnew(std::move(old), id, current));
    std::move(wrapped.begin(), wrapped.end(), std::back_inserter(anew));
  }
  if (!anew.empty()) FORBEAR_RETURN_IF_ERROR(store_.Put(anew));
  size_t left = 0;
  for (const std::string& id : ids) {
    if (id == current) continue;
    FORBEAR_ASSIGN_OR_RETURN(const size_t count, store_.CountUnder(id));
    left += count;
  }
  return left;
}

absl::StatusOr<std::vector<WrappedKey>> KeyRing::WrapAnew(std::vector<WrappedKey> keys,
                                                          const std::string& id,
                                                          const std::string& current) {
  FORBEAR_ASSIGN_OR_RETURN(const std::shared_ptr<const SecretKey> from, FindKek(id));
  FORBEAR_ASSIGN_OR_RETURN(const std::shared_ptr<const SecretKey> to, FindKek(current));
  for (WrappedKey& key : keys) {
    const absl::StatusOr<SecretKey> dek = Unwrap(*from, key);
    if (!dek.ok()) {
      return DataLoss(absl::StrCat(dek.status().message(), " (borrower `", key.borrower.Hex(),
                                   "`); no older KEK may be destroyed until it is mended"));
    }
    key.wrapped = Wrap(*to, current, key.tenant, key.borrower, key.kid, *dek, NewNonce());
    key.kek_id = current;
  }
  return keys;
}

absl::StatusOr<size_t> KeyRing::Sweep(std::function<bool(const WrappedKey&)> known) {
  std::vector<BorrowerId> disowned;
  FORBEAR_RETURN_IF_ERROR(store_.ForEach([&](const WrappedKey& key) {
    if (!known(key)) disowned.push_back(key.borrower);
  }));
  FORBEAR_RETURN_IF_ERROR(Destroy(disowned));
  return disowned.size();
}

absl::Status KeyRing::LockedMemory() const { return vault::LockedMemory(); }

absl::StatusOr<std::shared_ptr<const SecretKey>> KeyRing::FindKek(const std::string& id) {
  if (!IsLine(id)) return DataLoss("key ring: a KEK's id is empty or has control characters");
  auto kek = provider_.Find(id);
  // Not kNotFound: that would read as if the borrower had no key.
  if (absl::IsNotFound(kek.status())) {
    return FailedPrecondition("key ring: the key-encryption key `" + id +
                              "` is not there; give the folder that holds it");
  }
  return kek;
}

void KeyRing::Expire() {
  const std::chrono::nanoseconds now = clock_.Monotonic();
  while (!cached_.empty() && now - cached_.front().since >= kCacheTime) {
    by_borrower_.erase(cached_.front().borrower);
    cached_.pop_front();
  }
}

std::shared_ptr<const DataKey> KeyRing::Remember(const BorrowerId& borrower,
                                                 std::shared_ptr<const DataKey> key,
                                                 std::chrono::nanoseconds since) {
  // Two who asked at once get one key.
  if (const auto found = by_borrower_.find(borrower); found != by_borrower_.end()) {
    return found->second->key;
  }
  if (cached_.size() >= kMaxCachedKeys) {
    by_borrower_.erase(cached_.front().borrower);
    cached_.pop_front();
  }
  // Nearly always the newest; a slow store may have been overtaken.
  auto after = cached_.end();
  while (after != cached_.begin() && std::prev(after)->since > since) --after;
  by_borrower_[borrower] = cached_.insert(after, {borrower, key, since});
  return key;
}

void KeyRing::Drop(const BorrowerId& borrower) {
  const auto found = by_borrower_.find(borrower);
  if (found == by_borrower_.end()) return;
  cached_.erase(found->second);
  by_borrower_.erase(found);
}

}  // namespace forbear::vault
