#include "adapters/sqlite/log_reader.h"

#include <sqlite3.h>

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/rows/rows.h"
#include "adapters/sqlite/schema.h"
#include "engine/model/status.h"

namespace forbear::sqlite {
namespace {

constexpr int kBusyMilliseconds = 5000;  // a server that recovers its WAL holds readers up so long

absl::Status DatabaseError(sqlite3* database, const char* doing) {
  const int code = sqlite3_errcode(database) & 0xff;
  const std::string message =
      absl::StrCat("database: ", doing, " failed: ", sqlite3_errmsg(database));
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
    return DataLoss(message + "; keep it as it is and restore from a backup and the export");
  }
  if (code == SQLITE_ERROR) {
    return FailedPrecondition(message + "; give the data directory of a forbear store");
  }
  return Unavailable(message);
}

// Settings of section 8 that a reader needs; a database from elsewhere may hold views or
// functions of its making, which nothing here should run.
absl::Status Prepared(sqlite3* database) {
  sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_busy_timeout(database, kBusyMilliseconds);
  for (const char* sql : {"PRAGMA mmap_size=0", "PRAGMA cell_size_check=ON", "PRAGMA query_only=ON",
                          "BEGIN", "SELECT count(*) FROM sqlite_master"}) {
    if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
      return DatabaseError(database, "opening");
    }
  }
  return absl::OkStatus();
}

// A path as SQLite's URI form wants it.
std::string Uri(const std::string& path, const char* parameters) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      absl::StrAppend(&uri, "%", ToHex(std::string_view(&c, 1)));
    } else {
      uri.push_back(c);
    }
  }
  return uri + parameters;
}

}  // namespace

// One prepared statement; finished when it goes.
class LogReader::Query {
 public:
  Query(sqlite3* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
  Query(Query&& other) noexcept
      : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query() { sqlite3_finalize(statement_); }

  void Bind(int index, uint64_t value) {
    sqlite3_bind_int64(statement_, index, static_cast<sqlite3_int64>(value));
  }
  // True while there is a row.
  absl::StatusOr<bool> Step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return DatabaseError(database_, "reading");
  }
  uint64_t Number(int column) const {
    return static_cast<uint64_t>(sqlite3_column_int64(statement_, column));
  }
  bool IsNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::string Bytes(int column) const {
    const void* bytes = sqlite3_column_blob(statement_, column);
    const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
    return bytes == nullptr ? std::string() : std::string(static_cast<const char*>(bytes), size);
  }

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_;
};

absl::StatusOr<std::unique_ptr<LogReader>> LogReader::Open(const std::string& data) {
  const std::string path = absl::StrCat(data, "/", kDatabaseFile);
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return NotFound("data directory `" + data + "`: no forbear.db in it; give the `data` of serve");
  }
  sqlite3* database = nullptr;
  const auto open = [&](const char* parameters) -> absl::Status {
    const int code =
        sqlite3_open_v2(Uri(path, parameters).c_str(), &database,
                        SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
    if (code == SQLITE_OK) return Prepared(database);
    return database == nullptr ? Unavailable("database: no memory to open it")
                               : DatabaseError(database, "opening");
  };
  absl::Status status = open("");
  const auto wal = std::filesystem::file_size(path + "-wal", error);
  if (absl::IsUnavailable(status) && (error || wal == 0)) {
    // A copy on a medium that cannot be written: nothing is in the WAL, so nothing can change.
    sqlite3_close(database);
    status = open("?immutable=1");
  }
  if (!status.ok()) {
    sqlite3_close(database);
    return status;
  }
  return std::unique_ptr<LogReader>(new LogReader(database));
}

LogReader::~LogReader() { sqlite3_close(database_); }

absl::StatusOr<LogReader::Query> LogReader::Prepare(const char* sql) const {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr) != SQLITE_OK) {
    return DatabaseError(database_, "reading the log's tables");
  }
  return Query(database_, statement);
}

absl::StatusOr<uint64_t> LogReader::Count(const char* sql) const {
  FORBEAR_ASSIGN_OR_RETURN(Query query, Prepare(sql));
  FORBEAR_ASSIGN_OR_RETURN(const bool row, query.Step());
  return row ? query.Number(0) : 0;
}

