#include "engine/vault/rotation.h"

#include <vector>

#include "engine/model/status.h"

namespace forbear::vault {
namespace {

// Keys wrapped anew in one durable write: a tenth of a second's work, so that erasure never waits long.
constexpr size_t kKeysAtATime = 1'000;

}  // namespace

absl::Status RotateIfDue(KeyProvider& provider, KeyRing& ring, Instant now, const SayRotated& say) {
  FORBEAR_ASSIGN_OR_RETURN(std::string current, provider.CurrentId());
  FORBEAR_ASSIGN_OR_RETURN(std::vector<std::string> old, provider.Ids());
  std::erase(old, current);
  FORBEAR_ASSIGN_OR_RETURN(const Instant made, provider.MadeAt(current));
  const bool next = old.empty() && now - made >= kKekLife;
  if (next) {
    old = {current};
    FORBEAR_ASSIGN_OR_RETURN(current, provider.MakeNext());
  }
  if (old.empty()) return absl::OkStatus();
  FORBEAR_ASSIGN_OR_RETURN(const size_t after_first, ring.Rewrap(kKeysAtATime));
  for (size_t left = after_first; left > 0;) {
    FORBEAR_ASSIGN_OR_RETURN(left, ring.Rewrap(kKeysAtATime));
  }
  if (next || after_first > 0) {
    cj1::Value from = cj1::Array();
    for (const std::string& id : old) from.Append(id);
    return say("kek.rotated", cj1::Object().Set("from", std::move(from)).Set("to", current));
  }
  if (now - made < kTimeToCopy) return absl::OkStatus();
  for (const std::string& id : old) {
    FORBEAR_RETURN_IF_ERROR(provider.Destroy(id));
    FORBEAR_RETURN_IF_ERROR(say("kek.destroyed", cj1::Object().Set("kek", id)));
  }
  return absl::OkStatus();
}

}  // namespace forbear::vault
