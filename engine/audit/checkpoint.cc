#include "engine/audit/checkpoint.h"

#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/audit/cj1.h"
#include "engine/model/status.h"

namespace forbear::audit {
namespace {

constexpr char kEd25519 = 0x01;                      // key type, first byte of the encoded key
constexpr std::string_view kDash = "\xe2\x80\x94 ";  // em dash and space, before each signature
constexpr std::string_view kPrivatePrefix = "PRIVATE+KEY+";

absl::Status Broken(const char* condition, std::string_view why) {
  return absl::DataLossError(absl::StrCat(condition, ": ", ToAbsl(why)));
}

const unsigned char* Unsigned(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// First four bytes of SHA-256(name || newline || type || public key).
KeyId IdOf(std::string_view name, const Bytes32& public_key) {
  std::string text(name);
  text.push_back('\n');
  text.push_back(kEd25519);
  text.append(AsText(public_key));
  const Bytes32 digest = Sha256(text);
  return {digest[0], digest[1], digest[2], digest[3]};
}

std::string_view AsText(const KeyId& id) {
  return {reinterpret_cast<const char*>(id.data()), id.size()};
}

// `<name>+<id>+<base64>` cut at its first two plus signs: base64 has plus signs of its own.
struct KeyParts {
  std::string_view name;
  std::string_view id;
  std::string_view key;
};
absl::StatusOr<KeyParts> CutKey(std::string_view line) {
  const size_t first = line.find('+');
  const size_t second = first == std::string_view::npos ? first : line.find('+', first + 1);
  if (second == std::string_view::npos) {
    return InvalidArgument("key: not of the form name+id+base64; give the one line of log.vkey");
  }
  return KeyParts{line.substr(0, first), line.substr(first + 1, second - first - 1),
                  line.substr(second + 1)};
}

// Does a control character stand at `at`? U+0000 to U+001F, U+007F, and U+0080 to U+009F, which a
// terminal may obey like the first and which UTF-8 writes as C2 80 to C2 9F. REQUIRES: valid UTF-8.
bool IsControlAt(std::string_view text, size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x20 || byte == 0x7f) return true;
  return byte == 0xc2 && static_cast<unsigned char>(text[at + 1]) < 0xa0;
}

// The lines of a text that ends in a newline, without their newlines.
std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

struct NoteParts {
  std::string_view body;        // with its last newline
  std::string_view signatures;  // one or more lines
};

absl::StatusOr<NoteParts> CutNote(std::string_view note) {
  if (note.size() > kMaxNoteBytes) return Broken("G1", "the note is longer than 64 KiB");
  if (!cj1::IsUtf8(note)) return Broken("G1", "the note is not UTF-8");
  for (size_t at = 0; at < note.size(); ++at) {
    if (note[at] != '\n' && IsControlAt(note, at)) {
      return Broken("G1", "the note has a control character");
    }
  }
  if (note.empty() || note.back() != '\n')
    return Broken("G1", "the note has no newline at its end");
  // Signature lines are never empty, so the last empty line is the one between the two parts.
  const size_t gap = note.rfind("\n\n");
  if (gap == std::string_view::npos) {
    return Broken("G2", "no empty line between the note's text and its signatures");
  }
  return NoteParts{note.substr(0, gap + 1), note.substr(gap + 2)};
}

absl::Status CheckSignatures(const NoteParts& note, const VerifierKey& key) {
  const std::vector<std::string_view> lines = Lines(note.signatures);
  if (lines.size() > kMaxSignatureLines) return Broken("G2", "more than 100 signature lines");
  bool verified = false;
  for (std::string_view line : lines) {
    // A line that is no signature line at all spoils the note, whoever it may be from; a
    // well-formed one by somebody else is passed over.
    if (!line.starts_with(kDash)) return Broken("G2", "a signature line without em dash");
    line.remove_prefix(kDash.size());
    const size_t space = line.find(' ');
    if (space == std::string_view::npos || !IsKeyName(line.substr(0, space))) {
      return Broken("G2", "a signature line without key name");
    }
    const std::string_view name = line.substr(0, space);
    const absl::StatusOr<std::string> signature = FromBase64(line.substr(space + 1));
    if (!signature.ok() || signature->size() <= sizeof(KeyId)) {
      return Broken("G2", "a signature line that is not strict base64 of key id and signature");
    }
    const std::string_view id = std::string_view(*signature).substr(0, sizeof(KeyId));
    if (name != key.name || id != AsText(key.id)) continue;
    const std::string_view bytes = std::string_view(*signature).substr(sizeof(KeyId));
    if (bytes.size() != crypto_sign_BYTES ||
        crypto_sign_verify_detached(Unsigned(bytes), Unsigned(note.body), note.body.size(),
                                    key.public_key.data()) != 0) {
      return Broken("G2", "the signature by the log's key does not verify");
    }
    verified = true;
  }
  if (!verified) return Broken("G2", "no signature by the log's key");
  return absl::OkStatus();
}

// G4, G5, G6 and, when an origin is expected, G3 before them.
absl::StatusOr<Checkpoint> ReadBody(std::string_view body, const std::string* origin) {
  const std::vector<std::string_view> lines = Lines(body);
  Checkpoint checkpoint;
  if (!lines.empty()) checkpoint.origin = std::string(lines[0]);
  if (origin != nullptr && checkpoint.origin != *origin) {
    return Broken("G3", "the origin is not the key's name");
  }
  const std::string_view size = lines.size() > 1 ? lines[1] : std::string_view();
  const bool digits = !size.empty() && std::all_of(size.begin(), size.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || (size[0] == '0' && size.size() > 1)) {
    return Broken("G4", "the size is not a plain decimal number");
  }
  const auto [end, error] =
      std::from_chars(size.data(), size.data() + size.size(), checkpoint.head.size);
  if (error != std::errc() || end != size.data() + size.size() ||
      checkpoint.head.size > uint64_t{INT64_MAX}) {
    return Broken("G4", "the size is larger than any log");
  }
  const auto root = FromBase64(lines.size() > 2 ? lines[2] : std::string_view());
  if (!root.ok() || root->size() != kHashBytes) {
    return Broken("G5", "the root is not strict base64 of 32 bytes");
  }
  checkpoint.head.root = AsBytes32(*root);
  if (lines.size() > 3) return Broken("G6", "a fourth line");
  return checkpoint;
}

}  // namespace

std::string Base64(std::string_view bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), Unsigned(bytes), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // the terminating zero
  return text;
}

