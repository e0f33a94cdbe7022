// Seals: personal data encrypted under the borrower's own key, and that key under a
// key-encryption key (audit-log.md section 9, conditions X1-X4).
//
//   const DataKey key = DataKey::Derive(dek);
//   draft.seal = SealEntry(key, plain, {.log = origin, .entry_id_hex = id.Hex(), .kind = kind},
//                          ring.NewNonce());
//
// XChaCha20-Poly1305. The plaintext is padded to a multiple of 64 bytes, so that its length tells
// little. Where a seal stands is part of what is authenticated: moved anywhere else it does not
// open (K5). The same bytes for the same arguments; a nonce is used once in a key's life.
//
// Whatever does not open is kDataLoss with a message that begins with `X1` and quotes nothing of
// key, seal or content (X4). All functions are pure and safe to call from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/audit/cj1.h"
#include "engine/model/ids.h"
#include "engine/ports/key_store.h"
#include "engine/vault/secret.h"

namespace forbear::vault {

inline constexpr char kSealAlgorithm[] = "xchacha20poly1305";
inline constexpr size_t kNonceBytes = 24;
inline constexpr size_t kSealTagBytes = 16;  // Poly1305's, at the end of each ciphertext
// Plaintexts are padded with 0x80 00 … to a multiple of this, and by at least one byte.
inline constexpr size_t kPadBlock = 64;
inline constexpr size_t kWrappedBytes = kNonceBytes + kKeyBytes + kSealTagBytes;

using Nonce = std::array<uint8_t, kNonceBytes>;
using Bytes16 = std::array<uint8_t, 16>;

// Where a seal stands. No part may hold a newline, for they are written as lines.
struct EntryPlace {
  std::string_view log;           // the log's origin
  std::string_view entry_id_hex;  // 32 lower-case hex digits
  std::string_view kind;
};
struct CellPlace {
  std::string_view table;
  std::string_view row_hex;
  std::string_view column;
};

// The keys derived from one borrower's data key, in locked memory: HMAC-SHA-256 of three labels.
class DataKey {
 public:
  static DataKey Derive(const SecretKey& dek);

  // Names the data key *and commits to it*: nobody can later open a seal with another key and call
  // it this one. No secret.
  const Bytes32& kid() const { return kid_; }
  const std::string& kid_text() const { return kid_text_; }  // base64url without padding

  // Equality without the value: the first 16 bytes of HMAC-SHA-256(tag key, canonical point), e.g.
  // of `tel:+15550100123`. Tags of two borrowers never agree.
  Bytes16 Tag(std::string_view canonical_point) const;
  std::string TagText(std::string_view canonical_point) const;  // base64url without padding

 private:
  friend absl::StatusOr<cj1::Value> SealEntry(const DataKey&, const cj1::Value&, const EntryPlace&,
                                              const Nonce&);
  friend absl::StatusOr<cj1::Value> OpenEntry(const DataKey&, const cj1::Value&, const EntryPlace&);
  friend std::string SealCell(const DataKey&, std::string_view, const CellPlace&, const Nonce&);
  friend absl::StatusOr<std::string> OpenCell(const DataKey&, std::string_view, const CellPlace&);

  DataKey(const Bytes32& kid, SecretKey enc, SecretKey tag);
  Bytes32 kid_;
  std::string kid_text_;
  SecretKey enc_;
  SecretKey tag_;
};

// The member `seal` of an entry: {"alg":…,"ct":…,"kid":…,"n":…}, the last three in base64url.
// kInvalidArgument when `plain` is no object that CJ1 can write, or the place has a newline.
absl::StatusOr<cj1::Value> SealEntry(const DataKey& key, const cj1::Value& plain,
                                     const EntryPlace& place, const Nonce& nonce);
// What was sealed. kDataLoss (X1) for a seal by another key or algorithm, moved from another
// place, bent by one bit, or spelt in any other way than SealEntry does.
absl::StatusOr<cj1::Value> OpenEntry(const DataKey& key, const cj1::Value& seal,
                                     const EntryPlace& place);

// A personal column of a table: nonce || ciphertext, as bytes. REQUIRES: the place has no newline.
std::string SealCell(const DataKey& key, std::string_view plain, const CellPlace& place,
                     const Nonce& nonce);
// kDataLoss (X1) as OpenEntry.
absl::StatusOr<std::string> OpenCell(const DataKey& key, std::string_view sealed,
                                     const CellPlace& place);

// A data key under a KEK: nonce || ciphertext, kWrappedBytes, bound to tenant, borrower, kid and
// KEK. REQUIRES: neither `tenant` nor `kek_id` has a newline; `kid` is that of `dek`.
std::string Wrap(const SecretKey& kek, std::string_view kek_id, std::string_view tenant,
                 const BorrowerId& borrower, const Bytes32& kid, const SecretKey& dek,
                 const Nonce& nonce);
// The data key. kDataLoss (X1) when it was wrapped by another KEK or for another tenant, borrower
// or kid, was bent, or is not the key that its kid commits to.
absl::StatusOr<SecretKey> Unwrap(const SecretKey& kek, const WrappedKey& wrapped);

}  // namespace forbear::vault
