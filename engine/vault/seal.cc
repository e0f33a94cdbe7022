#include "engine/vault/seal.h"

#include <sodium.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>

#include "engine/audit/hash.h"
#include "engine/model/status.h"

namespace forbear::vault {
namespace {

static_assert(kKeyBytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(kNonceBytes == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(kSealTagBytes == crypto_aead_xchacha20poly1305_ietf_ABYTES);

const unsigned char* Unsigned(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* Unsigned(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

absl::Status X1(const char* why) { return DataLoss(std::string("X1: ") + why); }

// Text that is wiped when it goes.
struct Plaintext {
  std::string text;
  ~Plaintext() { sodium_memzero(text.data(), text.size()); }
};

// Base64url without padding (RFC 4648 section 5). What is written so is no secret, and libsodium's,
// which takes the same time for any text, takes as long as the cipher.
constexpr std::string_view kLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr uint8_t kNoLetter = 0xff;
constexpr std::array<uint8_t, 256> kValues = [] {
  std::array<uint8_t, 256> values{};
  values.fill(kNoLetter);
  for (size_t i = 0; i < kLetters.size(); ++i) {
    values[static_cast<uint8_t>(kLetters[i])] = static_cast<uint8_t>(i);
  }
  return values;
}();

std::string Base64Url(const uint8_t* bytes, size_t size) {
  std::string text((size * 8 + 5) / 6, '\0');
  char* out = text.data();
  uint32_t bits = 0;
  int held = 0;
  for (size_t i = 0; i < size; ++i) {
    bits = bits << 8 | bytes[i];
    held += 8;
    while (held >= 6) {
      held -= 6;
      *out++ = kLetters[bits >> held & 63];
    }
  }
  if (held > 0) *out++ = kLetters[bits << (6 - held) & 63];
  return text;
}

// The bytes, if `text` is the one way to write them: no other letter, no length that bytes do not
// have, and zeroes in the bits that the last letter does not need.
std::optional<std::string> FromBase64Url(std::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes(text.size() * 6 / 8, '\0');
  char* out = bytes.data();
  uint32_t bits = 0;
  int held = 0;
  for (const char letter : text) {
    const uint8_t value = kValues[static_cast<uint8_t>(letter)];
    if (value == kNoLetter) return std::nullopt;
    bits = bits << 6 | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      *out++ = static_cast<char>(bits >> held & 0xff);
    }
  }
  if ((bits & ((1u << held) - 1)) != 0) return std::nullopt;
  return bytes;
}

bool HasNewline(std::initializer_list<std::string_view> lines) {
  return std::any_of(lines.begin(), lines.end(), [](std::string_view line) {
    return line.find('\n') != std::string_view::npos;
  });
}

// What is authenticated beside the ciphertext: lines, each ended by a newline.
std::string Lines(std::initializer_list<std::string_view> lines) {
  size_t size = 0;
  for (const std::string_view line : lines) size += line.size() + 1;
  std::string text;
  text.reserve(size);
  for (const std::string_view line : lines) text.append(line).push_back('\n');
  return text;
}

// Appends the ciphertext of `plain` to `out`.
void Encrypt(const SecretKey& key, std::string_view plain, std::string_view bound,
             const Nonce& nonce, std::string* out) {
  const size_t before = out->size();
  out->resize(before + plain.size() + kSealTagBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(Unsigned(*out) + before, nullptr, Unsigned(plain),
                                             plain.size(), Unsigned(bound), bound.size(), nullptr,
                                             nonce.data(), key.data());
}

// REQUIRES: `out` has room for all of `sealed` but its tag.
bool Decrypt(const SecretKey& key, std::string_view sealed, std::string_view bound,
             std::string_view nonce, unsigned char* out) {
  return crypto_aead_xchacha20poly1305_ietf_decrypt(out, nullptr, nullptr, Unsigned(sealed),
                                                    sealed.size(), Unsigned(bound), bound.size(),
                                                    Unsigned(nonce), key.data()) == 0;
}

void Pad(std::string* plain) {
  const size_t size = plain->size();
  plain->resize((size / kPadBlock + 1) * kPadBlock);
  size_t padded = 0;
  FORBEAR_CHECK(sodium_pad(&padded, Unsigned(*plain), size, kPadBlock, plain->size()) == 0);
  FORBEAR_CHECK(padded == plain->size());
}

// Decrypts and takes the padding off. The errors say which step, never what was found.
absl::Status OpenPadded(const SecretKey& key, std::string_view sealed, std::string_view bound,
                        std::string_view nonce, Plaintext* plain) {
  if (sealed.size() < kPadBlock + kSealTagBytes ||
      (sealed.size() - kSealTagBytes) % kPadBlock != 0) {
    return X1("the ciphertext's length is not that of any seal");
  }
  plain->text.resize(sealed.size() - kSealTagBytes);
  if (!Decrypt(key, sealed, bound, nonce, Unsigned(plain->text))) {
    return X1("the seal does not open here: it was changed, moved, or made with another key");
  }
  size_t size = 0;
  if (sodium_unpad(&size, Unsigned(std::string_view(plain->text)), plain->text.size(), kPadBlock) !=
      0) {
    return X1("what was sealed is not padded");
  }
  // The padding is wiped with the rest only if the size stays.
  sodium_memzero(plain->text.data() + size, plain->text.size() - size);
  plain->text.resize(size);
  return absl::OkStatus();
}

SecretKey DeriveOne(const SecretKey& dek, std::string_view label) {
  return SecretKey::FilledBy([&](std::span<uint8_t, kKeyBytes> out) {
    Bytes32 derived = audit::HmacSha256(dek.bytes(), label);
    std::copy(derived.begin(), derived.end(), out.begin());
    sodium_memzero(derived.data(), derived.size());
  });
}

Bytes32 KidOf(const SecretKey& dek) { return audit::HmacSha256(dek.bytes(), "forbear/kid/v1"); }

std::string EntryLines(const DataKey& key, const EntryPlace& place) {
  return Lines({"forbear/seal/v1", place.log, place.entry_id_hex, place.kind, key.kid_text()});
}

std::string CellLines(const DataKey& key, const CellPlace& place) {
  FORBEAR_CHECK(!HasNewline({place.table, place.row_hex, place.column}));
  return Lines({"forbear/cell/v1", place.table, place.row_hex, place.column, key.kid_text()});
}

std::string WrapLines(std::string_view tenant, const BorrowerId& borrower, const Bytes32& kid,
                      std::string_view kek_id) {
  return Lines(
      {"forbear/wrap/v1", tenant, borrower.Hex(), Base64Url(kid.data(), kid.size()), kek_id});
}

// The text of a member of a seal, empty when it is none.
std::string_view TextOf(const cj1::Value* value) {
  return value != nullptr && value->is_string() ? std::string_view(value->AsString())
                                                : std::string_view();
}

}  // namespace

DataKey::DataKey(const Bytes32& kid, SecretKey enc, SecretKey tag)
    : kid_(kid),
      kid_text_(Base64Url(kid.data(), kid.size())),
      enc_(std::move(enc)),
      tag_(std::move(tag)) {}

DataKey DataKey::Derive(const SecretKey& dek) {
  return DataKey(KidOf(dek), DeriveOne(dek, "forbear/enc/v1"), DeriveOne(dek, "forbear/tag/v1"));
}

Bytes16 DataKey::Tag(std::string_view canonical_point) const {
  const Bytes32 whole = audit::HmacSha256(tag_.bytes(), canonical_point);
  Bytes16 tag;
  std::copy_n(whole.begin(), tag.size(), tag.begin());
  return tag;
}

std::string DataKey::TagText(std::string_view canonical_point) const {
  const Bytes16 tag = Tag(canonical_point);
  return Base64Url(tag.data(), tag.size());
}

absl::StatusOr<cj1::Value> SealEntry(const DataKey& key, const cj1::Value& plain,
                                     const EntryPlace& place, const Nonce& nonce) {
  if (HasNewline({place.log, place.entry_id_hex, place.kind})) {
    return InvalidArgument("seal: a newline in the log, id or kind of its entry");
  }
  absl::StatusOr<std::string> encoded = cj1::Encode(plain);
  if (!encoded.ok()) return encoded.status();
  Plaintext padded{*std::move(encoded)};
  // Room for the padding first: growing would leave an unwiped copy behind. (What Encode left
  // behind as it grew is beyond reach here, as is `plain` itself.)
  if (padded.text.capacity() < padded.text.size() + kPadBlock) {
    Plaintext roomy;
    roomy.text.reserve(padded.text.size() + kPadBlock);
    roomy.text.append(padded.text);
    std::swap(roomy.text, padded.text);
  }
  Pad(&padded.text);
  std::string sealed;
  Encrypt(key.enc_, padded.text, EntryLines(key, place), nonce, &sealed);
  cj1::Value seal = cj1::Object();
  seal.Set("alg", kSealAlgorithm)
      .Set("ct", Base64Url(Unsigned(sealed), sealed.size()))
      .Set("kid", key.kid_text())
      .Set("n", Base64Url(nonce.data(), nonce.size()));
  return seal;
}

absl::StatusOr<cj1::Value> OpenEntry(const DataKey& key, const cj1::Value& seal,
                                     const EntryPlace& place) {
  if (!seal.is_object() || seal.AsObject().size() != 4) {
    return X1("a seal has the members alg, ct, kid and n, and no others");
  }
  if (TextOf(seal.Find("alg")) != kSealAlgorithm)
    return X1("sealed by an algorithm we do not know");
  if (TextOf(seal.Find("kid")) != key.kid_text()) return X1("sealed with another key");
  const std::optional<std::string> nonce = FromBase64Url(TextOf(seal.Find("n")));
  if (!nonce.has_value() || nonce->size() != kNonceBytes) {
    return X1("the nonce is not 24 bytes in canonical base64url");
  }
  const std::optional<std::string> sealed = FromBase64Url(TextOf(seal.Find("ct")));
  if (!sealed.has_value()) return X1("the ciphertext is not canonical base64url");
  if (HasNewline({place.log, place.entry_id_hex, place.kind})) {
    return X1("a newline in the log, id or kind of its entry");
  }
  Plaintext plain;
  FORBEAR_RETURN_IF_ERROR(OpenPadded(key.enc_, *sealed, EntryLines(key, place), *nonce, &plain));
  absl::StatusOr<cj1::Value> value = cj1::Parse(plain.text);
  if (!value.ok()) return X1("what was sealed is not a canonical object");
  return value;
}

std::string SealCell(const DataKey& key, std::string_view plain, const CellPlace& place,
                     const Nonce& nonce) {
  Plaintext padded;
  padded.text.reserve(plain.size() + kPadBlock);
  padded.text.append(plain);
  Pad(&padded.text);
  std::string sealed;
  sealed.reserve(kNonceBytes + padded.text.size() + kSealTagBytes);
  sealed.append(nonce.begin(), nonce.end());
  Encrypt(key.enc_, padded.text, CellLines(key, place), nonce, &sealed);
  return sealed;
}

absl::StatusOr<std::string> OpenCell(const DataKey& key, std::string_view sealed,
                                     const CellPlace& place) {
  if (sealed.size() < kNonceBytes) return X1("the cell is shorter than a nonce");
  Plaintext plain;
  FORBEAR_RETURN_IF_ERROR(OpenPadded(key.enc_, sealed.substr(kNonceBytes), CellLines(key, place),
                                     sealed.substr(0, kNonceBytes), &plain));
  return std::move(plain.text);
}

std::string Wrap(const SecretKey& kek, std::string_view kek_id, std::string_view tenant,
                 const BorrowerId& borrower, const Bytes32& kid, const SecretKey& dek,
                 const Nonce& nonce) {
  FORBEAR_CHECK(!HasNewline({tenant, kek_id}));
  std::string wrapped;
  wrapped.reserve(kWrappedBytes);
  wrapped.append(nonce.begin(), nonce.end());
  Encrypt(kek, audit::AsText(dek.bytes()), WrapLines(tenant, borrower, kid, kek_id), nonce,
          &wrapped);
  return wrapped;
}

absl::StatusOr<SecretKey> Unwrap(const SecretKey& kek, const WrappedKey& wrapped) {
  if (wrapped.wrapped.size() != kWrappedBytes) return X1("a wrapped key is 72 bytes, not this one");
  if (HasNewline({wrapped.tenant, wrapped.kek_id})) return X1("a newline beside a wrapped key");
  const std::string bound =
      WrapLines(wrapped.tenant, wrapped.borrower, wrapped.kid, wrapped.kek_id);
  const std::string_view bytes = wrapped.wrapped;
  bool opened = false;
  SecretKey dek = SecretKey::FilledBy([&](std::span<uint8_t, kKeyBytes> out) {
    opened =
        Decrypt(kek, bytes.substr(kNonceBytes), bound, bytes.substr(0, kNonceBytes), out.data());
  });
  if (!opened)
    return X1("the wrapped key does not open: it was changed, or wrapped by another KEK");
  // The cipher commits to no key: who holds a KEK could make one wrap that two KEKs open. kid does.
  if (KidOf(dek) != wrapped.kid) return X1("the wrapped key is not the one its kid names");
  return dek;
}

}  // namespace forbear::vault
