#include "adapters/sqlite/sqlite_store.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "adapters/sqlite/database.h"
#include "adapters/sqlite/log_reader.h"
#include "adapters/sqlite/schema.h"
#include "adapters/sqlite/watched_vfs.h"
#include "tests/adapters/store/store_suite.h"

namespace forbear {
namespace {

// A directory that goes when the test does.
class Folder {
 public:
  Folder() {
    char name[] = "/tmp/forbear-store-XXXXXX";
    EXPECT_NE(mkdtemp(name), nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class SqliteBench : public StoreBench {
 public:
  explicit SqliteBench(size_t cache_bytes = 48u << 20) : cache_bytes_(cache_bytes) { Open(); }
  SqliteStore& store() override { return *store_; }
  std::unique_ptr<audit::EntrySource> OpenLog() override { return store_->OpenLog(); }

  SqliteStore::Options options() {
    return {.dir = folder_.path() + "/data",
            .origin = kTestOrigin,
            .node = kTestNode,
            .handler = desk::MakeDeskHandler(gate),
            .clock = &clock,
            .randomness = &randomness,
            .keys = &keys.ring,
            .cache_bytes = cache_bytes_,
            .vfs = vfs};
  }
  void Close() { store_.reset(); }
  void Open() {
    auto opened = SqliteStore::Open(options());
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }
  void Reopen() {
    Close();
    Open();
  }
  std::string data() const { return folder_.path() + "/data"; }
  std::string database() const { return data() + "/forbear.db"; }
  std::string vfs;

 private:
  Folder folder_;
  const size_t cache_bytes_;
  std::unique_ptr<SqliteStore> store_;
};

INSTANTIATE_TEST_SUITE_P(
    Sqlite, StoreSuite,
    testing::Values(StoreKind{"Cached", [] { return std::make_unique<SqliteBench>(); }},
                    // Every file is read from its tables each time.
                    StoreKind{"Uncached", [] { return std::make_unique<SqliteBench>(0); }}),
    [](const auto& test) { return test.param.name; });

// Changes a closed database behind the store's back. The message of what SQLite refused, or "".
std::string Tamper(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  char* message = nullptr;
  sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &message);
  const std::string refused = message == nullptr ? "" : message;
  sqlite3_free(message);
  sqlite3_close(database);
  return refused;
}

class SqliteStoreTest : public testing::Test {
 protected:
  SqliteStoreTest() : desk_(11) {}
  ~SqliteStoreTest() override {
    sqlite::WatchedVfs::Get().SetFull(false);
    sqlite::WatchedVfs::Get().FillAfterWrites(-1);
    sqlite::WatchedVfs::Get().SetSyncFails(false);
  }
  absl::StatusOr<Applied> Apply(Command command) {
    return bench_.store().ApplyAndWait(std::move(command));
  }
  CommandResult MustApply(Command command) {
    const absl::StatusOr<Applied> applied = Apply(std::move(command));
    EXPECT_TRUE(applied.ok()) << applied.status();
    return applied.ok() ? applied->result : CommandResult{};
  }
  void ExpectWholeLog() {
    const absl::Status status = CheckWholeLog(*bench_.OpenLog(), bench_.store().Head());
    EXPECT_TRUE(status.ok()) << status;
  }
  void OnWatchedDisk() {
    sqlite::WatchedVfs::Get();
    bench_.vfs = sqlite::WatchedVfs::kName;
    bench_.Reopen();
  }

  SqliteBench bench_;
  desk::Desk desk_;
};

TEST_F(SqliteStoreTest, EverythingIsThereAfterAReopen) {
  Command submit = desk_.Submit("acme", "b1", "a1");
  std::get<SubmitAccount>(submit.body).borrower.contact_points = {
      desk::Phone(1, "+15550100123", 4)};
  const CommandResult one = MustApply(submit);
  Command second = desk_.Submit("acme", "b2", "a2");
  std::get<SubmitAccount>(second.body).borrower.contact_points = {
      desk::Phone(1, "+15550100123", 4)};
  const CommandResult two = MustApply(second);
  const CommandResult settled = MustApply(desk_.Make("", PlanAccount{one.account}));
  MustApply(desk_.Make("", SettleAttempt{settled.attempt, {}}));
  const CommandResult open = MustApply(desk_.Make("", PlanAccount{two.account}));
  MustApply(desk_.Make("", PauseContacts{{.tenant = "acme"}, "check"}));
  const audit::LogHead head = bench_.store().Head();

  bench_.Reopen();
  EXPECT_EQ(bench_.store().Head().size, head.size);
  EXPECT_EQ(bench_.store().Head().root, head.root);
  EXPECT_EQ(bench_.store().Head().tseq, head.tseq);
  EXPECT_EQ(bench_.store().Status().accounts, 2u);
  EXPECT_EQ(bench_.store().Status().borrowers, 2u);
  EXPECT_FALSE(bench_.store().Status().writes_refused);
  const auto attempts = bench_.store().OpenAttempts();
  ASSERT_EQ(attempts->size(), 1u);
  EXPECT_EQ((*attempts)[0].id, open.attempt);
  EXPECT_EQ((*attempts)[0].state, AttemptState::kReserved);
  EXPECT_EQ(bench_.store().ReadPauses()->size(), 1u);
  EXPECT_EQ(*bench_.store().FindAccountByExternalId("acme", "a1"), one.account);
  EXPECT_THAT(*bench_.store().ReadLinked("acme", one.borrower), testing::ElementsAre(two.borrower));
  const auto file = bench_.store().ReadBorrower("acme", one.borrower);
  EXPECT_EQ((*file)->events.size(), 1u);
  EXPECT_EQ((*file)->plans.at(0).wake_at, bench_.clock.Now() + date::days(3));

  MustApply(desk_.Make("", DoubtAttempt{open.attempt, "crash"}));
  const CommandResult next = MustApply(desk_.Note("acme"));
  EXPECT_EQ(next.receipts.at(0).seq, head.size + 1);
  ExpectWholeLog();
}

TEST_F(SqliteStoreTest, TheLogGoesOnAcrossReopensAtEveryWidth) {
  // Full tiles at two levels would take 65,536 entries; the sizes here cross the first level.
  for (const int64_t entries : {1, 250, 3, 1, 2, 255, 256, 700}) {
    Command many = desk_.Note("acme", "test.many");
    std::get<RecordFact>(many.body).data.Set("entries", entries);
    MustApply(std::move(many));
    bench_.Reopen();
    ExpectWholeLog();
  }
}

TEST_F(SqliteStoreTest, ARepeatedRequestGetsTheFirstAnswerAfterARestart) {
  const Command command = desk::Desk::With(desk_.Submit("acme", "b1", "a1"), "SubmitAccount", "r1");
  const CommandResult first = MustApply(command);
  bench_.Reopen();
  const CommandResult again = MustApply(command);
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.account, first.account);
  EXPECT_EQ(again.receipts, first.receipts);
  EXPECT_EQ(Apply(desk::Desk::With(desk_.Note("acme"), "SubmitAccount", "r1", 2)).status().code(),
            absl::StatusCode::kAlreadyExists);
}

TEST_F(SqliteStoreTest, ASecondServerOnOneDirectoryIsToldWhoHasIt) {
  MustApply(desk_.Note("acme"));
  const auto second = SqliteStore::Open(bench_.options());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()),
              testing::HasSubstr("process " + std::to_string(getpid())));
  MustApply(desk_.Note("acme"));  // the first is not disturbed
  bench_.Close();
  EXPECT_TRUE(SqliteStore::Open(bench_.options()).ok()) << "the lock went with its holder";
  bench_.Open();
}

std::string AllBytesUnder(const std::string& folder) {
  std::string all;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    all.append(std::istreambuf_iterator<char>(in), {});
  }
  return all;
}

