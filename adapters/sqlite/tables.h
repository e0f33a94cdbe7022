// The tables of a store as typed rows over one connection: every line of SQL that a running store
// executes stands in tables.cc. The writer and each reader have one; a statement is prepared when
// it is first used. Nothing here begins or ends a transaction. One thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/sqlite/database.h"
#include "engine/audit/source.h"
#include "engine/audit/tile.h"
#include "engine/ports/store.h"
#include "engine/vault/key_ring.h"

namespace forbear::sqlite {

// Which tenant a lookup is for (security.md N1). A caller's lookup names one; the store's own, in
// Handle's service, is for any.
struct Tenant {
  static Tenant Any() { return {}; }
  static Tenant Of(std::string_view tenant) { return {tenant}; }
  // True when rows of `other` may be shown.
  bool Sees(std::string_view other) const { return !id.has_value() || *id == other; }
  std::optional<std::string_view> id;
};

// The row `tally`.
struct Counters {
  uint64_t borrowers = 0;
  uint64_t accounts = 0;
  std::vector<AttemptId> open_attempts;  // sorted
};

struct CheckpointNote {
  uint64_t size = 0;
  Bytes32 root{};
  std::string note;
};

class Tables {
 public:
  // `keys` opens and seals personal columns; both outlive the tables.
  Tables(Database& database, vault::KeyRing& keys);
  ~Tables();

  // --- Reading. kDataLoss when a row cannot be understood. ---
  absl::StatusOr<std::shared_ptr<const BorrowerFile>> FindFile(Tenant tenant, const BorrowerId& id);
  absl::StatusOr<std::vector<BorrowerId>> BorrowerIds();  // sorted
  absl::StatusOr<std::optional<BorrowerId>> FindBorrower(std::string_view tenant,
                                                         std::string_view external_id);
  absl::StatusOr<std::optional<Account>> FindAccount(Tenant tenant, const AccountId& id);
  absl::StatusOr<std::optional<AccountId>> FindAccount(std::string_view tenant,
                                                       std::string_view external_id);
  absl::StatusOr<std::vector<Account>> ListAccounts(std::string_view tenant, const AccountId& after,
                                                    size_t limit);
  absl::StatusOr<std::optional<SubmittedBody>> FindSubmitted(const AccountId& id);
  // Adds the borrowers that have this digest.
  absl::Status FindLinked(std::string_view tenant, const Bytes32& digest,
                          std::set<BorrowerId>* found);
  // Everybody who shares a digest with `borrower`, without them.
  absl::StatusOr<std::vector<BorrowerId>> LinkedTo(const Borrower& borrower);
  absl::StatusOr<std::optional<Attempt>> FindAttempt(const AttemptId& id);
  absl::StatusOr<std::vector<Attempt>> ListAttempts(std::string_view tenant,
                                                    const BorrowerId& borrower);
  absl::StatusOr<std::vector<Pause>> ListPauses();
  // Plans that wait for an instant; of one tenant, or of all.
  absl::Status ScanPlans(Tenant tenant, const std::function<void(const Plan&)>& visit);
  absl::StatusOr<std::optional<StoredRequest>> FindRequest(const Caller& caller,
                                                           const RequestStamp& stamp);
  absl::StatusOr<Counters> ReadCounters();

  // By the index of the borrower or the tenant when the query names one, else in the order of the
  // log; a time is found by bisection over `seq`, and the rest is read out of the entries.
  absl::StatusOr<EntryPage> ScanEntries(const EntryQuery& query);
  absl::StatusOr<std::optional<audit::LogHead>> FindHead();
  absl::StatusOr<uint64_t> EntriesEnd();  // one more than the largest seq; 0: none
  absl::StatusOr<std::optional<CheckpointNote>> FindNewestCheckpoint();

  // --- Writing ---
  // False when there is a row of that id already; then nothing is written. REQUIRES: the ring has the
  // borrower's key, perhaps unsaved.
  absl::StatusOr<bool> AddBorrower(const Borrower& row);
  absl::Status SetBorrower(const Borrower& row);
  absl::StatusOr<bool> AddAccount(const Account& row);
  absl::Status SetAccount(const Account& row);
  absl::Status PutSubmitted(const AccountId& id, const SubmittedBody& row);
  absl::Status PutEvent(const BorrowerId& borrower, const Event& row);
  absl::Status DropEvent(const BorrowerId& borrower, const EventId& id);
  // kInternal when the state does not follow (store_rules.h, MayFollow).
  absl::Status PutAttempt(const Attempt& row);
  // The row of a new account; `plan` may be null.
  absl::Status AddPlan(const Account& account, const Plan* plan);
  // kInternal when there is no such account.
  absl::Status PutPlan(const Plan& row);
  absl::Status AddLink(std::string_view tenant, const Bytes32& digest, const BorrowerId& id);
  absl::Status DropLink(std::string_view tenant, const Bytes32& digest, const BorrowerId& id);
  absl::Status PutPause(const Pause& row);
  absl::Status DropPause(const PauseScope& scope);
  absl::Status AddRequest(const Caller& caller, const RequestStamp& stamp,
                          const CommandResult& result);
  absl::Status AddEntry(const audit::EntryDraft& draft, const audit::EncodedEntry& entry);
  absl::Status AddTile(const audit::FullTile& tile);
  absl::Status PutHead(const audit::LogHead& head);
  absl::Status PutCounters(const Counters& counters);
  absl::Status AddCheckpoint(const CheckpointNote& checkpoint);

  // --- Transactions ---
  absl::Status Begin();         // the writer's: takes the lock at once
  absl::Status BeginReading();  // a reader's: one state of the store until Commit
  absl::Status Commit();
  void Rollback();      // whatever is open, if anything
  absl::Status Mark();  // a savepoint for one command
  absl::Status ReleaseMark();
  absl::Status RollbackToMark();  // and releases it

  // The log, through this connection.
  const audit::EntrySource& log() const;

 private:
  struct Statements;
  class Log;
  std::string SealPersonal(const Borrower& row, const vault::DataKey& key);

  Database& database_;
  vault::KeyRing& keys_;
  std::unique_ptr<Statements> sql_;
  std::unique_ptr<Log> log_;
};

}  // namespace forbear::sqlite
