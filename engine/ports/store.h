// Store: keeps the state and the log, and makes a command and its entries one transaction.
//
// The store owns threads, batches, locks and retries. It calls back the pure Handle, may call it
// again for the same command, and stamps seq, tseq, time and leaf hash last. Whatever Apply
// answers is durable; whatever it refuses has not happened.
//
// Implementations: adapters/sqlite, adapters/memory. Both pass tests/adapters/store_suite.h.
// Thread safety: every method may be called from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/audit/entry.h"
#include "engine/audit/entry_filter.h"
#include "engine/audit/log.h"
#include "engine/model/account.h"
#include "engine/model/borrower.h"
#include "engine/model/event.h"
#include "engine/model/ids.h"
#include "engine/model/instant.h"
#include "engine/orchestrator/command.h"

namespace forbear {

#define FORBEAR_ATTEMPT_STATES(X)                                              \
  X(kReserved, "reserved")                                                     \
  X(kDispatched, "dispatched") X(kSettled, "settled") X(kReleased, "released") \
      X(kInDoubt, "in_doubt") X(kResolved, "resolved")
FORBEAR_WORDS(AttemptState, FORBEAR_ATTEMPT_STATES)

// One attempt of ours. Its event in the borrower's history has the same facts; a released attempt
// has none, since it stopped counting.
struct Attempt {
  AttemptId id;
  std::string tenant;
  BorrowerId borrower;
  AccountId account;  // the one it was planned for
  EventId event;
  AttemptState state = AttemptState::kReserved;
  Channel channel = Channel::kLetter;
  ContactPointId point;
  Instant reserved_at{};
  // Set when its channel is queued and its turn came: the instant it was judged again at, which is
  // the one that counts.
  std::optional<Instant> dispatched_at;
  int step = 0;         // of the treatment
  bool queued = false;  // reserved to wait for its turn; nothing leaves before `dispatched`
  std::string provider_id;
};

// When an account is looked at next, and what was last said about it.
struct Plan {
  AccountId account;
  BorrowerId borrower;
  // Absent: waits for an event, or for the end of the attempt that is in flight. Set during a
  // flight only when something has happened to the borrower since the reservation: what has not
  // begun to leave then stays, and is judged anew.
  std::optional<Instant> wake_at;
  int step = 0;  // of the treatment: the next to propose
  std::optional<Instant> last_sent_at;
  uint64_t last_answer = 0;  // digest of (answer, rules, bundle) last logged; 0: none
};

// Everything a decision about one borrower may need.
struct BorrowerFile {
  Borrower borrower;
  std::vector<Account> accounts;  // by id
  std::vector<Event> events;      // oldest first, ties by id
  std::vector<Plan> plans;        // by account
};

struct StoredRequest {
  Bytes32 body_digest{};
  CommandResult result;
};

struct Pause {
  PauseScope scope;
  Instant since{};
  CallerRole by_role = CallerRole::kOperator;
  std::string by;  // caller id
  std::string reason;
};

// What a submitted account was last time, to compare a resubmission with.
struct SubmittedBody {
  Bytes32 body_digest{};
  std::vector<std::pair<std::string, uint64_t>> field_digests;
  Instant as_of{};
};

// The rows as Handle sees them, inside one transaction. Errors are the store's (kUnavailable,
// kDataLoss); something that is not there is nullopt. A tenant's lookup never finds another's.
class StateView {
 public:
  virtual ~StateView() = default;
  virtual absl::StatusOr<std::shared_ptr<const BorrowerFile>> FindBorrower(
      const BorrowerId& id) const = 0;  // nullptr: none
  virtual absl::StatusOr<std::optional<BorrowerId>> FindBorrowerByExternalId(
      std::string_view tenant, std::string_view external_id) const = 0;
  virtual absl::StatusOr<std::optional<Account>> FindAccount(const AccountId& id) const = 0;
  virtual absl::StatusOr<std::optional<AccountId>> FindAccountByExternalId(
      std::string_view tenant, std::string_view external_id) const = 0;
  virtual absl::StatusOr<std::optional<SubmittedBody>> FindSubmitted(const AccountId& id) const = 0;
  // Borrowers of the tenant who share a link digest with `id`, sorted, without `id` itself.
  virtual absl::StatusOr<std::vector<BorrowerId>> FindLinked(std::string_view tenant,
                                                             const BorrowerId& id) const = 0;
  virtual absl::StatusOr<std::optional<Attempt>> FindAttempt(const AttemptId& id) const = 0;
  virtual absl::StatusOr<std::vector<Pause>> Pauses() const = 0;
  // Attempts under the scope that may be leaving now: reserved to go at once, or dispatched.
  virtual absl::StatusOr<uint32_t> CountInFlight(const PauseScope& scope) const = 0;
  // The seq of the newest entry this view includes, so that a decision can name the history it
  // saw. Absent: the log is empty, or the view cannot tell.
  virtual std::optional<uint64_t> NewestSeq() const { return std::nullopt; }
};

// What Handle wants written. Rows are whole and replace those of the same id.
struct Changes {
  std::vector<Borrower> borrowers;
  std::vector<Account> accounts;
  std::vector<std::pair<AccountId, SubmittedBody>> submitted;
  std::vector<std::pair<BorrowerId, Event>> events;
  std::vector<std::pair<BorrowerId, EventId>> forgotten_events;  // a released attempt's only
  std::vector<Attempt> attempts;
  std::vector<Plan> plans;
  std::vector<Pause> pauses;
  std::vector<PauseScope> resumed;
  std::vector<audit::EntryDraft> entries;  // in this order
  Applied applied;                         // its result's receipts are filled by the store
};

// The engine's pure function, as the store calls it: (state, command, instant) → changes.
using Handler = std::function<absl::StatusOr<Changes>(const StateView&, const Command&, Instant)>;

using audit::EntryQuery;  // engine/audit/entry_filter.h

struct StoredEntry {
  uint64_t seq = 0;
  Bytes32 leaf_hash{};
  std::string bytes;
};

// What was found, and where to go on: absent when nothing is left, else the first entry that was
// not looked at, because there were `limit` or because `scan_limit` had been.
struct EntryPage {
  std::vector<StoredEntry> entries;
  std::optional<uint64_t> next_seq;
};

struct StoreStatus {
  uint64_t log_size = 0;
  uint64_t accounts = 0;
  uint64_t borrowers = 0;
  uint64_t queued_commands = 0;
  bool writes_refused = false;  // the disk is full, or integrity is in doubt
  std::string why;              // a word; empty when all is well
};

class Store {
 public:
  virtual ~Store() = default;

