// Which entries somebody asks for, and whether an entry is one of them.
//
// A store narrows by what it keeps in columns (tenant, borrower, kind) and asks here for the rest,
// which only the entry's own bytes answer. Pure; one predicate for every store.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/audit/cj1.h"
#include "engine/model/ids.h"
#include "engine/model/instant.h"
#include "engine/model/words.h"

namespace forbear::audit {

// Entries that a store looks at for one page, whether they match or not. A filter that matches
// nothing then costs no more than forty full pages, and whoever asked goes on from where it
// stopped.
inline constexpr size_t kMostEntriesScanned = 20'000;

// What is asked for. Everything that is set must hold.
struct EntryQuery {
  std::optional<std::string> tenant;  // absent: all tenants
  std::optional<BorrowerId> borrower;
  std::optional<std::string> kind_prefix;   // "attempt." or a whole kind
  std::optional<AccountId> account;         // `ref.account` or one of `ref.accounts`
  std::optional<AttemptId> attempt;         // `ref.attempt`
  std::optional<std::string> rule;          // in `data.denials`, `.set_aside` or `.obligations`
  std::optional<std::string> jurisdiction;  // `data.jurisdiction` or one of `data.jurisdictions`
  std::optional<Channel> channel;  // `channel`, or one of `channels`, of `data`: what a seal holds is not seen
  std::optional<Instant> from;     // `time` at or after
  std::optional<Instant> to;       // `time` before
  uint64_t first_seq = 0;
  size_t limit = 500;
  size_t scan_limit = kMostEntriesScanned;
};

// Is a kind among those asked for?
bool MatchesKind(const EntryQuery& query, std::string_view kind);

// Does the query ask what only the bytes of an entry answer? Time is not among it: entries are in
// its order, so a store cuts by FirstAtOrAfter.
bool AsksForContent(const EntryQuery& query);

// Does an entry, read from its bytes, match all of the query but `first_seq`?
bool Matches(const EntryQuery& query, const cj1::Value& entry);

// The first of the entries [low, high) whose `time` is not before `at`; `high` when there is none.
// REQUIRES: times do not decrease (E7). `entry_at` gives the bytes of an entry; it is asked some
// twenty times in a million entries. kDataLoss when what it gives has no time.
absl::StatusOr<uint64_t> FirstAtOrAfter(
    Instant at, uint64_t low, uint64_t high,
    const std::function<absl::StatusOr<std::string>(uint64_t seq)>& entry_at);

// The entries [first, end) that the query's `first_seq`, `from` and `to` leave of `size`.
struct EntryRange {
  uint64_t first = 0;
  uint64_t end = 0;
};
absl::StatusOr<EntryRange> RangeOf(
    const EntryQuery& query, uint64_t size,
    const std::function<absl::StatusOr<std::string>(uint64_t seq)>& entry_at);

// Calls `visit` with the id of each rule that denied: items of `data.denials` are objects with a
// `rule`, or the rule's id itself.
void ForEachDenyingRule(const cj1::Value& entry,
                        const std::function<void(const std::string&)>& visit);

}  // namespace forbear::audit
