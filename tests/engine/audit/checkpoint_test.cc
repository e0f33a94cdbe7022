// Signed notes: what they say, who signed them, and what a signer may sign.
#include "engine/audit/checkpoint.h"

#include "engine/audit/verify.h"
#include "tests/engine/audit/vectors.h"

namespace forbear::audit {
namespace {

const nlohmann::json& Notes() { return Vectors()["notes"]; }

SigningKey LogKey() {
  return SigningKey::FromSeed(Notes()["log_key"]["name"], HashOf(Notes()["log_key"]["seed"]))
      .value();
}
VerifierKey Verifier() { return LogKey().verifier(); }

Checkpoint OfEight() {
  return {Notes()["log_key"]["name"], {8, HashOf(Vectors()["roots"][8]["root"])}};
}

std::string_view Condition(const absl::StatusOr<Checkpoint>& checkpoint) {
  return ConditionOf(checkpoint.status());
}

TEST(VerifierKey, IsTheLineOfTheVectors) {
  const std::string line = Notes()["log_key"]["vkey"];
  EXPECT_EQ(Verifier().Line(), line);
  EXPECT_EQ(VerifierKey::Parse(line).value(), Verifier());
  EXPECT_EQ(Hex(Verifier().public_key), Notes()["log_key"]["public"].get<std::string>());
}

TEST(VerifierKey, RefusesWhatAuditorsWereNotGiven) {
  const std::string line = Notes()["log_key"]["vkey"];
  const std::string id = Notes()["log_key"]["key_id"];
  const std::string witness = Notes()["witness_key"]["vkey"];
  const struct {
    const char* why;
    std::string line;
  } rows[] = {
      {"empty", ""},
      {"no plus", "audit.example/forbear"},
      {"one plus", "audit.example/forbear+f25cd344"},
      {"another name", "audit.example/forbeer" + line.substr(21)},
      {"no name", line.substr(21)},
      {"another id", "audit.example/forbear+f25cd345" + line.substr(30)},
      {"upper-case id", "audit.example/forbear+F25CD344" + line.substr(30)},
      {"a newline", line + "\n"},
      {"no key", "audit.example/forbear+" + id + "+"},
      {"half a key", line.substr(0, line.size() - 4)},
      {"a scheme", "https://audit.example+" + id + line.substr(30)},
      {"a witness's key", witness},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(VerifierKey::Parse(row.line).status().code(), absl::StatusCode::kInvalidArgument)
        << row.why;
  }
}

TEST(SigningKey, SignsTheNotesOfTheVectors) {
  EXPECT_EQ(LogKey().Sign(OfEight()), Notes()["checkpoint_8"].get<std::string>());
  EXPECT_EQ(LogKey().Sign({OfEight().origin, {}}), Notes()["checkpoint_0"].get<std::string>());
}

TEST(SigningKey, ComesBackFromItsFile) {
  const Bytes32 seed = HashOf(Notes()["log_key"]["seed"]);
  const std::string line = SigningKey::KeyFileLine("audit.example/forbear", seed).value();
  EXPECT_EQ(SigningKey::Parse(line).value().verifier(), Verifier());
  std::string changed = line;
  changed[12] = 'b';  // the name's first letter
  EXPECT_FALSE(SigningKey::Parse(changed).ok());
  EXPECT_FALSE(SigningKey::Parse(Verifier().Line()).ok());
  EXPECT_FALSE(SigningKey::Parse(line.substr(0, line.size() - 4)).ok());
  for (const char* name : {"", "a b", "a+b", "https://a.example", "a\nb", "\xff"}) {
    EXPECT_EQ(SigningKey::KeyFileLine(name, seed).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(Checkpoint, OpensTheNotesOfTheVectors) {
  for (const char* name : {"checkpoint_8", "checkpoint_8_cosigned"}) {
    const auto checkpoint = OpenCheckpoint(Notes()[name].get<std::string>(), Verifier());
    ASSERT_TRUE(checkpoint.ok()) << name << checkpoint.status();
    EXPECT_EQ(*checkpoint, OfEight()) << name;
  }
  EXPECT_EQ(OpenCheckpoint(Notes()["checkpoint_0"].get<std::string>(), Verifier()).value().head,
            TreeHead());
}

TEST(Checkpoint, RefusesTheNotesOfTheVectorsNamingTheCondition) {
  const std::map<std::string, std::string> conditions = {
      {"no signature line", "G2"},
      {"no blank line", "G2"},
      {"size changed after signing", "G2"},
      {"signed by another key of the same name", "G2"},
      {"key id changed", "G2"},
      {"last newline missing", "G1"},
      {"hyphen instead of em dash", "G2"},
      {"leading zero in the size", "G4"},
      {"sign in the size", "G4"},
      {"root is 31 bytes", "G5"},
      {"origin is not ours", "G3"},
      {"root in URL-safe alphabet", "G5"},
      {"carriage return", "G1"},
      {"only two lines", "G5"},
  };
  const auto& rows = Notes()["refuse"];
  ASSERT_EQ(rows.size(), conditions.size());
  for (const auto& row : rows) {
    const auto checkpoint = OpenCheckpoint(row["note"].get<std::string>(), Verifier());
    EXPECT_EQ(Condition(checkpoint), conditions.at(row["why"]))
        << row["why"] << checkpoint.status();
  }
}

TEST(Checkpoint, G1IsUtf8WithoutControlCharactersAndEndsInANewline) {
  const std::string body = CheckpointBody(OfEight());
  for (const char* spoiled :
       {"\xff", "\x01", "\t", "\x7f", "\xc0\xaf", "\xc2\x80", "\xc2\x85", "\xc2\x9b", "\xc2\x9f"}) {
    EXPECT_EQ(Condition(OpenCheckpoint(LogKey().SignBody(body + spoiled + "\n"), Verifier())),
              "G1");
  }
  const std::string note = LogKey().Sign(OfEight());
  EXPECT_EQ(Condition(OpenCheckpoint(note.substr(0, note.size() - 1), Verifier())), "G1");
  EXPECT_EQ(Condition(OpenCheckpoint("", Verifier())), "G1");
  EXPECT_EQ(Condition(OpenCheckpoint(std::string(kMaxNoteBytes + 1, '\n'), Verifier())), "G1");
}

TEST(Checkpoint, G1LetsLettersBeyondTheControlCharactersThrough) {
  // U+00A0 is the first after them; U+00C2 and U+0082 share bytes with them in UTF-8.
  for (const char* letter : {"\xc2\xa0", "\xc3\x82", "\xc3\xa9", "\xe2\x82\x80"}) {
    const std::string name = std::string("audit.example/") + letter;
    const SigningKey key = SigningKey::FromSeed(name, Bytes32{7}).value();
    EXPECT_TRUE(OpenCheckpoint(key.Sign({name, OfEight().head}), key.verifier()).ok()) << letter;
  }
  for (const char* control : {"\xc2\x80", "\xc2\x9f", "\x7f", "\x1b"}) {
    EXPECT_FALSE(IsKeyName(std::string("audit.example/") + control));
  }
}

TEST(Checkpoint, G2AcceptsSixteenSignaturesOfOthersBesideOurs) {
  const std::string note = LogKey().Sign(OfEight());
  const std::string body = CheckpointBody(OfEight());
  std::string others;
  for (int i = 0; i < 16; ++i) {
    Bytes32 seed{};
    seed[0] = static_cast<uint8_t>(i + 1);
    const SigningKey other =
        SigningKey::FromSeed("w" + std::to_string(i) + ".example", seed).value();
    others += other.SignBody(body).substr(body.size() + 1);
  }
  const std::string ours = note.substr(body.size() + 1);
  EXPECT_TRUE(OpenCheckpoint(body + "\n" + others + ours, Verifier()).ok());
  EXPECT_TRUE(OpenCheckpoint(body + "\n" + ours + others, Verifier()).ok());
  EXPECT_EQ(Condition(OpenCheckpoint(body + "\n" + others, Verifier())), "G2");
  std::string crowd = body + "\n" + ours;
  for (int i = 0; i < 100; ++i) crowd += ours;
  EXPECT_EQ(Condition(OpenCheckpoint(crowd, Verifier())), "G2") << "a hundred and one lines";
}

TEST(Checkpoint, G2OneBadSignatureOfOursSpoilsTheNote) {
  const std::string body = CheckpointBody(OfEight());
  const std::string good = LogKey().Sign(OfEight()).substr(body.size() + 1);
  Checkpoint other = OfEight();
  other.head.size = 9;
  const std::string bad = LogKey().Sign(other).substr(CheckpointBody(other).size() + 1);
  EXPECT_EQ(Condition(OpenCheckpoint(body + "\n" + good + bad, Verifier())), "G2");
  EXPECT_EQ(Condition(OpenCheckpoint(body + "\n" + bad + good, Verifier())), "G2");
}

TEST(Checkpoint, G3ToG6AreNamedOneByOne) {
  const std::string root = Base64(AsText(OfEight().head.root));
  const std::string origin = OfEight().origin;
  const struct {
    const char* why;
    std::string body;
    const char* condition;
  } rows[] = {
      {"another log", "audit.example/other\n8\n" + root + "\n", "G3"},
      {"an origin with a letter more", origin + "x\n8\n" + root + "\n", "G3"},
      {"nothing but the origin", origin + "\n", "G4"},
      {"an empty size", origin + "\n\n" + root + "\n", "G4"},
      {"two zeros", origin + "\n00\n" + root + "\n", "G4"},
      {"a negative size", origin + "\n-1\n" + root + "\n", "G4"},
      {"a space before the size", origin + "\n 8\n" + root + "\n", "G4"},
      {"a size past 2^64", origin + "\n99999999999999999999\n" + root + "\n", "G4"},
      {"a size past 2^63", origin + "\n9223372036854775808\n" + root + "\n", "G4"},
      {"no root", origin + "\n8\n", "G5"},
      {"33 bytes", origin + "\n8\n" + Base64(std::string(33, 'x')) + "\n", "G5"},
      {"no padding", origin + "\n8\n" + root.substr(0, 43) + "\n", "G5"},
      {"bits after the last byte", origin + "\n8\n" + root.substr(0, 42) + "h=\n", "G5"},
      {"a space in the root", origin + "\n8\n " + root + "\n", "G5"},
      {"a fourth line", origin + "\n8\n" + root + "\nextra\n", "G6"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Condition(OpenCheckpoint(LogKey().SignBody(row.body), Verifier())), row.condition)
        << row.why;
  }
}

TEST(Checkpoint, G7TheSignersOath) {
  std::vector<Bytes32> leaves;
  for (const auto& row : Vectors()["leaves"]) leaves.push_back(HashOf(row["leaf_hash"]));
  TilesInMemory tiles(leaves);
  const auto at = [&](uint64_t size) {
    return Checkpoint{OfEight().origin, {size, HashOf(Vectors()["roots"][size]["root"])}};
  };
  const auto oath = [&](const std::optional<Checkpoint>& last, const Checkpoint& next) {
    Proof proof;
    if (last.has_value() && last->head.size <= next.head.size) {
      proof = ConsistencyProof(last->head.size, next.head.size, tiles).value();
    }
    return std::string(ConditionOf(CheckOath(last, next, proof)));
  };
  EXPECT_EQ(oath(std::nullopt, at(5)), "") << "the first checkpoint";
  for (uint64_t old = 0; old <= 8; ++old) {
    for (uint64_t size = old; size <= 8; ++size) EXPECT_EQ(oath(at(old), at(size)), "");
  }
  EXPECT_EQ(oath(at(6), at(5)), "G7") << "smaller than one signed before";
  Checkpoint other = at(6);
  other.head.root[0] ^= 1;
  EXPECT_EQ(oath(at(6), other), "G7") << "two roots for one size";
  EXPECT_EQ(oath(other, at(8)), "G7") << "does not begin with the last one";
  Checkpoint foreign = at(8);
  foreign.origin = "audit.example/other";
  EXPECT_EQ(oath(at(6), foreign), "G7") << "another log";
  EXPECT_FALSE(CheckOath(at(6), at(8), {}).ok()) << "no proof";
}

TEST(ProofFile, OfTheVectorsHoldsACheckpointThatProvesTheLeaf) {
  // The text form of a proof (P3) ends in the note itself; what stands before it is index and
  // hashes.
  const auto& file = Vectors()["proof_file"];
  const std::string text = file["text"];
  const size_t gap = text.find("\n\n");
  const auto checkpoint = OpenCheckpoint(text.substr(gap + 2), Verifier());
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  std::istringstream lines(text.substr(0, gap));
  std::string line;
  std::getline(lines, line);
  std::getline(lines, line);
  Proof proof;
  while (std::getline(lines, line)) proof.push_back(AsBytes32(FromBase64(line).value()));
  EXPECT_TRUE(
      VerifyInclusion(LeafHash(Unhex(file["leaf"])), file["index"], checkpoint->head, proof).ok());
}

}  // namespace
}  // namespace forbear::audit