absl::StatusOr<std::string> FromBase64(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), nullptr, &size, nullptr,
                        sodium_base64_VARIANT_ORIGINAL) != 0) {
    return InvalidArgument("not base64: want the standard alphabet with padding");
  }
  bytes.resize(size);
  return bytes;
}

absl::StatusOr<std::string> FromBase64Url(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  size_t size = 0;
  // libsodium refuses a last letter whose spare bits are not zero, so each value has one spelling.
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), nullptr, &size, nullptr,
                        sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0) {
    return InvalidArgument("not base64url: want the URL-safe alphabet without padding");
  }
  bytes.resize(size);
  return bytes;
}

std::string CheckpointBody(const Checkpoint& checkpoint) {
  return absl::StrCat(checkpoint.origin, "\n", checkpoint.head.size, "\n",
                      Base64(AsText(checkpoint.head.root)), "\n");
}

bool IsKeyName(std::string_view name) {
  if (name.empty() || !cj1::IsUtf8(name) || name.find("://") != std::string_view::npos)
    return false;
  for (size_t at = 0; at < name.size(); ++at) {
    if (name[at] == ' ' || name[at] == '+' || IsControlAt(name, at)) return false;
  }
  return true;
}

absl::StatusOr<VerifierKey> VerifierKey::Parse(std::string_view line) {
  FORBEAR_ASSIGN_OR_RETURN(const KeyParts parts, CutKey(line));
  if (!IsKeyName(parts.name)) {
    return InvalidArgument(
        "key: its name has a space, a scheme or nothing; give log.vkey unchanged");
  }
  const auto id = FromHex(parts.id);
  const auto key = FromBase64(parts.key);
  if (!id.ok() || id->size() != sizeof(KeyId) || !key.ok() || key->size() != 1 + kHashBytes) {
    return InvalidArgument("key: id or key has the wrong form; give log.vkey unchanged");
  }
  if (key->front() != kEd25519) {
    return InvalidArgument("key: not an Ed25519 log key; a witness's key verifies no log");
  }
  VerifierKey verifier;
  verifier.name = std::string(parts.name);
  verifier.public_key = AsBytes32(std::string_view(*key).substr(1));
  verifier.id = IdOf(verifier.name, verifier.public_key);
  if (*id != AsText(verifier.id)) {
    return InvalidArgument("key: its id does not belong to its name and key; it was changed");
  }
  return verifier;
}

std::string VerifierKey::Line() const {
  std::string typed(1, kEd25519);
  typed.append(AsText(public_key));
  return absl::StrCat(name, "+", ToHex(AsText(id)), "+", Base64(typed));
}

void SigningKey::Wipe::operator()(uint8_t* secret) const { sodium_free(secret); }

