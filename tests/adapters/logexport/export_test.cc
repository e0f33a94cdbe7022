// The export: right at every instant, compared and never replaced.
#include "adapters/logexport/export.h"

#include <functional>

#include "engine/audit/verify.h"
#include "tests/adapters/logexport/folder.h"
#include "tests/engine/audit/log_in_memory.h"
#include "tests/engine/audit/tamper.h"

namespace forbear::logexport {
namespace {

using audit::ConditionOf;
using testing::HasSubstr;
using testing::StartsWith;

const audit::SigningKey& Owner() {
  static const audit::SigningKey key =
      audit::SigningKey::FromSeed("audit.example/forbear", Bytes32{7}).value();
  return key;
}
std::string Note(const audit::GrowingLog& log) {
  const audit::LogHead head = log.writer.Head();
  return Owner().Sign({head.origin, {head.size, head.root}});
}
absl::Status ExportOnce(const std::string& folder, const audit::GrowingLog& log) {
  auto exporter = Exporter::Open(folder, Existing::kCompareAll);
  if (!exporter.ok()) return exporter.status();
  return exporter->Export(log.store, Note(log));
}
// Whole and nothing but the files that the size calls for?
void ExpectExact(const std::string& folder, const audit::GrowingLog& log) {
  EXPECT_EQ(Digests(FilesIn(folder)),
            Digests(audit::Export::Make(log.store.entries, Owner()).files));
  const auto verified = audit::VerifyExport(FolderSource(folder), Owner().verifier(), {});
  EXPECT_TRUE(verified.ok()) << verified.status();
}

TEST(Exporter, WritesTheFilesOfEverySize) {
  for (const uint64_t size : {0, 1, 255, 256, 257, 700}) {
    const Folder folder;
    audit::GrowingLog log;
    log.GrowTo(size);
    ASSERT_TRUE(ExportOnce(folder / "export", log).ok()) << size;
    ExpectExact(folder / "export", log);
  }
}

TEST(Exporter, WritesALogOfThreeLevels) {
  const Folder folder;
  audit::GrowingLog log;
  log.GrowTo(66'000);
  ASSERT_TRUE(ExportOnce(folder.path(), log).ok());
  ExpectExact(folder.path(), log);
}

TEST(Exporter, GrowsWithTheLogAndKeepsPartialFilesUntilTheFullOneIsThere) {
  const Folder folder;
  audit::GrowingLog log;
  Exporter exporter = Exporter::Open(folder.path(), Existing::kFromCheckpoint).value();
  std::vector<audit::OlderNote> kept;
  for (const uint64_t size : {1, 100, 250, 256, 300, 511, 600}) {
    log.GrowTo(size);
    ASSERT_TRUE(exporter.Export(log.store, Note(log)).ok()) << size;
    ASSERT_TRUE(exporter.Export(log.store, Note(log)).ok()) << "again, harmless";
    EXPECT_EQ(exporter.exported(), size);
    kept.push_back({std::to_string(size), Note(log)});
    const auto verified =
        audit::VerifyExport(FolderSource(folder.path()), Owner().verifier(), kept);
    EXPECT_TRUE(verified.ok()) << size << verified.status();
    EXPECT_EQ(FilesIn(folder.path()).contains("tile/0/000.p/100"), size >= 100 && size < 256);
    EXPECT_EQ(FilesIn(folder.path()).contains("tile/entries/000.p/100"), size >= 100 && size < 256);
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "tile/0/001.p")) << "full, so its partials went";
}

TEST(Exporter, GoesOnFromWhatAnEarlierProcessLeft) {
  for (const Existing existing : {Existing::kCompareAll, Existing::kFromCheckpoint}) {
    const Folder folder;
    audit::GrowingLog log;
    for (const uint64_t size : {200, 300, 513}) {
      log.GrowTo(size);
      Exporter exporter = Exporter::Open(folder.path(), existing).value();
      ASSERT_TRUE(exporter.Export(log.store, Note(log)).ok()) << size;
    }
    auto files = Digests(audit::Export::Make(log.store.entries, Owner()).files);
    // The first level-1 tile is not full, so what it was at 300 stays beside what it is now.
    files["tile/1/000.p/1"] = Digests({{"", Slurp(folder / "tile/1/000.p/2").substr(0, 32)}})[""];
    EXPECT_EQ(Digests(FilesIn(folder.path())), files);
  }
}

// Law: an export interrupted after any of its files is completed by the next, and what a reader
// sees meanwhile is the old log, whole.
TEST(Exporter, InterruptedAnywhereItIsCompletedByTheNext) {
  audit::GrowingLog log;
  log.GrowTo(300);
  const Folder before;
  ASSERT_TRUE(ExportOnce(before.path(), log).ok());
  const std::string old_note = Note(log);
  log.GrowTo(600);
  const Folder after;
  std::filesystem::copy(before.path(), after.path(), std::filesystem::copy_options::recursive);
  ASSERT_TRUE(ExportOnce(after.path(), log).ok());
  std::vector<std::string> added;
  for (const auto& [path, content] : FilesIn(after.path())) {
    if (path != "checkpoint" && !FilesIn(before.path()).contains(path)) added.push_back(path);
  }
  ASSERT_GE(added.size(), 5u);
  for (size_t done = 0; done <= added.size(); ++done) {
    for (const Existing existing : {Existing::kCompareAll, Existing::kFromCheckpoint}) {
      const Folder folder;
      std::filesystem::copy(before.path(), folder.path(), std::filesystem::copy_options::recursive);
      for (size_t i = 0; i < done; ++i) {
        std::filesystem::create_directories(std::filesystem::path(folder / added[i]).parent_path());
        std::filesystem::copy_file(after / added[i], folder / added[i]);
      }
      // The file being written when the power went.
      std::filesystem::create_directories(folder / "tile/entries");
      ASSERT_TRUE(WriteNewFile(folder / "tile/entries/.001.tmp", "half", 0600).ok());
      const auto meanwhile =
          audit::VerifyExport(FolderSource(folder.path()), Owner().verifier(), {});
      ASSERT_TRUE(meanwhile.ok()) << done << meanwhile.status();
      EXPECT_EQ(meanwhile->checkpoint.head.size, 300u);
      Exporter exporter = Exporter::Open(folder.path(), existing).value();
      ASSERT_TRUE(exporter.Export(log.store, Note(log)).ok()) << done;
      auto files = Digests(FilesIn(folder.path()));
      files.erase("tile/entries/.001.tmp");
      EXPECT_EQ(files, Digests(FilesIn(after.path()))) << done;
    }
  }
}

TEST(Exporter, ComparesAndNeverReplaces) {
  for (const char* path : {"tile/0/000", "tile/entries/000", "tile/1/000.p/1", "tile/0/001.p/44",
                           "tile/entries/001.p/44"}) {
    const Folder folder;
    audit::GrowingLog log;
    log.GrowTo(300);
    ASSERT_TRUE(ExportOnce(folder.path(), log).ok());
    std::string changed = Slurp(folder / path);
    changed[1] ^= 1;
    ASSERT_TRUE(ReplaceFile(folder / path, changed, 0600).ok());
    const absl::Status status = ExportOnce(folder.path(), log);
    EXPECT_EQ(ConditionOf(status), "F3") << path;
    EXPECT_THAT(std::string(status.message()), HasSubstr(path));
    EXPECT_EQ(Slurp(folder / path), changed) << "what was there is evidence";
  }
}

TEST(Exporter, RefusesAnOlderAndAnotherLog) {
  const Folder folder;
  audit::GrowingLog log;
  log.GrowTo(200);
  audit::GrowingLog older;
  older.store = log.store;
  older.writer = log.writer;
  log.GrowTo(300);
  ASSERT_TRUE(ExportOnce(folder.path(), log).ok());
  EXPECT_EQ(ExportOnce(folder.path(), older).code(), absl::StatusCode::kDataLoss) << "older";
  audit::GrowingLog fork;
  fork.GrowTo(400);
  const auto files = Digests(FilesIn(folder.path()));
  for (const Existing existing : {Existing::kCompareAll, Existing::kFromCheckpoint}) {
    Exporter exporter = Exporter::Open(folder.path(), existing).value();
    EXPECT_EQ(exporter.Export(fork.store, Note(fork)).code(), absl::StatusCode::kDataLoss)
        << "fork";
  }
  EXPECT_EQ(Digests(FilesIn(folder.path())), files) << "and nothing was touched";
}

TEST(Exporter, WritesNothingOfALogThatDiffersFromItsCheckpoint) {
  const Folder folder;
  audit::GrowingLog log;
  log.GrowTo(300);
  log.store.entries[10][5] ^= 1;
  EXPECT_EQ(ConditionOf(ExportOnce(folder.path(), log)), "F4");
  EXPECT_TRUE(FilesIn(folder.path()).empty());
}

TEST(Exporter, IsAloneInItsFolder) {
  const Folder folder;
  {
    Exporter one = Exporter::Open(folder.path(), Existing::kCompareAll).value();
    EXPECT_EQ(Exporter::Open(folder.path(), Existing::kCompareAll).status().code(),
              absl::StatusCode::kFailedPrecondition);
  }
  EXPECT_TRUE(Exporter::Open(folder.path(), Existing::kCompareAll).ok());
}

TEST(FolderSource, F2CallsAFileOfImpossibleSizeWhatItIs) {
  const Folder folder;
  audit::GrowingLog log;
  log.GrowTo(3);
  ASSERT_TRUE(ExportOnce(folder.path(), log).ok());
  std::filesystem::remove(folder / "tile/0/000.p/3");
  std::filesystem::create_directory(folder / "tile/0/000.p/3");
  const auto verified = audit::VerifyExport(FolderSource(folder.path()), Owner().verifier(), {});
  EXPECT_THAT(std::string(verified.status().message()), StartsWith("F2: tile/0/000.p/3 "));
}

TEST(DurableFile, AFileIsWholeOrNotThere) {
  const Folder folder;
  EXPECT_TRUE(WriteNewFile(folder / "a", "first", 0600).ok());
  EXPECT_EQ(WriteNewFile(folder / "a", "second", 0600).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Slurp(folder / "a"), "first");
  EXPECT_TRUE(ReplaceFile(folder / "a", "third", 0600).ok());
  EXPECT_EQ(FilesIn(folder.path()), (std::map<std::string, std::string>{{"a", "third"}}))
      << "no temporary file stays behind";
  EXPECT_EQ(ReadFile(folder / "b", 10).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadFile(folder / "a", 4).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadFile(folder.path(), 4).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace forbear::logexport
