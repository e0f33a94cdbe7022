// Checkpoints: signed notes that commit to all entries so far (audit-log.md section 6).
//
//   audit.example/forbear
//   8
//   XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=
//
//   — audit.example/forbear 8lzTRBAHsuHm6NzdgB2h…
//
// Origin, size, root; an empty line; signature lines. Signatures are Ed25519 (RFC 8032) over the
// three lines. Keys are handed in: nothing here reads a file or draws a random number.
//
// A broken condition is kDataLoss, its message beginning with the condition's number: `G2: …`.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/audit/tree.h"

namespace forbear::audit {

struct Checkpoint {
  std::string origin;
  TreeHead head;
  bool operator==(const Checkpoint&) const = default;
};

// The three lines that are signed.
std::string CheckpointBody(const Checkpoint& checkpoint);

// May this be a log's origin and its key's name? Not empty, UTF-8, no scheme, space, plus sign or
// control character.
bool IsKeyName(std::string_view name);

using KeyId = std::array<uint8_t, 4>;

// What auditors are given: `<name>+<key id in 8 hex>+<base64(0x01 || public key)>`.
struct VerifierKey {
  std::string name;
  KeyId id{};
  Bytes32 public_key{};

  // kInvalidArgument unless `line` is exactly such a key and its id is the right one.
  static absl::StatusOr<VerifierKey> Parse(std::string_view line);
  std::string Line() const;
  bool operator==(const VerifierKey&) const = default;
};

// The log's signing key. Its secret half lives in locked memory and is wiped at the end. Signing
// is const and deterministic; any thread may call it.
class SigningKey {
 public:
  // kInvalidArgument when the name may not be an origin; kResourceExhausted without locked memory.
  static absl::StatusOr<SigningKey> FromSeed(std::string name, const Bytes32& seed);
  // Reads what KeyFileLine wrote: `PRIVATE+KEY+<name>+<key id>+<base64(0x01 || seed)>`, the form
  // that Go's note package uses. The message of an error holds nothing of the key.
  static absl::StatusOr<SigningKey> Parse(std::string_view line);
  // The one line of a key file. SAFETY: it is the secret; write it to a 0600 file and wipe it.
  static absl::StatusOr<std::string> KeyFileLine(std::string_view name, const Bytes32& seed);

  const VerifierKey& verifier() const { return verifier_; }
  // The body, an empty line, and our signature line.
  std::string Sign(const Checkpoint& checkpoint) const {
    return SignBody(CheckpointBody(checkpoint));
  }
  // The same over any text that ends in a newline. Says nothing about what the text claims: the
  // oath (G7) is for whoever calls this.
  std::string SignBody(std::string_view body) const;

 private:
  struct Wipe {
    void operator()(uint8_t* secret) const;
  };
  SigningKey() = default;
  VerifierKey verifier_;
  std::unique_ptr<uint8_t, Wipe> secret_;
};

// Notes longer than this, or with more signature lines, are refused. A checkpoint is 200 bytes and
// a cosignature 150, so a log with a hundred witnesses still fits.
inline constexpr size_t kMaxNoteBytes = 65'536;
inline constexpr size_t kMaxSignatureLines = 100;

// Reads a note that `key` must have signed, checking G1 to G6 in this order.
absl::StatusOr<Checkpoint> OpenCheckpoint(std::string_view note, const VerifierKey& key);

// Reads a note without looking at its signatures (G1, G4, G5, G6). Only for comparing with what is
// about to replace it: nothing it says may be believed.
absl::StatusOr<Checkpoint> PeekCheckpoint(std::string_view note);

// G7, the signer's oath: `next` may be signed after `last` (nothing, when this is the first). The
// proof is ConsistencyProof(last.size, next.size). kDataLoss for a smaller size, another root for
// the same size, another origin, or a tree that does not begin with the last one.
absl::Status CheckOath(const std::optional<Checkpoint>& last, const Checkpoint& next,
                       const Proof& proof);

// Standard base64 (RFC 4648 section 4), with padding and nothing else.
std::string Base64(std::string_view bytes);
absl::StatusOr<std::string> FromBase64(std::string_view text);
// The same with the URL-safe alphabet and without padding, in its one spelling (spare bits zero).
absl::StatusOr<std::string> FromBase64Url(std::string_view text);

}  // namespace forbear::audit
