// Clock: what time it is, and how to let it pass.
#pragma once

#include <chrono>

#include "engine/model/instant.h"

namespace forbear {

// Implementations: adapters/cli (system clock, simulated clock), tests (hand-driven).
// Thread safety: every method may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;

  // Wall time, whole seconds of UTC.
  virtual Instant Now() const = 0;

  // Time since some fixed moment, on a clock that nobody sets. For deadlines inside the house; a
  // simulated clock is its own monotonic clock.
  virtual std::chrono::nanoseconds Monotonic() const = 0;

  // While at least one hold is out, a simulated clock stands still: a command is queued or a send
  // is in flight. Real clocks take no notice.
  virtual void Hold() = 0;
  virtual void Release() = 0;
};

// Holds a clock for a scope.
class ClockHold {
 public:
  explicit ClockHold(Clock& clock) : clock_(clock) { clock_.Hold(); }
  ~ClockHold() { clock_.Release(); }
  ClockHold(const ClockHold&) = delete;
  ClockHold& operator=(const ClockHold&) = delete;

 private:
  Clock& clock_;
};

}  // namespace forbear
