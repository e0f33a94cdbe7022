// Key files and the signer's memory.
#include "adapters/logexport/signer.h"

#include <sys/stat.h>

#include "adapters/logexport/key_files.h"
#include "engine/audit/verify.h"
#include "tests/adapters/logexport/folder.h"
#include "tests/engine/audit/log_in_memory.h"
#include "tests/engine/audit/tamper.h"

namespace forbear::logexport {
namespace {

using audit::ConditionOf;
using testing::HasSubstr;

constexpr char kOrigin[] = "audit.example/forbear";

mode_t ModeOf(const std::string& path) {
  struct stat facts {};
  EXPECT_EQ(::stat(path.c_str(), &facts), 0) << path;
  return facts.st_mode & 0777;
}

TEST(KeyFiles, K2SecretsAreForTheirOwnerAlone) {
  const Folder folder;
  const auto verifier = GenerateKeys(kOrigin, folder / "new/keys");
  ASSERT_TRUE(verifier.ok()) << verifier.status();
  const std::string keys = folder / "new/keys";
  EXPECT_EQ(ModeOf(keys), 0700u);
  EXPECT_EQ(ModeOf(keys + "/log.key"), 0600u);
  EXPECT_EQ(ModeOf(keys + "/index.key"), 0600u);
  EXPECT_EQ(ReadSigningKey(keys + "/log.key").value().verifier(), *verifier);
  EXPECT_TRUE(ReadIndexKey(keys + "/index.key").ok());
  for (const mode_t mode : {0640, 0604, 0660, 0620, 0644}) {
    ::chmod((keys + "/log.key").c_str(), mode);
    ::chmod((keys + "/index.key").c_str(), mode);
    EXPECT_EQ(ReadSigningKey(keys + "/log.key").status().code(),
              absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(ReadIndexKey(keys + "/index.key").status().code(),
              absl::StatusCode::kFailedPrecondition);
  }
}

TEST(KeyFiles, K8NothingIsOverwritten) {
  for (const char* there : {"log.key", "log.vkey", "index.key"}) {
    const Folder folder;
    ASSERT_TRUE(WriteNewFile(folder / there, "precious", 0600).ok());
    EXPECT_EQ(GenerateKeys(kOrigin, folder.path()).status().code(),
              absl::StatusCode::kAlreadyExists);
    EXPECT_EQ(FilesIn(folder.path()), (std::map<std::string, std::string>{{there, "precious"}}));
  }
}

TEST(KeyFiles, TwoDeploymentsHaveDifferentKeys) {
  const Folder folder;
  ASSERT_TRUE(GenerateKeys(kOrigin, folder / "a").ok());
  ASSERT_TRUE(GenerateKeys(kOrigin, folder / "b").ok());
  for (const char* name : {"/log.key", "/index.key", "/log.vkey"}) {
    EXPECT_NE(Slurp(folder / "a" + name), Slurp(folder / "b" + name)) << name;
  }
}

TEST(KeyFiles, AVerifierKeyIsGivenAsFileOrAsLine) {
  const Folder folder;
  const audit::VerifierKey key = GenerateKeys(kOrigin, folder.path()).value();
  EXPECT_EQ(ReadVerifierKey(folder / "log.vkey").value(), key);
  EXPECT_EQ(ReadVerifierKey(key.Line()).value(), key);
  for (const std::string& wrong :
       {folder / "none.vkey", key.Line() + "x", folder.path(), std::string()}) {
    EXPECT_EQ(ReadVerifierKey(wrong).status().code(), absl::StatusCode::kInvalidArgument) << wrong;
  }
}

TEST(KeyFiles, SaysNothingOfASecretItCannotRead) {
  const Folder folder;
  ASSERT_TRUE(GenerateKeys(kOrigin, folder.path()).ok());
  const std::string line = Slurp(folder / "log.key");
  const std::string secret = line.substr(line.size() - 20, 18);
  ASSERT_TRUE(ReplaceFile(folder / "log.key", line + line, 0600).ok());
  const auto key = ReadSigningKey(folder / "log.key");
  ASSERT_FALSE(key.ok());
  EXPECT_THAT(std::string(key.status().message()), testing::Not(HasSubstr(secret)));
  EXPECT_THAT(std::string(key.status().message()), HasSubstr("log.key"));
}

class SignerTest : public testing::Test {
 protected:
  SignerTest() { verifier_ = GenerateKeys(kOrigin, folder_.path()).value(); }
  absl::StatusOr<Signer> Open() {
    return Signer::Open(folder_ / "log.key", folder_ / "signer.state");
  }

  const Folder folder_;
  audit::VerifierKey verifier_;
};

TEST_F(SignerTest, SignsEachHeadAndRemembersItBeforeAnybodySeesIt) {
  audit::GrowingLog log;
  Signer signer = Open().value();
  EXPECT_FALSE(signer.last().has_value());
  for (const uint64_t size : {1, 2, 255, 256, 257, 600}) {
    log.GrowTo(size);
    const auto note = signer.Sign(log.store, log.writer.Head());
    ASSERT_TRUE(note.ok()) << size << note.status();
    EXPECT_EQ(Slurp(folder_ / "signer.state"), *note);
    EXPECT_EQ(audit::OpenCheckpoint(*note, verifier_).value().head,
              (audit::TreeHead{size, log.writer.Head().root}));
    EXPECT_EQ(signer.Sign(log.store, log.writer.Head()).value(), *note) << "the same head again";
    if (size == 256) signer = Open().value();  // and after a restart
  }
  EXPECT_EQ(ModeOf(folder_ / "signer.state"), 0600u);
}

TEST_F(SignerTest, G7NeverSignsASmallerSizeAlsoAfterARestart) {
  audit::GrowingLog log;
  log.GrowTo(300);
  const audit::LogHead small = log.writer.Head();
  log.GrowTo(400);
  Signer signer = Open().value();
  const std::string note = signer.Sign(log.store, log.writer.Head()).value();
  EXPECT_EQ(ConditionOf(signer.Sign(log.store, small).status()), "G7");
  Signer restarted = Open().value();
  EXPECT_EQ(ConditionOf(restarted.Sign(log.store, small).status()), "G7");
  EXPECT_EQ(Slurp(folder_ / "signer.state"), note);
}

TEST_F(SignerTest, G7NeverSignsTwoRootsForOneSizeNorAForkedHistory) {
  audit::GrowingLog log;
  log.GrowTo(300);
  Signer signer = Open().value();
  ASSERT_TRUE(signer.Sign(log.store, log.writer.Head()).ok());
  const std::string state = Slurp(folder_ / "signer.state");
  audit::GrowingLog fork;  // other ids, so another history
  fork.GrowTo(300);
  EXPECT_EQ(ConditionOf(signer.Sign(fork.store, fork.writer.Head()).status()), "G7");
  fork.GrowTo(500);
  EXPECT_EQ(ConditionOf(Open().value().Sign(fork.store, fork.writer.Head()).status()), "G7");
  EXPECT_EQ(Slurp(folder_ / "signer.state"), state);
  log.GrowTo(500);
  EXPECT_TRUE(signer.Sign(log.store, log.writer.Head()).ok()) << "the true one goes on";
}

TEST_F(SignerTest, NeverSignsAHeadThatItsEntriesDoNotMake) {
  audit::GrowingLog log;
  log.GrowTo(300);
  Signer signer = Open().value();
  ASSERT_TRUE(signer.Sign(log.store, log.writer.Head()).ok());
  log.GrowTo(310);
  log.store.entries[305][9] ^= 1;  // a bit that flipped between memory and disk
  EXPECT_EQ(ConditionOf(signer.Sign(log.store, log.writer.Head()).status()), "F4");
  log.store.entries[305][9] ^= 1;
  EXPECT_TRUE(signer.Sign(log.store, log.writer.Head()).ok());
}

TEST_F(SignerTest, SignsItsOwnLogOnly) {
  audit::GrowingLog other("audit.example/other");
  other.GrowTo(3);
  EXPECT_EQ(Open().value().Sign(other.store, other.writer.Head()).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(SignerTest, DoesNotTrustAStateThatItDidNotSign) {
  audit::GrowingLog log;
  log.GrowTo(3);
  ASSERT_TRUE(Open().value().Sign(log.store, log.writer.Head()).ok());
  std::string state = Slurp(folder_ / "signer.state");
  state[22] = '2';  // size 3 → 2
  ASSERT_TRUE(ReplaceFile(folder_ / "signer.state", state, 0600).ok());
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(SignerTest, SignsNothingWhenItCannotRemember) {
  audit::GrowingLog log;
  log.GrowTo(3);
  Signer signer = Signer::Open(folder_ / "log.key", folder_ / "gone/signer.state").value();
  EXPECT_FALSE(signer.Sign(log.store, log.writer.Head()).ok());
  EXPECT_FALSE(signer.last().has_value());
}

}  // namespace
}  // namespace forbear::logexport
