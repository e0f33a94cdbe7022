// Key-encryption keys in files.
#include "adapters/keys/kek_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <regex>

#include "tests/adapters/logexport/folder.h"
#include "tests/engine/vault/keys_in_memory.h"

namespace forbear::keys {
namespace {

using absl::StatusCode;
using logexport::Folder;
using testing::HasSubstr;
using testing::Not;

struct Keys {
  Folder folder;
  vault::SeededRandomness randomness{1};
  vault::HandClock clock;  // 2026-03-02T09:00:00Z
  std::string path = folder / "keks";
  std::unique_ptr<KekFiles> files = Again();
  std::unique_ptr<KekFiles> Again() { return KekFiles::Open(path, randomness, clock).value(); }
  absl::Status Reopened() { return KekFiles::Open(path, randomness, clock).status(); }
  std::string FileOf(const std::string& id) { return path + "/kek-" + id + ".key"; }
};

TEST(KekFiles, AnEmptyFolderIsNotFilledUnasked) {
  Keys keys;
  EXPECT_EQ(keys.files->CurrentId().status().code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(keys.files->Ids()->empty());
  EXPECT_TRUE(logexport::FilesIn(keys.path).empty());
}

TEST(KekFiles, TellsWhenAKeyWasMade) {
  Keys keys;
  const std::string id = keys.files->MakeNext().value();
  EXPECT_EQ(FormatInstant(keys.files->MadeAt(id).value()), "2026-03-02T09:00:00Z");
  EXPECT_EQ(keys.files->MadeAt("k20260302-00000000").status().code(), StatusCode::kNotFound);
  std::filesystem::copy_file(keys.FileOf(id), keys.FileOf("brought"));
  EXPECT_EQ(keys.files->MadeAt("brought").value(), kFirstInstant) << "as old as can be";
}

TEST(KekFiles, MakesKeysAndKeepsTheOldOnes) {
  Keys keys;
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {  // all in one second
    ids.push_back(keys.files->MakeNext().value());
    EXPECT_EQ(keys.files->CurrentId().value(), ids.back());
    EXPECT_TRUE(std::regex_match(ids.back(), std::regex("k20260302-[0-9a-f]{8}"))) << ids.back();
  }
  EXPECT_EQ(keys.files->Ids().value(), ids) << "oldest first";
  const auto again = keys.Again();
  EXPECT_EQ(again->CurrentId().value(), ids.back());
  std::set<Bytes32> different;
  for (const std::string& id : ids) {
    const auto key = again->Find(id);
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ((*key)->bytes(), (*keys.files->Find(id))->bytes());
    EXPECT_EQ(logexport::Slurp(keys.FileOf(id)),
              ToHex({reinterpret_cast<const char*>((*key)->data()), 32}) + "\n");
    different.insert((*key)->bytes());
  }
  EXPECT_EQ(different.size(), ids.size());
}

TEST(KekFiles, FindsNoneThatIsNotThere) {
  Keys keys;
  ASSERT_TRUE(keys.files->MakeNext().ok());
  ASSERT_TRUE(
      logexport::WriteNewFile(keys.folder / "kek-x.key", std::string(64, 'a') + "\n", 0600).ok());
  for (const char* id : {"", "k20260302-00000000", "../kek-x", "..", "x\n", "/", "x/../y"}) {
    EXPECT_EQ(keys.files->Find(id).status().code(), StatusCode::kNotFound) << id;
  }
  EXPECT_EQ(keys.files->Find(std::string(300, 'a')).status().code(), StatusCode::kNotFound);
}

TEST(KekFiles, K2FilesThatOthersMayReadAreRefused) {
  Keys keys;
  const std::string id = keys.files->MakeNext().value();
  struct stat facts {};
  const auto mode_of = [&](const std::string& path) {
    EXPECT_EQ(::stat(path.c_str(), &facts), 0) << path;
    return facts.st_mode & 0777;
  };
  EXPECT_EQ(mode_of(keys.path), 0700u);
  EXPECT_EQ(mode_of(keys.FileOf(id)), 0600u);
  EXPECT_EQ(mode_of(keys.path + "/current"), 0600u);
  for (const std::string& path : {keys.FileOf(id), keys.path}) {
    const mode_t good = mode_of(path);
    for (const mode_t more : {0040, 0004, 0020, 0002, 0044}) {
      ::chmod(path.c_str(), good | more);
      EXPECT_EQ(keys.Reopened().code(), StatusCode::kFailedPrecondition) << path << " " << more;
      if (path != keys.path) {
        EXPECT_EQ(keys.files->Find(id).status().code(), StatusCode::kFailedPrecondition)
            << "also when it was read before";
      }
    }
    ::chmod(path.c_str(), good);
    EXPECT_TRUE(keys.Reopened().ok());
  }
  ::chmod((keys.path + "/current").c_str(), 0644);
  EXPECT_EQ(keys.files->CurrentId().status().code(), StatusCode::kFailedPrecondition);
}

TEST(KekFiles, X4AFileThatIsNoKeyIsRefusedInSilence) {
  const std::string digits(64, 'a');
  const struct {
    const char* why;
    std::string content;
  } rows[] = {
      {"empty", ""},
      {"short", digits.substr(1) + "\n"},
      {"long", digits + "a\n"},
      {"no newline", digits},
      {"capitals", std::string(64, 'A') + "\n"},
      {"no hex", std::string(64, 'q') + "\n"},
      {"two lines", digits + "\n\n"},
  };
  for (const auto& row : rows) {
    Keys keys;
    ASSERT_TRUE(logexport::WriteNewFile(keys.FileOf("x"), row.content, 0600).ok());
    for (const absl::Status& status : {keys.files->Find("x").status(), keys.Reopened()}) {
      EXPECT_EQ(status.code(), StatusCode::kDataLoss) << row.why;
      for (const char* part : {"aaaa", "AAAA", "qqqq"}) {
        EXPECT_THAT(std::string(status.message()), Not(HasSubstr(part))) << row.why;
      }
    }
  }
  Keys keys;
  ASSERT_TRUE(logexport::WriteNewFile(keys.FileOf("x"), digits + "\n", 0600).ok());
  EXPECT_TRUE(keys.files->Find("x").ok()) << "a test of nothing";
  ASSERT_EQ(::symlink(keys.FileOf("x").c_str(), keys.FileOf("y").c_str()), 0);
  EXPECT_FALSE(keys.files->Find("y").ok()) << "a link leads out of the folder";
}

TEST(KekFiles, X2ADestroyedKeyIsGone) {
  Keys keys;
  const std::string old = keys.files->MakeNext().value();
  const std::string current = keys.files->MakeNext().value();
  // A second name of the same blocks shows what became of them.
  const std::string witness = keys.folder / "witness";
  ASSERT_EQ(::link(keys.FileOf(old).c_str(), witness.c_str()), 0);
  const auto other_process = keys.Again();
  ASSERT_TRUE(keys.files->Destroy(old).ok());
  EXPECT_EQ(logexport::Slurp(witness), std::string(65, '\0'));
  EXPECT_EQ(keys.files->Find(old).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(other_process->Find(old).status().code(), StatusCode::kNotFound)
      << "though it was read";
  EXPECT_EQ(keys.files->Ids().value(), std::vector<std::string>{current});
  EXPECT_TRUE(keys.files->Destroy(old).ok()) << "repeatable";
  EXPECT_TRUE(keys.files->Destroy("../witness").ok()) << "no such key";
  EXPECT_TRUE(std::filesystem::exists(witness));
}

TEST(KekFiles, TheCurrentKeyIsNeverDestroyed) {
  Keys keys;
  const std::string current = keys.files->MakeNext().value();
  EXPECT_EQ(keys.files->Destroy(current).code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(keys.Again()->Find(current).ok());
  // Nor any while nobody knows which one is current.
  const std::string next = keys.files->MakeNext().value();
  std::filesystem::remove(keys.path + "/current");
  EXPECT_EQ(keys.files->Destroy(current).code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(keys.Again()->Find(current).ok());
}

TEST(KekFiles, K6WhatACrashLeavesIsNoObstacle) {
  Keys keys;
  const std::string first = keys.files->MakeNext().value();
  // A key made and not yet current; temporary files of both.
  ASSERT_TRUE(
      logexport::WriteNewFile(keys.FileOf("k20260302-ffff0000"), std::string(64, 'b') + "\n", 0600)
          .ok());
  for (const char* name : {"/.current.tmp", "/.kek-k20260302-00000001.key.tmp"}) {
    ASSERT_TRUE(logexport::WriteNewFile(keys.path + name, "half", 0600).ok());
  }
  // One overwritten and not unlinked.
  ASSERT_TRUE(
      logexport::WriteNewFile(keys.FileOf("k20260101-00000000"), std::string(65, '\0'), 0600).ok());
  const auto again = keys.Again();
  EXPECT_EQ(again->CurrentId().value(), first);
  EXPECT_EQ(again->Find("k20260101-00000000").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(again->Ids()->size(), 3u) << "listed, so that somebody finishes the destruction";
  const std::string next = again->MakeNext().value();
  EXPECT_EQ(next, "k20260302-ffff0001") << "newer than all there are";
  EXPECT_EQ(again->CurrentId().value(), next);
  const std::vector<std::string> ids = again->Ids().value();
  for (const std::string& id : ids) {
    if (id != next) {
      EXPECT_TRUE(again->Destroy(id).ok());
    }
  }
  EXPECT_EQ(again->Ids().value(), std::vector<std::string>{next});
}

TEST(KekFiles, AMissingCurrentKeyIsSaid) {
  Keys keys;
  const std::string id = keys.files->MakeNext().value();
  std::filesystem::remove(keys.FileOf(id));
  EXPECT_EQ(keys.files->CurrentId().status().code(), StatusCode::kFailedPrecondition);
  ASSERT_TRUE(logexport::ReplaceFile(keys.path + "/current", "../../etc\n", 0600).ok());
  EXPECT_EQ(keys.files->CurrentId().status().code(), StatusCode::kDataLoss);
}

}  // namespace
}  // namespace forbear::keys
