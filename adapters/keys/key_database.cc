#include "adapters/keys/key_database.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "adapters/sqlite/data_lock.h"
#include "adapters/sqlite/database.h"
#include "engine/model/status.h"
#include "engine/vault/seal.h"

namespace forbear::keys {
namespace {

using sqlite::Run;
using sqlite::Statement;

// Borrowers are random: in a table of rows in the order of their making, only the narrow unique
// index is written at a random place. The index over KEKs holds what rotation asks for.
constexpr char kSchema[] = R"sql(
CREATE TABLE wrapped_key(
  number INTEGER PRIMARY KEY,
  borrower BLOB NOT NULL UNIQUE CHECK (length(borrower) = 16),
  tenant TEXT NOT NULL,
  kid BLOB NOT NULL CHECK (length(kid) = 32),
  kek_id TEXT NOT NULL,
  wrapped BLOB NOT NULL CHECK (length(wrapped) = 72)) STRICT;
CREATE INDEX wrapped_key_kek ON wrapped_key(kek_id);
)sql";
static_assert(vault::kWrappedBytes == 72);

// The columns of every query, as KeyIn reads them.
#define FORBEAR_KEY_COLUMNS "borrower, tenant, kid, kek_id, wrapped"

// The log is copied into the database when it is this long: enough for thousands of new keys, and
// little to read again after a crash.
constexpr int64_t kCheckpointBytes = 4 * 1024 * 1024;
// Rows that a walk takes at once, so that nobody waits behind a whole one.
constexpr int64_t kWalkRows = 1024;

absl::Status InKeyStore(const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(kKeyDatabaseFile, ": ", status.message()));
}

WrappedKey KeyIn(const Run& row) {
  WrappedKey key;
  key.borrower = BorrowerId::Raw16(row.Bytes(0));
  key.tenant = std::string(row.Bytes(1));
  const std::string_view kid = row.Bytes(2);
  FORBEAR_CHECK(kid.size() == key.kid.size());
  std::copy(kid.begin(), kid.end(), key.kid.begin());
  key.kek_id = std::string(row.Bytes(3));
  key.wrapped = std::string(row.Bytes(4));
  return key;
}

std::string_view AsText(const Bytes32& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// SQLite's own handle of a file: to open it a second time, and to close it, would let go of the
// locks on it (POSIX advisory locks belong to the process).
absl::Status SyncThrough(sqlite::Database& database, int which) {
  sqlite3_file* file = nullptr;
  const int found = sqlite3_file_control(database.raw(), "main", which, &file);
  if (found != SQLITE_OK) return database.Failed(found, "looking for a file to sync");
  if (file == nullptr || file->pMethods == nullptr) return absl::OkStatus();  // not there
  const int synced = file->pMethods->xSync(file, SQLITE_SYNC_FULL);
  return synced == SQLITE_OK ? absl::OkStatus() : database.Failed(SQLITE_IOERR_FSYNC, "erasing");
}

}  // namespace

struct KeyDatabase::Statements {
  explicit Statements(sqlite::Database& database)
      : begin(database, "BEGIN IMMEDIATE"),
        commit(database, "COMMIT"),
        rollback(database, "ROLLBACK"),
        put(database, "INSERT INTO wrapped_key(" FORBEAR_KEY_COLUMNS
                      ") VALUES(?, ?, ?, ?, ?) ON CONFLICT(borrower) DO UPDATE "
                      "SET kek_id = excluded.kek_id, wrapped = excluded.wrapped "
                      "WHERE kid = excluded.kid AND tenant = excluded.tenant"),
        find(database, "SELECT " FORBEAR_KEY_COLUMNS " FROM wrapped_key WHERE borrower = ?"),
        erase(database, "DELETE FROM wrapped_key WHERE borrower = ?"),
        walk(database, "SELECT " FORBEAR_KEY_COLUMNS
                       ", number FROM wrapped_key WHERE number > ? ORDER BY number LIMIT ?"),
        under(database, "SELECT " FORBEAR_KEY_COLUMNS
                        " FROM wrapped_key WHERE kek_id = ? ORDER BY number LIMIT ?"),
        count(database, "SELECT count(*) FROM wrapped_key WHERE kek_id = ?") {}
  Statement begin, commit, rollback, put, find, erase, walk, under, count;
};

