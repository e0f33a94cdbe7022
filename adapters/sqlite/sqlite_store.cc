#include "adapters/sqlite/sqlite_store.h"

#include <algorithm>
#include <future>
#include <map>
#include <unordered_map>
#include <utility>

#include "adapters/sqlite/data_lock.h"
#include "adapters/sqlite/database.h"
#include "adapters/sqlite/file_cache.h"
#include "adapters/sqlite/recording.h"
#include "adapters/sqlite/schema.h"
#include "adapters/sqlite/tables.h"
#include "engine/audit/log.h"
#include "engine/model/status.h"
#include "engine/ports/store_rules.h"
#include "engine/vault/sealing.h"

namespace forbear {

using sqlite::Access;
using sqlite::CheckpointNote;
using sqlite::Counters;
using sqlite::Database;
using sqlite::DataLock;
using sqlite::FileCache;
using sqlite::Recording;
using sqlite::Tables;
using sqlite::Tenant;
using sqlite::Trouble;

namespace {

// Entries whose stored leaf hash is compared at start (audit-log.md section 8).
constexpr uint64_t kEntriesComparedAtStart = 1'024;
// With nothing to do for so long, the writer copies the WAL into the database.
constexpr std::chrono::milliseconds kIdleBeforeCheckpoint{200};
// A disk that refused is asked again after this long.
constexpr std::chrono::seconds kIdleAfterFailure{2};

// A tile that the head calls for and that is not there is lost.
absl::Status AsLoss(absl::Status status) {
  return absl::IsNotFound(status) ? DataLoss(FromAbsl(status.message())) : status;
}

absl::Status RefusedForDataLoss() {
  return DataLoss(
      "store: its log does not agree with itself; nothing is written any more: make no contact, "
      "keep the data directory as it is and compare it with the export");
}

}  // namespace

// What the writer tells the rest of the house.
struct SqliteStore::Shared {
  explicit Shared(Options given, DataLock taken)
      : options(std::move(given)), lock(std::move(taken)), cache(options.cache_bytes) {}

  const Options options;
  const DataLock lock;
  FileCache cache;
  std::function<void(const std::vector<Plan>&)> listener;

  mutable std::mutex mutex;  // of what follows
  audit::LogHead head;
  uint64_t accounts = 0;
  uint64_t borrowers = 0;
  bool writes_refused = false;
  std::string why;
};

// --- Reading ---

// Connections that read, made when first needed and used again.
class SqliteStore::Readers {
 public:
  struct Connection {
    std::unique_ptr<Database> database;
    std::unique_ptr<Tables> tables;
  };

  Readers(std::string path, std::string vfs, size_t most, vault::KeyRing& keys)
      : path_(std::move(path)), vfs_(std::move(vfs)), most_(most), keys_(keys) {}

  absl::StatusOr<std::unique_ptr<Connection>> Take() {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !free_.empty() || made_ < most_; });
      if (!free_.empty()) {
        std::unique_ptr<Connection> connection = std::move(free_.back());
        free_.pop_back();
        return connection;
      }
      ++made_;
    }
    auto connection = std::make_unique<Connection>();
    absl::StatusOr<std::unique_ptr<Database>> database = Database::Open(path_, Access::kRead, vfs_);
    if (!database.ok()) {
      Forget();
      return database.status();
    }
    connection->database = *std::move(database);
    connection->tables = std::make_unique<Tables>(*connection->database, keys_);
    return connection;
  }

  void Give(std::unique_ptr<Connection> connection) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(connection));
    changed_.notify_one();
  }

  // A connection is not coming back.
  void Forget() {
    const std::lock_guard lock(mutex_);
    --made_;
    changed_.notify_one();
  }

 private:
  const std::string path_, vfs_;
  const size_t most_;
  vault::KeyRing& keys_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Connection>> free_;
  size_t made_ = 0;
};

// One look at one state of the store.
class SqliteStore::Reading {
 public:
  static absl::StatusOr<Reading> Begin(Readers& readers) {
    FORBEAR_ASSIGN_OR_RETURN(auto connection, readers.Take());
    Reading reading(readers, std::move(connection));
    FORBEAR_RETURN_IF_ERROR(reading->BeginReading());
    return reading;
  }
  Reading(Reading&&) = default;
  ~Reading() {
    if (connection_ == nullptr) return;
    // Reading changes nothing, so however it ends is fine.
    connection_->tables->Rollback();
    readers_->Give(std::move(connection_));
  }
  Tables* operator->() { return connection_->tables.get(); }

 private:
  Reading(Readers& readers, std::unique_ptr<Readers::Connection> connection)
      : readers_(&readers), connection_(std::move(connection)) {}
  Readers* readers_;
  std::unique_ptr<Readers::Connection> connection_;
};

class SqliteStore::Log : public audit::EntrySource {
 public:
  explicit Log(Readers& readers) : readers_(readers) {}
  absl::StatusOr<uint64_t> Size() const override {
    FORBEAR_ASSIGN_OR_RETURN(Reading reading, Reading::Begin(readers_));
    return reading->log().Size();
  }
  absl::StatusOr<std::vector<std::string>> Entries(uint64_t from, uint64_t to) const override {
    FORBEAR_ASSIGN_OR_RETURN(Reading reading, Reading::Begin(readers_));
    return reading->log().Entries(from, to);
  }
  absl::StatusOr<std::string> ReadTile(int level, uint64_t n) const override {
    FORBEAR_ASSIGN_OR_RETURN(Reading reading, Reading::Begin(readers_));
    return reading->log().ReadTile(level, n);
  }

