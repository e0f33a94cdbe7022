#include "engine/orchestrator/stop_switch.h"

#include <algorithm>

namespace forbear {

void StopSwitch::Expect(const AccountId& account) {
  const std::lock_guard lock(mutex_);
  expected_[account] = false;
}

void StopSwitch::End(const AccountId& account) {
  const std::lock_guard lock(mutex_);
  expected_.erase(account);
}

void StopSwitch::Touched(const AccountId& account, bool judge_anew) {
  const std::lock_guard lock(mutex_);
  const auto it = expected_.find(account);
  if (it != expected_.end()) it->second = judge_anew;
}

void StopSwitch::Pause(const PauseScope& scope) {
  const std::lock_guard lock(mutex_);
  paused_.insert(scope);
}

void StopSwitch::Resume(const PauseScope& scope) {
  const std::lock_guard lock(mutex_);
  paused_.erase(scope);
}

bool StopSwitch::AllPaused() const {
  const std::lock_guard lock(mutex_);
  return paused_.contains(PauseScope{});
}

std::vector<PauseScope> StopSwitch::Paused() const {
  const std::lock_guard lock(mutex_);
  return {paused_.begin(), paused_.end()};
}

StopSwitch::Verdict StopSwitch::Begin(const AccountId& account, const ReservedSend& send) {
  const std::lock_guard lock(mutex_);
  const auto it = expected_.find(account);
  // SAFETY: an account nobody expected has lost its place in the commit order; ask again.
  if (it == expected_.end() || it->second) return Verdict::kOvertaken;
  for (const PauseScope& scope : paused_) {
    if (PauseCovers(scope, send.outgoing.tenant, send.outgoing.channel, send.jurisdictions)) {
      return Verdict::kPaused;
    }
  }
  return Verdict::kSend;
}

PauseScope Narrowed(const PauseScope& scope, const Caller& caller) {
  PauseScope narrowed = scope;
  if (!caller.tenant.empty()) narrowed.tenant = caller.tenant;
  return narrowed;
}

bool PauseCovers(const PauseScope& scope, const std::string& tenant, Channel channel,
                 const std::vector<std::string>& jurisdictions) {
  if (!scope.tenant.empty() && scope.tenant != tenant) return false;
  if (scope.channel && *scope.channel != channel) return false;
  if (scope.jurisdiction.empty()) return true;
  return std::any_of(jurisdictions.begin(), jurisdictions.end(), [&](const std::string& place) {
    return place == scope.jurisdiction || place.starts_with(scope.jurisdiction + "-");
  });
}

}  // namespace forbear
