// The auditor, given logs that are whole and logs that are not. Each test that carries a number
// breaks that condition and no other, and sees it named.
#include "engine/audit/verify.h"

#include <random>

#include "tests/engine/audit/tamper.h"
#include "tests/engine/audit/vectors.h"

namespace forbear::audit {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const Export& Sample() {
  static const Export sample = Export::ReadFolder(DataPath("audit-log-sample"));
  return sample;
}
std::string Line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}
VerifierKey Key() { return VerifierKey::Parse(Line(Sample().files.at("vkey"))).value(); }
// The sample is signed with the vectors' key, so the test can do what its owner could.
const SigningKey& Owner() {
  static const SigningKey key = SigningKey::FromSeed(Vectors()["notes"]["log_key"]["name"],
                                                     HashOf(Vectors()["notes"]["log_key"]["seed"]))
                                    .value();
  return key;
}
OlderNote At200() { return {"checkpoint.200", Sample().files.at("checkpoint.200")}; }

std::string Verify(const Export& log, const std::vector<OlderNote>& older = {}) {
  const auto verified = VerifyExport(log, Key(), older);
  return verified.ok() ? "" : std::string(verified.status().message());
}

// The first sample entry of that kind.
size_t IndexOf(std::string_view kind) {
  const std::vector<std::string> entries = Sample().Entries();
  for (size_t i = 0; i < entries.size(); ++i) {
    if (cj1::Parse(entries[i]).value().Find("kind")->AsString() == kind) return i;
  }
  ADD_FAILURE() << "no " << kind;
  return 0;
}

size_t FirstSealed() {
  const std::vector<std::string> entries = Sample().Entries();
  for (size_t i = 0; i < entries.size(); ++i) {
    if (cj1::Parse(entries[i]).value().Find("seal") != nullptr) return i;
  }
  ADD_FAILURE() << "no seal";
  return 0;
}

cj1::Value MemberOf(std::string_view entry, std::string_view name) {
  return *cj1::Parse(entry).value().Find(name);
}

// The sample with one member of one entry changed, everything else consistent and signed again.
Export Changed(size_t index, std::string_view name, const cj1::Value& value) {
  return Sample().With(index, WithMember(Sample().Entries()[index], name, value), Owner());
}

TEST(Verify, TheSampleLogIsWhole) {
  const auto verified = VerifyExport(Sample(), Key(), {At200()});
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->checkpoint.head.size, 259u);
  EXPECT_EQ(verified->facts.kinds.at("log.opened"), 1u);
  uint64_t entries = 0;
  for (const auto& [kind, count] : verified->facts.kinds) entries += count;
  EXPECT_EQ(entries, 259u);
  EXPECT_FALSE(verified->facts.attempts.empty());
}

TEST(Verify, PuttingTheSampleTogetherAgainMakesTheSameFiles) {
  const Export again = Export::Make(Sample().Entries(), Owner());
  for (const auto& [path, content] : again.files) {
    EXPECT_EQ(content, Sample().files.at(path)) << path;
  }
  EXPECT_EQ(again.files.size() + 2, Sample().files.size()) << "vkey and checkpoint.200";
}

TEST(Verify, AnEmptyLogIsWhole) { EXPECT_EQ(Verify(Export::Make({}, Owner())), ""); }

TEST(Verify, LogsOfEverySizeAroundATileAreWhole) {
  const std::vector<std::string> entries = Sample().Entries();
  for (const size_t size : {1, 2, 3, 255, 256, 257, 259}) {
    EXPECT_EQ(Verify(Export::Make(
                  {entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(size)}, Owner())),
              "")
        << size;
  }
}

// --- E: entries ---

TEST(Verify, E1AnEntryIsCanonicalJson) {
  const std::string entry = Sample().Entries()[5];
  for (const std::string& bad :
       {entry + " ", "[" + entry + "]", std::string("x"), std::string(), "{ " + entry.substr(1)}) {
    EXPECT_THAT(Verify(Sample().With(5, bad, Owner())), StartsWith("E1: entry 5 "));
  }
}

