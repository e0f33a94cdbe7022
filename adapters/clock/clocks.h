// The clocks and the randomness that `serve` runs on.
#pragma once

#include <mutex>

#include "engine/ports/clock.h"
#include "engine/ports/randomness.h"

namespace forbear {

// A clock that also knows how it goes beside real time, for whoever must wait on a real thread.
class PacedClock : public Clock {
 public:
  // How long, in real time, until Now() is at least `at`, if nobody holds the clock; zero or less
  // when it already is.
  virtual std::chrono::nanoseconds RealTimeUntil(Instant at) const = 0;
};

// The system's clock. Holds mean nothing to it.
class SystemClock : public PacedClock {
 public:
  Instant Now() const override;
  std::chrono::nanoseconds Monotonic() const override;
  void Hold() override {}
  void Release() override {}
  std::chrono::nanoseconds RealTimeUntil(Instant at) const override;
};

// Begins at `start` and goes `speed` times as fast as real time, but for the time it is held. It
// is its own monotonic clock, and stops for good in the last second that zone data covers.
class SimulatedClock : public PacedClock {
 public:
  // `start`: the later of what --clock says and the newest entry of the log.
  // REQUIRES: speed ≥ 1.
  SimulatedClock(Instant start, int64_t speed);

  Instant Now() const override;
  std::chrono::nanoseconds Monotonic() const override;
  void Hold() override;
  void Release() override;
  std::chrono::nanoseconds RealTimeUntil(Instant at) const override;

 private:
  using Real = std::chrono::steady_clock;
  // Simulated time since start. REQUIRES: mutex_ is held.
  std::chrono::microseconds Elapsed() const;

  const Instant start_;
  const int64_t speed_;
  mutable std::mutex mutex_;
  int holds_ = 0;
  std::chrono::microseconds elapsed_{0};  // up to the last hold or release …
  Real::time_point since_ = Real::now();  // … which was then; runs on from it unless held
};

// The system's own generator.
class SystemRandomness : public Randomness {
 public:
  // Ends the process if the system has no randomness: nothing safe can be done without.
  void Fill(std::span<uint8_t> bytes) override;
};

}  // namespace forbear
