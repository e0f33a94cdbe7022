// The log tables of a store, read and never written (audit-log.md section 8): what `audit verify
// --data` and `audit export` read, of a server that runs, of one that stopped, or of a copy.
//
// The database is opened read-only, never checkpointed, and read in one transaction, so that what
// is read is one state of it however much is written meanwhile. Nothing read here is believed: the
// engine's VerifyStore compares it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/audit/source.h"
#include "engine/audit/verify.h"
#include "engine/model/ids.h"

struct sqlite3;

namespace forbear::sqlite {

class LogReader : public audit::StoreSource, public audit::EntrySource {
 public:
  // Opens `<data>/forbear.db`. kNotFound when there is none; kFailedPrecondition when it is no
  // database of ours; kUnavailable when it cannot be read.
  static absl::StatusOr<std::unique_ptr<LogReader>> Open(const std::string& data);
  ~LogReader() override;
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  // StoreSource
  absl::StatusOr<audit::LogHead> Head() const override;
  absl::StatusOr<std::vector<audit::EntryRow>> EntryRows(uint64_t from, uint64_t to) const override;
  absl::StatusOr<uint64_t> CountEntries() const override;
  absl::StatusOr<uint64_t> CountTiles() const override;
  absl::StatusOr<std::vector<audit::CheckpointRow>> CheckpointRows() const override;

  // The newest signed note alone: a log that grows for a year has millions of rows of them.
  // kNotFound when none was signed yet.
  absl::StatusOr<std::string> NewestNote() const;

  // EntrySource
  absl::StatusOr<uint64_t> Size() const override;
  absl::StatusOr<std::vector<std::string>> Entries(uint64_t from, uint64_t to) const override;

  // Both
  absl::StatusOr<std::string> ReadTile(int level, uint64_t n) const override;

  // The state column of every attempt, to compare with what the entries say.
  absl::StatusOr<std::map<Id128, std::string>> AttemptStates() const;

 private:
  class Query;
  explicit LogReader(sqlite3* database) : database_(database) {}
  absl::StatusOr<Query> Prepare(const char* sql) const;
  absl::StatusOr<uint64_t> Count(const char* sql) const;

  sqlite3* database_;
};

}  // namespace forbear::sqlite