  using Done = std::function<void(absl::StatusOr<Applied>)>;
  // Queues `command`. `done` is called once, after the transaction that holds it has committed or
  // failed, on a thread of the store: it must be quick and must not call Apply and wait.
  //   kResourceExhausted  the queue is full; nothing happened
  //   kUnavailable        not durable; nothing happened; try again
  //   kDataLoss           the log and the store disagree; nothing is written any more
  //   and whatever Handle answers.
  virtual void Apply(Command command, Done done) = 0;

  // The same, waiting for the answer.
  absl::StatusOr<Applied> ApplyAndWait(Command command);

  // Called after every commit with the plans it changed, in the order they were changed (or the
  // last row of each), on the store's thread, and before any caller of that commit is answered: a
  // stop must reach the dispatcher before whoever asked for it is told so. Set once, before the
  // first Apply.
  virtual void OnPlans(std::function<void(const std::vector<Plan>&)> listener) = 0;

  // Reads see every commit that was answered before they began.
  virtual absl::StatusOr<std::shared_ptr<const BorrowerFile>> ReadBorrower(
      std::string_view tenant, const BorrowerId& id) const = 0;  // nullptr: none of this tenant
  virtual absl::StatusOr<std::optional<BorrowerId>> FindBorrowerByExternalId(
      std::string_view tenant, std::string_view external_id) const = 0;
  virtual absl::StatusOr<std::optional<Account>> ReadAccount(std::string_view tenant,
                                                             const AccountId& id) const = 0;
  virtual absl::StatusOr<std::optional<AccountId>> FindAccountByExternalId(
      std::string_view tenant, std::string_view external_id) const = 0;
  // Accounts of the tenant with id greater than `after`, in id order.
  virtual absl::StatusOr<std::vector<Account>> ListAccounts(std::string_view tenant,
                                                            const AccountId& after,
                                                            size_t limit) const = 0;
  virtual absl::StatusOr<std::vector<BorrowerId>> ReadLinked(std::string_view tenant,
                                                             const BorrowerId& id) const = 0;
  virtual absl::StatusOr<std::vector<Attempt>> ListAttempts(std::string_view tenant,
                                                            const BorrowerId& id) const = 0;
  // Plans of the tenant that wake in [from, to), soonest first.
  virtual absl::StatusOr<std::vector<Plan>> ListPlans(std::string_view tenant, Instant from,
                                                      Instant to, size_t limit) const = 0;
  virtual absl::StatusOr<std::vector<Pause>> ReadPauses() const = 0;
  // One page of the entries that match, in the order of the log. Looks at no more than
  // `query.scan_limit`, so that it never runs long: a page may be short or empty and not the last.
  virtual absl::StatusOr<EntryPage> ScanEntries(const EntryQuery& query) const = 0;
  // The first `query.limit` entries that match, however far apart they lie. Page after page, each
  // of the log as it then is.
  absl::StatusOr<std::vector<StoredEntry>> ListEntries(EntryQuery query) const;
  virtual audit::LogHead Head() const = 0;
  virtual StoreStatus Status() const = 0;

  // At start, before the first Apply: every plan that waits for an instant, in any order; and the
  // attempts that a crash left reserved or dispatched.
  virtual absl::Status ForEachPlan(std::function<void(const Plan&)> visit) const = 0;
  virtual absl::StatusOr<std::vector<Attempt>> OpenAttempts() const = 0;
};

}  // namespace forbear
