#include "adapters/clock/worker.h"

#include <algorithm>

namespace forbear {
namespace {

// Looked up at least this often in real time: a simulated clock may have been held meanwhile, the
// system's may have been set.
constexpr std::chrono::nanoseconds kLongestNap = std::chrono::seconds(1);

bool DidSomething(const Round& round) {
  return round.looked_at + round.sent + round.in_doubt + round.released + round.failed > 0 ||
         !round.store.ok();
}

}  // namespace

Worker::Worker(Orchestrator& orchestrator, const PacedClock& clock,
               std::function<void(const Round&)> on_round)
    : orchestrator_(orchestrator), clock_(clock), on_round_(std::move(on_round)) {
  orchestrator_.OnWork([this] {
    {
      const std::lock_guard lock(mutex_);
      work_ = true;
    }
    changed_.notify_one();
  });
}

Worker::~Worker() {
  Stop();
  orchestrator_.OnWork({});
}

void Worker::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Worker::Stop() {
  orchestrator_.Stop();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Worker::Run() {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      work_ = false;
    }
    const Round round = orchestrator_.RunOnce();
    if (on_round_ && DidSomething(round)) on_round_(round);
    const std::chrono::nanoseconds nap =
        round.wake_at ? std::min(kLongestNap, clock_.RealTimeUntil(*round.wake_at)) : kLongestNap;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, nap, [this] { return work_ || stopping_; });
  }
}

}  // namespace forbear
