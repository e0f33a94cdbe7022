// A weekly slot of local wall-clock time, as borrowers, tenants and accounts name their hours.
#pragma once

#include <cstdint>

namespace forbear {

// [from, to) in minutes since local midnight.
struct WeeklySlot {
  uint8_t days = 0x7f;  // bit 0 Monday … bit 6 Sunday
  int from_minute = 0;
  int to_minute = 1440; // smaller than from: wraps past midnight
  bool operator==(const WeeklySlot&) const = default;
};

}  // namespace forbear