 private:
  Readers& readers_;
};

// --- Writing ---

class SqliteStore::Writer {
 public:
  explicit Writer(Shared& shared) : shared_(shared) {}
  ~Writer() { Stop(); }

  // Opens or makes the database and compares the log with itself.
  absl::Status Open(const std::string& path);
  void Start() {
    thread_ = std::thread([this] { Work(); });
  }
  // Finishes what is queued. Safe to repeat.
  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  void Push(Command command, Done done) {
    {
      std::unique_lock lock(mutex_);
      if (queue_.size() >= kMostQueuedCommands) {
        lock.unlock();
        done(QueueFull());
        return;
      }
      shared_.options.clock->Hold();
      queue_.push_back({std::move(command), std::move(done), nullptr});
    }
    changed_.notify_one();
  }

  // Runs `job` inside a transaction of the writer's; past the queue's limit, for it is the house's
  // own and there is one at a time.
  absl::Status RunJob(std::function<absl::Status(Tables&)> job) {
    std::promise<absl::Status> answer;
    {
      const std::lock_guard lock(mutex_);
      shared_.options.clock->Hold();
      queue_.push_back(
          {{},
           [&answer](absl::StatusOr<Applied> applied) { answer.set_value(applied.status()); },
           std::move(job)});
    }
    changed_.notify_one();
    return answer.get_future().get();
  }

  size_t Queued() const {
    const std::lock_guard lock(mutex_);
    return queue_.size();
  }

 private:
  class View;

  struct Item {
    Command command;
    Done done;
    std::function<absl::Status(Tables&)> job;  // instead of the command
  };

  // Opening.
  absl::Status CheckFormat();
  absl::Status Create();
  absl::Status Load();
  absl::Status CompareLog(const audit::LogHead& head);
  void RefuseForEver(std::string why);

  // Working.
  void Work();
  void RunBatch(std::deque<Item>* waiting);
  absl::StatusOr<Applied> RunCommand(const Item& item, std::vector<Plan>* plans);
  absl::Status RunSavepoint(const std::function<absl::Status()>& body);
  absl::Status WriteRows(const Changes& changes, std::vector<BorrowerId>* created);
  absl::Status Seal(Changes* changes);
  absl::Status WriteBorrower(const Borrower& row, std::vector<BorrowerId>* created);
  absl::Status FinishBatch();
  void KeepFiles(const Changes& changes, const std::vector<BorrowerId>& created);
  void Publish();
  void TellRefused(std::string why);  // a word; empty: writes are taken
  void CheckpointIfDue(bool idle);

  // The file as this transaction has left it, if it is in memory.
  std::shared_ptr<const BorrowerFile> Known(const BorrowerId& id) const {
    const auto changed = overlay_.find(id);
    return changed != overlay_.end() ? changed->second : shared_.cache.Find(id);
  }
  absl::StatusOr<std::shared_ptr<const BorrowerFile>> FileOf(const BorrowerId& id);

  Shared& shared_;
  std::unique_ptr<Recording> recording_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Tables> tables_;
  std::thread thread_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> queue_;
  bool stopping_ = false;

  // Below: the writer's thread alone.
  std::optional<audit::LogWriter> log_;
  std::optional<absl::Status> refusal_;  // nothing is written any more
  std::vector<BorrowerId> keys_made_;    // in this batch
  bool keys_refused_ = false;            // the key store took none of them
  bool stale_ = false;                   // a batch failed: read the head again before the next
  Counters counters_;
  std::map<AttemptId, Attempt> open_;  // reserved or dispatched
  // Files that this transaction changed; null: changed, and not in memory.
  std::unordered_map<BorrowerId, std::shared_ptr<const BorrowerFile>, IdHash> overlay_;
  std::optional<std::vector<Pause>> pauses_;  // absent: read them when asked
  bool counters_changed_ = false;
  uint64_t entries_before_ = 0;  // size of the log when the transaction began
};

// What Handle sees: the rows as this transaction has left them.
class SqliteStore::Writer::View : public StateView {
 public:
  explicit View(Writer& writer) : writer_(writer) {}

