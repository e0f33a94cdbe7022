// SHA-256 as the log uses it. All functions are pure and safe to call from any thread: each
// thread keeps one OpenSSL context of its own and uses it again, because setting one up costs
// more than hashing an entry.
#pragma once

#include <string_view>

#include "engine/model/ids.h"

namespace forbear::audit {

Bytes32 Sha256(std::string_view bytes);
Bytes32 LeafHash(std::string_view entry);                     // H(0x00 || entry)
Bytes32 NodeHash(const Bytes32& left, const Bytes32& right);  // H(0x01 || left || right)
// HMAC-SHA-256 (RFC 2104): keyed digests of what could otherwise be guessed and tried.
Bytes32 HmacSha256(const Bytes32& key, std::string_view bytes);

// The root of a tree without leaves, H("").
Bytes32 EmptyRoot();

// The same bytes, seen as text.
inline std::string_view AsText(const Bytes32& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
// REQUIRES: `raw` has 32 bytes.
Bytes32 AsBytes32(std::string_view raw);

}  // namespace forbear::audit
