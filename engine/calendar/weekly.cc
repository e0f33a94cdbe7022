#include "engine/calendar/weekly.h"

#include <algorithm>

namespace forbear {
namespace {

constexpr int kDaySeconds = 86'400;

bool Wraps(const WeeklyRow& row) { return row.to_minute <= row.from_minute; }

// Second of the day at which the row starts to hold, and at which it no longer does.
int FirstSecond(const WeeklyRow& row) { return row.from_minute * 60 + (row.from_exclusive ? 1 : 0); }
int EndSecond(const WeeklyRow& row) { return row.to_minute * 60 + (row.to_inclusive ? 1 : 0); }

bool Has(uint8_t days, uint8_t kind) { return (days & kind) != 0; }

}  // namespace

bool AnyRowHolds(const std::vector<WeeklyRow>& rows, LocalTime reading, const DayKind& kind_of) {
  const Day day = date::floor<date::days>(reading);
  const int second = static_cast<int>((reading - LocalTime{day}).count());
  const uint8_t today = kind_of(day);
  std::optional<uint8_t> yesterday;
  for (const WeeklyRow& row : rows) {
    if (!Wraps(row)) {
      if (Has(row.days, today) && second >= FirstSecond(row) && second < EndSecond(row)) return true;
      // `to 24:00, to_inclusive` holds one second into the next day.
      if (row.to_minute == 1440 && row.to_inclusive && second == 0) {
        if (!yesterday) yesterday = kind_of(day - date::days{1});
        if (Has(row.days, *yesterday)) return true;
      }
      continue;
    }
    if (Has(row.days, today) && second >= FirstSecond(row)) return true;
    if (second < EndSecond(row)) {
      if (!yesterday) yesterday = kind_of(day - date::days{1});
      if (Has(row.days, *yesterday)) return true;
    }
  }
  return false;
}

Instant NextWeeklyChange(const std::vector<WeeklyRow>& rows, const ZoneTable& zone, Instant at) {
  const LocalTime reading = zone.ToLocal(at);
  const Day day = date::floor<date::days>(reading);
  const int second = static_cast<int>((reading - LocalTime{day}).count());
  // Midnight always counts: the kind of day changes there.
  int best = kDaySeconds;
  const auto consider = [&](int candidate) {
    candidate %= kDaySeconds + 1;
    if (candidate > second && candidate < best) best = candidate;
  };
  for (const WeeklyRow& row : rows) {
    consider(FirstSecond(row));
    consider(EndSecond(row));
    if (EndSecond(row) > kDaySeconds) consider(EndSecond(row) - kDaySeconds);
  }
  const Instant jump = zone.NextTransition(at);
  const Instant bound = at + Seconds{best - second};
  return std::min({jump, bound, kEndOfTime});
}

}  // namespace forbear
