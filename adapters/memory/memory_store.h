// MemoryStore keeps everything in maps and forgets it with the process. It is real code: the same
// log, the same rules, the same answers as adapters/sqlite, and it passes the same suite. For
// tests and simulations, where nothing may wait for a disk.
//
//   MemoryStore store({.origin = "audit.example/test", .node = "n1", .handler = MakeHandler(world),
//                      .clock = &clock, .randomness = &randomness, .keys = &ring,
//                      .handling = MemoryStore::Handling::kTwice});
//
// It starts no thread. Whoever calls Apply first works the queue off until it is empty; what others
// queue meanwhile, from a callback or another thread, is done by that same caller, in order. With
// one caller everything is therefore deterministic.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/audit/source.h"
#include "engine/ports/clock.h"
#include "engine/ports/randomness.h"
#include "engine/ports/store.h"
#include "engine/vault/key_ring.h"

namespace forbear {

class MemoryStore : public Store {
 public:
  enum class Handling {
    kOnce,
    // Asks the handler a second time for every command and ends the process unless it answers the
    // same: Handle must be pure, because a store may have to ask again.
    kTwice,
  };
  struct Options {
    std::string origin;
    std::string node;
    Handler handler;
    Clock* clock = nullptr;            // outlives the store
    Randomness* randomness = nullptr;  // outlives the store
    vault::KeyRing* keys = nullptr;    // seals facts; outlives the store
    Handling handling = Handling::kOnce;
  };

  // The log begins with `log.opened`.
  explicit MemoryStore(Options options);

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
  absl::StatusOr<std::vector<Plan>> ListPlans(std::string_view tenant, Instant from, Instant to,
                                              size_t limit) const override;
  absl::StatusOr<std::vector<Pause>> ReadPauses() const override;
  absl::StatusOr<EntryPage> ScanEntries(const EntryQuery& query) const override;
  audit::LogHead Head() const override;
  StoreStatus Status() const override;
  absl::Status ForEachPlan(std::function<void(const Plan&)> visit) const override;
  absl::StatusOr<std::vector<Attempt>> OpenAttempts() const override;

  // The log, to read and to verify. Valid while the store lives; any thread.
  std::unique_ptr<audit::EntrySource> OpenLog() const;

 private:
  class View;
  class Log;

  struct Queued {
    Command command;
    Done done;
  };
  struct KeptEntry {
    StoredEntry stored;
    std::string tenant;
    std::optional<BorrowerId> borrower;
    std::string kind;
  };
  using ExternalId = std::pair<std::string, std::string>;  // tenant, external id
  using LinkKey = std::pair<std::string, Bytes32>;         // tenant, digest
  using RequestName = std::tuple<std::string, std::string, std::string, std::string>;

  // Called by whoever works the queue off, one at a time. Only that thread changes the state, so it
  // reads without the lock and takes it to write; a handler that takes its time blocks no reader.
  absl::StatusOr<Applied> Execute(const Command& command, std::vector<Plan>* plans);
  absl::Status Seal(Changes* changes) const;
  absl::Status Admit(const Changes& changes) const;
  // REQUIRES: state_mutex_ is held.
  void Write(Changes& changes);
  std::shared_ptr<const BorrowerFile> FileOf(const BorrowerId& id) const;
  std::vector<BorrowerId> LinkedOf(std::string_view tenant, const BorrowerId& id) const;

  const Options options_;
  std::function<void(const std::vector<Plan>&)> listener_;

  mutable std::mutex queue_mutex_;
  std::deque<Queued> queue_;
  bool working_ = false;

  // Guards everything below against the one thread that writes. Never held while a callback runs.
  mutable std::mutex state_mutex_;
  audit::LogWriter log_;
  std::vector<KeptEntry> entries_;
  std::vector<audit::FullTile> tiles_;
  std::map<std::pair<int, uint64_t>, size_t> tile_index_;
  std::set<EntryId> entry_ids_;
  std::map<BorrowerId, std::shared_ptr<const BorrowerFile>> files_;
  std::map<ExternalId, BorrowerId> borrower_names_;
  std::map<AccountId, BorrowerId> accounts_;
  std::map<ExternalId, AccountId> account_names_;
  std::map<AccountId, SubmittedBody> submitted_;
  std::map<LinkKey, std::set<BorrowerId>> links_;
  std::map<AttemptId, Attempt> attempts_;
  std::map<PauseScope, Pause> pauses_;
  std::map<RequestName, StoredRequest> requests_;
};

}  // namespace forbear
