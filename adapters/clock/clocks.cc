#include "adapters/clock/clocks.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>

#include "engine/model/status.h"

namespace forbear {

Instant SystemClock::Now() const {
  return std::chrono::floor<Seconds>(std::chrono::system_clock::now());
}

std::chrono::nanoseconds SystemClock::Monotonic() const {
  return std::chrono::steady_clock::now().time_since_epoch();
}

std::chrono::nanoseconds SystemClock::RealTimeUntil(Instant at) const {
  return std::chrono::system_clock::time_point(at) - std::chrono::system_clock::now();
}

SimulatedClock::SimulatedClock(Instant start, int64_t speed)
    : start_(std::clamp(start, kFirstInstant, kEndOfTime - Seconds(1))), speed_(speed) {
  FORBEAR_CHECK(speed >= 1);
}

std::chrono::microseconds SimulatedClock::Elapsed() const {
  if (holds_ > 0) return elapsed_;
  const auto real = std::chrono::duration_cast<std::chrono::microseconds>(Real::now() - since_);
  const std::chrono::microseconds most = kEndOfTime - Seconds(1) - start_;
  return std::min(most, elapsed_ + real * speed_);
}

Instant SimulatedClock::Now() const {
  const std::lock_guard lock(mutex_);
  return start_ + std::chrono::floor<Seconds>(Elapsed());
}

std::chrono::nanoseconds SimulatedClock::Monotonic() const {
  const std::lock_guard lock(mutex_);
  return Elapsed();
}

void SimulatedClock::Hold() {
  const std::lock_guard lock(mutex_);
  elapsed_ = Elapsed();
  ++holds_;
}

void SimulatedClock::Release() {
  const std::lock_guard lock(mutex_);
  FORBEAR_CHECK(holds_ > 0);
  if (--holds_ == 0) since_ = Real::now();
}

std::chrono::nanoseconds SimulatedClock::RealTimeUntil(Instant at) const {
  const std::lock_guard lock(mutex_);
  const std::chrono::microseconds left = (at - start_) - Elapsed();
  // Rounded up, so that whoever waits this long has arrived.
  return std::chrono::nanoseconds(left) / speed_ + std::chrono::nanoseconds(1);
}

void SystemRandomness::Fill(std::span<uint8_t> bytes) {
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count = ::getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    if (count < 0 && errno == EINTR) continue;
    FORBEAR_CHECK(count > 0);
    filled += static_cast<size_t>(count);
  }
}

}  // namespace forbear
