// keys.db: the suite of every key store, and what its files hold.
#include "adapters/keys/key_database.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "adapters/keys/kek_files.h"
#include "engine/vault/key_ring.h"
#include "tests/adapters/keys/key_store_suite.h"
#include "tests/adapters/logexport/folder.h"

namespace forbear::keys {
namespace {

using absl::StatusCode;
using logexport::Folder;
using testing::HasSubstr;
using testing::Not;
using vault::Borrower;

struct InMemory {
  vault::KeyStoreInMemory store;
  KeyStore& Make() { return store; }
};
struct OnDisk {
  Folder folder;
  std::unique_ptr<KeyDatabase> store;
  KeyStore& Make() {
    store = KeyDatabase::Open(folder / kKeyDatabaseFile).value();
    return *store;
  }
};
INSTANTIATE_TYPED_TEST_SUITE_P(InMemory, KeyStoreSuite, InMemory);
INSTANTIATE_TYPED_TEST_SUITE_P(OnDisk, KeyStoreSuite, OnDisk);

std::string BytesOf(const std::string& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

// Everything in the folder, whatever SQLite calls it.
std::string AllBytes(const Folder& folder) {
  std::string all;
  for (const auto& item : std::filesystem::directory_iterator(folder.path())) {
    all += BytesOf(item.path());
  }
  return all;
}

TEST(KeyDatabase, KeepsKeysFromOneStartToTheNext) {
  const Folder folder;
  ASSERT_TRUE(KeyDatabase::Open(folder / kKeyDatabaseFile).value()->Put({TestKey(1)}).ok());
  const auto again = KeyDatabase::Open(folder / kKeyDatabaseFile);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->Find(Borrower(1)).value(), TestKey(1));
}

TEST(KeyDatabase, X2AfterEraseTheWrappedKeyIsInNoFile) {
  const Folder folder;
  const auto store = KeyDatabase::Open(folder / kKeyDatabaseFile).value();
  vault::SeededRandomness randomness{1};
  std::vector<WrappedKey> keys;
  for (int i = 0; i < 200; ++i) {
    keys.push_back(TestKey(i));
    randomness.Fill({reinterpret_cast<uint8_t*>(keys.back().wrapped.data()), 72});
    ASSERT_TRUE(store->Put({keys.back()}).ok());
  }
  // Wrapped anew, so that old wraps lie about too.
  std::vector<WrappedKey> anew = keys;
  for (WrappedKey& key : anew) {
    key.kek_id = "k2";
    randomness.Fill({reinterpret_cast<uint8_t*>(key.wrapped.data()), 72});
  }
  ASSERT_TRUE(store->Put(anew).ok());
  EXPECT_GT(BytesOf(folder / "keys.db-wal").size(), 0u);
  const std::string before = AllBytes(folder);
  for (size_t i = 0; i < keys.size(); ++i) {
    ASSERT_NE(before.find(keys[i].wrapped), std::string::npos) << "a test of nothing";
    ASSERT_NE(before.find(anew[i].wrapped), std::string::npos) << "a test of nothing";
    ASSERT_NE(before.find(anew[i].borrower.Raw()), std::string::npos);
  }
  std::vector<BorrowerId> erased;
  for (int i = 0; i < 200; i += 2) erased.push_back(Borrower(i));
  ASSERT_TRUE(store->Erase(erased).ok());
  EXPECT_EQ(BytesOf(folder / "keys.db-wal").size(), 0u);
  const std::string left = AllBytes(folder);
  for (int i = 0; i < 200; ++i) {
    const auto at = static_cast<size_t>(i);
    const bool gone = i % 2 == 0;
    EXPECT_EQ(left.find(anew[at].wrapped) == std::string::npos, gone) << i;
    EXPECT_EQ(left.find(keys[at].wrapped), std::string::npos) << i;
    if (gone) {
      EXPECT_EQ(left.find(keys[at].wrapped.substr(24, 16)), std::string::npos) << i;
      EXPECT_EQ(left.find(anew[at].wrapped.substr(24, 16)), std::string::npos) << i;
      EXPECT_EQ(left.find(anew[at].borrower.Raw()), std::string::npos) << i;
    }
  }
}

// The delete has committed, and the process died before the log was emptied.
TEST(KeyDatabase, X2AnEraseInterruptedIsCompletedByTheNextStart) {
  const Folder folder;
  const std::string path = folder / kKeyDatabaseFile;
  WrappedKey key = TestKey(1);
  vault::SeededRandomness randomness{1};
  randomness.Fill({reinterpret_cast<uint8_t*>(key.wrapped.data()), 72});
  ASSERT_TRUE(KeyDatabase::Open(path).value()->Put({key, TestKey(2)}).ok());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    sqlite3* database = nullptr;
    bool good = sqlite3_open(path.c_str(), &database) == SQLITE_OK;
    good = good && sqlite3_exec(database,
                                "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
                                "UPDATE wrapped_key SET tenant = 'demo';"
                                "DELETE FROM wrapped_key WHERE number = 1",
                                nullptr, nullptr, nullptr) == SQLITE_OK;
    ::_exit(good ? 0 : 1);  // nothing is closed
  }
  int ended = -1;
  ASSERT_EQ(::waitpid(child, &ended, 0), child);
  ASSERT_EQ(ended, 0);
  ASSERT_NE(AllBytes(folder).find(key.wrapped), std::string::npos) << "a test of nothing";
  const auto store = KeyDatabase::Open(path);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(AllBytes(folder).find(key.wrapped), std::string::npos);
  EXPECT_EQ((*store)->Find(key.borrower).value(), std::nullopt);
  EXPECT_TRUE((*store)->Find(Borrower(2)).value().has_value());
}

TEST(KeyDatabase, K2IsForItsOwnerAlone) {
  const Folder folder;
  const std::string path = folder / kKeyDatabaseFile;
  const mode_t old = ::umask(0);
  {
    const auto store = KeyDatabase::Open(path).value();
    ASSERT_TRUE(store->Put({TestKey(1)}).ok());
    for (const auto& item : std::filesystem::directory_iterator(folder.path())) {
      struct stat facts {};
      ASSERT_EQ(::stat(item.path().c_str(), &facts), 0);
      EXPECT_EQ(facts.st_mode & 0777, 0600u) << item.path();
    }
  }
  ::umask(old);
  for (const mode_t mode : {0640, 0604, 0620, 0602, 0644}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    EXPECT_EQ(KeyDatabase::Open(path).status().code(), StatusCode::kFailedPrecondition) << mode;
  }
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  EXPECT_TRUE(KeyDatabase::Open(path).ok());
}

TEST(KeyDatabase, RefusesWhatIsNotItsOwn) {
  const struct {
    const char* why;
    const char* sql;
    StatusCode code;
  } rows[] = {
      {"another program's", "CREATE TABLE a(b)", StatusCode::kFailedPrecondition},
      {"another application", "PRAGMA application_id = 7; CREATE TABLE a(b)",
       StatusCode::kFailedPrecondition},
      {"a later format", "PRAGMA application_id = 0x46424b31; PRAGMA user_version = 2",
       StatusCode::kFailedPrecondition},
  };
  for (const auto& row : rows) {
    const Folder folder;
    const std::string path = folder / kKeyDatabaseFile;
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database, row.sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
    ::chmod(path.c_str(), 0600);
    const std::string before = BytesOf(path);
    EXPECT_EQ(KeyDatabase::Open(path).status().code(), row.code) << row.why;
    EXPECT_EQ(BytesOf(path), before) << row.why << ": untouched";
  }
  const Folder folder;
  const std::string path = folder / kKeyDatabaseFile;
  ASSERT_TRUE(logexport::WriteNewFile(path, std::string(8192, 'x'), 0600).ok());
  EXPECT_EQ(KeyDatabase::Open(path).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(KeyDatabase::Open(folder / "missing/keys.db").status().code(),
            StatusCode::kUnavailable);
}

TEST(KeyDatabase, IsForOneProcessAlone) {
  const Folder folder;
  const std::string path = folder / kKeyDatabaseFile;
  auto store = KeyDatabase::Open(path).value();
  EXPECT_EQ(KeyDatabase::Open(path).status().code(), StatusCode::kUnavailable);
  // Neither the refusal nor an erasure lets go of the lock, as closing a second handle would.
  ASSERT_TRUE(store->Put({TestKey(1), TestKey(2)}).ok());
  ASSERT_TRUE(store->Erase({Borrower(1)}).ok());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    sqlite3* database = nullptr;
    sqlite3_open(path.c_str(), &database);
    const int read = sqlite3_exec(database, "SELECT * FROM wrapped_key", nullptr, nullptr, nullptr);
    ::_exit(read == SQLITE_BUSY ? 0 : 1);
  }
  int ended = -1;
  ASSERT_EQ(::waitpid(child, &ended, 0), child);
  EXPECT_EQ(ended, 0);
  store.reset();
  EXPECT_TRUE(KeyDatabase::Open(path).ok());
}

TEST(KeyDatabase, RefusesHalfAKey) {
  const Folder folder;
  const auto store = KeyDatabase::Open(folder / kKeyDatabaseFile).value();
  WrappedKey no_tenant = TestKey(1), no_kek = TestKey(1), short_wrap = TestKey(1);
  no_tenant.tenant.clear();
  no_kek.kek_id.clear();
  short_wrap.wrapped.pop_back();
  for (const WrappedKey& key : {no_tenant, no_kek, short_wrap}) {
    const absl::Status status = store->Put({TestKey(2), key});
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("BBBB")));
  }
  EXPECT_TRUE(Walk(*store).empty());
}

