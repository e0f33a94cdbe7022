// Pausing contact, letting it go on, and facts that are entries and nothing else.
#include <algorithm>

#include "engine/model/status.h"
#include "engine/orchestrator/describe.h"
#include "engine/orchestrator/handling.h"
#include "engine/orchestrator/stop_switch.h"

namespace forbear {
namespace {

// Whose pause weighs more: a lender cannot lift an officer's, nor an officer an operator's.
int Weight(CallerRole role) {
  switch (role) {
    case CallerRole::kOperator:
      return 3;
    case CallerRole::kOfficer:
      return 2;
    case CallerRole::kLender:
      return 1;
    case CallerRole::kDialler:
    case CallerRole::kAuditor:
      return 0;
  }
  return 0;
}

cj1::Value DescribeScope(const PauseScope& scope) {
  cj1::Value data = cj1::Object();
  SetClear(data, "jurisdiction", scope.jurisdiction);
  if (scope.channel) data.Set("channel", ToWord(*scope.channel));
  return data;
}

absl::StatusOr<std::optional<Pause>> FindPause(const StateView& state, const PauseScope& scope) {
  FORBEAR_ASSIGN_OR_RETURN(const std::vector<Pause> pauses, state.Pauses());
  for (const Pause& pause : pauses) {
    if (pause.scope == scope) return std::optional<Pause>(pause);
  }
  return std::optional<Pause>();
}

}  // namespace

// Contact within the scope stands still from the commit on. Pausing what is paused already changes
// nothing, unless by somebody whose pause weighs more.
absl::Status Handle(const PauseContacts& command, Handling& handling) {
  const PauseScope scope = Narrowed(command.scope, handling.command.caller);
  FORBEAR_ASSIGN_OR_RETURN(handling.result().in_flight, handling.state.CountInFlight(scope));
  FORBEAR_ASSIGN_OR_RETURN(const std::optional<Pause> standing, FindPause(handling.state, scope));
  const CallerRole role = handling.command.caller.role;
  if (standing && Weight(standing->by_role) >= Weight(role)) return absl::OkStatus();

  Pause pause;
  pause.scope = scope;
  pause.since = standing ? standing->since : handling.now;
  pause.by_role = role;
  pause.by = handling.command.caller.id;
  pause.reason = command.reason;
  handling.changes.pauses.push_back(std::move(pause));
  handling.result().change = standing ? ChangeMade::kUpdated : ChangeMade::kCreated;
  audit::EntryDraft& entry = handling.Log("contacts.paused", scope.tenant, std::nullopt);
  entry.data = DescribeScope(scope);
  SetClear(entry.data, "reason", command.reason);
  entry.data.Set("in_flight", handling.result().in_flight);
  return absl::OkStatus();
}

// Contact may go on, rules permitting. Resuming what is not paused changes nothing.
absl::Status Handle(const ResumeContacts& command, Handling& handling) {
  const PauseScope scope = Narrowed(command.scope, handling.command.caller);
  FORBEAR_ASSIGN_OR_RETURN(const std::optional<Pause> standing, FindPause(handling.state, scope));
  if (!standing) return absl::OkStatus();
  if (Weight(handling.command.caller.role) < Weight(standing->by_role)) {
    return absl::PermissionDeniedError(
        ToAbsl("contact was paused by `" + std::string(ToWord(standing->by_role)) +
               "`: only the same role, or one above it, lifts that"));
  }
  handling.changes.resumed.push_back(scope);
  handling.result().change = ChangeMade::kUpdated;
  handling.Log("contacts.resumed", scope.tenant, std::nullopt).data = DescribeScope(scope);
  return absl::OkStatus();
}

absl::Status Handle(const RecordFact& fact, Handling& handling) {
  audit::EntryDraft& entry = handling.Log(fact.kind, handling.tenant(), fact.borrower);
  entry.ref = fact.ref;
  entry.data = fact.data;
  handling.result().change = ChangeMade::kCreated;
  return absl::OkStatus();
}

}  // namespace forbear