  absl::StatusOr<std::shared_ptr<const BorrowerFile>> FindBorrower(
      const BorrowerId& id) const override {
    return writer_.FileOf(id);
  }
  absl::StatusOr<std::optional<BorrowerId>> FindBorrowerByExternalId(
      std::string_view tenant, std::string_view external_id) const override {
    return writer_.tables_->FindBorrower(tenant, external_id);
  }
  absl::StatusOr<std::optional<Account>> FindAccount(const AccountId& id) const override {
    return writer_.tables_->FindAccount(Tenant::Any(), id);
  }
  absl::StatusOr<std::optional<AccountId>> FindAccountByExternalId(
      std::string_view tenant, std::string_view external_id) const override {
    return writer_.tables_->FindAccount(tenant, external_id);
  }
  absl::StatusOr<std::optional<SubmittedBody>> FindSubmitted(const AccountId& id) const override {
    return writer_.tables_->FindSubmitted(id);
  }
  absl::StatusOr<std::vector<BorrowerId>> FindLinked(std::string_view tenant,
                                                     const BorrowerId& id) const override {
    FORBEAR_ASSIGN_OR_RETURN(const auto file, writer_.FileOf(id));
    if (file == nullptr || file->borrower.tenant != tenant) return std::vector<BorrowerId>();
    return writer_.tables_->LinkedTo(file->borrower);
  }
  absl::StatusOr<std::optional<Attempt>> FindAttempt(const AttemptId& id) const override {
    const auto open = writer_.open_.find(id);
    if (open != writer_.open_.end()) return open->second;
    return writer_.tables_->FindAttempt(id);
  }
  absl::StatusOr<std::vector<Pause>> Pauses() const override {
    if (!writer_.pauses_.has_value()) {
      FORBEAR_ASSIGN_OR_RETURN(writer_.pauses_, writer_.tables_->ListPauses());
    }
    return *writer_.pauses_;
  }
  std::optional<uint64_t> NewestSeq() const override {
    if (writer_.log_->size() == 0) return std::nullopt;
    return writer_.log_->size() - 1;
  }
  absl::StatusOr<uint32_t> CountInFlight(const PauseScope& scope) const override {
    uint32_t count = 0;
    for (const auto& [id, attempt] : writer_.open_) {
      if (!MayBeLeaving(attempt)) continue;
      std::shared_ptr<const BorrowerFile> file;
      if (!scope.jurisdiction.empty()) {
        FORBEAR_ASSIGN_OR_RETURN(file, writer_.FileOf(attempt.borrower));
      }
      if (MayConcern(scope, attempt, file == nullptr ? nullptr : &file->borrower)) ++count;
    }
    return count;
  }

 private:
  Writer& writer_;
};

absl::Status SqliteStore::Writer::Open(const std::string& path) {
  const Options& options = shared_.options;
  FORBEAR_ASSIGN_OR_RETURN(const bool made, sqlite::MakePrivateFile(path));
  FORBEAR_ASSIGN_OR_RETURN(database_, Database::Open(path, Access::kWrite, options.vfs));
  tables_ = std::make_unique<Tables>(*database_, *options.keys);
  FORBEAR_ASSIGN_OR_RETURN(const int64_t objects,
                           database_->Ask("SELECT count(*) FROM sqlite_master"));
  FORBEAR_ASSIGN_OR_RETURN(const int64_t format, database_->Ask("PRAGMA user_version"));
  // A start that was interrupted leaves an empty file behind.
  const bool is_new = objects == 0 && format == 0;
  FORBEAR_CHECK(is_new || !made);
  if (!is_new) FORBEAR_RETURN_IF_ERROR(CheckFormat());
  FORBEAR_RETURN_IF_ERROR(database_->BeginWriting());
  if (is_new) FORBEAR_RETURN_IF_ERROR(Create());
  if (!options.record_statements_to.empty()) {
    FORBEAR_ASSIGN_OR_RETURN(recording_, Recording::Create(options.record_statements_to));
  }
  const absl::Status loaded = Load();
  if (absl::IsDataLoss(loaded)) {
    RefuseForEver("data_loss");
  } else if (!loaded.ok()) {
    return loaded;
  }
  Publish();
  database_->RecordTo(recording_.get());
  return absl::OkStatus();
}

absl::Status SqliteStore::Writer::CheckFormat() {
  FORBEAR_ASSIGN_OR_RETURN(const int64_t id, database_->Ask("PRAGMA application_id"));
  if (id != sqlite::kApplicationId) {
    return FailedPrecondition("store: `" + std::string(sqlite::kDatabaseFile) +
                              "` is another program's database; give another data directory");
  }
  FORBEAR_ASSIGN_OR_RETURN(const int64_t format, database_->Ask("PRAGMA user_version"));
  if (format == sqlite::kFormat) return absl::OkStatus();
  return FailedPrecondition("store: `" + std::string(sqlite::kDatabaseFile) + "` has format " +
                            std::to_string(format) + ", and this program reads format " +
                            std::to_string(sqlite::kFormat) + "; use the program that wrote it");
}

// Tables and entry 0, in one transaction: a store is whole or not there.
absl::Status SqliteStore::Writer::Create() {
  const Options& options = shared_.options;
  FORBEAR_RETURN_IF_ERROR(tables_->Begin());
  const auto fill = [&]() -> absl::Status {
    FORBEAR_RETURN_IF_ERROR(database_->Execute(sqlite::kSchema));
    const std::string marks = "PRAGMA application_id=" + std::to_string(sqlite::kApplicationId) +
                              "; PRAGMA user_version=" + std::to_string(sqlite::kFormat);
    FORBEAR_RETURN_IF_ERROR(database_->Execute(marks.c_str()));
    EntryId id;
    options.randomness->Fill(id.bytes);
    const audit::EntryDraft opening = OpeningEntry(id);
    audit::LogWriter log(options.origin, options.node);
    FORBEAR_ASSIGN_OR_RETURN(const audit::EncodedEntry entry,
                             log.Append(opening, options.clock->Now()));
    FORBEAR_RETURN_IF_ERROR(tables_->AddEntry(opening, entry));
    FORBEAR_RETURN_IF_ERROR(tables_->PutHead(log.Head()));
    FORBEAR_RETURN_IF_ERROR(tables_->PutCounters({}));
    return tables_->Commit();
  };
  const absl::Status filled = fill();
  if (!filled.ok()) tables_->Rollback();
  return filled;
}

