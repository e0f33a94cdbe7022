// SqliteStore keeps state and log in one SQLite database, `<dir>/forbear.db` (audit-log.md
// section 8). One thread writes: it takes whatever waits when the last commit returned and makes
// it one transaction, each command in a savepoint, and answers all callers once that is synced.
//
//   FORBEAR_ASSIGN_OR_RETURN(const std::unique_ptr<SqliteStore> store,
//                            SqliteStore::Open({.dir = data, .origin = verifier.name, .node = "n1",
//                                               .handler = MakeHandler(world), .clock = &clock,
//                                               .randomness = &randomness}));
//
// What it promises beyond the port:
//   - nobody is told of success before the COMMIT that holds it was synced (synchronous=FULL);
//   - a full disk refuses the batch (kUnavailable), reads go on, the next batch tries again;
//   - a failed sync ends the process: what the disk holds is not known any more;
//   - at start the log is compared with itself (head, tiles, the last entries, the newest
//     checkpoint). When they differ the store opens, serves reads, and refuses every write with
//     kDataLoss; Status() says so.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/audit/source.h"
#include "engine/ports/clock.h"
#include "engine/ports/randomness.h"
#include "engine/ports/store.h"
#include "engine/vault/key_ring.h"

namespace forbear {

class SqliteStore : public Store {
 public:
  struct Options {
    std::string dir;     // made (0700) when missing; its parent must exist
    std::string origin;  // the log's name; must be that of the log already there
    std::string node;
    Handler handler;
    Clock* clock = nullptr;            // outlives the store
    Randomness* randomness = nullptr;  // outlives the store
    vault::KeyRing* keys = nullptr;    // seals facts and personal columns; outlives the store

    // Borrowers' files kept in memory, and connections that read, each with a 4 MB cache.
    size_t cache_bytes = 48u << 20;
    size_t readers = 4;

    // For benchmarks: every statement of the writer goes into this file (recording.h).
    std::string record_statements_to;
    // For tests and benchmarks: a file system of SQLite's that was registered before.
    std::string vfs;
  };

  //   kFailedPrecondition  another process has the directory (its id is named), the database is
  //                        of another format or program, or its log has another origin
  //   kUnavailable         the directory or the disk cannot be used
  //   kDataLoss            it cannot be read at all
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Open(Options options);

  // Finishes what is queued, answers it, and closes. REQUIRES: nobody calls any more.
  ~SqliteStore() override;

  void Apply(Command command, Done done) override;
  void OnPlans(std::function<void(const std::vector<Plan>&)> listener) override;

  absl::StatusOr<std::shared_ptr<const BorrowerFile>> ReadBorrower(
      std::string_view tenant, const BorrowerId& id) const override;
  absl::StatusOr<std::optional<BorrowerId>> FindBorrowerByExternalId(
      std::string_view tenant, std::string_view external_id) const override;
  absl::StatusOr<std::optional<Account>> ReadAccount(std::string_view tenant,
                                                     const AccountId& id) const override;
  absl::StatusOr<std::optional<AccountId>> FindAccountByExternalId(
      std::string_view tenant, std::string_view external_id) const override;
  absl::StatusOr<std::vector<Account>> ListAccounts(std::string_view tenant, const AccountId& after,
                                                    size_t limit) const override;
  absl::StatusOr<std::vector<BorrowerId>> ReadLinked(std::string_view tenant,
                                                     const BorrowerId& id) const override;
  absl::StatusOr<std::vector<Attempt>> ListAttempts(std::string_view tenant,
                                                    const BorrowerId& id) const override;
  // Reads every plan of the tenant: a scan of a narrow table, under a second for a million.
  absl::StatusOr<std::vector<Plan>> ListPlans(std::string_view tenant, Instant from, Instant to,
                                              size_t limit) const override;
  absl::StatusOr<std::vector<Pause>> ReadPauses() const override;
  absl::StatusOr<EntryPage> ScanEntries(const EntryQuery& query) const override;
  audit::LogHead Head() const override;
  StoreStatus Status() const override;
  absl::Status ForEachPlan(std::function<void(const Plan&)> visit) const override;
  absl::StatusOr<std::vector<Attempt>> OpenAttempts() const override;

  // Of every tenant, sorted. Opens no personal column; 16 bytes each.
  absl::StatusOr<std::vector<BorrowerId>> BorrowerIds() const;

  // The committed log, to read, sign and export. Valid while the store lives.
  std::unique_ptr<audit::EntrySource> OpenLog() const;

  // Keeps a signed checkpoint. Durable when it returns; the same one again is fine, a smaller or
  // different one is kInternal. Blocks: not for the store's own thread.
  absl::Status InsertCheckpoint(uint64_t size, const Bytes32& root, std::string note);
  // The newest one, whole. kNotFound when there is none yet.
  absl::StatusOr<std::string> NewestCheckpoint() const;

 private:
  class Writer;
  class Readers;
  class Reading;
  class Log;
  struct Shared;

  SqliteStore();

  std::unique_ptr<Shared> shared_;
  std::unique_ptr<Readers> readers_;
  std::unique_ptr<Writer> writer_;
};

}  // namespace forbear