KeyDatabase::KeyDatabase(std::unique_ptr<sqlite::Database> database)
    : database_(std::move(database)), statements_(std::make_unique<Statements>(*database_)) {}

KeyDatabase::~KeyDatabase() = default;

absl::StatusOr<std::unique_ptr<KeyDatabase>> KeyDatabase::Open(const std::string& path) {
  FORBEAR_RETURN_IF_ERROR(InKeyStore(sqlite::MakePrivateFile(path).status()));
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) {
    return Unavailable("`" + path + "`: " + std::strerror(errno));
  }
  if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return FailedPrecondition("`" + path +
                              "`: others than its owner may read or change it; chmod 600 it, and "
                              "rotate the key-encryption key if anybody else has read it");
  }
  auto database = sqlite::Database::Open(path, sqlite::Access::kWrite, "");
  if (!database.ok()) return InKeyStore(database.status());
  std::unique_ptr<KeyDatabase> opened(new KeyDatabase(*std::move(database)));
  FORBEAR_RETURN_IF_ERROR(InKeyStore(opened->Prepare(path)));
  return opened;
}

absl::Status KeyDatabase::Prepare(const std::string& path) {
  // Before anything is read: one process has the file, or a key it erased could be put back by
  // another that had read it before.
  // Whoever has it keeps it, so waiting helps nobody.
  FORBEAR_RETURN_IF_ERROR(database_->Execute("PRAGMA busy_timeout=0"));
  FORBEAR_RETURN_IF_ERROR(database_->Execute("PRAGMA locking_mode=EXCLUSIVE"));
  FORBEAR_RETURN_IF_ERROR(database_->Execute("PRAGMA secure_delete=ON"));
  FORBEAR_ASSIGN_OR_RETURN(const int64_t objects,
                           database_->Ask("SELECT count(*) FROM sqlite_master"));
  FORBEAR_ASSIGN_OR_RETURN(const int64_t id, database_->Ask("PRAGMA application_id"));
  FORBEAR_ASSIGN_OR_RETURN(const int64_t format, database_->Ask("PRAGMA user_version"));
  // A start that was interrupted leaves an empty file behind.
  const bool is_new = objects == 0 && id == 0 && format == 0;
  if (!is_new && id != kApplicationId) {
    return FailedPrecondition("`" + path + "` is another program's database; give another file");
  }
  if (!is_new && format != kKeyFormat) {
    return FailedPrecondition("`" + path + "` has format " + std::to_string(format) +
                              ", and this program reads format " + std::to_string(kKeyFormat) +
                              "; use the program that wrote it");
  }
  FORBEAR_RETURN_IF_ERROR(database_->BeginWriting());
  FORBEAR_ASSIGN_OR_RETURN(const int64_t secure, database_->Ask("PRAGMA secure_delete"));
  if (secure != 1) return Internal("this SQLite does not overwrite what it deletes");
  if (is_new) {
    const std::string marks = "PRAGMA application_id=" + std::to_string(kApplicationId) +
                              "; PRAGMA user_version=" + std::to_string(kKeyFormat);
    const absl::Status made = Commit([&]() -> absl::Status {
      FORBEAR_RETURN_IF_ERROR(database_->Execute(kSchema));
      return database_->Execute(marks.c_str());
    });
    if (!made.ok()) return made;
  }
  // What an Erase had deleted when the process died is still in the log it left.
  return Purge();
}

absl::Status KeyDatabase::Commit(const std::function<absl::Status()>& change) {
  FORBEAR_RETURN_IF_ERROR(statements_->begin.Execute());
  absl::Status done = change();
  if (done.ok()) done = statements_->commit.Execute();
  // A commit that failed may or may not have ended the transaction.
  if (!done.ok() && database_->InTransaction()) (void)statements_->rollback.Execute();
  return done;
}

// Nothing of what was deleted is in any file of ours after this.
absl::Status KeyDatabase::Purge() {
  int pages = 0, copied = 0;
  const int code = sqlite3_wal_checkpoint_v2(database_->raw(), nullptr, SQLITE_CHECKPOINT_TRUNCATE,
                                             &pages, &copied);
  if (code != SQLITE_OK) return database_->Failed(code, "emptying the WAL");
  // SQLite has synced the database before it cut the log, and leaves the cut itself to the system.
  FORBEAR_RETURN_IF_ERROR(SyncThrough(*database_, SQLITE_FCNTL_FILE_POINTER));
  return SyncThrough(*database_, SQLITE_FCNTL_JOURNAL_POINTER);
}