// Reads what the writer keeps in memory. kDataLoss when the log does not agree with itself.
absl::Status SqliteStore::Writer::Load() {
  log_.reset();
  open_.clear();
  overlay_.clear();
  pauses_.reset();
  counters_changed_ = false;
  FORBEAR_ASSIGN_OR_RETURN(std::optional<audit::LogHead> head, tables_->FindHead());
  if (!head.has_value()) return DataLoss("store: the log has no head");
  {
    // Readers may be told this much, whatever is found next.
    const std::lock_guard lock(shared_.mutex);
    shared_.head = *head;
  }
  if (head->origin != shared_.options.origin) {
    return FailedPrecondition("store: its log is `" + head->origin + "` and the key given is of `" +
                              shared_.options.origin + "`; give the log's own key");
  }
  FORBEAR_ASSIGN_OR_RETURN(counters_, tables_->ReadCounters());
  for (const AttemptId& id : counters_.open_attempts) {
    FORBEAR_ASSIGN_OR_RETURN(std::optional<Attempt> attempt, tables_->FindAttempt(id));
    if (!attempt.has_value() || !IsOpen(attempt->state)) {
      return DataLoss("store: an open attempt is not in its table");
    }
    open_.emplace(id, *std::move(attempt));
  }
  FORBEAR_RETURN_IF_ERROR(CompareLog(*head));
  auto tail = audit::TailOf(tables_->log(), head->size);
  if (!tail.ok()) return AsLoss(tail.status());
  FORBEAR_ASSIGN_OR_RETURN(
      audit::LogWriter log,
      audit::LogWriter::Resume(*std::move(head), shared_.options.node, *std::move(tail)));
  log_.emplace(std::move(log));
  return absl::OkStatus();
}

absl::Status SqliteStore::Writer::CompareLog(const audit::LogHead& head) {
  FORBEAR_ASSIGN_OR_RETURN(const uint64_t end, tables_->EntriesEnd());
  if (head.size == 0 || end != head.size) {
    return DataLoss("store: the log's head and its entries do not end together");
  }
  uint64_t next = head.size - std::min(head.size, kEntriesComparedAtStart);
  FORBEAR_ASSIGN_OR_RETURN(const EntryPage newest,
                           tables_->ScanEntries({.first_seq = next,
                                                 .limit = kEntriesComparedAtStart,
                                                 .scan_limit = kEntriesComparedAtStart}));
  for (const StoredEntry& entry : newest.entries) {
    if (entry.seq != next++ || audit::LeafHash(entry.bytes) != entry.leaf_hash) {
      return DataLoss("store: an entry of the log is missing or is not what was hashed");
    }
  }
  if (next != head.size) return DataLoss("store: entries are missing at the log's end");
  FORBEAR_ASSIGN_OR_RETURN(const std::optional<CheckpointNote> checkpoint,
                           tables_->FindNewestCheckpoint());
  if (!checkpoint.has_value()) return absl::OkStatus();
  return AsLoss(
      audit::CheckPrefix(tables_->log(), head.size, {checkpoint->size, checkpoint->root}));
}

void SqliteStore::Writer::RefuseForEver(std::string why) {
  refusal_ = RefusedForDataLoss();
  const std::lock_guard lock(shared_.mutex);
  shared_.writes_refused = true;
  shared_.why = std::move(why);
}

void SqliteStore::Writer::Work() {
  std::deque<Item> waiting;  // taken, and left over from a transaction that was full
  bool checkpoint_failed = false;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (waiting.empty() && queue_.empty() && !stopping_ && database_->wal_bytes() > 0) {
        const bool woken =
            changed_.wait_for(lock,
                              checkpoint_failed ? std::chrono::milliseconds(kIdleAfterFailure)
                                                : kIdleBeforeCheckpoint,
                              [&] { return !queue_.empty() || stopping_; });
        if (!woken) {
          lock.unlock();
          CheckpointIfDue(/*idle=*/true);
          checkpoint_failed = database_->wal_bytes() > 0;
          continue;
        }
      }
      changed_.wait(lock, [&] { return !waiting.empty() || !queue_.empty() || stopping_; });
      if (waiting.empty() && queue_.empty()) return;  // stopping, and all is done
      while (!queue_.empty() && waiting.size() < kMostCommandsInBatch) {
        waiting.push_back(std::move(queue_.front()));
        queue_.pop_front();
      }
    }
    RunBatch(&waiting);
    CheckpointIfDue(/*idle=*/false);
  }
}

void SqliteStore::Writer::CheckpointIfDue(bool idle) {
  const int64_t due = idle ? 1 : sqlite::kCheckpointBytes;
  if (database_->wal_bytes() < due) return;
  // An error is harmless here: everything is in the WAL, and the next turn tries again.
  (void)database_->Checkpoint();
  database_->ForgetTrouble();
}

