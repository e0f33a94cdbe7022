#include "engine/model/instant.h"

#include <array>
#include <cstdio>

#include "engine/model/status.h"

namespace forbear {
namespace {

bool Digits(std::string_view text, size_t at, size_t count, int* out) {
  if (at + count > text.size()) return false;
  int value = 0;
  for (size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  *out = value;
  return true;
}

absl::Status NotAnInstant() {
  return InvalidArgument(
      "not an instant: want RFC 3339 with whole seconds and an offset, as in 2026-03-10T08:00:00Z");
}

}  // namespace

absl::StatusOr<Day> ParseDay(std::string_view text) {
  int y = 0, m = 0, d = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' || !Digits(text, 0, 4, &y) ||
      !Digits(text, 5, 2, &m) || !Digits(text, 8, 2, &d)) {
    return InvalidArgument("not a date: want YYYY-MM-DD");
  }
  const date::year_month_day ymd{date::year{y}, date::month{static_cast<unsigned>(m)},
                                 date::day{static_cast<unsigned>(d)}};
  if (!ymd.ok()) return InvalidArgument("no such date in the calendar");
  if (y < 1900 || y > 2100) return InvalidArgument("date outside 1900 to 2100");
  return Day{ymd};
}

absl::StatusOr<Instant> ParseInstant(std::string_view text) {
  int h = 0, mi = 0, s = 0;
  if (text.size() < 20 || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
      !Digits(text, 11, 2, &h) || !Digits(text, 14, 2, &mi) || !Digits(text, 17, 2, &s) || h > 23 ||
      mi > 59 || s > 59) {
    return NotAnInstant();
  }
  const absl::StatusOr<Day> day = ParseDay(text.substr(0, 10));
  if (!day.ok()) return NotAnInstant();
  int offset_minutes = 0;
  const std::string_view zone = text.substr(19);
  if (zone != "Z") {
    int oh = 0, om = 0;
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':' ||
        !Digits(zone, 1, 2, &oh) || !Digits(zone, 4, 2, &om) || oh > 23 || om > 59) {
      return NotAnInstant();
    }
    offset_minutes = (oh * 60 + om) * (zone[0] == '-' ? -1 : 1);
  }
  const Instant at = Instant{day->time_since_epoch()} + std::chrono::hours{h} +
                     std::chrono::minutes{mi - offset_minutes} + Seconds{s};
  if (at < kFirstInstant || at >= kEndOfTime) {
    return InvalidArgument("instant outside 1970 to 2037: no zone table reaches it");
  }
  return at;
}

std::string FormatDay(Day day) {
  const date::year_month_day ymd{day};
  std::array<char, 16> out{};
  std::snprintf(out.data(), out.size(), "%04d-%02u-%02u", static_cast<int>(ymd.year()),
                static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()));
  return out.data();
}

std::string FormatInstant(Instant at) {
  const auto day = date::floor<date::days>(at);
  const auto time = (at - day).count();
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), "%sT%02d:%02d:%02dZ",
                FormatDay(Day{day.time_since_epoch()}).c_str(), static_cast<int>(time / 3600),
                static_cast<int>(time / 60 % 60), static_cast<int>(time % 60));
  return out.data();
}

absl::StatusOr<int> ParseMinuteOfDay(std::string_view text) {
  int h = 0, m = 0;
  if (text.size() != 5 || text[2] != ':' || !Digits(text, 0, 2, &h) || !Digits(text, 3, 2, &m) ||
      m > 59 || h > 24 || (h == 24 && m != 0)) {
    return InvalidArgument("not a time of day: want HH:MM from 00:00 to 24:00");
  }
  return h * 60 + m;
}

}  // namespace forbear