TEST_F(SqliteStoreTest, WhatIdentifiesAPersonIsInNoFile) {
  Command submit = desk_.Submit("acme", "b1", "a1", 100);
  auto& borrower = std::get<SubmitAccount>(submit.body).borrower;
  borrower.name = Personal("Zebedee Quillfeather");
  borrower.contact_points = {desk::Phone(1, "+15550100123", 7)};
  Place home;
  home.country = "US";
  home.city = "Quillfeatherville";
  borrower.places = {home};
  MustApply(std::move(submit));
  for (const bool closed : {false, true}) {
    if (closed) bench_.Close();
    const std::string bytes = AllBytesUnder(bench_.data());
    for (const char* canary : {"Quillfeather", "5550100123", "b1"}) {
      const bool kept = std::string_view(canary) == "b1";  // the lender's own id is a column
      EXPECT_EQ(bytes.find(canary) != std::string::npos, kept) << canary;
    }
  }
  bench_.Open();
  const auto id = bench_.store().FindBorrowerByExternalId("acme", "b1");
  ASSERT_TRUE(id.ok() && id->has_value());
  const auto file = bench_.store().ReadBorrower("acme", **id);
  ASSERT_TRUE(file.ok() && *file != nullptr) << file.status();
  EXPECT_EQ((*file)->borrower.name.Reveal(RevealFor::kCaller), "Zebedee Quillfeather");
  EXPECT_EQ((*file)->borrower.places.front().city, "Quillfeatherville");
}

