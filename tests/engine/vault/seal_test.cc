// Seals, cells and wraps against vectors of two other programs, and every way to bend one.
#include "engine/vault/seal.h"

#include <sodium.h>

#include "tests/engine/audit/vectors.h"
#include "tests/engine/vault/keys_in_memory.h"

namespace forbear::vault {
namespace {

using audit::Unhex;
using audit::Vectors;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string Text(const char* name) { return Vectors()["sealing"][name].get<std::string>(); }
std::string Raw(const char* name) { return Unhex(Vectors()["sealing"][name]); }

SecretKey KeyFrom(std::string_view raw) { return SecretKey::Copy(audit::AsBytes32(raw)); }
Nonce NonceFrom(std::string_view raw) {
  Nonce nonce;
  std::copy_n(raw.begin(), nonce.size(), nonce.begin());
  return nonce;
}

DataKey VectorKey() { return DataKey::Derive(KeyFrom(Raw("dek"))); }
DataKey OtherKey() { return DataKey::Derive(KeyFrom(std::string(32, 'x'))); }

// Owns its words, so that a row can change one.
struct Place {
  std::string log = Text("log");
  std::string id = Text("entry_id");
  std::string kind = Text("kind");
  EntryPlace View() const { return {log, id, kind}; }
};

cj1::Value Plain() { return cj1::Parse(Text("plaintext")).value(); }
cj1::Value VectorSeal() {
  const cj1::Value entry = cj1::Parse(Text("entry")).value();
  return *entry.Find("seal");
}

std::string Base64Url(std::string_view bytes) {
  std::string text(
      sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  text.pop_back();
  return text;
}

// `object` with the member `name` set to `value`, or without it when that is empty.
cj1::Value With(const cj1::Value& object, std::string_view name, const std::string& value) {
  cj1::Value changed = cj1::Object();
  for (const auto& [member, old] : object.AsObject()) {
    if (member != name) changed.Set(member, old);
  }
  if (!value.empty()) changed.Set(std::string(name), value);
  return changed;
}

// No error may hold anything of what was sealed or of a key (X4).
void ExpectSilent(const absl::Status& status) {
  const std::string message(status.message());
  for (const std::string& secret :
       {std::string("+15550100123"), std::string("Test Person"), std::string("endpoint"),
        Text("dek"), Text("enc_key"), Text("tag_key"), Text("kek"), Raw("dek"), Raw("enc_key"),
        Raw("kek")}) {
    EXPECT_THAT(message, Not(HasSubstr(secret)));
  }
}

void ExpectX1(const absl::Status& status, std::string_view why) {
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << why << ": " << status;
  EXPECT_THAT(std::string(status.message()), StartsWith("X1: ")) << why;
  ExpectSilent(status);
}

TEST(Seal, DerivesTheKeysOfTheVectors) {
  const DataKey key = VectorKey();
  EXPECT_EQ(key.kid_text(), Text("kid"));
  EXPECT_EQ(Base64Url(audit::AsText(key.kid())), Text("kid"));
  EXPECT_EQ(key.TagText(Text("tag_input")), Text("tag"));
  const Bytes16 tag = key.Tag(Text("tag_input"));
  EXPECT_EQ(Base64Url({reinterpret_cast<const char*>(tag.data()), tag.size()}), Text("tag"));
  // The tag key of the vectors gives that tag, so it is the one that was derived.
  const Bytes32 whole = audit::HmacSha256(audit::AsBytes32(Raw("tag_key")), Text("tag_input"));
  EXPECT_TRUE(std::equal(tag.begin(), tag.end(), whole.begin()));
}

TEST(Seal, SealsTheEntryOfTheVectors) {
  const auto seal = SealEntry(VectorKey(), Plain(), Place().View(), NonceFrom(Raw("nonce")));
  ASSERT_TRUE(seal.ok()) << seal.status();
  EXPECT_EQ(seal->Find("ct")->AsString(), Base64Url(Raw("ciphertext")));
  EXPECT_EQ(seal->Find("n")->AsString(), Base64Url(Raw("nonce")));
  EXPECT_EQ(seal->Find("kid")->AsString(), Text("kid"));
  EXPECT_EQ(seal->Find("alg")->AsString(), "xchacha20poly1305");
  EXPECT_EQ(*seal, VectorSeal());
  EXPECT_EQ(OpenEntry(VectorKey(), *seal, Place().View()).value(), Plain());

  // The whole entry with this seal in it, and its leaf.
  const cj1::Value expected = cj1::Parse(Text("entry")).value();
  cj1::Value entry = cj1::Object();
  for (const auto& [name, value] : expected.AsObject()) {
    entry.Set(name, name == "seal" ? *seal : value);
  }
  EXPECT_EQ(cj1::Encode(entry).value(), Text("entry"));
  EXPECT_EQ(audit::Hex(audit::LeafHash(*cj1::Encode(entry))), Text("entry_leaf_hash"));
}

// The steps in between, so that a second program that disagrees can see where.
TEST(Seal, PadsAndBindsAsTheVectors) {
  const std::string padded = Raw("padded_hex"), bound = Text("aad"), key = Raw("enc_key"),
                    nonce = Raw("nonce");
  std::string sealed(padded.size() + kSealTagBytes, '\0');
  const auto bytes = [](const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  };
  crypto_aead_xchacha20poly1305_ietf_encrypt(reinterpret_cast<unsigned char*>(sealed.data()),
                                             nullptr, bytes(padded), padded.size(), bytes(bound),
                                             bound.size(), nullptr, bytes(nonce), bytes(key));
  EXPECT_EQ(Base64Url(sealed), VectorSeal().Find("ct")->AsString());
  EXPECT_EQ(padded.size() % kPadBlock, 0u);
}

TEST(Seal, K5X1ASealMovedAnywhereElseDoesNotOpen) {
  const struct {
    const char* why;
    Place place;
  } rows[] = {
      {"another entry", {.id = "00112233445566778899aabbccddeefe"}},
      {"another log", {.log = "audit.example/forbeer"}},
      {"another kind", {.kind = "attempt.settled"}},
      {"no log", {.log = ""}},
      {"parts shifted",
       {.log = Text("log") + "\n" + Text("entry_id"), .id = Text("kind"), .kind = ""}},
      {"a newline", {.kind = Text("kind") + "\n"}},
  };
  for (const auto& row : rows) {
    ExpectX1(OpenEntry(VectorKey(), VectorSeal(), row.place.View()).status(), row.why);
  }
}

TEST(Seal, X1OpensOnlyWithTheKeyItNames) {
  ExpectX1(OpenEntry(OtherKey(), VectorSeal(), Place().View()).status(), "another key");
  // … also when the kid is made to fit the wrong key.
  ExpectX1(OpenEntry(OtherKey(), With(VectorSeal(), "kid", OtherKey().kid_text()), Place().View())
               .status(),
           "another key under its own name");
}

TEST(Seal, X1EveryOtherSpellingIsRefused) {
  const cj1::Value seal = VectorSeal();
  const std::string ct = seal.Find("ct")->AsString(), n = seal.Find("n")->AsString(),
                    kid = seal.Find("kid")->AsString();
  // 80 bytes end in a group of two, 96 in none: the shorter has four spare bits.
  const std::string spare = [&] {
    const std::string short_ct = Base64Url(Raw("ciphertext").substr(0, 80));
    std::string bent = short_ct;
    bent.back() = static_cast<char>(bent.back() + 1);
    return bent;
  }();
  std::string spare_ct = ct;
  ++spare_ct.back();  // 'g' to 'h' and the like: one of two spare bits
  const struct {
    const char* why;
    cj1::Value seal;
  } rows[] = {
      {"another algorithm", With(seal, "alg", "aes256gcm")},
      {"the algorithm in capitals", With(seal, "alg", "XChaCha20Poly1305")},
      {"no algorithm", With(seal, "alg", "")},
      {"no ciphertext", With(seal, "ct", "")},
      {"no kid", With(seal, "kid", "")},
      {"no nonce", With(seal, "n", "")},
      {"one member more", With(seal, "v", "1")},
      {"no object", cj1::Value("seal")},
      {"an array", cj1::Array()},
      {"empty", cj1::Object()},
      {"a number for a nonce",
       [&] {
         cj1::Value bent = With(seal, "n", "");
         bent.Set("n", 1);
         return bent;
       }()},
      {"another kid", With(seal, "kid", OtherKey().kid_text())},
      {"a padded kid", With(seal, "kid", kid + "=")},
      {"a padded nonce", With(seal, "n", n + "=")},
      {"a padded ciphertext", With(seal, "ct", ct + "=")},
      {"the other alphabet", With(seal, "ct",
                                  [&] {
                                    std::string other = ct;
                                    std::replace(other.begin(), other.end(), '-', '+');
                                    std::replace(other.begin(), other.end(), '_', '/');
                                    return other;
                                  }())},
      {"spare bits", With(seal, "ct", spare_ct)},
      {"spare bits of a shorter one", With(seal, "ct", spare)},
      {"a space", With(seal, "ct", ct + " ")},
      {"a newline", With(seal, "n", n + "\n")},
      {"a nonce of 23 bytes", With(seal, "n", Base64Url(Raw("nonce").substr(1)))},
      {"a nonce of 25 bytes", With(seal, "n", Base64Url(Raw("nonce") + "x"))},
      {"a nonce of 12 bytes", With(seal, "n", Base64Url(Raw("nonce").substr(12)))},
      {"another nonce", With(seal, "n", Base64Url(std::string(24, 'n')))},
      {"a ciphertext without its tag",
       With(seal, "ct", Base64Url(Raw("ciphertext").substr(0, 64)))},
      {"a tag alone", With(seal, "ct", Base64Url(Raw("ciphertext").substr(64)))},
      {"one byte more", With(seal, "ct", Base64Url(Raw("ciphertext") + "x"))},
      {"one byte less", With(seal, "ct", Base64Url(Raw("ciphertext").substr(0, 79)))},
      {"a block more", With(seal, "ct", Base64Url(Raw("ciphertext") + std::string(64, 'x')))},
  };
  for (const auto& row : rows) {
    ExpectX1(OpenEntry(VectorKey(), row.seal, Place().View()).status(), row.why);
  }
}

// Our own way of writing bytes, against libsodium's, at each length modulo three.
TEST(Seal, WritesBytesAsLibsodiumDoes) {
  SeededRandomness randomness(11);
  for (int i = 0; i < 200; ++i) {
    Bytes32 bytes;
    randomness.Fill(bytes);
    const DataKey key = DataKey::Derive(SecretKey::Copy(bytes));
    EXPECT_EQ(key.kid_text(), Base64Url(audit::AsText(key.kid())));
    const Bytes16 tag = key.Tag("x");
    EXPECT_EQ(key.TagText("x"), Base64Url({reinterpret_cast<const char*>(tag.data()), tag.size()}));
    Nonce nonce;
    randomness.Fill(nonce);
    const cj1::Value plain = cj1::Object().Set("text", std::string(static_cast<size_t>(i), 'x'));
    const cj1::Value seal = SealEntry(key, plain, Place().View(), nonce).value();
    EXPECT_EQ(seal.Find("n")->AsString(),
              Base64Url({reinterpret_cast<const char*>(nonce.data()), nonce.size()}));
    EXPECT_EQ(OpenEntry(key, seal, Place().View()).value(), plain);
  }
}

// Whatever stands in the place of one letter, only that letter opens the seal.
TEST(Seal, X1OneSpellingOfEachLetter) {
  const std::string ct = VectorSeal().Find("ct")->AsString();
  for (const size_t at : {size_t{0}, size_t{1}, ct.size() - 2, ct.size() - 1}) {
    for (int letter = 0; letter < 256; ++letter) {
      std::string bent = ct;
      bent[at] = static_cast<char>(letter);
      const auto opened = OpenEntry(VectorKey(), With(VectorSeal(), "ct", bent), Place().View());
      EXPECT_EQ(opened.ok(), bent == ct) << at << ": " << letter;
    }
  }
}

TEST(Seal, X1AnyFlippedBitIsNoticed) {
  const std::string sealed = Raw("ciphertext"), nonce = Raw("nonce");
  for (size_t i = 0; i < (sealed.size() + nonce.size()) * 8; ++i) {
    std::string bent = nonce + sealed;
    bent[i / 8] = static_cast<char>(bent[i / 8] ^ 1 << i % 8);
    const cj1::Value seal = With(With(VectorSeal(), "n", Base64Url(bent.substr(0, 24))), "ct",
                                 Base64Url(bent.substr(24)));
    ExpectX1(OpenEntry(VectorKey(), seal, Place().View()).status(), "bit " + std::to_string(i));
  }
}

// Somebody with the key who pads or writes otherwise: authentic, and still not what we wrote.
TEST(Seal, X1WhatIsAuthenticButNotCanonicalIsRefused) {
  const std::string key = Raw("enc_key"), nonce = Raw("nonce"), bound = Text("aad");
  const auto seal = [&](const std::string& padded) {
    std::string sealed(padded.size() + kSealTagBytes, '\0');
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        reinterpret_cast<unsigned char*>(sealed.data()), nullptr,
        reinterpret_cast<const unsigned char*>(padded.data()), padded.size(),
        reinterpret_cast<const unsigned char*>(bound.data()), bound.size(), nullptr,
        reinterpret_cast<const unsigned char*>(nonce.data()),
        reinterpret_cast<const unsigned char*>(key.data()));
    return With(VectorSeal(), "ct", Base64Url(sealed));
  };
  const auto padded = [](std::string text) {
    text += '\x80';
    text.resize((text.size() + 63) / 64 * 64);
    return text;
  };
  ASSERT_TRUE(OpenEntry(VectorKey(), seal(padded(Text("plaintext"))), Place().View()).ok());
  const struct {
    const char* why;
    std::string padded;
  } rows[] = {
      {"no padding", std::string(64, 'a')},
      {"only zeroes", std::string(64, '\0')},
      {"a block of padding too much", padded(Text("plaintext")) + std::string(64, '\0')},
      {"white space", padded("{\"endpoint\": \"+15550100123\"}")},
      {"members out of order", padded(R"({"name":"Test Person","endpoint":"+15550100123"})")},
      {"no object", padded("\"+15550100123\"")},
      {"nothing", padded("")},
  };
  for (const auto& row : rows) {
    ExpectX1(OpenEntry(VectorKey(), seal(row.padded), Place().View()).status(), row.why);
  }
}

TEST(Seal, RefusesWhatCannotBeWritten) {
  const Nonce nonce{};
  const struct {
    const char* why;
    cj1::Value plain;
    Place place;
  } rows[] = {
      {"no object", cj1::Value("+15550100123"), {}},
      {"a bad name", cj1::Object().Set("Test Person", "x"), {}},
      {"no UTF-8", cj1::Object().Set("name", "Test Person\xff"), {}},
      {"a newline in the kind", Plain(), {.kind = "a\nb"}},
      {"a newline in the log", Plain(), {.log = "a\nb"}},
  };
  for (const auto& row : rows) {
    const auto seal = SealEntry(VectorKey(), row.plain, row.place.View(), nonce);
    EXPECT_EQ(seal.status().code(), absl::StatusCode::kInvalidArgument) << row.why;
    ExpectSilent(seal.status());
  }
}

TEST(Seal, WhatWasSealedOpensAtEveryLength) {
  SeededRandomness randomness(7);
  std::vector<size_t> lengths;
  for (size_t length = 0; length <= 300; ++length) lengths.push_back(length);
  lengths.push_back(4096);
  const DataKey key = VectorKey();
  for (const size_t length : lengths) {
    std::string text(length, '\0');
    randomness.Fill({reinterpret_cast<uint8_t*>(text.data()), text.size()});
    Nonce nonce;
    randomness.Fill(nonce);

    const CellPlace cell{"borrower", "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f", "personal"};
    const std::string sealed = SealCell(key, text, cell, nonce);
    EXPECT_EQ((sealed.size() - kNonceBytes) % 64, 16u) << length;
    EXPECT_GT(sealed.size(), kNonceBytes + kSealTagBytes + length);
    EXPECT_LE(sealed.size(), kNonceBytes + kSealTagBytes + length + 64);
    EXPECT_EQ(OpenCell(key, sealed, cell).value(), text) << length;

    for (char& c : text) c = static_cast<char>('a' + (c & 15));
    const cj1::Value plain = cj1::Object().Set("text", text);
    const cj1::Value seal = SealEntry(key, plain, Place().View(), nonce).value();
    const size_t letters = seal.Find("ct")->AsString().size();
    EXPECT_EQ(letters * 3 / 4 % 64, 16u) << length;
    EXPECT_EQ(OpenEntry(key, seal, Place().View()).value(), plain) << length;
  }
}

TEST(Seal, K5X1ACellOpensOnlyInItsPlace) {
  const DataKey key = VectorKey();
  const CellPlace place{"borrower", "0f0f", "personal"};
  const std::string sealed = SealCell(key, "Test Person", place, NonceFrom(Raw("nonce")));
  ASSERT_EQ(OpenCell(key, sealed, place).value(), "Test Person");
  const struct {
    const char* why;
    CellPlace place;
  } moved[] = {
      {"another table", {"account", "0f0f", "personal"}},
      {"another row", {"borrower", "0f0e", "personal"}},
      {"another column", {"borrower", "0f0f", "body"}},
      {"parts shifted", {"borrower", "0f0fpersonal", ""}},
  };
  for (const auto& row : moved) ExpectX1(OpenCell(key, sealed, row.place).status(), row.why);
  ExpectX1(OpenCell(OtherKey(), sealed, place).status(), "another key");
  for (size_t size = 0; size < sealed.size(); ++size) {
    ExpectX1(OpenCell(key, sealed.substr(0, size), place).status(), "cut short");
  }
  for (size_t i = 0; i < sealed.size() * 8; ++i) {
    std::string bent = sealed;
    bent[i / 8] = static_cast<char>(bent[i / 8] ^ 1 << i % 8);
    ExpectX1(OpenCell(key, bent, place).status(), "a flipped bit");
  }
  // A cell is no entry's seal, even where the lines would read alike.
  const cj1::Value as_seal = With(With(VectorSeal(), "n", Base64Url(sealed.substr(0, 24))), "ct",
                                  Base64Url(sealed.substr(24)));
  ExpectX1(OpenEntry(key, as_seal, {"borrower", "0f0f", "personal"}).status(),
           "a cell in an entry");
}

WrappedKey VectorWrap() {
  WrappedKey wrapped;
  wrapped.tenant = Text("tenant");
  wrapped.borrower = BorrowerId::Parse(Text("borrower")).value();
  wrapped.kid = VectorKey().kid();
  wrapped.kek_id = Text("kek_id");
  wrapped.wrapped = Raw("wrapped_dek");
  return wrapped;
}

TEST(Wrap, WrapsAsTheVectors) {
  const WrappedKey wrapped = VectorWrap();
  EXPECT_EQ(ToHex(Wrap(KeyFrom(Raw("kek")), wrapped.kek_id, wrapped.tenant, wrapped.borrower,
                       wrapped.kid, KeyFrom(Raw("dek")), NonceFrom(Raw("wrap_nonce")))),
            Text("wrapped_dek"));
  const auto dek = Unwrap(KeyFrom(Raw("kek")), wrapped);
  ASSERT_TRUE(dek.ok()) << dek.status();
  EXPECT_EQ(audit::Hex(dek->bytes()), Text("dek"));
}

TEST(Wrap, K5X1OpensOnlyForWhomItWasWrapped) {
  const WrappedKey good = VectorWrap();
  const auto changed = [&](auto change) {
    WrappedKey key = good;
    change(key);
    return key;
  };
  const struct {
    const char* why;
    WrappedKey key;
  } rows[] = {
      {"another tenant", changed([](auto& key) { key.tenant = "demp"; })},
      {"another borrower", changed([](auto& key) { key.borrower.bytes[3] ^= 1; })},
      {"another kid", changed([](auto& key) { key.kid[0] ^= 1; })},
      {"another KEK's name", changed([](auto& key) { key.kek_id = "kek-2026-02"; })},
      {"no tenant", changed([](auto& key) { key.tenant.clear(); })},
      {"a newline", changed([](auto& key) { key.tenant += "\n"; })},
      {"empty", changed([](auto& key) { key.wrapped.clear(); })},
      {"short", changed([](auto& key) { key.wrapped.pop_back(); })},
      {"long", changed([](auto& key) { key.wrapped += "x"; })},
  };
  const SecretKey kek = KeyFrom(Raw("kek"));
  for (const auto& row : rows) ExpectX1(Unwrap(kek, row.key).status(), row.why);
  ExpectX1(Unwrap(KeyFrom(std::string(32, 'k')), good).status(), "another KEK");
  for (size_t i = 0; i < good.wrapped.size() * 8; ++i) {
    WrappedKey bent = good;
    bent.wrapped[i / 8] = static_cast<char>(bent.wrapped[i / 8] ^ 1 << i % 8);
    ExpectX1(Unwrap(kek, bent).status(), "a flipped bit");
  }
}

// Whoever holds the KEK could wrap another key under a name; the name commits to one.
TEST(Wrap, X1AKidCommitsToItsKey) {
  WrappedKey forged = VectorWrap();
  const SecretKey kek = KeyFrom(Raw("kek"));
  forged.wrapped = Wrap(kek, forged.kek_id, forged.tenant, forged.borrower, forged.kid,
                        KeyFrom(std::string(32, 'x')), Nonce{});
  ExpectX1(Unwrap(kek, forged).status(), "another key under that name");
}

}  // namespace
}  // namespace forbear::vault
