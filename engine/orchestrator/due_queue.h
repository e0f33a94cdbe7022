// The accounts that wait for an instant, soonest first: a heap of twenty bytes an account, so that
// a million of them are twenty megabytes.
//
// An entry is a hint and no more. When an account's plan changes a second entry is added and the
// first goes stale; whoever takes an account asks the store's plan again, inside the transaction.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/model/ids.h"
#include "engine/model/instant.h"

namespace forbear {

class DueQueue {
 public:
  void Add(const AccountId& account, Instant wake_at);

  // Removes and returns the accounts due at `now`, each once, soonest first, at most `most`.
  std::vector<AccountId> TakeDue(Instant now, size_t most);

  // When the next entry is due; absent: empty.
  std::optional<Instant> NextWake() const;
  size_t size() const { return heap_.size(); }

 private:
  struct Entry {
    uint32_t wake_at = 0;  // seconds since 1970; every instant before 2038 fits
    std::array<uint8_t, 16> account{};
  };
  static_assert(sizeof(Entry) == 20);
  static bool Later(const Entry& a, const Entry& b);

  std::vector<Entry> heap_;
};

}  // namespace forbear
