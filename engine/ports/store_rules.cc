#include "engine/ports/store_rules.h"

#include <algorithm>
#include <string_view>

#include "engine/model/status.h"

namespace forbear {
namespace {

// True when `place` is `scope` or lies inside it: "US" covers "US-OH", and not "USX".
bool Contains(std::string_view scope, std::string_view place) {
  return place.substr(0, scope.size()) == scope &&
         (place.size() == scope.size() || place[scope.size()] == '-');
}

template <typename T, typename Less>
void PutSorted(std::vector<T>& rows, const T& row, Less less, auto same) {
  const auto old = std::find_if(rows.begin(), rows.end(), same);
  if (old != rows.end()) rows.erase(old);
  rows.insert(std::upper_bound(rows.begin(), rows.end(), row, less), row);
}

}  // namespace

bool IsOpen(AttemptState state) {
  return state == AttemptState::kReserved || state == AttemptState::kDispatched;
}

bool MayBeLeaving(const Attempt& attempt) {
  if (attempt.state == AttemptState::kReserved) return !attempt.queued;
  return attempt.state == AttemptState::kDispatched;
}

bool MayFollow(std::optional<AttemptState> before, AttemptState after) {
  if (!before.has_value()) return IsOpen(after);
  if (*before == after) return true;
  switch (after) {
    case AttemptState::kReserved:
      return false;
    case AttemptState::kDispatched:
      return *before == AttemptState::kReserved;
    case AttemptState::kSettled:
    case AttemptState::kReleased:
    case AttemptState::kInDoubt:
      return IsOpen(*before);
    case AttemptState::kResolved:
      return *before == AttemptState::kInDoubt;
  }
  return false;
}

bool MayConcern(const PauseScope& scope, const Attempt& attempt, const Borrower* borrower) {
  if (!scope.tenant.empty() && scope.tenant != attempt.tenant) return false;
  if (scope.channel.has_value() && *scope.channel != attempt.channel) return false;
  if (scope.jurisdiction.empty() || borrower == nullptr) return true;
  bool placed = false;
  for (const Place& place : borrower->places) {
    placed = true;
    if (Contains(scope.jurisdiction, place.country) ||
        Contains(scope.jurisdiction, place.subdivision) ||
        // A city's scope is its subdivision's with the city behind it; only the subdivision is
        // kept, so any city of it may be meant.
        (!place.subdivision.empty() && Contains(place.subdivision, scope.jurisdiction))) {
      return true;
    }
  }
  for (const ContactPoint& point : borrower->contact_points) {
    if (point.number_country.empty()) continue;
    placed = true;
    if (Contains(point.number_country, scope.jurisdiction)) return true;
  }
  return !placed;
}

audit::EntryDraft OpeningEntry(const EntryId& id) {
  audit::EntryDraft draft;
  draft.id = id;
  draft.kind = std::string(audit::kLogOpened);
  draft.actor = {.kind = audit::ActorKind::kSystem, .id = "forbear", .role = ""};
  draft.data.Set("format", 1);
  return draft;
}

void ApplyToFile(const Changes& changes, const BorrowerId& id, BorrowerFile* file) {
  for (const Borrower& row : changes.borrowers) {
    if (row.id == id) file->borrower = row;
  }
  for (const Account& row : changes.accounts) {
    if (row.borrower != id) continue;
    PutSorted(
        file->accounts, row, [](const Account& a, const Account& b) { return a.id < b.id; },
        [&](const Account& other) { return other.id == row.id; });
  }
  for (const auto& [borrower, event] : changes.forgotten_events) {
    if (borrower != id) continue;
    std::erase_if(file->events, [&](const Event& other) { return other.id == event; });
  }
  for (const auto& [borrower, row] : changes.events) {
    if (borrower != id) continue;
    PutSorted(
        file->events, row,
        [](const Event& a, const Event& b) { return a.at != b.at ? a.at < b.at : a.id < b.id; },
        [&row = row](const Event& other) { return other.id == row.id; });
  }
  for (const Plan& row : changes.plans) {
    if (row.borrower != id) continue;
    PutSorted(
        file->plans, row, [](const Plan& a, const Plan& b) { return a.account < b.account; },
        [&](const Plan& other) { return other.account == row.account; });
  }
}

std::vector<BorrowerId> TouchedFiles(const Changes& changes) {
  std::vector<BorrowerId> ids;
  for (const Borrower& row : changes.borrowers) ids.push_back(row.id);
  for (const Account& row : changes.accounts) ids.push_back(row.borrower);
  for (const auto& [borrower, row] : changes.events) ids.push_back(borrower);
  for (const auto& [borrower, row] : changes.forgotten_events) ids.push_back(borrower);
  for (const Plan& row : changes.plans) ids.push_back(row.borrower);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

absl::Status CheckRows(const Changes& changes) {
  bool whole = true;
  for (const Borrower& row : changes.borrowers) whole &= !row.id.IsZero() && !row.tenant.empty();
  for (const Account& row : changes.accounts) {
    whole &= !row.id.IsZero() && !row.borrower.IsZero() && !row.tenant.empty();
  }
  for (const auto& [id, row] : changes.submitted) whole &= !id.IsZero();
  for (const auto& [borrower, row] : changes.events) {
    whole &= !borrower.IsZero() && !row.id.IsZero();
  }
  for (const Attempt& row : changes.attempts) {
    whole &= !row.id.IsZero() && !row.borrower.IsZero() && !row.tenant.empty();
  }
  for (const Plan& row : changes.plans) whole &= !row.account.IsZero() && !row.borrower.IsZero();
  if (whole) return absl::OkStatus();
  return Internal(
      "rows of a command: one lacks its id, borrower or tenant; this is a fault of ours");
}

absl::Status RequestTaken(const RequestStamp& stamp) {
  // The id itself is the caller's text and stays out of the message.
  return AlreadyExists("`request_id`: used before for another `" + stamp.method +
                       "` body; repeat the first body or choose a new id");
}

absl::Status QueueFull() {
  return absl::ResourceExhaustedError(
      "queue of commands: full; nothing happened, try again in a moment");
}

}  // namespace forbear
