// One connection to SQLite, its statements, and its errors in the house's words.
//
//   Statement find(database, "SELECT body FROM account WHERE id = ?");
//   Run run(find);                       // binds in order; resets when it goes
//   run.Blob(id.Raw());
//   FORBEAR_ASSIGN_OR_RETURN(const bool found, run.Step());
//   if (found) Use(run.Blob(0));
//
// A statement is prepared when it is first run and kept. Bound bytes are not copied: they must
// outlive the Run. A connection and its statements belong to one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/sqlite/recording.h"

struct sqlite3;
struct sqlite3_stmt;

namespace forbear::sqlite {

// What went wrong last, as far as anybody acts on it.
enum class Trouble {
  kNone,
  kConstraint,  // the statement's own fault: the rest of the transaction stands
  kFull,        // no space left
  kBroken,      // not a database, or a damaged one
  kOther,       // busy, input or output, memory
};

enum class Access { kWrite, kRead };

class Database {
 public:
  // Opens `path`, which must exist, with the common settings of schema.h. A reader is ready then; a
  // writer looks whose database it is first and then calls BeginWriting. `vfs` may be empty.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path, Access access,
                                                        const std::string& vfs);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // The writer's settings: WAL, a synced commit, a large cache.
  absl::Status BeginWriting();

  // Runs statements that have no values and whose rows nobody wants.
  absl::Status Execute(const char* sql);
  // The number that a one-row query such as a PRAGMA answers.
  absl::StatusOr<int64_t> Ask(const char* sql);

  bool InTransaction() const;
  // Rows that the last INSERT, UPDATE or DELETE changed.
  int64_t Changes() const;
  Trouble trouble() const { return trouble_; }
  void ForgetTrouble() { trouble_ = Trouble::kNone; }

  // Bytes of the WAL that are not in the database yet, as of the last commit of this connection.
  int64_t wal_bytes() const { return wal_bytes_; }
  // Copies the WAL into the database as far as readers allow. Never fails a commit: an error is
  // told and everything is still in the WAL.
  absl::Status Checkpoint();

  // Records every statement from now on; nullptr: none. `recording` outlives its use.
  void RecordTo(Recording* recording) { recording_ = recording; }
  Recording* recording() const { return recording_; }

  sqlite3* raw() const { return database_; }
  // The error that `code` stands for; remembers its trouble. A failed sync ends the process: what
  // of the unsynced bytes is on the disk is not known, and a second sync would not tell either.
  absl::Status Failed(int code, const char* doing);

 private:
  Database() = default;
  sqlite3* database_ = nullptr;
  Trouble trouble_ = Trouble::kNone;
  int64_t wal_bytes_ = 0;
  int64_t pages_copied_ = 0;  // of the WAL as it is now
  int64_t page_size_ = 4096;
  bool writes_ = false;
  Recording* recording_ = nullptr;
};

class Statement {
 public:
  // `sql` is a literal. `database` outlives the statement.
  Statement(Database& database, const char* sql) : database_(&database), sql_(sql) {}
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Runs a statement without values to its end.
  absl::Status Execute();

 private:
  friend class Run;
  absl::Status Prepare();

  Database* database_;
  const char* sql_;
  sqlite3_stmt* statement_ = nullptr;
  const Recording* recorded_in_ = nullptr;
  uint64_t number_ = 0;
};

class Run {
 public:
  explicit Run(Statement& statement);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Values of the parameters, in order.
  Run& Null();
  Run& Integer(int64_t value);
  Run& Text(std::string_view value);
  Run& Blob(std::string_view value);

  // True while there is a row; its columns are valid until the next step.
  absl::StatusOr<bool> Step();
  // To the end, for statements without rows.
  absl::Status Finish();

  bool IsNull(int column) const;
  int64_t Number(int column) const;
  std::string_view Bytes(int column) const;  // of a TEXT or a BLOB

 private:
  struct Value {
    char kind;
    int64_t integer;
    std::string_view bytes;
  };
  void Record();

  Statement& statement_;
  absl::Status status_;
  int next_ = 1;
  bool stepped_ = false;
  std::vector<Value> recorded_;  // only while a recording runs
};

}  // namespace forbear::sqlite