TEST(Verify, E2AnEntryHasAtMost16384Bytes) {
  const std::string entry = Sample().Entries()[5];
  const auto padded = [&](size_t size) {
    // Strings of at most 200 letters, as E11 wants, and one to reach the size exactly.
    cj1::Value list = cj1::Array();
    while (WithMember(entry, "data", cj1::Object().Set("x", list)).size() + 310 < size) {
      list.Append(std::string(200, 'x'));
    }
    const size_t now = WithMember(entry, "data", cj1::Object().Set("x", list)).size();
    const size_t rest = size - now - 6;  // two strings, each with two quotes and a comma
    list.Append(std::string(rest / 2, 'y')).Append(std::string(rest - rest / 2, 'z'));
    return WithMember(entry, "data", cj1::Object().Set("x", list));
  };
  ASSERT_EQ(padded(16'384).size(), 16'384u);
  EXPECT_EQ(Verify(Sample().With(5, padded(16'384), Owner())), "");
  EXPECT_THAT(Verify(Sample().With(5, padded(16'385), Owner())), StartsWith("E2: entry 5 "));
}

TEST(Verify, E3AnEntryHasItsMembersAndNoOthers) {
  const std::string entry = Sample().Entries()[5];
  for (const char* name : {"v", "log", "seq", "id", "time", "kind", "node", "actor"}) {
    EXPECT_THAT(Verify(Sample().With(5, WithoutMember(entry, name), Owner())),
                StartsWith("E3: entry 5 lacks " + std::string(name)));
  }
  EXPECT_THAT(Verify(Changed(5, "note", "x")), StartsWith("E3: entry 5 has a member"));
  EXPECT_THAT(Verify(Changed(5, "data", "x")), StartsWith("E3: entry 5 data"));
  EXPECT_THAT(Verify(Changed(5, "ref", cj1::Array())), StartsWith("E3: entry 5 ref"));
}

TEST(Verify, E4AnEntryIsOfFormat1AndOfThisLog) {
  EXPECT_THAT(Verify(Changed(5, "v", 2)), StartsWith("E4: entry 5 "));
  EXPECT_THAT(Verify(Changed(5, "v", "1")), StartsWith("E4: entry 5 "));
  EXPECT_THAT(Verify(Changed(5, "log", "audit.example/other")), StartsWith("E4: entry 5 "));
}

TEST(Verify, E5AnEntryKnowsItsIndex) {
  EXPECT_THAT(Verify(Changed(5, "seq", 6)), StartsWith("E5: entry 5 "));
  EXPECT_THAT(Verify(Changed(5, "seq", "5")), StartsWith("E5: entry 5 "));
  EXPECT_THAT(Verify(Changed(5, "seq", -5)), StartsWith("E5: entry 5 "));
}

TEST(Verify, E6AnIdIsUsedOnce) {
  const std::string id = MemberOf(Sample().Entries()[4], "id").AsString();
  EXPECT_THAT(Verify(Changed(5, "id", id)), StartsWith("E6: entry 5 id was used before"));
  EXPECT_THAT(Verify(Changed(5, "id", id.substr(1))), StartsWith("E6: entry 5 "));
  EXPECT_THAT(Verify(Changed(5, "id", "0123456789ABCDEF0123456789ABCDEF")),
              StartsWith("E6: entry 5 "));
  EXPECT_THAT(Verify(Changed(5, "id", 7)), StartsWith("E6: entry 5 "));
}

TEST(Verify, E7TimeHasOneFormAndNeverGoesBack) {
  const std::string before = MemberOf(Sample().Entries()[4], "time").AsString();
  EXPECT_EQ(Verify(Changed(5, "time", before)), "") << "the same second";
  EXPECT_THAT(Verify(Changed(5, "time", "2026-01-01T09:00:00Z")),
              StartsWith("E7: entry 5 time goes back"));
  for (const char* bad :
       {"2026-01-02T09:00:00", "2026-01-02 09:00:00Z", "2026-01-02T09:00:00+00:00",
        "2026-02-30T09:00:00Z", "2026-01-02T24:00:00Z", "2026-01-02T09:60:00Z",
        "2026-01-02T09:00:60Z", "2026-01-02T09:00:00.0Z", "2026-13-02T09:00:00Z"}) {
    EXPECT_THAT(Verify(Changed(258, "time", bad)), StartsWith("E7: entry 258 time has not")) << bad;
  }
}

TEST(Verify, E8AKindIsDottedWordsAndTheLogOpensOnce) {
  for (const char* bad : {"started", "node.", ".node", "node..started", "Node.started", "node.1x",
                          "node started", ""}) {
    EXPECT_THAT(Verify(Changed(2, "kind", bad)), StartsWith("E8: entry 2 ")) << bad;
  }
  EXPECT_THAT(Verify(Changed(2, "kind", "log.opened")), StartsWith("E8: entry 2 kind: log.opened"));
  EXPECT_THAT(Verify(Changed(0, "kind", "log.reopened")),
              StartsWith("E8: entry 0 kind: log.opened"));
  EXPECT_EQ(Verify(Changed(2, "kind", "a_new.kind_9.of_entry")), "") << "kinds are added freely";
}

TEST(Verify, E9SomebodyDidItSomewhere) {
  const auto actor = [](const char* kind, const char* id) {
    return cj1::Object().Set("kind", kind).Set("id", id);
  };
  EXPECT_THAT(Verify(Changed(5, "actor", actor("system", ""))), StartsWith("E9: entry 5 actor.id"));
  EXPECT_THAT(Verify(Changed(5, "actor", actor("", "x"))), StartsWith("E9: entry 5 actor.kind"));
  EXPECT_THAT(Verify(Changed(5, "actor", "dispatcher")), StartsWith("E9: entry 5 actor.kind"));
  EXPECT_THAT(Verify(Changed(5, "node", "")), StartsWith("E9: entry 5 node"));
  EXPECT_EQ(Verify(Changed(5, "actor", actor("user", "u1").Set("role", "officer"))), "");
}

TEST(Verify, E10TenantsNumbersAreDense) {
  const std::string entry = Sample().Entries()[5];
  const int64_t tseq = MemberOf(entry, "tseq").AsInteger();
  EXPECT_THAT(Verify(Changed(5, "tseq", tseq + 1)), StartsWith("E10: entry 5 tseq"));
  EXPECT_THAT(Verify(Changed(5, "tseq", tseq - 1)), StartsWith("E10: entry 5 tseq"));
  EXPECT_THAT(Verify(Changed(5, "tenant", "another")), StartsWith("E10: entry 5 tseq"));
  EXPECT_THAT(Verify(Sample().With(5, WithoutMember(entry, "tseq"), Owner())),
              StartsWith("E10: entry 5 has one of"));
  EXPECT_THAT(Verify(Sample().With(5, WithoutMember(entry, "tenant"), Owner())),
              StartsWith("E10: entry 5 has one of"));
  EXPECT_THAT(Verify(Changed(5, "borrower", "0f0f")), StartsWith("E10: entry 5 borrower"));
  EXPECT_THAT(Verify(Changed(0, "borrower", "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f")),
              StartsWith("E10: entry 0 borrower"));
}

TEST(Verify, E11NobodyIsNamedInClear) {
  for (const char* bad :
       {"Test Person", "person@mail.example", "+15550100123", "5550100", "", "Ren\xc3\xa9"}) {
    const cj1::Value data =
        cj1::Object().Set("list", cj1::Array().Append(cj1::Object().Set("x", bad)));
    const std::string finding = Verify(Changed(5, "data", data));
    EXPECT_THAT(finding, StartsWith("E11: entry 5 data.list[0].x")) << bad;
    EXPECT_THAT(finding, testing::Not(HasSubstr("Person"))) << "and the finding does not either";
  }
  EXPECT_THAT(Verify(Changed(0, "node", "node one")), StartsWith("E11: entry 0 node"));
  EXPECT_THAT(Verify(Changed(5, "ref", cj1::Object().Set("request", "my request"))),
              StartsWith("E11: entry 5 ref.request"));
  EXPECT_THAT(Verify(Changed(5, "actor", cj1::Object().Set("kind", "user").Set("id", "a@b"))),
              StartsWith("E11: entry 5 actor.id"));
  EXPECT_EQ(Verify(Changed(2, "data", cj1::Object().Set("x", std::string(200, 'x')))), "");
  EXPECT_EQ(Verify(Changed(2, "data", cj1::Object().Set("id", std::string(32, '1')))), "")
      << "an id that happens to have no letter";
  EXPECT_THAT(Verify(Changed(2, "data", cj1::Object().Set("id", std::string(31, '1')))),
              StartsWith("E11: entry 2 data.id"));
  EXPECT_THAT(Verify(Changed(2, "data", cj1::Object().Set("x", std::string(201, 'x')))),
              StartsWith("E11: entry 2 data.x"));
}

// One log of an opening and these attempt steps, all of one attempt.
Export Steps(const std::vector<std::string>& steps) {
  std::vector<std::string> entries{Sample().Entries()[0]};
  for (size_t i = 0; i < steps.size(); ++i) {
    cj1::Value entry = cj1::Parse(entries[0]).value();
    std::string bytes = WithMember(entries[0], "seq", static_cast<int64_t>(i + 1));
    bytes = WithMember(bytes, "id", ToHex(std::string(16, static_cast<char>(i + 1))));
    bytes = WithMember(bytes, "kind", "attempt." + steps[i]);
    entries.push_back(
        WithMember(bytes, "ref", cj1::Object().Set("attempt", "2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d")));
  }
  return Export::Make(entries, Owner());
}

TEST(Verify, E12AnAttemptTakesItsStepsInOrder) {
  const std::vector<std::vector<std::string>> whole = {
      {"reserved"},
      {"reserved", "dispatched", "settled"},
      {"reserved", "settled"},
      {"reserved", "released"},
      {"reserved", "dispatched", "released"},
      {"reserved", "in_doubt", "resolved", "resolved"},
      {"reserved", "dispatched", "in_doubt", "resolved"},
      {"reserved", "receipt", "dispatched", "receipt", "settled", "receipt"},
      {"reserved", "released", "receipt"},
  };
  for (const auto& steps : whole)
    EXPECT_EQ(Verify(Steps(steps)), "") << testing::PrintToString(steps);
  const std::vector<std::vector<std::string>> broken = {
      {"dispatched"},
      {"receipt"},
      {"resolved"},
      {"settled"},
      {"reserved", "reserved"},
      {"reserved", "dispatched", "dispatched"},
      {"reserved", "settled", "dispatched"},
      {"reserved", "settled", "settled"},
      {"reserved", "settled", "in_doubt"},
      {"reserved", "settled", "released"},
      {"reserved", "settled", "resolved"},
      {"reserved", "in_doubt", "settled"},
      {"reserved", "in_doubt", "released"},
      {"reserved", "released", "dispatched"},
      {"reserved", "released", "reserved"},
      {"reserved", "resolved"},
      {"reserved", "in_doubt", "resolved", "settled"},
      {"reserved", "sent"},
  };
  for (const auto& steps : broken) {
    EXPECT_THAT(Verify(Steps(steps)),
                StartsWith("E12: entry " + std::to_string(steps.size()) + " "))
        << testing::PrintToString(steps);
  }
  const size_t reserved = IndexOf("attempt.reserved");
  EXPECT_THAT(Verify(Changed(reserved, "ref", cj1::Object().Set("account", "x1"))),
              StartsWith("E12: entry " + std::to_string(reserved) + " is an attempt's"));
}

TEST(Verify, E12TellsWhereEachAttemptStands) {
  const auto steps =
      VerifyExport(Steps({"reserved", "dispatched", "in_doubt", "receipt"}), Key(), {});
  ASSERT_TRUE(steps.ok()) << steps.status();
  ASSERT_EQ(steps->facts.attempts.size(), 1u);
  EXPECT_EQ(steps->facts.attempts.begin()->second, AttemptStep::kInDoubt);
  EXPECT_EQ(steps->facts.attempts.begin()->first.Hex(), "2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d");
}

// The same bytes in base64url with a spare bit set, which a lenient reader takes for the same.
std::string OtherSpelling(std::string text) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  text.back() = kLetters[kLetters.find(text.back()) + 1];
  return text;
}

TEST(Verify, E13ASealHasItsFormAndItsOwnNonce) {
  std::vector<size_t> sealed;
  const std::vector<std::string> entries = Sample().Entries();
  for (size_t i = 0; i < entries.size(); ++i) {
    if (cj1::Parse(entries[i]).value().Find("seal") != nullptr) sealed.push_back(i);
  }
  ASSERT_GE(sealed.size(), 2u);
  const size_t second = sealed[1];
  const std::string place = "E13: entry " + std::to_string(second) + " ";
  const cj1::Value seal = MemberOf(entries[second], "seal");
  EXPECT_THAT(Verify(Changed(second, "seal", MemberOf(entries[sealed[0]], "seal"))),
              StartsWith(place + "seal has the kid and n"));
  const auto with = [&](const char* name, const cj1::Value& value) {
    cj1::Value changed = cj1::Object().Set(name, value);
    for (const auto& [member, old] : seal.AsObject()) {
      if (member != name) changed.Set(member, old);
    }
    return Verify(Changed(second, "seal", changed));
  };
  const std::string nonce = seal.Find("n")->AsString();
  EXPECT_THAT(with("alg", "aes256gcm"), StartsWith(place));
  EXPECT_THAT(with("kid", "short"), StartsWith(place));
  EXPECT_THAT(with("n", nonce.substr(1)), StartsWith(place));
  EXPECT_THAT(with("n", nonce.substr(1) + "+"), StartsWith(place));
  EXPECT_THAT(with("n", 7), StartsWith(place));
  EXPECT_THAT(with("ct", ""), StartsWith(place));
  // Another spelling of the same bytes: spare bits that are not zero, or padding.
  const std::string kid = seal.Find("kid")->AsString();
  const std::string ct = seal.Find("ct")->AsString();
  EXPECT_THAT(with("kid", OtherSpelling(kid)), StartsWith(place));
  EXPECT_THAT(with("kid", kid + "="), StartsWith(place));
  EXPECT_THAT(with("n", nonce + "="), StartsWith(place));
  EXPECT_THAT(with("ct", ct + "="), StartsWith(place));
  // Lengths that no sealed value has: not whole blocks and a tag, or a tag over nothing.
  EXPECT_THAT(with("kid", kid.substr(1) + "AA"), StartsWith(place));
  EXPECT_THAT(with("n", nonce + "AAAA"), StartsWith(place));
  EXPECT_THAT(with("ct", ct.substr(4)), StartsWith(place));
  EXPECT_THAT(with("ct", ct + "AAAA"), StartsWith(place));
  EXPECT_THAT(with("ct", std::string(22, 'A')), StartsWith(place)) << "16 bytes: no block at all";
  EXPECT_EQ(with("ct", std::string(107, 'A')), "") << "80 bytes: one block and the tag";
  EXPECT_THAT(with("extra", "x"), StartsWith(place));
  EXPECT_THAT(Verify(Changed(second, "seal", "sealed")), StartsWith(place));
}

TEST(Verify, E13AKeyHasOneSpellingSoThatItsNonceCannotBeUsedTwice) {
  const size_t first = FirstSealed();
  const std::vector<std::string> entries = Sample().Entries();
  const cj1::Value seal = MemberOf(entries[first], "seal");
  cj1::Value twin = cj1::Object();
  for (const auto& [member, value] : seal.AsObject()) {
    twin.Set(member, member == "kid" ? cj1::Value(OtherSpelling(value.AsString())) : value);
  }
  ASSERT_NE(MemberOf(entries.back(), "seq").AsInteger(), static_cast<int64_t>(first));
  EXPECT_THAT(Verify(Changed(entries.size() - 1, "seal", twin)),
              StartsWith("E13: entry " + std::to_string(entries.size() - 1) + " seal is not"));
}

// --- X: seals and erasure ---

TEST(Verify, X2NothingIsSealedWithAKeyAfterItsErasureBegan) {
  const size_t first = FirstSealed();
  const std::vector<std::string> entries = Sample().Entries();
  const cj1::Value seal = MemberOf(entries[first], "seal");
  // An entry after the seal says that the key is gone, and one after that is sealed with it.
  const size_t erased = entries.size() - 2, later = entries.size() - 1;
  ASSERT_GT(erased, first);
  cj1::Value fresh = cj1::Object();
  for (const auto& [member, value] : seal.AsObject()) {
    fresh.Set(member, member == "n" ? cj1::Value(std::string(32, 'Q')) : value);
  }
  const auto with = [&](const char* kind, const cj1::Value& data, size_t sealed) {
    std::vector<std::string> changed = entries;
    changed[erased] = WithMember(WithMember(changed[erased], "kind", kind), "data", data);
    changed[erased] = WithoutMember(changed[erased], "seal");
    changed[later] = WithMember(changed[later], "kind", "account.updated");
    changed[sealed] = WithMember(changed[sealed], "seal", fresh);
    return Verify(Export::Make(changed, Owner()));
  };
  const cj1::Value kid = *seal.Find("kid");
  const cj1::Value gone =
      cj1::Object().Set("kids", cj1::Array().Append(std::string(43, 'A')).Append(kid));
  const std::string finding = "X2: entry " + std::to_string(later) + " is sealed with a key";
  EXPECT_THAT(with("borrower.erase_started", gone, later), StartsWith(finding));
  EXPECT_THAT(with("borrower.erased", gone, later), StartsWith(finding));
  EXPECT_EQ(with("borrower.restricted", gone, later), "") << "nothing was destroyed";
  EXPECT_EQ(with("borrower.erased", gone, erased), "") << "the entry itself comes before it";
  EXPECT_EQ(with("borrower.erased",
                 cj1::Object().Set("kids", cj1::Array().Append(std::string(43, 'A'))), later),
            "")
      << "another key";
}

// --- F: files ---

TEST(Verify, F1EveryFileThatTheSizeCallsForIsThere) {
  for (const char* path : {"tile/0/000", "tile/0/001.p/3", "tile/1/000.p/1", "tile/entries/000",
                           "tile/entries/001.p/3"}) {
    Export log = Sample();
    log.files.erase(path);
    EXPECT_EQ(Verify(log), std::string("F1: ") + path + " is missing");
  }
}

// The sample grown to 600 entries, so that its partial tiles became full.
const Export& Grown() {
  static const Export grown = [] {
    std::vector<std::string> entries = Sample().Entries();
    for (int i = 259; i < 600; ++i) {
      std::string entry = WithMember(entries[0], "seq", i);
      entry = WithMember(entry, "kind", "node.started");
      entry = WithMember(entry, "id", ToHex(AsText(Sha256(std::to_string(i))).substr(0, 16)));
      entries.push_back(WithMember(entry, "time", "2026-12-31T00:00:00Z"));
    }
    return Export::Make(entries, Owner());
  }();
  return grown;
}

TEST(Verify, F1AFullFileMayStandInForAPartialOne) {
  Export log = Sample();
  for (const char* path : {"tile/0/001", "tile/entries/001"}) {
    log.files[path] = Grown().files.at(path);
    log.files.erase(std::string(path) + ".p/3");
  }
  EXPECT_EQ(Verify(log), "");
  log.files["tile/0/001"][2 * 32 + 7] ^= 1;
  EXPECT_EQ(Verify(log), "F3: tile/0/001 hash 2 differs");
}

TEST(Verify, F2AFileHasTheWidthItsPathSays) {
  for (const char* path : {"tile/0/000", "tile/0/001.p/3", "tile/1/000.p/1", "tile/entries/000",
                           "tile/entries/001.p/3"}) {
    Export longer = Sample();
    longer.files[path].push_back('\0');
    EXPECT_THAT(Verify(longer), StartsWith(std::string("F2: ") + path + " ")) << "a byte more";
    Export shorter = Sample();
    shorter.files[path].pop_back();
    EXPECT_THAT(Verify(shorter), StartsWith(std::string("F2: ") + path + " ")) << "a byte less";
  }
  // A partial tile left from before is held to its own width too.
  Export stale = Sample();
  stale.files["tile/0/001.p/2"] = stale.files["tile/0/001.p/3"];
  EXPECT_THAT(Verify(stale), StartsWith("F2: tile/0/001.p/2 "));
}

TEST(Verify, F2HoldsBeyondTheCheckpointToo) {
  std::string bundle;
  AppendToBundle("anything", &bundle);
  // Left by a crash before a newer checkpoint: no error, as long as each is what its path says.
  Export log = Sample();
  log.files["tile/0/002"] = std::string(8192, 'y');
  log.files["tile/0/x001/000.p/7"] = std::string(7 * 32, 'y');
  log.files["tile/1/001.p/2"] = std::string(2 * 32, 'y');
  log.files["tile/2/000.p/1"] = std::string(32, 'y');
  log.files["tile/entries/002.p/1"] = bundle;
  ASSERT_EQ(Verify(log), "");
  for (const char* path : {"tile/0/002", "tile/0/x001/000.p/7", "tile/1/001.p/2", "tile/2/000.p/1",
                           "tile/entries/002.p/1"}) {
    Export longer = log;
    longer.files[path].push_back('\0');
    EXPECT_THAT(Verify(longer), StartsWith(std::string("F2: ") + path + " ")) << "a byte more";
    Export shorter = log;
    shorter.files[path].pop_back();
    EXPECT_THAT(Verify(shorter), StartsWith(std::string("F2: ") + path + " ")) << "a byte less";
  }
  // What is no path of the layout is a stranger's file, of any length.
  log.files["tile/0/002.p/.tmp"] = "x";
  log.files["tile/0/2"] = "x";
  log.files["tile/00/002"] = "x";
  log.files["tile/64/000"] = "x";
  log.files["tile/0/002.p/256"] = "x";
  log.files["tile/0/x000/003"] = "x";
  EXPECT_EQ(Verify(log), "");
}

TEST(Tiles, APathOfTheLayoutIsReadBack) {
  for (const uint64_t n : {0ull, 7ull, 999ull, 1000ull, 1234067ull, 72057594037927935ull}) {
    for (const TileFile& file :
         {TileFile{kBundleLevel, n, 256}, TileFile{0, n, 1}, TileFile{63, n, 255}}) {
      EXPECT_EQ(TileFileOf(file.Path()), file) << file.Path();
    }
  }
  for (const char* path :
       {"", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/000.p", "tile/0/000.p/0",
        "tile/0/000.p/01", "tile/0/000.p/256", "tile/-1/000", "tile/64/000", "tile/entries",
        "tile/entry/000", "tile/0/x000/000", "tile/0/001/x000", "tile/0/x1/000", "/tile/0/000",
        "tile/0/x999/x999/x999/x999/x999/x999/999"}) {
    EXPECT_EQ(TileFileOf(path), std::nullopt) << path;
  }
}

TEST(Verify, F3EachHashIsTheOneRecomputed) {
  Export log = Sample();
  log.files["tile/0/001.p/3"][2 * 32] ^= 1;
  EXPECT_EQ(Verify(log), "F3: tile/0/001.p/3 hash 2 differs");
  log = Sample();
  log.files["tile/0/000"][255 * 32 + 31] ^= 1;
  EXPECT_EQ(Verify(log), "F3: tile/0/000 hash 255 differs");
  log = Sample();
  log.files["tile/1/000.p/1"][0] ^= 1;
  EXPECT_EQ(Verify(log), "F3: tile/1/000.p/1 hash 0 differs");
}

TEST(Verify, F3HoldsForStalePartialFilesToo) {
  Export log = Sample();
  log.files["tile/0/001.p/2"] = log.files["tile/0/001.p/3"].substr(0, 64);
  log.files["tile/0/000.p/17"] = log.files["tile/0/000"].substr(0, 17 * 32);
  std::string bundle;
  for (int i = 0; i < 2; ++i) {
    AppendToBundle(Sample().Entries()[static_cast<size_t>(256 + i)], &bundle);
  }
  log.files["tile/entries/001.p/2"] = bundle;
  EXPECT_EQ(Verify(log), "") << "left over and right";
  Export wrong = log;
  wrong.files["tile/0/001.p/2"][32] ^= 1;
  EXPECT_EQ(Verify(wrong), "F3: tile/0/001.p/2 hash 1 differs");
  wrong = log;
  wrong.files["tile/0/000.p/17"][16 * 32] ^= 1;
  EXPECT_EQ(Verify(wrong), "F3: tile/0/000.p/17 hash 16 differs");
  wrong = log;
  wrong.files["tile/entries/001.p/2"][40] ^= 1;
  EXPECT_EQ(Verify(wrong), "F3: tile/entries/001.p/2 entry 0 differs");
}

TEST(Verify, F4TheRootIsTheOneRecomputed) {
  // Signed by the owner, but over another root than these entries have.
  Export log = Sample();
  Checkpoint checkpoint = PeekCheckpoint(log.files["checkpoint"]).value();
  checkpoint.head.root[0] ^= 1;
  log.files["checkpoint"] = Owner().Sign(checkpoint);
  EXPECT_THAT(Verify(log), StartsWith("F4: "));
}

TEST(Verify, F5HashesBeyondTheCheckpointAreNoErrorAndNotBelieved) {
  Export log = Sample();
  // A crash after the tiles of 261 and before its checkpoint; what stands beyond 259 is anything.
  log.files["tile/0/001.p/5"] = log.files["tile/0/001.p/3"] + std::string(64, 'x');
  std::string bundle = log.files["tile/entries/001.p/3"];
  AppendToBundle("anything", &bundle);
  log.files["tile/entries/001.p/4"] = bundle;
  log.files["tile/0/002"] = std::string(8192, 'y');
  log.files["tile/1/000.p/2"] = log.files["tile/1/000.p/1"] + std::string(32, 'z');
  EXPECT_EQ(Verify(log), "");
  log.files["tile/0/001.p/5"][0] ^= 1;
  EXPECT_EQ(Verify(log), "F3: tile/0/001.p/5 hash 0 differs") << "what it repeats must be right";
}

// --- G: checkpoints ---

TEST(Verify, G1ToG6AreNamedForTheCheckpointAndForOlderOnes) {
  const Checkpoint good = PeekCheckpoint(Sample().files.at("checkpoint")).value();
  const std::string root = Base64(AsText(good.head.root));
  const struct {
    const char* condition;
    std::string note;
  } rows[] = {
      {"G1", Owner().Sign(good) + "\x01\n"},
      {"G2", Owner().Sign(good).substr(0, 80) + "\n"},
      {"G3", Owner().Sign({"audit.example/other", good.head})},
      {"G4", Owner().SignBody(good.origin + "\n0259\n" + root + "\n")},
      {"G5", Owner().SignBody(good.origin + "\n259\n" + root.substr(1) + "\n")},
      {"G6", Owner().SignBody(good.origin + "\n259\n" + root + "\nmore\n")},
  };
  for (const auto& row : rows) {
    Export log = Sample();
    log.files["checkpoint"] = row.note;
    EXPECT_THAT(Verify(log), StartsWith(std::string(row.condition) + ": checkpoint: "));
    EXPECT_THAT(Verify(Sample(), {At200(), {"kept.last-year", row.note}}),
                StartsWith(std::string(row.condition) + ": kept.last-year: "));
  }
  Export log = Sample();
  log.files.erase("checkpoint");
  EXPECT_THAT(Verify(log), StartsWith("G1: "));
}

TEST(Verify, G2AnotherKeyOfTheSameNameSignedIt) {
  const SigningKey thief = SigningKey::FromSeed(Owner().verifier().name, Bytes32{9}).value();
  Export log = Sample();
  log.files["checkpoint"] = thief.Sign(PeekCheckpoint(Sample().files.at("checkpoint")).value());
  EXPECT_THAT(Verify(log), StartsWith("G2: checkpoint: no signature"));
}

TEST(Verify, G7AnOlderCheckpointRemembersWhatWasSigned) {
  EXPECT_EQ(Verify(Sample(), {At200()}), "");
  const std::vector<std::string> entries = Sample().Entries();
  const Export cut = Export::Make({entries.begin(), entries.begin() + 199}, Owner());
  EXPECT_EQ(Verify(cut), "") << "nothing in a cut log tells that it was longer";
  EXPECT_THAT(Verify(cut, {At200()}), StartsWith("G7: checkpoint.200 was signed for 200"));
  EXPECT_EQ(Verify(Export::Make({entries.begin(), entries.begin() + 200}, Owner()), {At200()}), "");
  EXPECT_EQ(Verify(Sample(), {{"the first", Owner().Sign({Key().name, {}})}}), "");
  Checkpoint forked = PeekCheckpoint(At200().note).value();
  forked.head.root[3] ^= 1;
  EXPECT_THAT(Verify(Sample(), {{"fork", Owner().Sign(forked)}}),
              StartsWith("G7: fork was signed for another root"));
}

// --- What somebody would do ---

TEST(Tamper, ADeletedEntryIsNoticed) {
  std::vector<std::string> entries = Sample().Entries();
  entries.erase(entries.begin() + 100);
  Export log = Sample();
  const Export without = Export::Make(entries, Owner());
  // Without the key: the files are made to fit, the checkpoint stays.
  for (const auto& [path, content] : without.files) {
    if (path != "checkpoint") log.files[path] = content;
  }
  EXPECT_THAT(Verify(log), StartsWith("F3: "));
  // Only taken out of its bundle.
  log = Sample();
  log.files["tile/entries/000"] = without.files.at("tile/entries/000").substr(0, 100'000);
  EXPECT_THAT(Verify(log), StartsWith("F2: tile/entries/000 "));
  // With the key, but not renumbered.
  EXPECT_THAT(Verify(without), StartsWith("E5: entry 100 "));
}

TEST(Tamper, TwoSwappedEntriesAreNoticed) {
  std::vector<std::string> entries = Sample().Entries();
  std::swap(entries[20], entries[21]);
  const Export swapped = Export::Make(entries, Owner());
  Export log = Sample();
  log.files["tile/entries/000"] = swapped.files.at("tile/entries/000");
  EXPECT_EQ(Verify(log), "F3: tile/0/000 hash 20 differs");
  log = swapped;
  log.files["checkpoint"] = Sample().files.at("checkpoint");
  EXPECT_THAT(Verify(log), StartsWith("F4: "));
  EXPECT_THAT(Verify(swapped), StartsWith("E5: entry 20 "));
}

TEST(Tamper, ACutTailIsNoticed) {
  const std::vector<std::string> entries = Sample().Entries();
  Export log = Export::Make({entries.begin(), entries.begin() + 258}, Owner());
  log.files["checkpoint"] = Sample().files.at("checkpoint");
  EXPECT_EQ(Verify(log), "F1: tile/entries/001.p/3 is missing");
}

TEST(Tamper, RewrittenAndSignedAgainIsNoticedOnlyByWhoKeptAnOlderCheckpoint) {
  std::vector<std::string> entries = Sample().Entries();
  // A whole attempt that never was: one entry of a kind that nothing else leans on.
  const size_t gone = IndexOf("decision.deferred");
  entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(gone));
  const Export rewritten = Export::Make(Renumbered(entries), Owner());
  ASSERT_LT(gone, 200u);
  EXPECT_EQ(Verify(rewritten), "") << "a log rewritten by its owner verifies by itself";
  EXPECT_THAT(Verify(rewritten, {At200()}),
              StartsWith("G7: checkpoint.200 was signed for another"));
}

// Law: any byte of any file, changed to any other, is noticed.
TEST(Tamper, AnyFlippedByteIsNoticed) {
  const uint64_t seed = 20260302;
  std::mt19937_64 random(seed);
  const auto verified = [](const Export& log) {
    const auto key = VerifierKey::Parse(
        log.files.at("vkey").ends_with('\n')
            ? std::string_view(log.files.at("vkey")).substr(0, log.files.at("vkey").size() - 1)
            : std::string_view(log.files.at("vkey")));
    return key.ok() &&
           VerifyExport(log, *key, {{"checkpoint.200", log.files.at("checkpoint.200")}}).ok();
  };
  ASSERT_TRUE(verified(Sample()));
  for (const auto& [path, content] : Sample().files) {
    // Every byte of the small files, some of the large ones.
    const bool every = content.size() <= 256;
    const size_t rounds = every ? content.size() : 150;
    for (size_t round = 0; round < rounds; ++round) {
      const size_t at = every ? round : random() % content.size();
      Export log = Sample();
      char& byte = log.files[path][at];
      byte = static_cast<char>(byte ^ (round % 2 == 0 ? 1 << random() % 8 : 1 + random() % 255));
      EXPECT_FALSE(verified(log)) << path << " byte " << at << ", seed " << seed;
    }
  }
}

}  // namespace
}  // namespace forbear::audit
