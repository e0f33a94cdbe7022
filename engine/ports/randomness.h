// Randomness: the only place where unpredictable bytes come from.
#pragma once

#include <cstdint>
#include <span>

namespace forbear {

// Implementations: adapters/cli (the system's generator), tests (seeded).
// Thread safety: Fill may be called from any thread.
class Randomness {
 public:
  virtual ~Randomness() = default;
  virtual void Fill(std::span<uint8_t> bytes) = 0;
};

}  // namespace forbear
