// One entry of the audit log: what an engine function drafts, and what the log makes of it.
//
// `Handle` drafts; the store stamps seq, tseq, time and leaf hash last, when it knows them, inside
// the transaction that also writes the state the entry describes (audit-log.md sections 2 and 8).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/audit/cj1.h"
#include "engine/model/ids.h"
#include "engine/model/instant.h"

namespace forbear::audit {

// E2: larger entries are refused when drafted, so that no reader meets one.
inline constexpr size_t kMaxEntryBytes = 16'384;

// What may be sealed in one entry, as canonical JSON: base64 makes a third more of it, and the rest of
// an entry takes some 900 bytes.
inline constexpr size_t kMostSealedBytes = 11'000;

enum class ActorKind { kUser, kService, kSystem };

struct Actor {
  ActorKind kind = ActorKind::kSystem;
  std::string id;    // opaque; never a mail address
  std::string role;  // empty: none was used
};

struct EntryDraft {
  EntryId id;        // made before the transaction, so a retried one cannot append twice
  std::string kind;  // `decision.allowed`, `attempt.reserved` …
  Actor actor;
  std::string tenant;                  // empty: belongs to the deployment, not to a tenant
  std::optional<BorrowerId> borrower;  // only with a tenant
  cj1::Value ref = cj1::Object();      // ids and digests; left out when empty
  cj1::Value data = cj1::Object();     // facts that are not personal data; left out when empty
  // Facts that are personal data, as an object; only with a borrower. Whoever keeps the log seals them
  // under the borrower's key into `seal` before the entry is encoded: nothing clear is ever hashed.
  cj1::Value facts = cj1::Object();
  cj1::Value seal = cj1::Object();     // E13; left out when empty
};

// What was appended. `seq` and `leaf_hash` are the receipt a caller keeps.
struct EncodedEntry {
  uint64_t seq = 0;
  std::optional<uint64_t> tseq;
  Bytes32 leaf_hash{};
  std::string bytes;
};

struct EntryStamp {
  std::string_view origin;
  std::string_view node;
  uint64_t seq = 0;
  std::optional<uint64_t> tseq;  // with a tenant
  Instant time;
};

// The canonical bytes of a draft under its stamp. kInvalidArgument, naming the condition (E3, E8,
// E9, E10, E11 …), when the entry would not be valid; kResourceExhausted for E2. The order of an
// attempt's steps (E12) and the uniqueness of ids (E6) are the store's to keep: they need the log.
absl::StatusOr<std::string> EncodeEntry(const EntryDraft& draft, const EntryStamp& stamp);

// E11: may this string stand in clear? `[A-Za-z0-9_.:/+=-]{1,200}` and not `\+?[0-9]{7,}`, unless
// it is an id: exactly 32 lower-case hex digits, of which all may be decimal ones.
bool MayStandInClear(std::string_view text);

// Where the first string stands in `value` that may not: `.denials[0].rule`, never the string
// itself. Nothing when all may.
std::optional<std::string> FindUnclear(const cj1::Value& value);

// E8: two or more words `[a-z][a-z0-9_]*`, separated by dots.
bool IsKind(std::string_view text);
// E7: `2026-01-01T09:00:00Z` and a real date; such texts sort as the instants they name.
bool IsEntryTime(std::string_view text);
// E6, E10: 32 lower-case hex digits.
bool IsHexId(std::string_view text);

// `user`, `service` or `system`.
std::string_view ActorKindName(ActorKind kind);

// The first entry of every log, and of no other place in it (E8).
inline constexpr std::string_view kLogOpened = "log.opened";

}  // namespace forbear::audit
