#include <gtest/gtest.h>

#include "engine/calendar/place_table.h"
#include "engine/calendar/weekly.h"
#include "engine/calendar/zone_table.h"
#include "engine/history/window.h"
#include "engine/model/status.h"

namespace forbear {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Instant Utc(std::string_view text) {
  const absl::StatusOr<Instant> at = ParseInstant(text);
  FORBEAR_CHECK(at.ok());
  return *at;
}
Day OnDay(std::string_view text) {
  const absl::StatusOr<Day> day = ParseDay(text);
  FORBEAR_CHECK(day.ok());
  return *day;
}

// Skips 02:00–03:00 on 8 March, shows 01:00–02:00 twice on 1 November.
ZoneTable Jumping() {
  return ZoneTable("XA/North", {{kFirstInstant, hours{-5}},
                                {Utc("2026-03-08T07:00:00Z"), hours{-4}},
                                {Utc("2026-11-01T06:00:00Z"), hours{-5}}});
}
// Skips midnight itself on 29 March; repeats the hour before midnight on 25 October.
ZoneTable AtMidnight() {
  return ZoneTable("XA/Mid", {{kFirstInstant, hours{2}},
                              {Utc("2026-03-28T22:00:00Z"), hours{3}},
                              {Utc("2026-10-24T21:00:00Z"), hours{2}}});
}
// Crosses the date line: 30 December does not exist.
ZoneTable SkipsADay() {
  return ZoneTable("XA/Line", {{kFirstInstant, hours{-10}}, {Utc("2026-12-30T10:00:00Z"), hours{14}}});
}

TEST(ZoneTable, FindsTheFirstShowingOfAReading) {
  const ZoneTable zone = Jumping();
  const Instant from = Utc("2026-03-01T00:00:00Z");
  const struct {
    const char* why;
    const char* day;
    minutes reading;
    const char* at;
  } rows[] = {
      {"an ordinary reading", "2026-03-07", minutes{90}, "2026-03-07T06:30:00Z"},
      {"a skipped reading is the jump", "2026-03-08", minutes{150}, "2026-03-08T07:00:00Z"},
      {"just after the jump", "2026-03-08", minutes{180}, "2026-03-08T07:00:00Z"},
      {"a repeated reading is its first showing", "2026-11-01", minutes{90},
       "2026-11-01T05:30:00Z"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(FormatInstant(zone.FirstAtOrAfter(LocalTime{OnDay(row.day)} + row.reading, from)), row.at)
        << row.why;
  }
  EXPECT_EQ(FormatInstant(zone.FirstAtOrAfter(LocalTime{OnDay("2026-11-01")} + minutes{90},
                                              Utc("2026-11-01T06:00:00Z"))),
            "2026-11-01T06:30:00Z")
      << "asked when the clock has just been set back, the second showing counts";
}

TEST(ZoneTable, KnowsWhereADayBegins) {
  EXPECT_EQ(FormatInstant(AtMidnight().StartOfDay(OnDay("2026-03-29"))), "2026-03-28T22:00:00Z")
      << "midnight is skipped: the day begins at the jump";
  EXPECT_EQ(FormatInstant(AtMidnight().StartOfDay(OnDay("2026-10-25"))), "2026-10-24T22:00:00Z")
      << "the hour before midnight comes twice";
  EXPECT_EQ(FormatInstant(SkipsADay().StartOfDay(OnDay("2026-12-30"))), "2026-12-30T10:00:00Z")
      << "a day that never was begins with the next";
  EXPECT_EQ(FormatInstant(SkipsADay().StartOfDay(OnDay("2026-12-31"))), "2026-12-30T10:00:00Z");
}

TEST(ZoneTable, ADateThatTheClockLeavesAgainHasNotBegun) {
  // As in St. John's until 2011: at 00:01 of 2 November back to 23:01 of the 1st.
  const ZoneTable zone("XA/Back", {{kFirstInstant, minutes{-150}},
                                   {Utc("2026-11-02T02:31:00Z"), minutes{-210}}});
  EXPECT_EQ(FormatInstant(zone.StartOfDay(OnDay("2026-11-02"))), "2026-11-02T03:30:00Z");
  EXPECT_EQ(FormatInstant(zone.StartOfDay(OnDay("2026-11-01"))), "2026-11-01T02:30:00Z");
  EXPECT_EQ(FormatInstant(zone.StartOfDay(OnDay("2026-11-03"))), "2026-11-03T03:30:00Z");
  const struct {
    const char* at;
    const char* day;
  } rows[] = {{"2026-11-02T02:29:59Z", "2026-11-01"}, {"2026-11-02T02:30:30Z", "2026-11-01"},
              {"2026-11-02T02:31:00Z", "2026-11-01"}, {"2026-11-02T03:29:59Z", "2026-11-01"},
              {"2026-11-02T03:30:00Z", "2026-11-02"}};
  for (const auto& row : rows) EXPECT_EQ(FormatDay(zone.DayOf(Utc(row.at))), row.day) << row.at;
}

TEST(ZoneTable, NamesTheNextTransition) {
  const ZoneTable zone = Jumping();
  EXPECT_EQ(FormatInstant(zone.NextTransition(Utc("2026-03-08T06:59:59Z"))), "2026-03-08T07:00:00Z");
  EXPECT_EQ(FormatInstant(zone.NextTransition(Utc("2026-03-08T07:00:00Z"))), "2026-11-01T06:00:00Z");
  EXPECT_EQ(zone.NextTransition(Utc("2030-01-01T00:00:00Z")), kEndOfTime);
}

TEST(WeeklyWindow, ASkippedHourIsNeverInsideARepeatedOneBothTimes) {
  const ZoneTable zone = Jumping();
  const DayKind any = [](Day day) { return static_cast<uint8_t>(1U << WeekdayOf(day)); };
  const std::vector<WeeklyRow> skipped{{0x7f, 120, 180}};
  const std::vector<WeeklyRow> repeated{{0x7f, 60, 120}};
  const struct {
    const char* why;
    const std::vector<WeeklyRow>& rows;
    const char* at;
    bool holds;
  } rows[] = {
      {"the second before the jump", skipped, "2026-03-08T06:59:59Z", false},
      {"the second of the jump", skipped, "2026-03-08T07:00:00Z", false},
      {"the day after", skipped, "2026-03-09T06:30:00Z", true},
      {"the first showing", repeated, "2026-11-01T05:30:00Z", true},
      {"the second showing", repeated, "2026-11-01T06:30:00Z", true},
      {"past both", repeated, "2026-11-01T07:00:00Z", false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(AnyRowHolds(row.rows, zone.ToLocal(Utc(row.at)), any), row.holds) << row.why;
  }
}

TEST(WeeklyWindow, BoundsAreAsTheRowSays) {
  const DayKind any = [](Day day) { return static_cast<uint8_t>(1U << WeekdayOf(day)); };
  const LocalTime monday{OnDay("2026-03-09")};
  const WeeklyRow plain{0x7f, 480, 1260, false, false};
  const WeeklyRow exclusive{0x7f, 480, 1260, true, false};
  const WeeklyRow inclusive{0x7f, 480, 1260, false, true};
  EXPECT_TRUE(AnyRowHolds({plain}, monday + minutes{480}, any));
  EXPECT_FALSE(AnyRowHolds({exclusive}, monday + minutes{480}, any));
  EXPECT_TRUE(AnyRowHolds({exclusive}, monday + minutes{480} + Seconds{1}, any));
  EXPECT_FALSE(AnyRowHolds({plain}, monday + minutes{1260}, any));
  EXPECT_TRUE(AnyRowHolds({inclusive}, monday + minutes{1260}, any));
  EXPECT_FALSE(AnyRowHolds({inclusive}, monday + minutes{1260} + Seconds{1}, any));
}

TEST(WeeklyWindow, NextChangeNeverStepsOverOne) {
  const ZoneTable zone = Jumping();
  const DayKind any = [](Day day) { return static_cast<uint8_t>(1U << WeekdayOf(day)); };
  const std::vector<WeeklyRow> rows{{0x15, 130, 700}, {0x62, 1300, 100, true, true}};
  for (Instant at = Utc("2026-03-06T00:00:00Z"); at < Utc("2026-03-11T00:00:00Z");) {
    const Instant next = NextWeeklyChange(rows, zone, at);
    ASSERT_GT(next, at);
    const bool holds = AnyRowHolds(rows, zone.ToLocal(at), any);
    for (Instant probe = at; probe < next; probe += Seconds{61}) {
      ASSERT_EQ(AnyRowHolds(rows, zone.ToLocal(probe), any), holds) << FormatInstant(probe);
    }
    ASSERT_EQ(AnyRowHolds(rows, zone.ToLocal(next - Seconds{1}), any), holds);
    at = next;
  }
}

TEST(LeavesWindow, CountsLocalDaysAcrossAClockChange) {
  const ZoneTable zone = Jumping();
  const Instant saturday = Utc("2026-03-07T23:30:00Z");
  const struct {
    const char* why;
    WindowUnit unit;
    int n;
    const char* leaves;
  } rows[] = {
      {"a duration", WindowUnit::kRollingDays, 1, "2026-03-08T23:30:00Z"},
      {"one local day", WindowUnit::kConsecutiveDays, 1, "2026-03-08T05:00:00Z"},
      {"two local days, the second 23 hours long", WindowUnit::kConsecutiveDays, 2,
       "2026-03-09T04:00:00Z"},
      {"the week that starts on Monday", WindowUnit::kCalendarWeek, 1, "2026-03-09T04:00:00Z"},
      {"the month", WindowUnit::kCalendarMonth, 1, "2026-04-01T04:00:00Z"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(FormatInstant(LeavesWindow(row.unit, row.n, 0, zone, saturday)), row.leaves) << row.why;
  }
}

TEST(PlaceTable, TheFinestKnownPartOfAPlaceNamesItsZones) {
  PlaceTable table;
  table.countries["XA"] = {"XA/East", "XA/North"};
  table.subdivisions["XA-M"] = {{"XA/North", "XA/South"}, {{"9", {"XA/South"}}, {"99", {"XA/North"}}}};
  table.cities["XA-M"] = {{"midtown", "MID"}};
  Place place;
  place.country = "XA";
  EXPECT_EQ(table.ZonesOf(place), (std::vector<std::string>{"XA/East", "XA/North"}));
  EXPECT_FALSE(table.KnownDownToZone(place));
  place.subdivision = "XA-M";
  EXPECT_EQ(table.ZonesOf(place).size(), 2U);
  place.postal_code = "91";
  EXPECT_EQ(table.ZonesOf(place), std::vector<std::string>{"XA/South"});
  place.postal_code = "991";
  EXPECT_EQ(table.ZonesOf(place), std::vector<std::string>{"XA/North"}) << "longest prefix wins";
  place.city = "Midtown";
  EXPECT_EQ(table.JurisdictionsOf(place), (std::vector<std::string>{"XA", "XA-M", "XA-M-MID"}));
}

}  // namespace
}  // namespace forbear
