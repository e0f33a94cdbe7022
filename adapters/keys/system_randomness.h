// The random numbers that keys are made of: libsodium's, which are the system's own.
#pragma once

#include "engine/ports/randomness.h"

namespace forbear::keys {

// Thread safety: any thread.
class SystemRandomness : public Randomness {
 public:
  SystemRandomness();
  // Ends the process if the system has no randomness: nothing safe can be done without.
  void Fill(std::span<uint8_t> out) override;
};

}  // namespace forbear::keys