void SqliteStore::Writer::RunBatch(std::deque<Item>* waiting) {
  std::vector<Item> items;
  std::vector<absl::StatusOr<Applied>> answers;
  std::vector<Plan> plans;
  absl::Status batch = refusal_.value_or(absl::OkStatus());
  if (batch.ok() && stale_) {
    batch = Load();
    if (batch.ok()) stale_ = false;
  }
  if (batch.ok()) batch = tables_->Begin();
  entries_before_ = batch.ok() ? log_->size() : 0;
  keys_refused_ = false;
  while (!waiting->empty() && items.size() < kMostCommandsInBatch) {
    if (batch.ok() && log_->size() - entries_before_ >= kMostEntriesInBatch) break;
    items.push_back(std::move(waiting->front()));
    waiting->pop_front();
    if (!batch.ok()) continue;
    answers.push_back(RunCommand(items.back(), &plans));
    if (recording_ != nullptr) recording_->EndCommand();
    if (database_->trouble() == Trouble::kConstraint) database_->ForgetTrouble();
    if (database_->trouble() != Trouble::kNone || !database_->InTransaction()) {
      batch = answers.back().ok() ? Unavailable("store: the transaction ended early; try again")
                                  : answers.back().status();
    }
  }
  if (batch.ok()) batch = FinishBatch();

  // What a failed batch saved stays in the key store: tried again it is used, else swept at the start.
  if (!keys_made_.empty()) shared_.options.keys->ForgetUnsaved();
  keys_made_.clear();
  if (batch.ok()) {
    log_->Commit();
    for (auto& [id, file] : overlay_) {
      if (file != nullptr) {
        shared_.cache.Put(std::move(file));
      } else {
        shared_.cache.Drop(id);
      }
    }
    overlay_.clear();
    counters_changed_ = false;
    Publish();
    TellRefused("");
    if (shared_.listener && !plans.empty()) shared_.listener(plans);
  } else {
    if (!refusal_.has_value()) {
      tables_->Rollback();
      stale_ = true;
      if (database_->trouble() == Trouble::kFull) TellRefused("disk_full");
      if (keys_refused_) TellRefused("key_store");
      if (database_->trouble() == Trouble::kBroken) RefuseForEver("damaged");
      if (absl::IsDataLoss(batch)) RefuseForEver("data_loss");
      database_->ForgetTrouble();
      overlay_.clear();
    }
    // Nobody of a failed batch is told of success, nor of a refusal that may rest on a row that is
    // not there now.
    const absl::Status told =
        refusal_.has_value() ? *refusal_ : absl::UnavailableError(batch.message());
    answers.assign(items.size(), told);
  }
  for (size_t i = 0; i < items.size(); ++i) {
    items[i].done(std::move(answers[i]));
    shared_.options.clock->Release();
  }
}

// What a batch writes once: full tiles, head, counters.
absl::Status SqliteStore::Writer::FinishBatch() {
  for (const audit::FullTile& tile : log_->NewTiles()) {
    FORBEAR_RETURN_IF_ERROR(tables_->AddTile(tile));
  }
  if (log_->size() != entries_before_) {
    FORBEAR_RETURN_IF_ERROR(tables_->PutHead(log_->Head()));
  }
  if (counters_changed_) {
    counters_.open_attempts.clear();
    for (const auto& [id, attempt] : open_) counters_.open_attempts.push_back(id);
    FORBEAR_RETURN_IF_ERROR(tables_->PutCounters(counters_));
  }
  // The key store first: a key that no row names is swept, a row without its key is lost.
  if (!keys_made_.empty()) {
    // What is wrong with a key file is the operator's to know, and says nothing of the log.
    keys_refused_ = !shared_.options.keys->Save().ok();
    if (keys_refused_) return vault::KeysUnavailable();
  }
  return tables_->Commit();
}

absl::StatusOr<Applied> SqliteStore::Writer::RunCommand(const Item& item,
                                                        std::vector<Plan>* plans) {
  if (item.job) {
    FORBEAR_RETURN_IF_ERROR(RunSavepoint([&] { return item.job(*tables_); }));
    return Applied{};
  }
  const Command& command = item.command;
  if (command.request.has_value()) {
    FORBEAR_ASSIGN_OR_RETURN(std::optional<StoredRequest> known,
                             tables_->FindRequest(command.caller, *command.request));
    if (known.has_value()) {
      if (known->body_digest != command.request->body_digest) return RequestTaken(*command.request);
      Applied applied{.result = std::move(known->result), .send = std::nullopt};
      applied.result.repeated = true;
      return applied;
    }
  }

  const Instant now = std::max(log_->last_time(), shared_.options.clock->Now());
  FORBEAR_ASSIGN_OR_RETURN(Changes changes, shared_.options.handler(View(*this), command, now));
  FORBEAR_RETURN_IF_ERROR(CheckRows(changes));
  FORBEAR_RETURN_IF_ERROR(Seal(&changes));

  const audit::LogWriter::Mark mark = log_->Save();
  std::vector<audit::EncodedEntry> entries;
  entries.reserve(changes.entries.size());
  std::vector<BorrowerId> created;
  const absl::Status written = RunSavepoint([&]() -> absl::Status {
    for (const audit::EntryDraft& draft : changes.entries) {
      absl::StatusOr<audit::EncodedEntry> entry = log_->Append(draft, now);
      if (!entry.ok()) {
        return Internal("entry `" + draft.kind + "`: " + std::string(entry.status().message()));
      }
      FORBEAR_RETURN_IF_ERROR(tables_->AddEntry(draft, *entry));
      changes.applied.result.receipts.push_back({entry->seq, entry->leaf_hash});
    }
    FORBEAR_RETURN_IF_ERROR(WriteRows(changes, &created));
    if (!command.request.has_value()) return absl::OkStatus();
    return tables_->AddRequest(command.caller, *command.request, changes.applied.result);
  });
  if (!written.ok()) {
    log_->RollbackTo(mark);
    return written;
  }

  KeepFiles(changes, created);
  for (const Attempt& row : changes.attempts) {
    counters_changed_ = true;
    if (IsOpen(row.state)) {
      open_.insert_or_assign(row.id, row);
    } else {
      open_.erase(row.id);
    }
  }
  if (!changes.pauses.empty() || !changes.resumed.empty()) pauses_.reset();
  plans->insert(plans->end(), changes.plans.begin(), changes.plans.end());
  return std::move(changes.applied);
}

