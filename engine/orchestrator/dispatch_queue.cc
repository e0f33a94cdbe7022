#include "engine/orchestrator/dispatch_queue.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/orchestrator/stop_switch.h"

namespace forbear {
namespace {

constexpr Seconds kNextSecond{1};

bool IsPaused(const WaitingSend& waiting, const std::vector<PauseScope>& paused) {
  return std::any_of(paused.begin(), paused.end(), [&](const PauseScope& scope) {
    return PauseCovers(scope, waiting.queued.tenant, waiting.queued.channel,
                       waiting.queued.jurisdictions);
  });
}

}  // namespace

void DispatchQueue::Add(WaitingSend waiting) {
  accounts_.insert(waiting.account);
  std::deque<WaitingSend>& line = waiting_[waiting.queued.channel];
  line.push_back(std::move(waiting));
}

void DispatchQueue::Touch(const AccountId& account) {
  if (!accounts_.contains(account)) return;  // almost every plan that changes
  for (auto& [channel, line] : waiting_) {
    const auto found = std::find_if(line.begin(), line.end(), [&](const WaitingSend& waiting) {
      return waiting.account == account;
    });
    if (found == line.end()) continue;
    touched_.push_back(std::move(*found));
    line.erase(found);
    return;  // an account has one attempt in flight at most
  }
}

void DispatchQueue::Take(WaitingSend waiting, std::vector<WaitingSend>& taken) {
  accounts_.erase(waiting.account);
  taken.push_back(std::move(waiting));
}

size_t DispatchQueue::Left(Channel channel, Instant now) const {
  const auto limit = per_second_.find(channel);
  if (limit == per_second_.end()) return std::numeric_limits<size_t>::max();
  const auto used = used_.find(channel);
  if (used == used_.end() || used->second.second != now) return limit->second;
  return limit->second - std::min(limit->second, used->second.used);
}

std::vector<WaitingSend> DispatchQueue::TakeTurn(Instant now, const std::vector<PauseScope>& paused,
                                                 size_t most) {
  std::vector<WaitingSend> taken;
  while (!touched_.empty() && taken.size() < most) {
    Take(std::move(touched_.back()), taken);
    touched_.pop_back();
  }
  for (auto& [channel, line] : waiting_) {
    if (paused.empty()) break;
    std::deque<WaitingSend> kept;
    for (WaitingSend& waiting : line) {
      if (taken.size() < most && IsPaused(waiting, paused)) {
        Take(std::move(waiting), taken);
      } else {
        kept.push_back(std::move(waiting));
      }
    }
    line = std::move(kept);
  }
  for (auto& [channel, line] : waiting_) {
    size_t left = std::min(Left(channel, now), most - taken.size());
    Rate& rate = used_[channel];
    if (rate.second != now) rate = {now, 0};
    for (; left > 0 && !line.empty(); --left, ++rate.used) {
      Take(std::move(line.front()), taken);
      line.pop_front();
    }
  }
  return taken;
}

std::map<Channel, Instant> DispatchQueue::Full(Instant now, size_t nth) const {
  std::map<Channel, Instant> full;
  for (const auto& [channel, rate] : per_second_) {
    const auto line = waiting_.find(channel);
    const size_t ahead = (line == waiting_.end() ? 0 : line->second.size()) + nth;
    const size_t most = size_t{rate} * kMostSecondsAhead;
    if (ahead < most) continue;
    full[channel] =
        now + kNextSecond + Seconds(static_cast<int64_t>((ahead - most) / std::max(1u, rate)));
  }
  return full;
}

std::optional<Instant> DispatchQueue::NextTurn(Instant now) const {
  if (!touched_.empty()) return now;
  std::optional<Instant> next;
  for (const auto& [channel, line] : waiting_) {
    if (line.empty()) continue;
    if (Left(channel, now) > 0) return now;
    next = now + kNextSecond;
  }
  return next;
}

size_t DispatchQueue::size() const {
  size_t size = touched_.size();
  for (const auto& [channel, line] : waiting_) size += line.size();
  return size;
}

}  // namespace forbear