absl::Status KeyDatabase::Put(const std::vector<WrappedKey>& keys) {
  if (keys.empty()) return absl::OkStatus();
  for (const WrappedKey& key : keys) {
    if (key.tenant.empty() || key.kek_id.empty() || key.wrapped.size() != vault::kWrappedBytes) {
      return InKeyStore(InvalidArgument("a key without tenant, KEK or 72 wrapped bytes"));
    }
  }
  const std::lock_guard lock(mutex_);
  const absl::Status put = Commit([&]() -> absl::Status {
    for (const WrappedKey& key : keys) {
      Run run(statements_->put);
      run.Blob(key.borrower.Raw()).Text(key.tenant).Blob(AsText(key.kid));
      run.Text(key.kek_id).Blob(key.wrapped);
      FORBEAR_RETURN_IF_ERROR(run.Finish());
      if (database_->Changes() != 1) {
        return AlreadyExists("another key of borrower `" + key.borrower.Hex() +
                             "` is there, and what it sealed would be lost");
      }
    }
    return absl::OkStatus();
  });
  if (!put.ok()) return InKeyStore(put);
  // The keys are stored whatever becomes of this: it is tried again at the next Put.
  if (database_->wal_bytes() > kCheckpointBytes) (void)database_->Checkpoint();
  return absl::OkStatus();
}

absl::StatusOr<std::optional<WrappedKey>> KeyDatabase::Find(const BorrowerId& borrower) {
  const std::lock_guard lock(mutex_);
  Run run(statements_->find);
  run.Blob(borrower.Raw());
  const absl::StatusOr<bool> found = run.Step();
  if (!found.ok()) return InKeyStore(found.status());
  if (!*found) return std::optional<WrappedKey>();
  return std::optional<WrappedKey>(KeyIn(run));
}

absl::Status KeyDatabase::Erase(const std::vector<BorrowerId>& borrowers) {
  if (borrowers.empty()) return absl::OkStatus();
  const std::lock_guard lock(mutex_);
  const absl::Status erased = Commit([&]() -> absl::Status {
    for (const BorrowerId& borrower : borrowers) {
      Run run(statements_->erase);
      run.Blob(borrower.Raw());
      FORBEAR_RETURN_IF_ERROR(run.Finish());
    }
    return absl::OkStatus();
  });
  if (!erased.ok()) return InKeyStore(erased);
  // Also when there was nothing to delete: the try before may have ended here.
  return InKeyStore(Purge());
}

absl::Status KeyDatabase::ForEach(std::function<void(const WrappedKey&)> each) {
  int64_t last = std::numeric_limits<int64_t>::min();
  for (;;) {
    std::vector<WrappedKey> keys;
    {
      const std::lock_guard lock(mutex_);
      Run run(statements_->walk);
      run.Integer(last).Integer(kWalkRows);
      for (;;) {
        const absl::StatusOr<bool> row = run.Step();
        if (!row.ok()) return InKeyStore(row.status());
        if (!*row) break;
        keys.push_back(KeyIn(run));
        last = run.Number(5);
      }
    }
    if (keys.empty()) return absl::OkStatus();
    for (const WrappedKey& key : keys) each(key);
  }
}

absl::StatusOr<std::vector<WrappedKey>> KeyDatabase::WrappedUnder(std::string_view kek_id,
                                                                  size_t limit) {
  const std::lock_guard lock(mutex_);
  Run run(statements_->under);
  run.Text(kek_id).Integer(static_cast<int64_t>(std::min<size_t>(limit, INT64_MAX)));
  std::vector<WrappedKey> keys;
  for (;;) {
    const absl::StatusOr<bool> row = run.Step();
    if (!row.ok()) return InKeyStore(row.status());
    if (!*row) return keys;
    keys.push_back(KeyIn(run));
  }
}

absl::StatusOr<size_t> KeyDatabase::CountUnder(std::string_view kek_id) {
  const std::lock_guard lock(mutex_);
  Run run(statements_->count);
  run.Text(kek_id);
  const absl::StatusOr<bool> row = run.Step();
  if (!row.ok()) return InKeyStore(row.status());
  return static_cast<size_t>(run.Number(0));
}

#undef FORBEAR_KEY_COLUMNS

}  // namespace forbear::keys
