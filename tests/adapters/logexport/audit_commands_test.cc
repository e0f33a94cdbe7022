// The auditor's and the operator's commands, as they are typed.
#include "adapters/cli/audit_commands.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "adapters/cli/exit_codes.h"
#include "adapters/cli/keys_command.h"
#include "adapters/logexport/key_files.h"
#include "adapters/rows/rows.h"
#include "adapters/sqlite/log_reader.h"
#include "adapters/sqlite/schema.h"
#include "tests/adapters/logexport/folder.h"
#include "tests/engine/audit/log_in_memory.h"
#include "tests/engine/audit/tamper.h"

namespace forbear::cli {
namespace {

using logexport::Folder;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

struct Said {
  int exit_code = -1;
  std::string out;
  std::string err;
};

Said Verify(const AuditVerifyCall& call) {
  std::ostringstream out, err;
  const int exit_code = RunAuditVerify(call, out, err);
  return {exit_code, out.str(), err.str()};
}
Said ExportTo(const std::string& folder, const std::string& data, bool json = false) {
  std::ostringstream out, err;
  const int exit_code = RunAuditExport(folder, data, json, out, err);
  return {exit_code, out.str(), err.str()};
}

Said Prove(const AuditProofCall& call, const std::string& input = "") {
  std::istringstream in(input);
  std::ostringstream out, err;
  const int exit_code = RunAuditProof(call, in, out, err);
  return {exit_code, out.str(), err.str()};
}

const audit::SigningKey& Owner() {
  static const audit::SigningKey key =
      audit::SigningKey::FromSeed("audit.example/forbear", Bytes32{7}).value();
  return key;
}

// A database with a store's tables and nothing that guards them: what somebody has who copied a
// store and means to change it.
class Database {
 public:
  explicit Database(const std::string& folder) {
    std::filesystem::create_directories(folder);
    if (sqlite3_open((folder + "/forbear.db").c_str(), &database_) != SQLITE_OK) std::abort();
    Run("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF");
    Run(sqlite::kSchema);
    for (const char* trigger :
         {"log_entry_kept", "log_entry_stays", "log_tile_kept", "log_tile_stays",
          "log_checkpoint_kept", "log_checkpoint_stays", "log_checkpoint_grows"}) {
      Run(std::string("DROP TRIGGER ") + trigger);
    }
  }
  ~Database() { sqlite3_close(database_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void Run(const std::string& sql, const std::vector<std::string>& blobs = {}) {
    if (blobs.empty()) {
      if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        throw std::runtime_error(sqlite3_errmsg(database_));
      }
      return;
    }
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
      throw std::runtime_error(sqlite3_errmsg(database_));
    }
    for (size_t i = 0; i < blobs.size(); ++i) {
      sqlite3_bind_blob(statement, static_cast<int>(i + 1), blobs[i].data(),
                        static_cast<int>(blobs[i].size()), SQLITE_TRANSIENT);
    }
    sqlite3_step(statement);
    sqlite3_finalize(statement);
  }

  void Write(const audit::GrowingLog& log) {
    Run("BEGIN; DELETE FROM log_head; DELETE FROM log_entry; DELETE FROM log_tile");
    for (const std::string& bytes : log.store.entries) {
      const cj1::Value entry = cj1::Parse(bytes).value();
      const cj1::Value* tenant = entry.Find("tenant");
      const cj1::Value* tseq = entry.Find("tseq");
      Run("INSERT INTO log_entry VALUES (" + std::to_string(entry.Find("seq")->AsInteger()) +
              ",?1," + (tenant ? "'" + tenant->AsString() + "'" : "NULL") + "," +
              (tseq ? std::to_string(tseq->AsInteger()) : "NULL") + ",NULL,'" +
              entry.Find("kind")->AsString() + "',?2,?3)",
          {FromHex(entry.Find("id")->AsString()).value(),
           std::string(audit::AsText(audit::LeafHash(bytes))), bytes});
    }
    for (const auto& [where, bytes] : log.store.tiles) {
      Run("INSERT INTO log_tile VALUES (" + std::to_string(where.first) + "," +
              std::to_string(where.second) + ",?1)",
          {bytes});
    }
    const audit::LogHead head = log.writer.Head();
    std::string peaks;
    for (const Bytes32& peak : head.peaks) peaks.append(audit::AsText(peak));
    Run("INSERT INTO log_head VALUES (1,'" + head.origin + "'," + std::to_string(head.size) +
            ",?1,?2," + std::to_string(head.last_time.time_since_epoch().count()) + ",?3)",
        {std::string(audit::AsText(head.root)), peaks, rows::EncodeCounts(head.tseq)});
    Run("COMMIT");
  }

