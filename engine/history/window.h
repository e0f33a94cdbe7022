// History as caps and waits read it: which outcomes count as what, and when an event leaves a
// window.
//
// An event is in a window from its own instant to the instant that LeavesWindow gives, so a count
// at `t` is the number of events whose leaving instant lies after `t`. That is the whole
// arithmetic of caps.
#pragma once

#include <cstdint>

#include "engine/calendar/zone_table.h"
#include "engine/model/instant.h"
#include "engine/model/words.h"

namespace forbear {

// What a cap counts. An attempt whose end nobody has told (`unreported`) is in all three: it
// counts as what it might have become.
enum class Counts : uint8_t { kAttempts, kContacts, kConversations };
bool CountsAs(Outcome outcome, Counts counts);

enum class WindowUnit : uint8_t {
  kRollingHours,      // exact durations
  kRollingDays,
  kConsecutiveDays,   // local days, the day of the event being day 1
  kCalendarDay,       // this unit and the n−1 before it
  kCalendarWeek,
  kCalendarMonth,
  kSinceEver,
  kSinceEvent
};

// Does the window end with local days, so that it needs a zone? The others are durations or open.
bool CountsDays(WindowUnit unit);

// The first instant at which an event at `at` is no longer inside the window. kEndOfTime for
// kSinceEver and kSinceEvent. `week_starts`: 0 Monday … 6 Sunday.
Instant LeavesWindow(WindowUnit unit, int n, int week_starts, const ZoneTable& zone, Instant at);

}  // namespace forbear
