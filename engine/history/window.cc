#include "engine/history/window.h"

#include <algorithm>

#include "engine/calendar/weekly.h"

namespace forbear {

bool CountsAs(Outcome outcome, Counts counts) {
  switch (counts) {
    case Counts::kAttempts:
      return true;
    case Counts::kConversations:
      return outcome == Outcome::kConversation || outcome == Outcome::kUnreported;
    case Counts::kContacts:
      switch (outcome) {
        case Outcome::kUnreported:
        case Outcome::kAnswered:
        case Outcome::kAnsweredDropped:
        case Outcome::kOtherAnswered:
        case Outcome::kConversation:
        case Outcome::kMessageLeft:
        case Outcome::kDelivered:
          return true;
        case Outcome::kBusy:
        case Outcome::kNotInService:
        case Outcome::kNoAnswer:
        case Outcome::kMailboxFull:
        case Outcome::kRecording:
        case Outcome::kUndelivered:
        case Outcome::kMessage:
        case Outcome::kRinging:
          return false;
      }
  }
  return true;
}

bool CountsDays(WindowUnit unit) {
  return unit == WindowUnit::kConsecutiveDays || unit == WindowUnit::kCalendarDay ||
         unit == WindowUnit::kCalendarWeek || unit == WindowUnit::kCalendarMonth;
}

Instant LeavesWindow(WindowUnit unit, int n, int week_starts, const ZoneTable& zone, Instant at) {
  const auto start_of = [&](Day day) { return std::min(zone.StartOfDay(day), kEndOfTime); };
  switch (unit) {
    case WindowUnit::kRollingHours:
      return std::min(at + std::chrono::hours{n}, kEndOfTime);
    case WindowUnit::kRollingDays:
      return std::min(at + std::chrono::hours{24 * n}, kEndOfTime);
    case WindowUnit::kConsecutiveDays:
    case WindowUnit::kCalendarDay:
      return start_of(zone.DayOf(at) + date::days{n});
    case WindowUnit::kCalendarWeek: {
      const Day day = zone.DayOf(at);
      const int into_week = (WeekdayOf(day) - week_starts + 7) % 7;
      return start_of(day - date::days{into_week} + date::days{7 * n});
    }
    case WindowUnit::kCalendarMonth: {
      const date::year_month_day day{zone.DayOf(at)};
      return start_of(Day{(day.year() / day.month() + date::months{n}) / 1});
    }
    case WindowUnit::kSinceEver:
    case WindowUnit::kSinceEvent:
      return kEndOfTime;
  }
  return kEndOfTime;
}

}  // namespace forbear
