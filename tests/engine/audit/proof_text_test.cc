// One entry's proof as text. A test that carries a number breaks that condition and no other.
#include "engine/audit/proof_text.h"

#include "engine/audit/verify.h"
#include "tests/engine/audit/tamper.h"
#include "tests/engine/audit/vectors.h"

namespace forbear::audit {
namespace {

const Export& Sample() {
  static const Export sample = Export::ReadFolder(DataPath("audit-log-sample"));
  return sample;
}
VerifierKey Key() {
  std::string line = Sample().files.at("vkey");
  while (line.ends_with('\n')) line.pop_back();
  return VerifierKey::Parse(line).value();
}
constexpr uint64_t kSize = 259;

ProofText ProofOf(uint64_t seq) {
  ExportedTiles tiles(Sample(), kSize);
  return {seq, InclusionProof(seq, kSize, tiles).value(), Sample().files.at("checkpoint")};
}

// The condition that reading the text and checking it under `entry` breaks; "" for none.
std::string Condition(std::string_view text, std::string_view entry) {
  const absl::StatusOr<ProofText> proof = ParseProofText(text);
  if (!proof.ok()) return std::string(ConditionOf(proof.status()));
  const absl::StatusOr<Checkpoint> checkpoint = CheckProofText(*proof, entry, Key());
  if (checkpoint.ok()) return "";
  EXPECT_NE(ConditionOf(checkpoint.status()), "") << checkpoint.status();
  return std::string(ConditionOf(checkpoint.status()));
}

std::string Replaced(std::string text, std::string_view what, std::string_view with) {
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(ProofText, EveryEntryOfTheSampleIsProvedByItsOwnAndByNoOther) {
  const std::vector<std::string> entries = Sample().Entries();
  for (uint64_t seq = 0; seq < kSize; ++seq) {
    const ProofText proof = ProofOf(seq);
    const std::string text = EncodeProofText(proof);
    EXPECT_EQ(ParseProofText(text), absl::StatusOr<ProofText>(proof)) << seq;
    EXPECT_EQ(Condition(text, entries[seq]), "") << seq;
    EXPECT_EQ(Condition(text, entries[(seq + 1) % kSize]), "P1") << seq;
    EXPECT_EQ(ExportedEntry(Sample(), seq, kSize), absl::StatusOr<std::string>(entries[seq]));
  }
}

TEST(ProofText, TheTextThatOtherProgramsMadeIsReadWrittenAndProved) {
  const auto& file = Vectors()["proof_file"];
  const std::string text = file["text"];
  const auto proof = ParseProofText(text);
  ASSERT_TRUE(proof.ok()) << proof.status();
  EXPECT_EQ(proof->index, file["index"].get<uint64_t>());
  EXPECT_EQ(EncodeProofText(*proof), text);
  const auto checkpoint = CheckProofText(*proof, Unhex(file["leaf"]), Key());
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->head.size, 8u);
}

TEST(ProofText, ALogOfOneEntryNeedsNoHash) {
  const SigningKey key = SigningKey::FromSeed("audit.example/one", Bytes32{1}).value();
  const Export one = Export::Make({Sample().Entries()[0]}, key);
  const ProofText proof{0, {}, one.files.at("checkpoint")};
  const auto read = ParseProofText(EncodeProofText(proof));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(CheckProofText(*read, Sample().Entries()[0], key.verifier()).ok());
}

TEST(ProofText, P1SizeAndRootAreTheCheckpointsOwn) {
  const std::vector<std::string> entries = Sample().Entries();
  // A true proof in the tree of 200, under the checkpoint of 259.
  const Export older = Export::Make({entries.begin(), entries.begin() + 200},
                                    SigningKey::FromSeed("x/y", Bytes32{1}).value());
  ExportedTiles tiles(older, 200);
  ProofText proof{7, InclusionProof(7, 200, tiles).value(), Sample().files.at("checkpoint")};
  EXPECT_EQ(Condition(EncodeProofText(proof), entries[7]), "P1");
  proof.checkpoint = Sample().files.at("checkpoint.200");
  EXPECT_EQ(Condition(EncodeProofText(proof), entries[7]), "");
  const std::string text = EncodeProofText(ProofOf(7));
  EXPECT_EQ(Condition(Replaced(text, "index 7", "index 6"), entries[7]), "P1");
  EXPECT_EQ(Condition(Replaced(text, "index 7", "index 259"), entries[7]), "P1")
      << "not among those the checkpoint commits to";
  EXPECT_EQ(Condition(text, entries[7] + "\n"), "P1") << "a byte more";
  ProofText flipped = ProofOf(7);
  flipped.hashes[2][5] ^= 1;
  EXPECT_EQ(Condition(EncodeProofText(flipped), entries[7]), "P1");
  flipped.hashes.pop_back();
  EXPECT_EQ(Condition(EncodeProofText(flipped), entries[7]), "P1");
}

TEST(ProofText, P2MoreThan63HashesAreRefusedBeforeOneIsRead) {
  const std::string entry = Sample().Entries()[7];
  ProofText proof = ProofOf(7);
  proof.hashes.resize(63);
  EXPECT_EQ(Condition(EncodeProofText(proof), entry), "P1") << "63 are looked at";
  proof.hashes.resize(64);
  EXPECT_EQ(Condition(EncodeProofText(proof), entry), "P2");
  // Before any is read: these are no hashes at all, and there are very many.
  std::string many = "c2sp.org/tlog-proof@v1\nindex 7\n";
  for (int i = 0; i < 100'000; ++i) many += "x\n";
  EXPECT_EQ(Condition(many + "\n" + proof.checkpoint, entry), "P2");
  EXPECT_EQ(ConditionOf(CheckUnder(proof, entry, {"x", {kSize, {}}})), "P2");
}

TEST(ProofText, P3TheTextHasOneForm) {
  const std::string entry = Sample().Entries()[7];
  const std::string text = EncodeProofText(ProofOf(7));
  const std::string hash = text.substr(text.find('\n', text.find("index")) + 1, 44);
  const struct {
    const char* why;
    std::string text;
  } rows[] = {
      {"nothing", ""},
      {"another version", Replaced(text, "@v1", "@v2")},
      {"a line before", "\n" + text},
      {"no index", Replaced(text, "index 7\n", "")},
      {"a sign", Replaced(text, "index 7", "index +7")},
      {"a leading zero", Replaced(text, "index 7", "index 07")},
      {"no number", Replaced(text, "index 7", "index ")},
      {"a number past 64 bits", Replaced(text, "index 7", "index 18446744073709551616")},
      {"a carriage return", Replaced(text, "index 7\n", "index 7\r\n")},
      {"a hash cut short", Replaced(text, hash, hash.substr(4))},
      {"a hash in another alphabet", Replaced(text, hash, std::string(43, '_') + "=")},
      {"no empty line", Replaced(text, "\n\n", "\n")},
  };
  for (const auto& row : rows) EXPECT_EQ(Condition(row.text, entry), "P3") << row.why;
}

TEST(ProofText, GTheCheckpointInItIsVerifiedLikeAnyOther) {
  const std::string entry = Sample().Entries()[7];
  const std::string text = EncodeProofText(ProofOf(7));
  EXPECT_EQ(Condition(Replaced(text, "\n259\n", "\n260\n"), entry), "G2");
  EXPECT_EQ(Condition(text + "\x01\n", entry), "G1");
  const size_t dash = text.find("\xe2\x80\x94");
  EXPECT_EQ(Condition(text.substr(0, dash), entry), "G2") << "no signature";
}

TEST(ExportedTiles, AFileThatIsNotThereOrNotAsWideAsItsPathSaysIsNamed) {
  Export log = Sample();
  log.files.erase("tile/0/001.p/3");
  ExportedTiles tiles(log, kSize);
  EXPECT_EQ(ConditionOf(InclusionProof(258, kSize, tiles).status()), "F1");
  log.files["tile/0/001.p/3"] = std::string(64, 'x');
  EXPECT_EQ(ConditionOf(InclusionProof(258, kSize, tiles).status()), "F2");
  log.files.erase("tile/entries/001.p/3");
  EXPECT_EQ(ConditionOf(ExportedEntry(log, 258, kSize).status()), "F1");
  log.files["tile/entries/001.p/3"] = "x";
  EXPECT_EQ(ConditionOf(ExportedEntry(log, 258, kSize).status()), "F2");
}

}  // namespace
}  // namespace forbear::audit