// Facts become seals, under keys that new borrowers get now. A key whose command fails after this is
// named by nothing and swept at the next start.
absl::Status SqliteStore::Writer::Seal(Changes* changes) {
  vault::KeyRing& keys = *shared_.options.keys;
  for (const Borrower& row : changes->borrowers) {
    FORBEAR_ASSIGN_OR_RETURN(const auto file, FileOf(row.id));
    if (file != nullptr) continue;
    FORBEAR_RETURN_IF_ERROR(vault::MakeMissingKey(keys, row.tenant, row.id));
    keys_made_.push_back(row.id);
  }
  return vault::SealFacts(keys, shared_.options.origin, &changes->entries);
}

// All of `body` or nothing of it. An error that ends the transaction shows in database_'s trouble.
absl::Status SqliteStore::Writer::RunSavepoint(const std::function<absl::Status()>& body) {
  FORBEAR_RETURN_IF_ERROR(tables_->Mark());
  const Counters counters = {counters_.borrowers, counters_.accounts, {}};
  const absl::Status done = body();
  if (done.ok()) return tables_->ReleaseMark();
  counters_.borrowers = counters.borrowers;
  counters_.accounts = counters.accounts;
  const bool stands = database_->InTransaction() && (database_->trouble() == Trouble::kNone ||
                                                     database_->trouble() == Trouble::kConstraint);
  if (stands) FORBEAR_RETURN_IF_ERROR(tables_->RollbackToMark());
  return done;
}

absl::Status SqliteStore::Writer::WriteRows(const Changes& changes,
                                            std::vector<BorrowerId>* created) {
  for (const Borrower& row : changes.borrowers) {
    FORBEAR_RETURN_IF_ERROR(WriteBorrower(row, created));
  }
  std::vector<const Account*> added;
  for (const Account& row : changes.accounts) {
    const std::shared_ptr<const BorrowerFile> file = Known(row.borrower);
    const bool known =
        file != nullptr && std::any_of(file->accounts.begin(), file->accounts.end(),
                                       [&](const Account& other) { return other.id == row.id; });
    bool is_new = false;
    if (!known) {
      FORBEAR_ASSIGN_OR_RETURN(is_new, tables_->AddAccount(row));
    }
    if (!is_new) {
      FORBEAR_RETURN_IF_ERROR(tables_->SetAccount(row));
      continue;
    }
    added.push_back(&row);
    ++counters_.accounts;
    counters_changed_ = true;
  }
  for (const auto& [id, row] : changes.submitted) {
    FORBEAR_RETURN_IF_ERROR(tables_->PutSubmitted(id, row));
  }
  for (const auto& [borrower, id] : changes.forgotten_events) {
    FORBEAR_RETURN_IF_ERROR(tables_->DropEvent(borrower, id));
  }
  for (const auto& [borrower, row] : changes.events) {
    FORBEAR_RETURN_IF_ERROR(tables_->PutEvent(borrower, row));
  }
  for (const Attempt& row : changes.attempts) FORBEAR_RETURN_IF_ERROR(tables_->PutAttempt(row));
  for (const Account* account : added) {
    const auto plan = std::find_if(changes.plans.begin(), changes.plans.end(),
                                   [&](const Plan& other) { return other.account == account->id; });
    FORBEAR_RETURN_IF_ERROR(
        tables_->AddPlan(*account, plan == changes.plans.end() ? nullptr : &*plan));
  }
  for (const Plan& row : changes.plans) {
    const bool written = std::any_of(added.begin(), added.end(), [&](const Account* account) {
      return account->id == row.account;
    });
    if (!written) FORBEAR_RETURN_IF_ERROR(tables_->PutPlan(row));
  }
  for (const Pause& row : changes.pauses) FORBEAR_RETURN_IF_ERROR(tables_->PutPause(row));
  for (const PauseScope& scope : changes.resumed) {
    FORBEAR_RETURN_IF_ERROR(tables_->DropPause(scope));
  }
  return absl::OkStatus();
}

