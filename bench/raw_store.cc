// The baseline of every number about the store: the same statements, with the same bound values
// and the same settings, on SQLite alone.
//
//   raw_store RECORDING FOLDER [--start-from DATABASE]
//
// RECORDING is what SqliteStore wrote with `record_statements_to` (adapters/sqlite/recording.h).
// It is replayed twice into a fresh database in FOLDER, or into a copy of DATABASE: in the batches
// it was recorded in, and in batches of 256 commands. Prints one JSON object a run and a line:
// commands, statements, rows written, bytes bound and written, batches, syncs, seconds.
//
// Reading the recording is not measured; stepping every statement to its end is.
#include <sqlite3.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/sqlite/database.h"
#include "adapters/sqlite/schema.h"
#include "adapters/sqlite/watched_vfs.h"
#include "engine/model/status.h"

namespace forbear::sqlite {
namespace {

constexpr size_t kCommandsInBatch = 256;

struct Value {
  char kind;  // 'N', 'I', 'T', 'B'
  int64_t integer;
  std::string_view bytes;  // into the recording
};
struct Step {
  size_t statement;
  size_t first_value, values;
  bool ends_command;  // nothing is executed: a command ended before
};
struct Recorded {
  std::string bytes;
  std::vector<std::string> statements;
  std::vector<Value> values;
  std::vector<Step> steps;
  size_t commands = 0;
  uint64_t bound_bytes = 0;
};

class Parser {
 public:
  explicit Parser(std::string_view rest) : rest_(rest) {}
  bool AtEnd() const { return rest_.empty(); }
  char Kind() {
    const char kind = rest_.front();
    rest_.remove_prefix(1);
    return kind;
  }
  uint64_t Number() {
    FORBEAR_CHECK(rest_.size() >= 8);
    uint64_t value = 0;
    for (size_t i = 8; i > 0; --i) value = value << 8 | static_cast<uint8_t>(rest_[i - 1]);
    rest_.remove_prefix(8);
    return value;
  }
  std::string_view Bytes() {
    const uint64_t size = Number();
    FORBEAR_CHECK(rest_.size() >= size);
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }

 private:
  std::string_view rest_;
};

Recorded ReadRecording(const char* path) {
  Recorded recorded;
  std::ifstream file(path, std::ios::binary);
  FORBEAR_CHECK(file.is_open());
  recorded.bytes.assign(std::istreambuf_iterator<char>(file), {});
  Parser parser(recorded.bytes);
  while (!parser.AtEnd()) {
    switch (parser.Kind()) {
      case 'S': {
        FORBEAR_CHECK(parser.Number() == recorded.statements.size());
        recorded.statements.emplace_back(parser.Bytes());
        break;
      }
      case 'X': {
        Step step{.statement = parser.Number(),
                  .first_value = recorded.values.size(),
                  .values = parser.Number(),
                  .ends_command = false};
        FORBEAR_CHECK(step.statement < recorded.statements.size());
        for (size_t i = 0; i < step.values; ++i) {
          Value value{.kind = parser.Kind(), .integer = 0, .bytes = {}};
          if (value.kind == 'I') value.integer = static_cast<int64_t>(parser.Number());
          if (value.kind == 'T' || value.kind == 'B') value.bytes = parser.Bytes();
          recorded.bound_bytes += value.kind == 'I' ? 8 : value.bytes.size();
          recorded.values.push_back(value);
        }
        recorded.steps.push_back(step);
        break;
      }
      case 'E':
        recorded.steps.push_back({0, 0, 0, true});
        ++recorded.commands;
        break;
      default:
        FORBEAR_CHECK(false && "not a recording");
    }
  }
  return recorded;
}

class Replay {
 public:
  Replay(const Recorded& recorded, Database& database) : recorded_(recorded), database_(database) {
    for (const std::string& sql : recorded.statements) {
      sqlite3_stmt* statement = nullptr;
      FORBEAR_CHECK(sqlite3_prepare_v3(database.raw(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT,
                                       &statement, nullptr) == SQLITE_OK);
      statements_.push_back(statement);
    }
  }
  ~Replay() {
    for (sqlite3_stmt* statement : statements_) sqlite3_finalize(statement);
  }

  // `commands_in_batch` 0: as recorded.
  void Run(size_t commands_in_batch) {
    size_t in_batch = 0;
    bool open = false;
    for (const Step& step : recorded_.steps) {
      if (step.ends_command) {
        if (commands_in_batch != 0 && ++in_batch == commands_in_batch) {
          Execute("COMMIT");
          EndBatch();
          in_batch = 0;
          open = false;
        }
        continue;
      }
      const std::string& sql = recorded_.statements[step.statement];
      if (sql == "BEGIN IMMEDIATE" || sql == "COMMIT") {
        if (commands_in_batch != 0) continue;
        Perform(step);
        if (sql == "COMMIT") EndBatch();
        continue;
      }
      if (commands_in_batch != 0 && !open) {
        Execute("BEGIN IMMEDIATE");
        open = true;
      }
      Perform(step);
    }
    if (open) {
      Execute("COMMIT");
      EndBatch();
    }
  }

  size_t batches() const { return batches_; }
  size_t statements() const { return executed_; }

 private:
  void Execute(const char* sql) {
    FORBEAR_CHECK(sqlite3_exec(database_.raw(), sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  void EndBatch() {
    ++batches_;
    if (database_.wal_bytes() >= kCheckpointBytes) FORBEAR_CHECK(database_.Checkpoint().ok());
  }
  void Perform(const Step& step) {
    sqlite3_stmt* const statement = statements_[step.statement];
    for (size_t i = 0; i < step.values; ++i) {
      const Value& value = recorded_.values[step.first_value + i];
      const int parameter = static_cast<int>(i) + 1;
      const char* const bytes = value.bytes.data() == nullptr ? "" : value.bytes.data();
      switch (value.kind) {
        case 'N':
          sqlite3_bind_null(statement, parameter);
          break;
        case 'I':
          sqlite3_bind_int64(statement, parameter, value.integer);
          break;
        case 'T':
          sqlite3_bind_text64(statement, parameter, bytes, value.bytes.size(), SQLITE_STATIC,
                              SQLITE_UTF8);
          break;
        default:
          sqlite3_bind_blob64(statement, parameter, bytes, value.bytes.size(), SQLITE_STATIC);
      }
    }
    int code = sqlite3_step(statement);
    while (code == SQLITE_ROW) code = sqlite3_step(statement);
    // A command that failed when it was recorded fails again, and its savepoint is rolled back.
    FORBEAR_CHECK(code == SQLITE_DONE || (code & 0xff) == SQLITE_CONSTRAINT);
    sqlite3_reset(statement);
    ++executed_;
  }

  const Recorded& recorded_;
  Database& database_;
  std::vector<sqlite3_stmt*> statements_;
  size_t batches_ = 0;
  size_t executed_ = 0;
};

void Measure(const Recorded& recorded, const std::string& folder, const char* start_from,
             const char* mode, size_t commands_in_batch) {
  const std::string path = folder + "/raw.db";
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
  if (start_from != nullptr) {
    std::filesystem::copy_file(start_from, path);
  } else {
    std::ofstream(path).flush();
  }
  WatchedVfs& disk = WatchedVfs::Get();
  auto database = Database::Open(path, Access::kWrite, WatchedVfs::kName);
  FORBEAR_CHECK(database.ok() && (*database)->BeginWriting().ok());
  if (start_from == nullptr) FORBEAR_CHECK((*database)->Execute(kSchema).ok());
  FORBEAR_CHECK((*database)->Checkpoint().ok());

  Replay replay(recorded, **database);
  const int64_t rows_before = sqlite3_total_changes64((*database)->raw());
  disk.ResetCounts();
  const auto began = std::chrono::steady_clock::now();
  replay.Run(commands_in_batch);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  const int64_t rows = sqlite3_total_changes64((*database)->raw()) - rows_before;
  const auto commands = static_cast<double>(recorded.commands);
  std::printf(
      "{\"mode\": \"%s\", \"commands\": %zu, \"statements\": %zu, \"rows\": %lld, "
      "\"bytes_bound\": %llu, \"bytes_written\": %lld, \"batches\": %zu, \"batch\": %.1f, "
      "\"syncs\": %lld, \"seconds\": %.3f, \"per_second\": %.0f}\n",
      mode, recorded.commands, replay.statements(), static_cast<long long>(rows),
      static_cast<unsigned long long>(recorded.bound_bytes),
      static_cast<long long>(disk.bytes_written()), replay.batches(),
      commands / static_cast<double>(replay.batches()), static_cast<long long>(disk.syncs()),
      took.count(), commands / took.count());
}

}  // namespace
}  // namespace forbear::sqlite

int main(int argc, char** argv) {
  const bool from = argc == 5 && std::strcmp(argv[3], "--start-from") == 0;
  if (argc != 3 && !from) {
    std::fprintf(stderr, "usage: raw_store RECORDING FOLDER [--start-from DATABASE]\n");
    return 2;
  }
  using forbear::sqlite::Measure;
  const forbear::sqlite::Recorded recorded = forbear::sqlite::ReadRecording(argv[1]);
  FORBEAR_CHECK(recorded.commands > 0);
  const char* const start = from ? argv[4] : nullptr;
  Measure(recorded, argv[2], start, "as_recorded", 0);
  Measure(recorded, argv[2], start, "batches_of_256", forbear::sqlite::kCommandsInBatch);
  return 0;
}