absl::StatusOr<SigningKey> SigningKey::FromSeed(std::string name, const Bytes32& seed) {
  if (!IsKeyName(name)) {
    return InvalidArgument(
        "origin: not an address without scheme, space or plus sign; want e.g. audit.example/log");
  }
  FORBEAR_CHECK(sodium_init() >= 0);
  SigningKey key;
  key.secret_.reset(static_cast<uint8_t*>(sodium_malloc(crypto_sign_SECRETKEYBYTES)));
  if (key.secret_ == nullptr) {
    return absl::ResourceExhaustedError(
        "no locked memory for the signing key; raise RLIMIT_MEMLOCK");
  }
  crypto_sign_seed_keypair(key.verifier_.public_key.data(), key.secret_.get(), seed.data());
  key.verifier_.name = std::move(name);
  key.verifier_.id = IdOf(key.verifier_.name, key.verifier_.public_key);
  return key;
}

absl::StatusOr<std::string> SigningKey::KeyFileLine(std::string_view name, const Bytes32& seed) {
  FORBEAR_ASSIGN_OR_RETURN(const SigningKey key, FromSeed(std::string(name), seed));
  std::string secret(1, kEd25519);
  secret.append(AsText(seed));
  std::string line = absl::StrCat(ToAbsl(kPrivatePrefix), ToAbsl(name), "+",
                                  ToHex(AsText(key.verifier().id)), "+", Base64(secret));
  sodium_memzero(secret.data(), secret.size());
  return line;
}

absl::StatusOr<SigningKey> SigningKey::Parse(std::string_view line) {
  const absl::Status malformed = InvalidArgument(
      "signing key: not of the form PRIVATE+KEY+name+id+base64; make one with keys generate");
  if (!line.starts_with(kPrivatePrefix)) return malformed;
  const auto parts = CutKey(line.substr(kPrivatePrefix.size()));
  if (!parts.ok()) return malformed;
  auto secret = FromBase64(parts->key);
  if (!secret.ok()) return malformed;
  if (secret->size() != 1 + kHashBytes || secret->front() != kEd25519) {
    sodium_memzero(secret->data(), secret->size());
    return malformed;
  }
  Bytes32 seed = AsBytes32(std::string_view(*secret).substr(1));
  auto key = FromSeed(std::string(parts->name), seed);
  sodium_memzero(seed.data(), seed.size());
  sodium_memzero(secret->data(), secret->size());
  if (!key.ok()) return key.status();
  if (ToHex(AsText(key->verifier().id)) != parts->id) {
    return InvalidArgument(
        "signing key: its id does not belong to its name and key; it was changed");
  }
  return key;
}

std::string SigningKey::SignBody(std::string_view body) const {
  std::string signature(sizeof(KeyId) + crypto_sign_BYTES, '\0');
  std::copy(verifier_.id.begin(), verifier_.id.end(), signature.begin());
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()) + sizeof(KeyId), nullptr,
                       Unsigned(body), body.size(), secret_.get());
  return absl::StrCat(ToAbsl(body), "\n", ToAbsl(kDash), verifier_.name, " ", Base64(signature),
                      "\n");
}

absl::StatusOr<Checkpoint> OpenCheckpoint(std::string_view note, const VerifierKey& key) {
  FORBEAR_ASSIGN_OR_RETURN(const NoteParts parts, CutNote(note));
  FORBEAR_RETURN_IF_ERROR(CheckSignatures(parts, key));
  return ReadBody(parts.body, &key.name);
}

absl::StatusOr<Checkpoint> PeekCheckpoint(std::string_view note) {
  FORBEAR_ASSIGN_OR_RETURN(const NoteParts parts, CutNote(note));
  return ReadBody(parts.body, nullptr);
}

absl::Status CheckOath(const std::optional<Checkpoint>& last, const Checkpoint& next,
                       const Proof& proof) {
  if (!last.has_value()) return absl::OkStatus();
  if (last->origin != next.origin) return Broken("G7", "the last checkpoint is of another log");
  if (next.head.size < last->head.size) {
    return Broken("G7", absl::StrCat("a log of ", next.head.size, " entries after one of ",
                                     last->head.size, " was signed; it was cut or rolled back"));
  }
  const absl::Status consistent = VerifyConsistency(last->head, next.head, proof);
  if (!consistent.ok()) {
    return Broken("G7",
                  absl::StrCat("the log of ", next.head.size, " entries does not begin with the ",
                               last->head.size, " signed before (", consistent.message(),
                               "); it was rewritten or forked"));
  }
  return absl::OkStatus();
}

}  // namespace forbear::audit