TEST_F(SqliteStoreTest, X2WithoutItsKeyARowDoesNotOpenAndNothingIsRecordedOfIt) {
  MustApply(desk_.Submit("acme", "b1", "a1", 100));
  const auto id = bench_.store().FindBorrowerByExternalId("acme", "b1");
  ASSERT_TRUE(id.ok() && id->has_value());
  ASSERT_TRUE(bench_.keys.ring.Destroy({**id}).ok());
  bench_.Reopen();  // nothing of it is in memory now
  EXPECT_EQ(bench_.store().ReadBorrower("acme", **id).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(SqliteStoreTest, ABatchThatCannotKeepItsKeysIsNotCommitted) {
  bench_.key_faults.at = bench_.key_faults.calls + 1;  // found missing, made, and then not kept
  const auto refused = bench_.store().ApplyAndWait(desk_.Submit("acme", "b1", "a1", 100));
  EXPECT_FALSE(refused.ok());
  EXPECT_TRUE(bench_.store().Status().writes_refused);
  bench_.key_faults.at = -1;
  const auto id = bench_.store().FindBorrowerByExternalId("acme", "b1");
  ASSERT_TRUE(id.ok());
  EXPECT_FALSE(id->has_value());
  MustApply(desk_.Submit("acme", "b1", "a1", 100));
  EXPECT_FALSE(bench_.store().Status().writes_refused);
}

TEST_F(SqliteStoreTest, AnotherFormatIsRefusedUntouched) {
  const struct {
    const char* why;
    std::string sql;
    std::string undo;
    absl::StatusCode code;
    const char* says;
  } rows[] = {
      {"a newer format", "PRAGMA user_version=3", "PRAGMA user_version=2",
       absl::StatusCode::kFailedPrecondition, "has format 3"},
      {"another program's", "PRAGMA application_id=7",
       "PRAGMA application_id=" + std::to_string(sqlite::kApplicationId),
       absl::StatusCode::kFailedPrecondition, "another program's"},
      {"another log's", "UPDATE log_head SET origin = 'other.example/log'",
       std::string("UPDATE log_head SET origin = '") + kTestOrigin + "'",
       absl::StatusCode::kFailedPrecondition, "other.example/log"},
  };
  for (const auto& row : rows) {
    bench_.Close();
    ASSERT_EQ(Tamper(bench_.database(), row.sql), "") << row.why;
    const auto opened = SqliteStore::Open(bench_.options());
    EXPECT_EQ(opened.status().code(), row.code) << row.why << opened.status();
    EXPECT_THAT(std::string(opened.status().message()), testing::HasSubstr(row.says)) << row.why;
    ASSERT_EQ(Tamper(bench_.database(), row.undo), "") << row.why;
    bench_.Open();
    MustApply(desk_.Note("acme"));
  }
}

TEST_F(SqliteStoreTest, WhatIsNoDatabaseIsRefused) {
  bench_.Close();
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(bench_.database() + suffix);
  const std::string text(8192, 'x');
  std::ofstream(bench_.database(), std::ios::trunc) << text;
  const auto opened = SqliteStore::Open(bench_.options());
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kDataLoss) << opened.status();
  std::ifstream file(bench_.database());
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text) << "left as it was";
  // So that the fixture can be taken down.
  std::filesystem::remove(bench_.database());
  bench_.Open();
}

