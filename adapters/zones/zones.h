// The system's zones as values: every zone the IANA database names, from 1970 to 2037.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "engine/calendar/zone_table.h"

namespace forbear {

// Walks `date`'s database once (some 600 zones, a few megabytes). The version is the first line of
// the system's tzdata.zi, since `date` does not know it on Debian; `unknown` when it is not there.
// kUnavailable when the system has no zone data.
absl::StatusOr<std::shared_ptr<const ZoneTables>> LoadZones();

}  // namespace forbear
