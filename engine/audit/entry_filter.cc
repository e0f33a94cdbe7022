#include "engine/audit/entry_filter.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "engine/model/status.h"

namespace forbear::audit {
namespace {

const cj1::Value* Member(const cj1::Value& entry, std::string_view part, std::string_view name) {
  const cj1::Value* object = entry.Find(part);
  return object == nullptr ? nullptr : object->Find(name);
}

bool Is(const cj1::Value* value, std::string_view text) {
  return value != nullptr && value->is_string() && value->AsString() == text;
}

bool Holds(const cj1::Value* list, std::string_view text) {
  return list != nullptr && list->is_array() &&
         std::any_of(list->AsArray().begin(), list->AsArray().end(),
                     [&](const cj1::Value& item) { return Is(&item, text); });
}

// One of the list is the rule's id, or an object that names it.
bool Names(const cj1::Value* list, std::string_view rule) {
  return list != nullptr && list->is_array() &&
         std::any_of(list->AsArray().begin(), list->AsArray().end(), [&](const cj1::Value& item) {
           return Is(&item, rule) || Is(item.Find("rule"), rule);
         });
}

// An object's own channel, or one of several that it is about.
bool GoesBy(const cj1::Value* object, std::string_view channel) {
  return object != nullptr &&
         (Is(object->Find("channel"), channel) || Holds(object->Find("channels"), channel));
}

absl::StatusOr<Instant> TimeOf(const cj1::Value& entry) {
  const cj1::Value* time = entry.Find("time");
  if (time == nullptr || !time->is_string()) return DataLoss("E7: an entry has no time");
  return ParseInstant(time->AsString());
}

}  // namespace

bool MatchesKind(const EntryQuery& query, std::string_view kind) {
  return !query.kind_prefix.has_value() || kind.starts_with(*query.kind_prefix);
}

bool AsksForContent(const EntryQuery& query) {
  return query.account.has_value() || query.attempt.has_value() || query.rule.has_value() ||
         query.jurisdiction.has_value() || query.channel.has_value();
}

bool Matches(const EntryQuery& query, const cj1::Value& entry) {
  if (query.tenant.has_value() && !Is(entry.Find("tenant"), *query.tenant)) return false;
  if (query.borrower.has_value() && !Is(entry.Find("borrower"), query.borrower->Hex()))
    return false;
  if (query.kind_prefix.has_value()) {
    const cj1::Value* kind = entry.Find("kind");
    if (kind == nullptr || !kind->is_string() || !MatchesKind(query, kind->AsString()))
      return false;
  }
  if (query.account.has_value()) {
    const std::string id = query.account->Hex();
    if (!Is(Member(entry, "ref", "account"), id) && !Holds(Member(entry, "ref", "accounts"), id)) {
      return false;
    }
  }
  if (query.attempt.has_value() && !Is(Member(entry, "ref", "attempt"), query.attempt->Hex())) {
    return false;
  }
  if (query.rule.has_value() && !Names(Member(entry, "data", "denials"), *query.rule) &&
      !Names(Member(entry, "data", "set_aside"), *query.rule) &&
      !Names(Member(entry, "data", "obligations"), *query.rule)) {
    return false;
  }
  if (query.jurisdiction.has_value() &&
      !Is(Member(entry, "data", "jurisdiction"), *query.jurisdiction) &&
      !Holds(Member(entry, "data", "jurisdictions"), *query.jurisdiction)) {
    return false;
  }
  if (query.channel.has_value() && !GoesBy(entry.Find("data"), ToWord(*query.channel))) {
    return false;
  }
  if (query.from.has_value() || query.to.has_value()) {
    const absl::StatusOr<Instant> time = TimeOf(entry);
    if (!time.ok()) return false;
    if (query.from.has_value() && *time < *query.from) return false;
    if (query.to.has_value() && *time >= *query.to) return false;
  }
  return true;
}

absl::StatusOr<uint64_t> FirstAtOrAfter(
    Instant at, uint64_t low, uint64_t high,
    const std::function<absl::StatusOr<std::string>(uint64_t seq)>& entry_at) {
  // Every entry before `low` is too early, and none from `high` on is.
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    FORBEAR_ASSIGN_OR_RETURN(const std::string bytes, entry_at(middle));
    const absl::StatusOr<cj1::Value> entry = cj1::Parse(bytes);
    if (!entry.ok()) {
      return DataLoss(absl::StrCat("E1: entry ", middle, ": ", entry.status().message()));
    }
    const absl::StatusOr<Instant> time = TimeOf(*entry);
    if (!time.ok()) {
      return DataLoss(absl::StrCat("E7: entry ", middle, ": ", time.status().message()));
    }
    if (*time < at) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

absl::StatusOr<EntryRange> RangeOf(
    const EntryQuery& query, uint64_t size,
    const std::function<absl::StatusOr<std::string>(uint64_t seq)>& entry_at) {
  EntryRange range{std::min(query.first_seq, size), size};
  if (query.from.has_value()) {
    FORBEAR_ASSIGN_OR_RETURN(range.first, FirstAtOrAfter(*query.from, range.first, size, entry_at));
  }
  if (query.to.has_value()) {
    FORBEAR_ASSIGN_OR_RETURN(range.end, FirstAtOrAfter(*query.to, range.first, size, entry_at));
  }
  return range;
}

void ForEachDenyingRule(const cj1::Value& entry,
                        const std::function<void(const std::string&)>& visit) {
  const cj1::Value* denials = Member(entry, "data", "denials");
  if (denials == nullptr || !denials->is_array()) return;
  for (const cj1::Value& denial : denials->AsArray()) {
    const cj1::Value* rule = denial.is_string() ? &denial : denial.Find("rule");
    if (rule != nullptr && rule->is_string()) visit(rule->AsString());
  }
}

}  // namespace forbear::audit