TEST_F(SqliteStoreTest, FilesAreForTheirOwnerOnly) {
  MustApply(desk_.Note("acme"));
  struct stat info {};
  ASSERT_EQ(stat(bench_.data().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(bench_.data())) {
    ASSERT_EQ(stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 4u) << "lock, database, WAL and its index";
}

TEST_F(SqliteStoreTest, ConnectionsHaveTheirSettings) {
  bench_.Close();
  const struct {
    const char* pragma;
    int64_t writer;
    int64_t reader;
  } rows[] = {
      {"PRAGMA synchronous", 2, 2},
      {"PRAGMA foreign_keys", 1, 1},
      {"PRAGMA trusted_schema", 0, 0},
      {"PRAGMA mmap_size", 0, 0},
      {"PRAGMA cell_size_check", 1, 1},
      {"PRAGMA wal_autocheckpoint", 0, 0},
      {"PRAGMA cache_size", -65536, -4096},
      {"PRAGMA query_only", 0, 1},
      {"SELECT journal_mode = 'wal' FROM pragma_journal_mode", 1, 1},
  };
  auto writer = sqlite::Database::Open(bench_.database(), sqlite::Access::kWrite, "");
  ASSERT_TRUE(writer.ok() && (*writer)->BeginWriting().ok());
  auto reader = sqlite::Database::Open(bench_.database(), sqlite::Access::kRead, "");
  ASSERT_TRUE(reader.ok());
  for (const auto& row : rows) {
    EXPECT_EQ((*writer)->Ask(row.pragma).value_or(-1), row.writer) << row.pragma;
    EXPECT_EQ((*reader)->Ask(row.pragma).value_or(-1), row.reader) << row.pragma;
  }
  EXPECT_FALSE((*reader)->Execute("DELETE FROM pause").ok()) << "readers do not write";
  reader->reset();
  writer->reset();
  bench_.Open();
}

TEST_F(SqliteStoreTest, TheLogsTablesRefuseChanges) {
  MustApply(desk_.Note("acme"));
  ASSERT_TRUE(bench_.store().InsertCheckpoint(2, bench_.store().Head().root, "note").ok());
  Command many = desk_.Note("acme", "test.many");
  std::get<RecordFact>(many.body).data.Set("entries", 300);
  MustApply(std::move(many));
  bench_.Close();
  for (const char* sql :
       {"UPDATE log_entry SET kind = 'x.y' WHERE seq = 1", "DELETE FROM log_entry WHERE seq = 1",
        "UPDATE log_tile SET n = 9", "DELETE FROM log_tile", "UPDATE log_checkpoint SET note = ''",
        "DELETE FROM log_checkpoint",
        "INSERT INTO log_checkpoint(size, root, note) VALUES (1, x'00', x'00')"}) {
    EXPECT_NE(Tamper(bench_.database(), sql), "") << sql;
  }
  bench_.Open();
  EXPECT_FALSE(bench_.store().Status().writes_refused);
  ExpectWholeLog();
}

TEST_F(SqliteStoreTest, ALogThatDoesNotAgreeWithItselfIsReadAndNeverWritten) {
  const CommandResult account = MustApply(desk_.Submit("acme", "b1", "a1"));
  Command many = desk_.Note("acme", "test.many");
  std::get<RecordFact>(many.body).data.Set("entries", 2'000);
  MustApply(std::move(many));
  ASSERT_TRUE(bench_.store()
                  .InsertCheckpoint(bench_.store().Head().size, bench_.store().Head().root, "note")
                  .ok());
  MustApply(desk_.Note("acme"));
  bench_.Close();
  const std::string whole = bench_.data() + "/whole";
  std::filesystem::copy_file(bench_.database(), whole);
  const std::string no_triggers =
      "DROP TRIGGER log_entry_kept; DROP TRIGGER log_entry_stays; DROP TRIGGER log_tile_kept;"
      "DROP TRIGGER log_tile_stays; DROP TRIGGER log_checkpoint_kept;";
  const struct {
    const char* why;
    const char* sql;
  } rows[] = {
      {"an entry's bytes", "UPDATE log_entry SET bytes = x'7b7d' WHERE seq = 1500"},
      {"an entry's hash", "UPDATE log_entry SET leaf_hash = zeroblob(32) WHERE seq = 1500"},
      {"an entry is gone", "DELETE FROM log_entry WHERE seq = 1500"},
      {"the tail is cut", "DELETE FROM log_entry WHERE seq >= 2000"},
      {"one entry too many",
       "INSERT INTO log_entry SELECT 2004, zeroblob(16), tenant, 9999, borrower, kind, leaf_hash, "
       "bytes FROM log_entry WHERE seq = 2003"},
      {"the head's root", "UPDATE log_head SET root = zeroblob(32)"},
      {"the head's peaks", "UPDATE log_head SET peaks = zeroblob(length(peaks))"},
      {"the head's size", "UPDATE log_head SET size = 2003"},
      {"the head is gone", "DELETE FROM log_head"},
      {"a full tile", "UPDATE log_tile SET bytes = zeroblob(8192) WHERE n = 3"},
      {"a tile is gone", "DELETE FROM log_tile WHERE n = 0"},
      {"the newest checkpoint", "UPDATE log_checkpoint SET root = zeroblob(32)"},
      {"a checkpoint of a longer log", "UPDATE log_checkpoint SET size = 5000"},
  };
  for (const auto& row : rows) {
    std::filesystem::copy_file(whole, bench_.database(),
                               std::filesystem::copy_options::overwrite_existing);
    ASSERT_EQ(Tamper(bench_.database(), no_triggers + row.sql), "") << row.why;
    bench_.Open();
    EXPECT_TRUE(bench_.store().Status().writes_refused) << row.why;
    EXPECT_EQ(bench_.store().Status().why, "data_loss") << row.why;
    EXPECT_EQ(Apply(desk_.Note("acme")).status().code(), absl::StatusCode::kDataLoss) << row.why;
    EXPECT_EQ(Apply(desk_.Note("acme")).status().code(), absl::StatusCode::kDataLoss) << row.why;
    const auto file = bench_.store().ReadBorrower("acme", account.borrower);
    EXPECT_TRUE(file.ok() && *file != nullptr) << row.why << ": reads go on";
    bench_.Close();
  }
  std::filesystem::copy_file(whole, bench_.database(),
                             std::filesystem::copy_options::overwrite_existing);
  bench_.Open();
  MustApply(desk_.Note("acme"));
  ExpectWholeLog();
}

TEST_F(SqliteStoreTest, CheckpointsAreKeptAndOnlyGrow) {
  EXPECT_EQ(bench_.store().NewestCheckpoint().status().code(), absl::StatusCode::kNotFound);
  const audit::LogHead one = bench_.store().Head();
  EXPECT_TRUE(bench_.store().InsertCheckpoint(one.size, one.root, "first\n").ok());
  EXPECT_TRUE(bench_.store().InsertCheckpoint(one.size, one.root, "first\n").ok())
      << "the same again";
  MustApply(desk_.Note("acme"));
  const audit::LogHead two = bench_.store().Head();
  EXPECT_TRUE(bench_.store().InsertCheckpoint(two.size, two.root, "second\n").ok());
  EXPECT_FALSE(bench_.store().InsertCheckpoint(one.size, one.root, "first\n").ok());
  EXPECT_FALSE(bench_.store().InsertCheckpoint(two.size, one.root, "second\n").ok());
  EXPECT_EQ(*bench_.store().NewestCheckpoint(), "second\n");
  bench_.Reopen();
  EXPECT_EQ(*bench_.store().NewestCheckpoint(), "second\n");
  EXPECT_FALSE(bench_.store().Status().writes_refused);
  MustApply(desk_.Note("acme"));
}

TEST_F(SqliteStoreTest, AnAuditorReadsTheLogOfARunningStore) {
  MustApply(desk_.Submit("acme", "b1", "a1"));
  auto reader = sqlite::LogReader::Open(bench_.data());
  ASSERT_TRUE(reader.ok()) << reader.status();
  const audit::LogHead head = bench_.store().Head();
  MustApply(desk_.Note("acme"));
  const auto seen = (*reader)->Head();
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(seen->size, head.size) << "one state, however much is written meanwhile";
  EXPECT_EQ(seen->root, head.root);
  EXPECT_EQ(seen->tseq, head.tseq);
  EXPECT_TRUE(CheckWholeLog(**reader, head).ok());
}

TEST_F(SqliteStoreTest, AFullDiskRefusesWritesAndLosesNothing) {
  OnWatchedDisk();
  const CommandResult account = MustApply(desk_.Submit("acme", "b1", "a1"));
  const audit::LogHead head = bench_.store().Head();
  sqlite::WatchedVfs::Get().SetFull(true);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Apply(desk_.Submit("acme", "b2", "a2")).status().code(),
              absl::StatusCode::kUnavailable);
  }
  EXPECT_TRUE(bench_.store().Status().writes_refused);
  EXPECT_EQ(bench_.store().Status().why, "disk_full");
  EXPECT_NE(*bench_.store().ReadBorrower("acme", account.borrower), nullptr) << "reads go on";
  EXPECT_EQ(bench_.store().ListAccounts("acme", AccountId(), 9)->size(), 1u);
  EXPECT_FALSE(bench_.store().FindAccountByExternalId("acme", "a2")->has_value());
  EXPECT_EQ(bench_.store().Head().root, head.root);

  sqlite::WatchedVfs::Get().SetFull(false);
  const CommandResult after = MustApply(desk_.Submit("acme", "b2", "a2"));
  EXPECT_EQ(after.receipts.at(0).seq, head.size) << "no number was lost";
  EXPECT_FALSE(bench_.store().Status().writes_refused);
  ExpectWholeLog();
  bench_.Reopen();
  ExpectWholeLog();
  EXPECT_EQ(bench_.store().Status().accounts, 2u);
}

TEST_F(SqliteStoreTest, ADiskMayFillUpAtAnyWrite) {
  OnWatchedDisk();
  std::set<std::string> acknowledged;
  for (int64_t writes = 0; writes < 300; writes += 5) {
    sqlite::WatchedVfs::Get().FillAfterWrites(writes);
    const std::string name = std::to_string(writes);
    for (int i = 0; i < 6; ++i) {
      const std::string account = name + "-" + std::to_string(i);
      const auto applied = Apply(desk_.Submit("acme", "b" + name, account));
      if (applied.ok()) {
        acknowledged.insert(account);
      } else {
        EXPECT_EQ(applied.status().code(), absl::StatusCode::kUnavailable) << applied.status();
      }
    }
    sqlite::WatchedVfs::Get().FillAfterWrites(-1);
    sqlite::WatchedVfs::Get().SetFull(false);
    if (writes % 50 == 45) bench_.Reopen();
  }
  EXPECT_GT(acknowledged.size(), 60u) << "of 360";
  EXPECT_LT(acknowledged.size(), 340u) << "some writes must have been refused";
  ExpectWholeLog();
  std::set<std::string> kept;
  for (const Account& account : Must(bench_.store().ListAccounts("acme", AccountId(), 1'000))) {
    kept.insert(account.external_id);
  }
  EXPECT_EQ(kept, acknowledged) << "what was acknowledged is there, and nothing else";
}

TEST_F(SqliteStoreTest, AFailedSyncEndsTheProcess) {
  // Forked anew, so that the store's threads belong to the process that dies.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  bench_.Close();
  EXPECT_DEATH(
      {
        OnWatchedDisk();
        sqlite::WatchedVfs::Get().SetSyncFails(true);
        Apply(desk_.Note("acme")).status().IgnoreError();
      },
      "failed to sync");
  bench_.Open();
}

TEST_F(SqliteStoreTest, TheWalIsCopiedWhenNothingIsAsked) {
  for (int i = 0; i < 50; ++i) MustApply(desk_.Note("acme"));
  bench_.Close();
  EXPECT_FALSE(std::filesystem::exists(bench_.database() + "-wal"))
      << "the writer closes last and leaves a database that is whole by itself";
  bench_.Open();
  ExpectWholeLog();
}

// A child writes and tells what was acknowledged; the parent kills it at some moment.
TEST_F(SqliteStoreTest, WhatWasAcknowledgedSurvivesKill) {
  std::set<std::string> acknowledged;
  uint64_t size = bench_.store().Head().size;
  for (int round = 0; round < 8; ++round) {
    bench_.Close();
    int pipes[2];
    ASSERT_EQ(pipe(pipes), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(pipes[0]);
      auto opened = SqliteStore::Open(bench_.options());
      if (!opened.ok()) _exit(3);
      desk::Desk desk(1000 + static_cast<uint64_t>(round));
      std::vector<std::thread> threads;
      for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
          for (int i = 0;; ++i) {
            const std::string name =
                std::to_string(round) + "." + std::to_string(t) + "." + std::to_string(i);
            const auto applied =
                (*opened)->ApplyAndWait(desk.Submit("acme", "b" + name, "a" + name));
            if (!applied.ok()) _exit(4);
            const auto sent =
                (*opened)->ApplyAndWait(desk.Make("", PlanAccount{applied->result.account}));
            if (!sent.ok()) _exit(5);
            const std::string line = "a" + name + "\n";
            if (write(pipes[1], line.data(), line.size()) < 0) _exit(6);
          }
        });
      }
      for (std::thread& thread : threads) thread.join();
      _exit(0);
    }
    close(pipes[1]);
    // Some way into the run, a different one each time.
    std::string told;
    char buffer[512];
    const size_t enough = size_t{200} * (1 + static_cast<size_t>(round)) + 37;
    bool killed = false;
    for (;;) {
      const ssize_t got = read(pipes[0], buffer, sizeof buffer);
      if (got <= 0) break;
      told.append(buffer, static_cast<size_t>(got));
      if (!killed && told.size() > enough) {
        killed = true;
        kill(child, SIGKILL);
      }
    }
    close(pipes[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "exit " << WEXITSTATUS(status);
    size_t from = 0;
    for (size_t end = told.find('\n'); end != std::string::npos; end = told.find('\n', from)) {
      acknowledged.insert(told.substr(from, end - from));
      from = end + 1;
    }

    bench_.Open();
    EXPECT_FALSE(bench_.store().Status().writes_refused);
    EXPECT_GT(bench_.store().Head().size, size);
    size = bench_.store().Head().size;
    ExpectWholeLog();
    for (const std::string& account : acknowledged) {
      const auto id = bench_.store().FindAccountByExternalId("acme", account);
      ASSERT_TRUE(id.ok() && id->has_value()) << account;
    }
    // What the kill left reserved is exactly what is listed as open.
    size_t open = 0;
    for (const Account& account : Must(bench_.store().ListAccounts("acme", AccountId(), 100'000))) {
      for (const Attempt& attempt : Must(bench_.store().ListAttempts("acme", account.borrower))) {
        open += IsOpen(attempt.state) ? 1 : 0;
      }
    }
    EXPECT_EQ(bench_.store().OpenAttempts()->size(), open);
    EXPECT_GE(open, acknowledged.size());
  }
}

}  // namespace
}  // namespace forbear