  void WriteCheckpoint(const audit::LogHead& head) {
    Run("INSERT INTO log_checkpoint VALUES (" + std::to_string(head.size) + ",?1,?2)",
        {std::string(audit::AsText(head.root)),
         Owner().Sign({head.origin, {head.size, head.root}})});
  }

 private:
  sqlite3* database_ = nullptr;
};

audit::EntryDraft Step(const char* kind, const AttemptId& attempt) {
  audit::EntryDraft draft = audit::Draft(kind, "demo");
  draft.ref.Set("attempt", attempt.Hex());
  return draft;
}

// A store of 400 entries, signed at 300, with two attempts.
class AuditCommands : public testing::Test {
 protected:
  AuditCommands() : database_(folder_ / "data") {
    const auto append = [&](const audit::EntryDraft& draft) {
      log_.store.Take(log_.writer.Append(draft, kFirstInstant).value());
    };
    log_.GrowTo(200);
    settled_.bytes.fill(0xa1);
    reserved_.bytes.fill(0xa2);
    append(Step("attempt.reserved", settled_));
    append(Step("attempt.reserved", reserved_));
    append(Step("attempt.dispatched", settled_));
    append(Step("attempt.settled", settled_));
    log_.GrowTo(300);
    database_.WriteCheckpoint(log_.writer.Head());
    log_.GrowTo(400);
    database_.Write(log_);
    for (const auto& [id, state] : {std::pair{settled_, "settled"}, {reserved_, "reserved"}}) {
      database_.Run(std::string("INSERT INTO attempt VALUES (?1,'demo',zeroblob(16),'") + state +
                        "',zeroblob(1))",
                    {std::string(id.Raw())});
    }
  }

  AuditVerifyCall OfData() { return {.data = folder_ / "data", .key = Owner().verifier().Line()}; }
  AuditVerifyCall OfExport() {
    return {.from = folder_ / "export", .key = Owner().verifier().Line()};
  }

