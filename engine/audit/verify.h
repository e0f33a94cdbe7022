// The auditor's part: is this log what it claims to be? (audit-log.md sections 2, 5, 6 and 10)
//
// Everything is recomputed from the entries' bytes. The first broken condition is named with the
// place: `F3: tile/0/001.p/3 hash 2 differs`. Conditions are tried in the order in which one
// rests on the other: G1 to G6 (whose checkpoint is this), F1 to F5 (are these the files it commits
// to), G7 (does it go on from the older checkpoints), E1 to E13 and X2 (does each entry make
// sense); so an entry is blamed only when its bytes are those that were signed.
//
// A broken condition is kDataLoss, and ConditionOf reads its number back; any other code means
// that the log could not be read. Pure, one pass, memory in proportion to the number of entries
// (about 60 bytes each, for E6, E12 and E13).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/audit/checkpoint.h"
#include "engine/audit/cj1.h"
#include "engine/audit/log.h"
#include "engine/audit/source.h"

namespace forbear::audit {

// `F3` of `F3: tile/0/001 hash 2 differs`; "" when the status names no condition.
std::string_view ConditionOf(const absl::Status& status);

// What an attempt's entries say of it; a receipt moves nothing.
//
//   (none) → kReserved → kDispatched → kSettled | kInDoubt | kReleased
//            kReserved → kSettled | kInDoubt | kReleased
//            kInDoubt  → kResolved → kResolved
enum class AttemptStep { kReserved, kDispatched, kSettled, kInDoubt, kReleased, kResolved };
// `reserved`, `dispatched`, `settled`, `in_doubt`, `released`, `resolved`: the last word of the
// entry kind.
std::string_view AttemptStepName(AttemptStep step);

// What the entries say when read from the first to the last.
struct LogFacts {
  std::map<std::string, uint64_t, std::less<>> kinds;    // entries of each kind
  std::map<std::string, uint64_t, std::less<>> tenants;  // entries of each tenant
  // Where each attempt stands. The key is `ref.attempt`.
  std::unordered_map<Id128, AttemptStep, IdHash> attempts;
  std::string last_time;  // `time` of the newest entry
};

// Checks E1 to E13 and X2, entry by entry.
class EntryChecker {
 public:
  explicit EntryChecker(std::string origin) : origin_(std::move(origin)) {}

  // kDataLoss, as in `E7: entry 17 time goes back`, when the next entry breaks a condition; the
  // checker is then of no further use. Entries are given in order.
  absl::Status Check(std::string_view bytes);

  const LogFacts& facts() const { return facts_; }
  LogFacts TakeFacts() { return std::move(facts_); }
  // The entry last checked, read.
  const cj1::Value& entry() const { return entry_; }

 private:
  absl::Status CheckMembers();
  absl::Status CheckAttempt(std::string_view kind);
  absl::Status CheckSeal(const cj1::Value& seal);
  void NoteErasure(std::string_view kind);
  absl::Status Broken(const char* condition, std::string_view what) const;

  std::string origin_;
  uint64_t index_ = 0;
  cj1::Value entry_;
  LogFacts facts_;
  absl::flat_hash_set<std::string> seals_;   // 16 bytes of the digest of kid and n
  absl::flat_hash_set<std::string> erased_;  // kids whose erasure has begun
  absl::flat_hash_set<std::array<uint8_t, 16>> ids_;
};

// An older checkpoint that an auditor kept.
struct OlderNote {
  std::string name;  // how findings call it, e.g. its file's name
  std::string note;
};

struct VerifiedLog {
  Checkpoint checkpoint;
  LogFacts facts;
};

// Checks an exported log against its checkpoint, the log's key and every older checkpoint.
absl::StatusOr<VerifiedLog> VerifyExport(const FileSource& files, const VerifierKey& key,
                                         const std::vector<OlderNote>& older);

// --- A live store ---

struct EntryRow {
  uint64_t seq = 0;
  std::string id;      // 16 bytes
  std::string tenant;  // "" when the entry has none
  std::optional<uint64_t> tseq;
  std::string borrower;  // 16 bytes, or ""
  std::string kind;
  std::string leaf_hash;
  std::string bytes;
};

struct CheckpointRow {
  uint64_t size = 0;
  std::string root;
  std::string note;
};

// The tables of a store, exactly as they stand: nothing is taken from one to fill another.
class StoreSource {
 public:
  virtual ~StoreSource() = default;
  virtual absl::StatusOr<LogHead> Head() const = 0;
  // Rows with from <= seq < to, ascending; fewer when some are missing.
  virtual absl::StatusOr<std::vector<EntryRow>> EntryRows(uint64_t from, uint64_t to) const = 0;
  virtual absl::StatusOr<uint64_t> CountEntries() const = 0;
  virtual absl::StatusOr<std::string> ReadTile(int level, uint64_t n) const = 0;  // kNotFound
  virtual absl::StatusOr<uint64_t> CountTiles() const = 0;
  virtual absl::StatusOr<std::vector<CheckpointRow>> CheckpointRows() const = 0;  // by size
};

struct VerifiedStore {
  LogHead head;
  std::optional<Checkpoint> newest;  // the newest signed one; entries after it are not signed yet
  LogFacts facts;
};

// Checks the log tables of a store against each other, the log's key, every checkpoint the store
// keeps and every older one given. Where a table differs from the entries, the finding names the
// table: `F3: log_entry 17 leaf_hash differs from the stored bytes`.
absl::StatusOr<VerifiedStore> VerifyStore(const StoreSource& store, const VerifierKey& key,
                                          const std::vector<OlderNote>& older);

}  // namespace forbear::audit