absl::Status SqliteStore::Writer::WriteBorrower(const Borrower& row,
                                                std::vector<BorrowerId>* created) {
  std::shared_ptr<const BorrowerFile> before = Known(row.id);
  if (before == nullptr) {
    FORBEAR_ASSIGN_OR_RETURN(const bool is_new, tables_->AddBorrower(row));
    if (is_new) {
      created->push_back(row.id);
      ++counters_.borrowers;
      counters_changed_ = true;
    } else {
      FORBEAR_ASSIGN_OR_RETURN(before, FileOf(row.id));
    }
  }
  if (before != nullptr) FORBEAR_RETURN_IF_ERROR(tables_->SetBorrower(row));
  const auto has = [](const std::vector<ContactPoint>& points, const Bytes32& digest) {
    return std::any_of(points.begin(), points.end(),
                       [&](const ContactPoint& point) { return point.link_digest == digest; });
  };
  const std::vector<ContactPoint> none;
  const std::vector<ContactPoint>& old = before == nullptr ? none : before->borrower.contact_points;
  for (const ContactPoint& point : old) {
    if (point.link_digest == Bytes32{} || has(row.contact_points, point.link_digest)) continue;
    FORBEAR_RETURN_IF_ERROR(tables_->DropLink(row.tenant, point.link_digest, row.id));
  }
  for (const ContactPoint& point : row.contact_points) {
    if (point.link_digest == Bytes32{} || has(old, point.link_digest)) continue;
    FORBEAR_RETURN_IF_ERROR(tables_->AddLink(row.tenant, point.link_digest, row.id));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const BorrowerFile>> SqliteStore::Writer::FileOf(
    const BorrowerId& id) {
  const auto changed = overlay_.find(id);
  if (changed != overlay_.end()) {
    if (changed->second == nullptr) {
      FORBEAR_ASSIGN_OR_RETURN(changed->second, tables_->FindFile(Tenant::Any(), id));
    }
    return changed->second;
  }
  std::shared_ptr<const BorrowerFile> file = shared_.cache.Find(id);
  if (file == nullptr) {
    FORBEAR_ASSIGN_OR_RETURN(file, tables_->FindFile(Tenant::Any(), id));
    // This transaction has not changed it, so what was read is committed.
    if (file != nullptr) shared_.cache.Put(file);
  }
  return file;
}

void SqliteStore::Writer::KeepFiles(const Changes& changes,
                                    const std::vector<BorrowerId>& created) {
  for (const BorrowerId& id : TouchedFiles(changes)) {
    const bool is_new = std::find(created.begin(), created.end(), id) != created.end();
    const std::shared_ptr<const BorrowerFile> before = is_new ? nullptr : Known(id);
    if (before == nullptr && !is_new) {
      overlay_[id] = nullptr;
      continue;
    }
    auto after =
        is_new ? std::make_shared<BorrowerFile>() : std::make_shared<BorrowerFile>(*before);
    ApplyToFile(changes, id, after.get());
    overlay_[id] = std::move(after);
  }
}

void SqliteStore::Writer::Publish() {
  const std::lock_guard lock(shared_.mutex);
  if (log_.has_value()) shared_.head = log_->Head();
  shared_.accounts = counters_.accounts;
  shared_.borrowers = counters_.borrowers;
}

void SqliteStore::Writer::TellRefused(std::string why) {
  const std::lock_guard lock(shared_.mutex);
  shared_.writes_refused = !why.empty();
  shared_.why = std::move(why);
}

// --- The store ---

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(Options options) {
  FORBEAR_CHECK(options.clock != nullptr && options.randomness != nullptr &&
                options.keys != nullptr && options.handler);
  FORBEAR_ASSIGN_OR_RETURN(DataLock lock, DataLock::Take(options.dir));
  const std::string path = options.dir + "/" + sqlite::kDatabaseFile;
  std::unique_ptr<SqliteStore> store(new SqliteStore);
  store->shared_ = std::make_unique<Shared>(std::move(options), std::move(lock));
  const Options& given = store->shared_->options;
  store->readers_ = std::make_unique<Readers>(path, given.vfs, std::max<size_t>(given.readers, 1),
                                              *given.keys);
  store->writer_ = std::make_unique<Writer>(*store->shared_);
  FORBEAR_RETURN_IF_ERROR(store->writer_->Open(path));
  store->writer_->Start();
  return store;
}

SqliteStore::SqliteStore() = default;

SqliteStore::~SqliteStore() {
  // The writer's connection closes last, so that it alone copies the WAL.
  if (writer_ != nullptr) writer_->Stop();
  readers_.reset();
  writer_.reset();
}

void SqliteStore::Apply(Command command, Done done) {
  writer_->Push(std::move(command), std::move(done));
}

void SqliteStore::OnPlans(std::function<void(const std::vector<Plan>&)> listener) {
  shared_->listener = std::move(listener);
}

absl::StatusOr<std::shared_ptr<const BorrowerFile>> SqliteStore::ReadBorrower(
    std::string_view tenant, const BorrowerId& id) const {
  std::shared_ptr<const BorrowerFile> file = shared_->cache.Find(id);
  if (file != nullptr) return Tenant::Of(tenant).Sees(file->borrower.tenant) ? file : nullptr;
  FORBEAR_ASSIGN_OR_RETURN(Reading reading, Reading::Begin(*readers_));
  return reading->FindFile(Tenant::Of(tenant), id);
}

absl::StatusOr<std::optional<BorrowerId>> SqliteStore::FindBorrowerByExternalId(
    std::string_view tenant, std::string_view external_id) const {
  FORBEAR_ASSIGN_OR_RETURN(Reading reading, Reading::Begin(*readers_));
  return reading->FindBorrower(tenant, external_id);
}

absl::StatusOr<std::optional<Account>> SqliteStore::ReadAccount(std::string_view tenant,
                                                                const AccountId& id) const {
  FORBEAR_ASSIGN_OR_RETURN(Reading reading, Reading::Begin(*readers_));
  return reading->FindAccount(Tenant::Of(tenant), id);
}

absl::StatusOr<std::optional<AccountId>> SqliteStore::FindAccountByExternalId(
    std::string_view tenant, std::string_view external_id) const {
  FORBEAR_ASSIGN_OR_RETURN(Reading reading, Reading::Begin(*readers_));
  return reading->FindAccount(tenant, external_id);
}

absl::StatusOr<std::vector<Account>> SqliteStore::ListAccounts(std::string_view tenant,
                                                               const AccountId& after,
                                                               size_t limit) const {
  FORBEAR_ASSIGN_OR_RETURN(Reading reading, Reading::Begin(*readers_));
  return reading->ListAccounts(tenant, after, limit);
}

absl::StatusOr<std::vector<BorrowerId>> SqliteStore::ReadLinked(std::string_view tenant,
                                                                const BorrowerId& id) const {
  FORBEAR_ASSIGN_OR_RETURN(Reading reading, Reading::Begin(*readers_));
  FORBEAR_ASSIGN_OR_RETURN(const auto file, reading->FindFile(Tenant::Of(tenant), id));
  if (file == nullptr) return std::vector<BorrowerId>();
  return reading->LinkedTo(file->borrower);
}

absl::StatusOr<std::vector<Attempt>> SqliteStore::ListAttempts(std::string_view tenant,
                                                               const BorrowerId& id) const {
  FORBEAR_ASSIGN_OR_RETURN(Reading reading, Reading::Begin(*readers_));
  return reading->ListAttempts(tenant, id);
}

absl::StatusOr<std::vector<Plan>> SqliteStore::ListPlans(std::string_view tenant, Instant from,
                                                         Instant to, size_t limit) const {
  // A heap of the soonest `limit`, the last of them on top: memory does not grow with the table.
  const auto sooner = [](const Plan& a, const Plan& b) {
    return a.wake_at != b.wake_at ? *a.wake_at < *b.wake_at : a.account < b.account;
  };
  std::vector<Plan> soonest;
  if (limit == 0) return soonest;
  FORBEAR_ASSIGN_OR_RETURN(Reading reading, Reading::Begin(*readers_));
  FORBEAR_RETURN_IF_ERROR(reading->ScanPlans(Tenant::Of(tenant), [&](const Plan& plan) {
    if (*plan.wake_at < from || *plan.wake_at >= to) return;
    if (soonest.size() == limit) {
      if (!sooner(plan, soonest.front())) return;
      std::pop_heap(soonest.begin(), soonest.end(), sooner);
      soonest.pop_back();
    }
    soonest.push_back(plan);
    std::push_heap(soonest.begin(), soonest.end(), sooner);
  }));
  std::sort_heap(soonest.begin(), soonest.end(), sooner);
  return soonest;
}

absl::StatusOr<std::vector<Pause>> SqliteStore::ReadPauses() const {
  FORBEAR_ASSIGN_OR_RETURN(Reading reading, Reading::Begin(*readers_));
  return reading->ListPauses();
}

absl::StatusOr<EntryPage> SqliteStore::ScanEntries(const EntryQuery& query) const {
  FORBEAR_ASSIGN_OR_RETURN(Reading reading, Reading::Begin(*readers_));
  return reading->ScanEntries(query);
}

audit::LogHead SqliteStore::Head() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->head;
}

StoreStatus SqliteStore::Status() const {
  StoreStatus status;
  status.queued_commands = writer_->Queued();
  const std::lock_guard lock(shared_->mutex);
  status.log_size = shared_->head.size;
  status.accounts = shared_->accounts;
  status.borrowers = shared_->borrowers;
  status.writes_refused = shared_->writes_refused;
  status.why = shared_->why;
  return status;
}

absl::Status SqliteStore::ForEachPlan(std::function<void(const Plan&)> visit) const {
  FORBEAR_ASSIGN_OR_RETURN(Reading reading, Reading::Begin(*readers_));
  return reading->ScanPlans(Tenant::Any(), visit);
}

absl::StatusOr<std::vector<Attempt>> SqliteStore::OpenAttempts() const {
  FORBEAR_ASSIGN_OR_RETURN(Reading reading, Reading::Begin(*readers_));
  FORBEAR_ASSIGN_OR_RETURN(const Counters counters, reading->ReadCounters());
  std::vector<Attempt> open;
  for (const AttemptId& id : counters.open_attempts) {
    FORBEAR_ASSIGN_OR_RETURN(std::optional<Attempt> attempt, reading->FindAttempt(id));
    if (!attempt.has_value()) return DataLoss("store: an open attempt is not in its table");
    open.push_back(*std::move(attempt));
  }
  return open;
}

absl::StatusOr<std::vector<BorrowerId>> SqliteStore::BorrowerIds() const {
  FORBEAR_ASSIGN_OR_RETURN(Reading reading, Reading::Begin(*readers_));
  return reading->BorrowerIds();
}

std::unique_ptr<audit::EntrySource> SqliteStore::OpenLog() const {
  return std::make_unique<Log>(*readers_);
}

absl::Status SqliteStore::InsertCheckpoint(uint64_t size, const Bytes32& root, std::string note) {
  return writer_->RunJob([&, kept = std::move(note)](Tables& tables) -> absl::Status {
    FORBEAR_ASSIGN_OR_RETURN(const std::optional<CheckpointNote> newest,
                             tables.FindNewestCheckpoint());
    if (newest.has_value() && newest->size == size && newest->root == root &&
        newest->note == kept) {
      return absl::OkStatus();
    }
    return tables.AddCheckpoint({size, root, kept});
  });
}

absl::StatusOr<std::string> SqliteStore::NewestCheckpoint() const {
  FORBEAR_ASSIGN_OR_RETURN(Reading reading, Reading::Begin(*readers_));
  FORBEAR_ASSIGN_OR_RETURN(const std::optional<CheckpointNote> newest,
                           reading->FindNewestCheckpoint());
  if (!newest.has_value()) return NotFound("checkpoint: none was signed yet");
  return newest->note;
}

}  // namespace forbear
