// Weekly windows on a wall clock: the arithmetic of opening hours and of quiet times.
//
// A row `from 08:00 to 21:00` holds at 08:00:00 and not at 21:00:00, unless it says otherwise;
// `22:00 to 06:00` begins on its day and wraps into the next. Where the clock jumps, the reading
// counts: a skipped hour is never inside, a repeated one is inside both times.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "engine/calendar/zone_table.h"
#include "engine/model/instant.h"

namespace forbear {

// 0 Monday … 6 Sunday.
inline int WeekdayOf(Day day) {
  return static_cast<int>(date::weekday{date::sys_days{day.time_since_epoch()}}.iso_encoding()) - 1;
}

// What kind of day a date is to a row of hours: one bit for its weekday, or kHolidayBit alone.
inline constexpr uint8_t kHolidayBit = 0x80;
using DayKind = std::function<uint8_t(Day)>;

struct WeeklyRow {
  uint8_t days = 0;          // bits 0 … 6, and kHolidayBit
  int from_minute = 0;
  int to_minute = 1440;      // ≤ from_minute: wraps, but 0 … 1440 is the whole day
  bool from_exclusive = false;
  bool to_inclusive = false;
};

// Does some row hold at this reading? `kind_of` classifies a local day.
bool AnyRowHolds(const std::vector<WeeklyRow>& rows, LocalTime reading, const DayKind& kind_of);

// The first instant after `at` when AnyRowHolds might change on this zone's clock: a bound of a
// row on some day, or a jump of the clock. Never later than the first real change.
Instant NextWeeklyChange(const std::vector<WeeklyRow>& rows, const ZoneTable& zone, Instant at);

}  // namespace forbear
