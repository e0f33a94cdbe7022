#include "engine/orchestrator/due_queue.h"

#include <algorithm>

namespace forbear {

bool DueQueue::Later(const Entry& a, const Entry& b) {
  // Ties by id, so that the order of a round does not depend on the order of arrival.
  return a.wake_at != b.wake_at ? a.wake_at > b.wake_at : a.account > b.account;
}

void DueQueue::Add(const AccountId& account, Instant wake_at) {
  // Before 1970 is as due as 1970; nothing sleeps past the end of the zone tables.
  const Instant at = std::clamp(wake_at, kFirstInstant, kEndOfTime);
  heap_.push_back({static_cast<uint32_t>(at.time_since_epoch().count()), account.bytes});
  std::push_heap(heap_.begin(), heap_.end(), Later);
}

std::vector<AccountId> DueQueue::TakeDue(Instant now, size_t most) {
  std::vector<AccountId> due;
  while (!heap_.empty() && due.size() < most) {
    const Entry& first = heap_.front();
    if (Instant{Seconds{first.wake_at}} > now) break;
    AccountId account;
    account.bytes = first.account;
    // Twice in one round would judge it twice in one transaction for nothing.
    if (std::find(due.begin(), due.end(), account) == due.end()) due.push_back(account);
    std::pop_heap(heap_.begin(), heap_.end(), Later);
    heap_.pop_back();
  }
  return due;
}

std::optional<Instant> DueQueue::NextWake() const {
  if (heap_.empty()) return std::nullopt;
  return Instant{Seconds{heap_.front().wake_at}};
}

}  // namespace forbear