  const Folder folder_;
  audit::GrowingLog log_;
  Database database_;
  AttemptId settled_;
  AttemptId reserved_;
};

TEST_F(AuditCommands, AStoreIsVerifiedWhileItIsOpenForWriting) {
  const Said said = Verify(OfData());
  EXPECT_EQ(said.exit_code, kOk) << said.err;
  EXPECT_THAT(said.out, EndsWith("verified\n"));
  EXPECT_THAT(said.out, HasSubstr("400 entries"));
  EXPECT_THAT(said.out, HasSubstr("unsigned 100 entries"));
  EXPECT_EQ(said.err, "");
}

TEST_F(AuditCommands, AnEntryIsProvedFromTheStoreAndFromItsExportAlikeAndCheckedOffline) {
  ASSERT_EQ(ExportTo(folder_ / "export", folder_ / "data").exit_code, kOk);
  const std::string key = Owner().verifier().Line();
  for (const uint64_t seq : {0, 7, 255, 256, 299}) {
    const Said of_data = Prove({.entry = seq, .data = folder_ / "data", .key = key});
    ASSERT_EQ(of_data.exit_code, kOk) << of_data.err;
    EXPECT_THAT(of_data.out, StartsWith("c2sp.org/tlog-proof@v1\nindex " + std::to_string(seq)));
    const Said of_export = Prove({.entry = seq,
                                  .from = folder_ / "export",
                                  .out = folder_ / "proof",
                                  .entry_out = folder_ / "entry"});
    ASSERT_EQ(of_export.exit_code, kOk) << of_export.err;
    EXPECT_EQ(of_export.out,
              "the proof of entry " + std::to_string(seq) + " is in " + (folder_ / "proof") + "\n");
    EXPECT_EQ(logexport::Slurp(folder_ / "proof"), of_data.out) << "the same text";
    EXPECT_EQ(logexport::Slurp(folder_ / "entry"), log_.store.entries[seq]);
    const AuditProofCall check{.key = key, .check = folder_ / "proof", .entry_bytes = "-"};
    const Said said = Prove(check, log_.store.entries[seq]);
    EXPECT_EQ(said.exit_code, kOk) << said.err;
    EXPECT_THAT(said.out, EndsWith("of 300 entries\nproved\n"));
    AuditProofCall by_file = check;
    by_file.entry_bytes = folder_ / "entry";
    EXPECT_EQ(Prove(by_file).exit_code, kOk);
    const Said other = Prove(check, log_.store.entries[seq + 1]);
    EXPECT_EQ(other.exit_code, kFailed);
    EXPECT_THAT(other.err, StartsWith("forbear: audit proof: P1: "));
    EXPECT_THAT(Prove(check, log_.store.entries[seq] + "\n").err, HasSubstr("leave it away"));
  }
}

TEST_F(AuditCommands, AProofThatDoesNotHoldIsNamedByItsCondition) {
  const std::string key = Owner().verifier().Line();
  ASSERT_EQ(Prove({.entry = 7, .data = folder_ / "data", .out = folder_ / "proof"}).exit_code, kOk);
  const std::string good = logexport::Slurp(folder_ / "proof");
  const auto finding = [&](std::string text, const std::string& with) {
    EXPECT_TRUE(logexport::ReplaceFile(folder_ / "proof", text, 0600).ok());
    const Said said =
        Prove({.key = with, .check = folder_ / "proof", .entry_bytes = "-"}, log_.store.entries[7]);
    EXPECT_EQ(said.exit_code, kFailed);
    EXPECT_EQ(said.out, "");
    return said.err.substr(std::string("forbear: audit proof: ").size(), 2);
  };
  std::string long_one = good;
  const size_t gap = long_one.find("\n\n");
  for (int i = 0; i < 64; ++i) long_one.insert(gap + 1, std::string(43, 'A') + "=\n");
  EXPECT_EQ(finding(long_one, key), "P2");
  EXPECT_EQ(finding(good.substr(1), key), "P3");
  std::string other_size = good;
  other_size.replace(other_size.find("\n300\n"), 5, "\n301\n");
  EXPECT_EQ(finding(other_size, key), "G2");
  EXPECT_EQ(finding(good, audit::SigningKey::FromSeed("audit.example/forbear", Bytes32{8})
                              .value()
                              .verifier()
                              .Line()),
            "G2");
  EXPECT_EQ(
      finding(
          good,
          audit::SigningKey::FromSeed("audit.example/other", Bytes32{7}).value().verifier().Line()),
      "G2");
}

TEST_F(AuditCommands, AnEntryThatNoCheckpointCoversYetSaysWhenToTryAgain) {
  ASSERT_EQ(ExportTo(folder_ / "export", folder_ / "data").exit_code, kOk);
  const Said unsigned_yet = Prove({.entry = 300, .data = folder_ / "data"});
  EXPECT_EQ(unsigned_yet.exit_code, kFailed);
  EXPECT_THAT(unsigned_yet.err, HasSubstr("entry 300 is not under a checkpoint yet"));
  EXPECT_THAT(unsigned_yet.err, HasSubstr("within a second"));
  const Said unexported = Prove({.entry = 300, .from = folder_ / "export"});
  EXPECT_EQ(unexported.exit_code, kFailed);
  EXPECT_THAT(unexported.err, HasSubstr("try again with an export made after"));
  EXPECT_EQ(Prove({.entry = 400, .data = folder_ / "data"}).exit_code, kWrongUse);
  EXPECT_EQ(unsigned_yet.out + unexported.out, "");
}

TEST_F(AuditCommands, AProofIsVerifiedBeforeItIsPrinted) {
  ASSERT_EQ(ExportTo(folder_ / "export", folder_ / "data").exit_code, kOk);
  const std::string tile = folder_ / "export/tile/0/000";
  std::string bytes = logexport::Slurp(tile);
  bytes[8 * 32] ^= 1;  // a neighbour of entry 7, no part of its own hash
  ASSERT_TRUE(logexport::ReplaceFile(tile, bytes, 0600).ok());
  const Said damaged = Prove({.entry = 7, .from = folder_ / "export"});
  EXPECT_EQ(damaged.exit_code, kFailed);
  EXPECT_THAT(damaged.err, StartsWith("forbear: audit proof: P1: "));
  EXPECT_EQ(damaged.out, "");
  const Said stranger =
      Prove({.entry = 7,
             .data = folder_ / "data",
             .key = audit::SigningKey::FromSeed("audit.example/forbear", Bytes32{8})
                        .value()
                        .verifier()
                        .Line()});
  EXPECT_EQ(stranger.exit_code, kFailed);
  EXPECT_THAT(stranger.err, StartsWith("forbear: audit proof: G2: "));
}

TEST_F(AuditCommands, AProofCalledWronglySaysWhatToGive) {
  const std::string key = Owner().verifier().Line();
  EXPECT_EQ(Prove({}).exit_code, kWrongUse);
  EXPECT_EQ(Prove({.entry = 1, .check = "x"}).exit_code, kWrongUse);
  EXPECT_THAT(Prove({.check = "x"}).err, HasSubstr("--key VKEY"));
  EXPECT_EQ(Prove({.key = key, .check = folder_ / "none", .entry_bytes = "-"}).exit_code,
            kWrongUse);
  EXPECT_EQ(Prove({.entry = 1, .from = folder_ / "none"}).exit_code, kWrongUse);
  EXPECT_EQ(Prove({.entry = 1, .data = folder_ / "none"}).exit_code, kWrongUse);
  CLI::App app;
  int exit_code = -1;
  AddAuditCommands(app, &exit_code);
  EXPECT_THROW(app.parse("audit proof --entry -1", false), CLI::ParseError);
  EXPECT_THROW(app.parse("audit proof --entry 1 --from a --data b", false), CLI::ParseError);
  EXPECT_THROW(app.parse("audit proof --entry 1 --entry-bytes -", false), CLI::ParseError);
}

TEST_F(AuditCommands, AStoreIsExportedUpToItsNewestCheckpointAndTheExportVerifies) {
  const Said exported = ExportTo(folder_ / "export", folder_ / "data");
  ASSERT_EQ(exported.exit_code, kOk) << exported.err;
  EXPECT_THAT(exported.out, StartsWith("300 entries are in "));
  EXPECT_EQ(ExportTo(folder_ / "export", folder_ / "data").exit_code, kOk) << "again";
  ASSERT_TRUE(
      logexport::ReplaceFile(folder_ / "log.vkey", Owner().verifier().Line() + "\n", 0644).ok());
  ASSERT_TRUE(
      logexport::ReplaceFile(folder_ / "old", logexport::Slurp(folder_ / "export/checkpoint"), 0600)
          .ok());
  database_.WriteCheckpoint(log_.writer.Head());
  ASSERT_EQ(ExportTo(folder_ / "export", folder_ / "data").exit_code, kOk);
  AuditVerifyCall call = OfExport();
  call.key = folder_ / "log.vkey";
  call.since = {folder_ / "old"};
  const Said said = Verify(call);
  EXPECT_EQ(said.exit_code, kOk) << said.err;
  EXPECT_THAT(said.out, HasSubstr("400 entries"));
  EXPECT_THAT(said.out, HasSubstr("1 checkpoint kept from before"));
  EXPECT_THAT(said.out, EndsWith("verified\n"));
}

TEST_F(AuditCommands, AnExportIsJsonForWhoAsks) {
  ASSERT_EQ(
      nlohmann::json::parse(ExportTo(folder_ / "export", folder_ / "data", true).out)["exported"],
      300);
  AuditVerifyCall call = OfExport();
  call.json = true;
  const auto json = nlohmann::json::parse(Verify(call).out);
  EXPECT_EQ(json["verified"], true);
  EXPECT_EQ(json["size"], 300);
  EXPECT_EQ(json["attempts"], 2);
  EXPECT_EQ(json["kinds"]["attempt.settled"], 1);
  std::filesystem::remove(folder_ / "export/tile/0/000");
  const Said broken = Verify(call);
  EXPECT_EQ(broken.exit_code, kFailed);
  EXPECT_EQ(nlohmann::json::parse(broken.out)["condition"], "F1");
}

TEST_F(AuditCommands, TheBrokenConditionIsNamedOnStderr) {
  ASSERT_EQ(ExportTo(folder_ / "export", folder_ / "data").exit_code, kOk);
  const std::string path = folder_ / "export/tile/0/001.p/44";
  std::string tile = logexport::Slurp(path);
  tile[2 * 32] ^= 1;
  ASSERT_TRUE(logexport::ReplaceFile(path, tile, 0600).ok());
  const Said said = Verify(OfExport());
  EXPECT_EQ(said.exit_code, kFailed);
  EXPECT_EQ(said.out, "");
  EXPECT_THAT(said.err, StartsWith("forbear: audit verify: F3: tile/0/001.p/44 hash 2 differs; "));
}

TEST_F(AuditCommands, AnEditedDatabaseIsAsVisibleAsAnEditedLog) {
  struct Row {
    const char* why;
    std::string sql;
    std::string undo;
    const char* finding;
  };
  const Row rows[] = {
      {"an attempt moved by hand", "UPDATE attempt SET state='released' WHERE state='reserved'",
       "UPDATE attempt SET state='reserved' WHERE state='released'", "E12: attempt a2a2"},
      {"an attempt that never was",
       "INSERT INTO attempt VALUES (randomblob(16),'demo',zeroblob(16),'settled',x'00')",
       "DELETE FROM attempt WHERE hex(id) NOT IN ('A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1',"
       "'A2A2A2A2A2A2A2A2A2A2A2A2A2A2A2A2')",
       "E12: attempt "},
      {"an attempt forgotten", "UPDATE attempt SET id=zeroblob(16) WHERE state='settled'",
       "UPDATE attempt SET id=x'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1' WHERE state='settled'",
       "E12: attempt 0000"},
      {"a byte of an entry",
       "UPDATE log_entry SET bytes=CAST(replace(bytes,'node.started','node.stopped') AS BLOB)"
       " WHERE seq=399",
       "UPDATE log_entry SET bytes=CAST(replace(bytes,'node.stopped','node.started') AS BLOB)"
       " WHERE seq=399",
       "F3: log_entry 399 leaf_hash"},
      {"a kind column", "UPDATE log_entry SET kind='x.y' WHERE seq=5",
       "UPDATE log_entry SET kind='account.added' WHERE seq=5", "E8: log_entry 5 kind"},
      {"an entry's number", "UPDATE log_entry SET seq=1000 WHERE seq=399",
       "UPDATE log_entry SET seq=399 WHERE seq=1000", "F1: log_entry 399 is missing"},
      {"the head", "UPDATE log_head SET size=399", "UPDATE log_head SET size=400",
       "F1: log_entry has"},
      {"a tile", "UPDATE log_tile SET n=7", "UPDATE log_tile SET n=0",
       "F1: log_tile 0/0 is missing"},
      {"a checkpoint", "UPDATE log_checkpoint SET size=299", "UPDATE log_checkpoint SET size=300",
       "G7: log_checkpoint 299"},
  };
  ASSERT_EQ(Verify(OfData()).exit_code, kOk);
  for (const Row& row : rows) {
    database_.Run(row.sql);
    const Said said = Verify(OfData());
    EXPECT_EQ(said.exit_code, kFailed) << row.why;
    EXPECT_THAT(said.err, StartsWith(std::string("forbear: audit verify: ") + row.finding))
        << row.why;
    database_.Run(row.undo);
    EXPECT_EQ(Verify(OfData()).exit_code, kOk) << row.why << ", undone";
  }
}

TEST_F(AuditCommands, ACutStoreMadeConsistentIsToldByACheckpointKeptOutside) {
  const std::string kept = Owner().Sign({"audit.example/forbear", {400, log_.writer.Head().root}});
  ASSERT_TRUE(logexport::WriteNewFile(folder_ / "kept", kept, 0600).ok());
  audit::GrowingLog shorter;
  shorter.GrowTo(350);
  database_.Run("DELETE FROM log_checkpoint; DELETE FROM attempt");
  database_.Write(shorter);
  EXPECT_EQ(Verify(OfData()).exit_code, kOk) << "nothing inside tells";
  AuditVerifyCall call = OfData();
  call.since = {folder_ / "kept"};
  const Said said = Verify(call);
  EXPECT_EQ(said.exit_code, kFailed);
  EXPECT_THAT(said.err, HasSubstr("G7: "));
}

TEST_F(AuditCommands, AReadOnlyCopyOfAStoppedStoreIsVerified) {
  // As it lies on a medium that cannot be written: no WAL beside it.
  database_.Run("PRAGMA wal_checkpoint(TRUNCATE)");
  const std::string copy = folder_ / "copy";
  std::filesystem::create_directory(copy);
  std::filesystem::copy_file(folder_ / "data/forbear.db", copy + "/forbear.db");
  ::chmod((copy + "/forbear.db").c_str(), 0400);
  AuditVerifyCall call = OfData();
  call.data = copy;
  const Said said = Verify(call);
  EXPECT_EQ(said.exit_code, kOk) << said.err;
}

TEST_F(AuditCommands, ReadingChangesNothing) {
  const auto before = logexport::FilesIn(folder_ / "data").at("forbear.db");
  const auto wal = logexport::FilesIn(folder_ / "data").at("forbear.db-wal");
  ASSERT_EQ(Verify(OfData()).exit_code, kOk);
  ASSERT_EQ(ExportTo(folder_ / "export", folder_ / "data").exit_code, kOk);
  EXPECT_TRUE(logexport::FilesIn(folder_ / "data").at("forbear.db") == before);
  EXPECT_TRUE(logexport::FilesIn(folder_ / "data").at("forbear.db-wal") == wal);
}

TEST_F(AuditCommands, WrongUseIsToldApartFromABrokenLog) {
  ASSERT_EQ(ExportTo(folder_ / "export", folder_ / "data").exit_code, kOk);
  const std::string key = Owner().verifier().Line();
  const struct {
    const char* why;
    AuditVerifyCall call;
  } rows[] = {
      {"nothing to verify", {.key = key}},
      {"two things", {.from = folder_ / "export", .data = folder_ / "data", .key = key}},
      {"no such folder", {.from = folder_ / "none", .key = key}},
      {"no such data", {.data = folder_ / "export", .key = key}},
      {"no such key", {.from = folder_ / "export", .key = "nonsense"}},
      {"a key file that is not there", {.from = folder_ / "export", .key = folder_ / "none.vkey"}},
      {"an older checkpoint that is not there",
       {.from = folder_ / "export", .key = key, .since = {folder_ / "none"}}},
  };
  for (const auto& row : rows) {
    const Said said = Verify(row.call);
    EXPECT_EQ(said.exit_code, kWrongUse) << row.why;
    EXPECT_THAT(said.err, StartsWith("forbear: audit verify: ")) << row.why;
    EXPECT_EQ(said.out, "") << row.why;
  }
  EXPECT_EQ(ExportTo(folder_ / "e2", folder_ / "none").exit_code, kWrongUse);
  database_.Run("DELETE FROM log_checkpoint");
  EXPECT_EQ(ExportTo(folder_ / "e2", folder_ / "data").exit_code, kFailed) << "nothing signed yet";
}

TEST_F(AuditCommands, SomethingElseInThePlaceOfTheDatabaseIsRefused) {
  const std::string other = folder_ / "other";
  std::filesystem::create_directory(other);
  ASSERT_TRUE(logexport::WriteNewFile(other + "/forbear.db", std::string(5000, 'x'), 0600).ok());
  AuditVerifyCall call = OfData();
  call.data = other;
  EXPECT_EQ(Verify(call).exit_code, kFailed);
  std::filesystem::remove(other + "/forbear.db");
  ASSERT_TRUE(logexport::WriteNewFile(other + "/forbear.db", "", 0600).ok());
  EXPECT_EQ(Verify(call).exit_code, kFailed) << "an empty database has no log";
}

TEST(AuditCommandLine, TakesItsOptionsAsWritten) {
  const Folder folder;
  int exit_code = -1;
  CLI::App app;
  AddAuditCommands(app, &exit_code);
  AddKeysCommand(app, &exit_code);
  app.parse("keys generate --origin audit.example/forbear --out " + (folder / "keys"));
  EXPECT_EQ(exit_code, kOk);
  app.parse("keys generate --origin audit.example/forbear --out " + (folder / "keys"));
  EXPECT_EQ(exit_code, kFailed) << "K8";
  app.parse("keys generate --origin https://audit.example --out " + (folder / "other"));
  EXPECT_EQ(exit_code, kWrongUse);
  audit::GrowingLog log;
  log.GrowTo(3);
  const auto key = logexport::ReadSigningKey(folder / "keys/log.key").value();
  audit::Export::Make(log.store.entries, key).WriteFolder(folder / "export");
  app.parse("audit verify --from " + (folder / "export") + " --key " + (folder / "keys/log.vkey") +
            " --since " + (folder / "export/checkpoint") + " --since " +
            (folder / "export/checkpoint"));
  EXPECT_EQ(exit_code, kOk);
  EXPECT_THROW(app.parse("audit verify --from a --data b --key c"), CLI::ParseError);
  EXPECT_THROW(app.parse("audit verify --from a"), CLI::ParseError);
  EXPECT_THROW(app.parse("audit verify --from a --key b --format xml"), CLI::ParseError);
}

TEST(KeysCommand, PrintsTheLineThatAuditorsAreGivenAndNoSecret) {
  const Folder folder;
  for (const bool json : {false, true}) {
    std::ostringstream out, err;
    const std::string where = folder / (json ? "a" : "b");
    ASSERT_EQ(RunKeysGenerate("audit.example/forbear", where, json, out, err), kOk) << err.str();
    const std::string line = logexport::ReadVerifierKey(where + "/log.vkey").value().Line();
    EXPECT_THAT(out.str(), HasSubstr(line));
    const std::string secret = logexport::Slurp(where + "/log.key");
    EXPECT_THAT(out.str(), testing::Not(HasSubstr(secret.substr(secret.size() - 30, 28))));
    const std::string index = logexport::Slurp(where + "/index.key");
    EXPECT_EQ(index.size(), 65u);
    EXPECT_THAT(out.str(), testing::Not(HasSubstr(index.substr(0, 32))));
  }
}

}  // namespace
}  // namespace forbear::cli
