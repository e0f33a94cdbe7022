// Instants and civil days, as the whole house uses them.
//
// An Instant is whole seconds of UTC. A Day is a civil date that belongs to no zone until
// somebody names one. Both end where the zone tables end: Debian's `date` reads no further than
// 2037, so an instant from 2038 on is refused wherever it enters.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "date/date.h"

namespace forbear {

using Instant = date::sys_seconds;
using Seconds = std::chrono::seconds;
using Day = date::local_days;             // a civil date in some zone
using LocalTime = date::local_seconds;    // a reading of some wall clock

// The first and the last instant that any table covers: [kFirstInstant, kEndOfTime).
inline constexpr Instant kFirstInstant{date::sys_days{date::year{1970} / 1 / 1}};
inline constexpr Instant kEndOfTime{date::sys_days{date::year{2038} / 1 / 1}};

// RFC 3339 with whole seconds and `Z` or a numeric offset: `2026-03-10T08:00:00-07:00`.
// kInvalidArgument when it is not one, or lies outside [1970, 2038).
absl::StatusOr<Instant> ParseInstant(std::string_view text);

// `2026-01-01T09:00:00Z`.
std::string FormatInstant(Instant at);

// `2026-03-10`, a real date in [1970, 2038]. kInvalidArgument otherwise.
absl::StatusOr<Day> ParseDay(std::string_view text);
std::string FormatDay(Day day);

// `08:00`, also `24:00`: minutes since midnight, 0 … 1440. kInvalidArgument otherwise.
absl::StatusOr<int> ParseMinuteOfDay(std::string_view text);

}  // namespace forbear