absl::StatusOr<audit::LogHead> LogReader::Head() const {
  FORBEAR_ASSIGN_OR_RETURN(
      Query query, Prepare("SELECT origin, size, root, peaks, last_time, counts FROM log_head"));
  FORBEAR_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return DataLoss("F4: log_head has no row");
  audit::LogHead head;
  head.origin = query.Bytes(0);
  head.size = query.Number(1);
  const std::string root = query.Bytes(2);
  const std::string peaks = query.Bytes(3);
  if (root.size() != audit::kHashBytes || peaks.size() % audit::kHashBytes != 0 ||
      head.size > uint64_t{INT64_MAX}) {
    return DataLoss("F4: log_head has a root, peaks or size of the wrong form");
  }
  head.root = audit::AsBytes32(root);
  for (size_t i = 0; i < peaks.size() / audit::kHashBytes; ++i) {
    head.peaks.push_back(audit::TileHash(peaks, i));
  }
  head.last_time = Instant{Seconds{static_cast<int64_t>(query.Number(4))}};
  const absl::Status counts = rows::DecodeCounts(query.Bytes(5), &head.tseq);
  if (!counts.ok()) return DataLoss("E10: log_head has counts of the wrong form");
  FORBEAR_ASSIGN_OR_RETURN(const bool second, query.Step());
  if (second) return DataLoss("F4: log_head has more than one row");
  return head;
}

absl::StatusOr<std::vector<audit::EntryRow>> LogReader::EntryRows(uint64_t from,
                                                                  uint64_t to) const {
  FORBEAR_ASSIGN_OR_RETURN(Query query,
                           Prepare("SELECT seq, id, tenant, tseq, borrower, kind, leaf_hash, bytes "
                                   "FROM log_entry WHERE seq >= ?1 AND seq < ?2 ORDER BY seq"));
  query.Bind(1, from);
  query.Bind(2, to);
  std::vector<audit::EntryRow> rows;
  while (true) {
    FORBEAR_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return rows;
    audit::EntryRow& entry = rows.emplace_back();
    entry.seq = query.Number(0);
    entry.id = query.Bytes(1);
    entry.tenant = query.Bytes(2);
    if (!query.IsNull(3)) entry.tseq = query.Number(3);
    entry.borrower = query.Bytes(4);
    entry.kind = query.Bytes(5);
    entry.leaf_hash = query.Bytes(6);
    entry.bytes = query.Bytes(7);
  }
}

absl::StatusOr<uint64_t> LogReader::CountEntries() const {
  return Count("SELECT count(*) FROM log_entry");
}

absl::StatusOr<uint64_t> LogReader::CountTiles() const {
  return Count("SELECT count(*) FROM log_tile");
}

absl::StatusOr<std::vector<audit::CheckpointRow>> LogReader::CheckpointRows() const {
  FORBEAR_ASSIGN_OR_RETURN(Query query,
                           Prepare("SELECT size, root, note FROM log_checkpoint ORDER BY size"));
  std::vector<audit::CheckpointRow> rows;
  while (true) {
    FORBEAR_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return rows;
    rows.push_back({query.Number(0), query.Bytes(1), query.Bytes(2)});
  }
}

absl::StatusOr<std::string> LogReader::NewestNote() const {
  FORBEAR_ASSIGN_OR_RETURN(Query query,
                           Prepare("SELECT note FROM log_checkpoint ORDER BY size DESC LIMIT 1"));
  FORBEAR_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return NotFound("no checkpoint was signed yet");
  return query.Bytes(0);
}

absl::StatusOr<uint64_t> LogReader::Size() const { return Count("SELECT size FROM log_head"); }

absl::StatusOr<std::vector<std::string>> LogReader::Entries(uint64_t from, uint64_t to) const {
  FORBEAR_ASSIGN_OR_RETURN(Query query,
                           Prepare("SELECT seq, bytes FROM log_entry WHERE seq >= ?1 AND seq < ?2 "
                                   "ORDER BY seq"));
  query.Bind(1, from);
  query.Bind(2, to);
  std::vector<std::string> entries;
  while (true) {
    FORBEAR_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) break;
    if (query.Number(0) != from + entries.size()) break;
    entries.push_back(query.Bytes(1));
  }
  if (entries.size() != to - from) {
    return DataLoss(absl::StrCat("F1: log_entry ", from + entries.size(), " is missing"));
  }
  return entries;
}

absl::StatusOr<std::string> LogReader::ReadTile(int level, uint64_t n) const {
  FORBEAR_ASSIGN_OR_RETURN(Query query,
                           Prepare("SELECT bytes FROM log_tile WHERE level = ?1 AND n = ?2"));
  query.Bind(1, static_cast<uint64_t>(level));
  query.Bind(2, n);
  FORBEAR_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return absl::NotFoundError(absl::StrCat("no log_tile ", level, "/", n));
  return query.Bytes(0);
}

absl::StatusOr<std::map<Id128, std::string>> LogReader::AttemptStates() const {
  FORBEAR_ASSIGN_OR_RETURN(Query query, Prepare("SELECT id, state FROM attempt"));
  std::map<Id128, std::string> states;
  while (true) {
    FORBEAR_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return states;
    const std::string id = query.Bytes(0);
    if (id.size() != 16) return DataLoss("E12: an attempt's id in the table is not 16 bytes");
    states.emplace(Id128::FromRaw(id), query.Bytes(1));
  }
}

}  // namespace forbear::sqlite
