// The thread on which the orchestrator walks.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "adapters/clock/clocks.h"
#include "engine/orchestrator/orchestrator.h"

namespace forbear {

// Calls RunOnce whenever an account may be due, until Stop.
//
//   Worker worker(orchestrator, clock, [](const Round& round) { … });
//   FORBEAR_RETURN_IF_ERROR(orchestrator.Start());
//   worker.Start();
//   …
//   worker.Stop();   // SIGTERM: the round that runs settles first
class Worker {
 public:
  // Both are borrowed. `on_round` is called on the worker's thread after every round that did
  // something or met an error; it may be empty. Takes the orchestrator's OnWork.
  Worker(Orchestrator& orchestrator, const PacedClock& clock,
         std::function<void(const Round&)> on_round = {});
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void Start();
  // Returns when the last round has settled and the thread has ended. Safe to repeat.
  void Stop();

 private:
  void Run();

  Orchestrator& orchestrator_;
  const PacedClock& clock_;
  const std::function<void(const Round&)> on_round_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool work_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace forbear
