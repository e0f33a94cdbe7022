#include "adapters/keys/system_randomness.h"

#include <sodium.h>

#include "engine/model/status.h"

namespace forbear::keys {

SystemRandomness::SystemRandomness() { FORBEAR_CHECK(sodium_init() >= 0); }

void SystemRandomness::Fill(std::span<uint8_t> out) { randombytes_buf(out.data(), out.size()); }

}  // namespace forbear::keys
