// The growing log, in memory: its head and the hashes that no full tile holds yet.
//
// A LogWriter turns drafts into entries of one Merkle tree (RFC 6962, audit-log.md sections 4 and
// 5). The store persists what it returns; after a failed transaction the store throws the writer's
// news away with RollbackTo and nothing has happened. Not thread-safe: the writer thread owns it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/audit/entry.h"
#include "engine/audit/hash.h"
#include "engine/audit/tile.h"
#include "engine/audit/tree.h"
#include "engine/model/ids.h"
#include "engine/model/instant.h"

namespace forbear::audit {

// The head row of the store, from which a writer can go on.
struct LogHead {
  std::string origin;
  uint64_t size = 0;
  Bytes32 root{};                        // of `size` leaves; H("") when empty
  std::vector<Bytes32> peaks;            // largest subtree first
  Instant last_time = kFirstInstant;     // `time` of the newest entry
  std::map<std::string, uint64_t> tseq;  // tenant -> number of its entries
};

class LogWriter {
 public:
  // A new, empty log.
  LogWriter(std::string origin, std::string node);

  // Goes on from a stored head. `tail` holds the partial tile of every level, level 0 first: the
  // hashes that no full tile holds (the store remakes them from entries and full tiles).
  // kDataLoss when head and tail do not make the same root.
  static absl::StatusOr<LogWriter> Resume(LogHead head, std::string node,
                                          std::vector<std::vector<Bytes32>> tail);

  // Numbers, encodes and hashes one entry. `time` is max(`now`, the newest entry's).
  // An error changes nothing.
  absl::StatusOr<EncodedEntry> Append(const EntryDraft& draft, Instant now);

  // A point to come back to. Marks are cheap (no hash is copied but the peaks) and may nest; a
  // mark dies at Commit, and at RollbackTo an earlier one.
  struct Mark;
  Mark Save() const;
  void RollbackTo(const Mark& mark);

  // Full tiles since the last Commit, in the order they became full.
  const std::vector<FullTile>& NewTiles() const;
  // The transaction that holds everything appended so far has committed.
  void Commit();

  // Size, root, peaks, time and counters as of the newest appended entry.
  LogHead Head() const;
  uint64_t size() const { return tree_.size(); }
  Instant last_time() const { return last_time_; }
  const std::string& origin() const { return origin_; }

  struct Mark {
    uint64_t size = 0;
    Instant last_time = kFirstInstant;
    std::vector<Bytes32> peaks;
    size_t new_tiles = 0;
    size_t numbered = 0;
  };

 private:
  // How many entries a tenant has. Tenants are few and stay: a rolled-back first entry leaves a
  // count of 0 behind, which Head leaves out.
  struct TenantCount {
    std::string tenant;
    uint64_t entries = 0;
  };
  size_t IndexOf(std::string_view tenant);

  std::string origin_;
  std::string node_;
  Instant last_time_ = kFirstInstant;
  Tree tree_;
  std::vector<TenantCount> tenants_;
  std::map<std::string, size_t, std::less<>> tenant_index_;
  // The tenant of each entry since the last Commit that has one, so that a rollback can take the
  // numbers back one by one.
  std::vector<size_t> numbered_;
  std::vector<FullTile> new_tiles_;
};

}  // namespace forbear::audit
