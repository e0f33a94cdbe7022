#include "adapters/sqlite/database.h"

#include <sqlite3.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "adapters/sqlite/schema.h"
#include "engine/model/status.h"

namespace forbear::sqlite {
namespace {

// A reader meets a lock only while a database is recovered after a crash.
constexpr int kBusyMilliseconds = 5'000;

// Before SQLite wakes up: savepoints keep the pages they may have to put back in memory, for a
// batch changes a few hundred of them and a temporary file would cost more than it saves.
void ConfigureOnce() {
  static std::once_flag once;
  std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1); });
}

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path, Access access,
                                                         const std::string& vfs) {
  ConfigureOnce();
  std::unique_ptr<Database> opened(new Database);
  opened->writes_ = access == Access::kWrite;
  // Readers too are opened for writing, because they must be able to map the WAL's index;
  // query_only keeps them from anything else.
  const int code = sqlite3_open_v2(
      path.c_str(), &opened->database_,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW,
      vfs.empty() ? nullptr : vfs.c_str());
  if (code != SQLITE_OK) return opened->Failed(code, "opening");
  sqlite3* const database = opened->database_;
  sqlite3_busy_timeout(database, kBusyMilliseconds);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  FORBEAR_RETURN_IF_ERROR(opened->Execute(kCommonPragmas));
  if (access == Access::kRead) {
    // The writer alone checkpoints: SQLite before 3.51.3 can corrupt a database when two
    // connections do it at one moment.
    sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    FORBEAR_RETURN_IF_ERROR(opened->Execute(kReaderPragmas));
  }
  return opened;
}

absl::Status Database::BeginWriting() {
  FORBEAR_RETURN_IF_ERROR(Execute(kWriterPragmas));
  FORBEAR_ASSIGN_OR_RETURN(page_size_, Ask("PRAGMA page_size"));
  sqlite3_wal_hook(
      database_,
      [](void* self, sqlite3*, const char*, int pages) {
        auto* const that = static_cast<Database*>(self);
        // Fewer pages than were copied: the WAL has begun again from its start.
        if (pages < that->pages_copied_) that->pages_copied_ = 0;
        that->wal_bytes_ = (pages - that->pages_copied_) * that->page_size_;
        return SQLITE_OK;
      },
      this);
  return absl::OkStatus();
}

Database::~Database() { sqlite3_close_v2(database_); }

absl::Status Database::Failed(int code, const char* doing) {
  const char* why = "";
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) {
    if (writes_) {
      // Nothing personal: the code and the system's words for it.
      std::fprintf(stderr,
                   "forbear: store: the disk failed to sync while %s: what it holds is not known; "
                   "look after the disk, then start again\n",
                   doing);
      std::abort();
    }
  }
  const std::string what = std::string("store: ") + doing + " failed: ";
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      trouble_ = Trouble::kConstraint;
      // SQLite's message names columns, never values.
      return Internal(what + sqlite3_errmsg(database_) + "; this is a fault of ours");
    case SQLITE_FULL:
      trouble_ = Trouble::kFull;
      return Unavailable(what + "no space left; make room, writes go on by themselves");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      trouble_ = Trouble::kBroken;
      return DataLoss(what + "the database is damaged; make no contact and restore from a backup");
    default:
      trouble_ = Trouble::kOther;
      why = sqlite3_errstr(code);
      return Unavailable(what + why + "; try again");
  }
}