// Both adapters and the ring together: what a deployment does in a year.
TEST(KeyDatabase, K6X2ARingOnFilesRotatesAndErases) {
  const Folder folder;
  vault::SeededRandomness randomness{1};
  vault::HandClock clock;
  const auto store = KeyDatabase::Open(folder / kKeyDatabaseFile).value();
  const auto provider = KekFiles::Open(folder / "keks", randomness, clock).value();
  const std::string first = provider->MakeNext().value();
  vault::KeyRing ring(*provider, *store, randomness, clock);
  std::vector<Bytes32> kids;
  for (int i = 0; i < 10; ++i) kids.push_back(ring.Make("demo", Borrower(i)).value()->kid());
  ASSERT_TRUE(ring.Save().ok());
  ASSERT_TRUE(ring.Destroy({Borrower(3)}).ok());
  ASSERT_TRUE(provider->MakeNext().ok());
  EXPECT_EQ(ring.Rewrap(4).value(), 5u);
  EXPECT_EQ(ring.Rewrap(100).value(), 0u);
  ASSERT_TRUE(provider->Destroy(first).ok());
  ring.DropCache();
  for (int i = 0; i < 10; ++i) {
    const auto found = ring.Find(Borrower(i));
    if (i == 3) {
      EXPECT_EQ(found.status().code(), StatusCode::kNotFound);
    } else {
      EXPECT_EQ(found.value()->kid(), kids[static_cast<size_t>(i)]);
    }
  }
}

}  // namespace
}  // namespace forbear::keys
