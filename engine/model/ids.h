// Ids: sixteen bytes that name one thing of the house, each kind a type of its own so that an
// account's id cannot stand where a borrower's is wanted.
//
// Shown as 32 lower-case hex digits; stored as 16-byte blobs. Borrower and contact-point ids are
// random and derived from nothing; entry, account and attempt ids begin with 48 bits of time in
// milliseconds (audit-log.md section 2) so that a unique index grows at its end.
#pragma once

#include <array>
#include <compare>
#include <cstring>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace forbear {

// 32 bytes: a SHA-256, a key.
using Bytes32 = std::array<uint8_t, 32>;

// Lower-case hex of any bytes.
std::string ToHex(std::string_view bytes);
// kInvalidArgument unless `hex` is lower-case hex of even length.
absl::StatusOr<std::string> FromHex(std::string_view hex);

struct Id128 {
  std::array<uint8_t, 16> bytes{};

  // REQUIRES: `raw` has 16 bytes.
  static Id128 FromRaw(std::string_view raw);
  // kInvalidArgument unless `hex` is 32 lower-case hex digits.
  static absl::StatusOr<Id128> FromHexDigits(std::string_view hex);
  std::string Hex() const;
  std::string_view Raw() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  bool IsZero() const { return bytes == std::array<uint8_t, 16>{}; }
  // Histories are searched by ids all day long: two words each, where the library would call memcmp.
  bool operator==(const Id128& other) const {
    uint64_t mine[2], others[2];
    std::memcpy(mine, bytes.data(), sizeof mine);
    std::memcpy(others, other.bytes.data(), sizeof others);
    return mine[0] == others[0] && mine[1] == others[1];
  }
  auto operator<=>(const Id128&) const = default;
};

template <typename Tag>
struct Id : Id128 {
  Id() = default;
  explicit Id(const Id128& id) : Id128(id) {}
  static Id Raw16(std::string_view raw) { return Id(FromRaw(raw)); }
  static absl::StatusOr<Id> Parse(std::string_view hex) {
    absl::StatusOr<Id128> id = FromHexDigits(hex);
    if (!id.ok()) return id.status();
    return Id(*id);
  }
};

using BorrowerId = Id<struct BorrowerTag>;
using AccountId = Id<struct AccountTag>;
using AttemptId = Id<struct AttemptTag>;
using ContactPointId = Id<struct ContactPointTag>;
using EntryId = Id<struct EntryTag>;
using EventId = Id<struct EventTag>;      // one recorded event in a borrower's history
using RequestKey = Id<struct RequestTag>; // the server's own id of a stored request

struct IdHash {
  size_t operator()(const Id128& id) const {
    // Ids are random in their last eight bytes.
    uint64_t low = 0;
    for (size_t i = 8; i < 16; ++i) low = low << 8 | id.bytes[i];
    return static_cast<size_t>(low);
  }
};

}  // namespace forbear