absl::Status Database::Execute(const char* sql) {
  const int code = sqlite3_exec(database_, sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Failed(code, "a command");
}

absl::StatusOr<int64_t> Database::Ask(const char* sql) {
  Statement statement(*this, sql);
  Run run(statement);
  FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
  return found ? run.Number(0) : 0;
}

bool Database::InTransaction() const { return sqlite3_get_autocommit(database_) == 0; }
int64_t Database::Changes() const { return sqlite3_changes64(database_); }

absl::Status Database::Checkpoint() {
  int pages = 0;
  int copied = 0;
  const int code =
      sqlite3_wal_checkpoint_v2(database_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);
  if (code != SQLITE_OK) return Failed(code, "copying the WAL");
  pages_copied_ = copied;
  wal_bytes_ = (pages - copied) * page_size_;
  return absl::OkStatus();
}

Statement::~Statement() { sqlite3_finalize(statement_); }

absl::Status Statement::Prepare() {
  if (statement_ == nullptr) {
    const int code = sqlite3_prepare_v3(database_->raw(), sql_, -1, SQLITE_PREPARE_PERSISTENT,
                                        &statement_, nullptr);
    if (code != SQLITE_OK) return database_->Failed(code, "preparing a statement");
  }
  if (database_->recording() != recorded_in_) {
    recorded_in_ = database_->recording();
    if (recorded_in_ != nullptr) number_ = database_->recording()->AddStatement(sql_);
  }
  return absl::OkStatus();
}

absl::Status Statement::Execute() { return Run(*this).Finish(); }

Run::Run(Statement& statement) : statement_(statement), status_(statement.Prepare()) {}

Run::~Run() {
  if (statement_.statement_ != nullptr) sqlite3_reset(statement_.statement_);
}

Run& Run::Null() {
  if (!status_.ok()) return *this;
  sqlite3_bind_null(statement_.statement_, next_++);
  if (statement_.recorded_in_ != nullptr) recorded_.push_back({'N', 0, {}});
  return *this;
}
Run& Run::Integer(int64_t value) {
  if (!status_.ok()) return *this;
  sqlite3_bind_int64(statement_.statement_, next_++, value);
  if (statement_.recorded_in_ != nullptr) recorded_.push_back({'I', value, {}});
  return *this;
}
Run& Run::Text(std::string_view value) {
  if (!status_.ok()) return *this;
  sqlite3_bind_text64(statement_.statement_, next_++, value.data() == nullptr ? "" : value.data(),
                      value.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (statement_.recorded_in_ != nullptr) recorded_.push_back({'T', 0, value});
  return *this;
}
Run& Run::Blob(std::string_view value) {
  if (!status_.ok()) return *this;
  // A null pointer would bind NULL.
  sqlite3_bind_blob64(statement_.statement_, next_++, value.data() == nullptr ? "" : value.data(),
                      value.size(), SQLITE_STATIC);
  if (statement_.recorded_in_ != nullptr) recorded_.push_back({'B', 0, value});
  return *this;
}

void Run::Record() {
  Recording* const recording = statement_.database_->recording();
  recording->BeginExecution(statement_.number_, recorded_.size());
  for (const Value& value : recorded_) {
    if (value.kind == 'N') recording->Null();
    if (value.kind == 'I') recording->Integer(value.integer);
    if (value.kind == 'T') recording->Text(value.bytes);
    if (value.kind == 'B') recording->Blob(value.bytes);
  }
}

absl::StatusOr<bool> Run::Step() {
  if (!status_.ok()) return status_;
  if (!stepped_ && statement_.recorded_in_ != nullptr) Record();
  stepped_ = true;
  const int code = sqlite3_step(statement_.statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return statement_.database_->Failed(code, "a statement");
}

absl::Status Run::Finish() {
  for (;;) {
    FORBEAR_ASSIGN_OR_RETURN(const bool row, Step());
    if (!row) return absl::OkStatus();
  }
}

bool Run::IsNull(int column) const {
  return sqlite3_column_type(statement_.statement_, column) == SQLITE_NULL;
}
int64_t Run::Number(int column) const {
  return sqlite3_column_int64(statement_.statement_, column);
}
std::string_view Run::Bytes(int column) const {
  const void* const bytes = sqlite3_column_blob(statement_.statement_, column);
  const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_.statement_, column));
  return bytes == nullptr ? std::string_view()
                          : std::string_view(static_cast<const char*>(bytes), size);
}

}  // namespace forbear::sqlite
