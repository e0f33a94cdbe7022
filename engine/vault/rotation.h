// The KEK in its turn: a new one every thirty days, everything wrapped anew, the old one destroyed
// (audit-log.md section 9, security.md K6). Whatever old copy of the key store somebody keeps is dead
// from then on, with every erased key in it.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "engine/audit/cj1.h"
#include "engine/model/instant.h"
#include "engine/ports/key_provider.h"
#include "engine/vault/key_ring.h"

namespace forbear::vault {

// How long a KEK wraps, and how long it is kept after that so that new copies of key store and KEK can
// be made before the old ones die: 30 days together (audit-log.md section 9).
inline constexpr Seconds kKekLife = std::chrono::hours(24 * 29);
inline constexpr Seconds kTimeToCopy = std::chrono::hours(24);

// Puts an entry into the log: `kek.rotated` when everything is wrapped under the new one, `kek.destroyed`
// after an old one went. An error ends the turn, which the next call takes up.
using SayRotated = std::function<absl::Status(std::string kind, cj1::Value data)>;

// Does what is due at `now`: a next KEK when the current one is kKekLife old; the end of older ones when
// the current one is kTimeToCopy old. Each step may be interrupted; the next call goes on from there, and
// may say once more that it was rotated. Keys are made and found all the while. One caller
// at a time.
absl::Status RotateIfDue(KeyProvider& provider, KeyRing& ring, Instant now, const SayRotated& say);

}  // namespace forbear::vault
