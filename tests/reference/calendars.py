"""Clocks, days, waits' arithmetic and holiday calendars, with Python's own zoneinfo."""

import datetime
import functools
import zoneinfo

from facts import Unsupported
from places import read_yaml

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
DAY = 86400
# The ordinal of 1970-01-01.
EPOCH = 719163
# Nothing is looked for beyond it.
END = int(datetime.datetime(2038, 1, 1, tzinfo=datetime.timezone.utc).timestamp()) - 1


@functools.lru_cache(maxsize=None)
def zone_info(name):
    return zoneinfo.ZoneInfo(name)


@functools.lru_cache(maxsize=200_000)
def local(instant, zone):
    """(day, second of that day) that clocks in `zone` show."""
    reading = datetime.datetime.fromtimestamp(instant, zone_info(zone))
    return (reading.toordinal(), reading.hour * 3600 + reading.minute * 60 + reading.second)


@functools.lru_cache(maxsize=200_000)
def local_day(instant, zone):
    """The day that has begun for good: a date that clocks will leave again for the one before has
    not begun."""
    shown = local(instant, zone)[0]
    return shown if day_start(shown, zone) <= instant else shown - 1


@functools.lru_cache(maxsize=200_000)
def utc_offset(day, zone):
    """Seconds that clocks in `zone` are ahead at the begin of a day of UTC."""
    begin = datetime.datetime.fromtimestamp((day - EPOCH) * DAY, zone_info(zone))
    return int(begin.utcoffset().total_seconds())


@functools.lru_cache(maxsize=200_000)
def steady_offset(day, zone):
    """The same of a whole day of these clocks; None where they jump on it or near it."""
    found = {utc_offset(near, zone) for near in (day - 1, day, day + 1, day + 2)}
    return found.pop() if len(found) == 1 else None


@functools.lru_cache(maxsize=200_000)
def day_start(day, zone):
    """The instant from which on it is never again before `day`. A midnight that is skipped makes
    the day begin later, one that comes twice lets the second one count."""
    offset = steady_offset(day, zone)
    if offset is not None:
        return (day - EPOCH) * DAY - offset
    midnight = datetime.datetime.fromordinal(day).replace(tzinfo=zone_info(zone))
    first = int(midnight.timestamp())
    second = int(midnight.replace(fold=1).timestamp())
    for candidate in (max(first, second), min(first, second)):
        if local(candidate, zone)[0] >= day > local(candidate - 1, zone)[0]:
            return candidate
    # Midnight is skipped: the first instant after the gap.
    before, after = min(first, second) - 1, max(first, second)
    while after - before > 1:
        middle = (before + after) // 2
        if local(middle, zone)[0] >= day:
            after = middle
        else:
            before = middle
    return after


def weekday(day):
    return (day + 6) % 7


def first_of_month(day, months=0):
    """The first day of the month that lies so many months from that of `day`."""
    date = datetime.date.fromordinal(day)
    index = date.year * 12 + date.month - 1 + months
    return datetime.date(index // 12, index % 12 + 1, 1).toordinal()


def add_months(day, months):
    """The same day of a later month, or that month's last where it has none."""
    first = first_of_month(day, months)
    last = first_of_month(day, months + 1) - 1
    return min(first + datetime.date.fromordinal(day).day - 1, last)


def easter(year):
    """Sunday of Easter, Gregorian (the anonymous algorithm)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    f = (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    length = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * length) // 451
    month, day = divmod(h + length - 7 * m + 114, 31)
    return datetime.date(year, month, day + 1)


class Calendar:
    """One file of holidays."""

    def __init__(self, path):
        document = read_yaml(path)
        unread = set(document) - {"title", "source", "years", "weekend", "days", "workdays"}
        if unread:
            raise Unsupported(f"{path}: {sorted(unread)}")
        self.first, self.last = document["years"]
        # What is to be moved is what falls on this calendar's weekend, unless a row says otherwise.
        weekend = document.get("weekend", ["sat", "sun"])
        self.weekend = {WEEKDAYS.index(day) for day in weekend}
        self.rows = [{"if": weekend, **row} for row in document.get("days") or []]
        self.workdays = {}
        for row in document.get("workdays") or []:
            self.workdays[as_date(row["date"]).toordinal()] = row["as"]
        self.years, self.tokens = {}, {}

    def holidays(self, year):
        """All days of the year that rows name, those kept beside them included."""
        if year not in self.years:
            # A row of the year before may be kept in this one.
            rows = [(row, day) for of in (year - 1, year, year + 1) for row in self.rows
                    for day in [day_of(row, of)] if day is not None]
            moved = {day for row, day in rows if moves_on(row, day)}
            found = {day for row, day in rows} - {
                day for day in moved if all(moves_on(r, d) for r, d in rows if d == day)}
            for row, day in sorted(rows, key=lambda pair: pair[1]):
                found |= kept_on(row, day, found)
            self.years[year] = {d for d in found if d.year == year}
        return self.years[year]

    def token(self, day):
        """What a date is: `holiday`, the weekday a workday stands for, or its own weekday."""
        if day not in self.tokens:
            self.tokens[day] = self.token_of(day)
        return self.tokens[day]

    def token_of(self, day):
        date = datetime.date.fromordinal(day)
        if not self.first <= date.year <= self.last:
            return "holiday"
        if day in self.workdays:
            return self.workdays[day]
        return "holiday" if date in self.holidays(date.year) else WEEKDAYS[weekday(day)]


def as_date(value):
    return value if isinstance(value, datetime.date) else datetime.date.fromisoformat(value)


def day_of(row, year):
    """The day that a row names, before it is moved; None where the year has none."""
    if set(row) - {"fixed", "easter", "nth", "last", "before", "date", "observed", "if", "name"}:
        raise Unsupported(f"calendar row {row}")
    if "date" in row:
        day = as_date(row["date"])
        return day if day.year == year else None
    if "easter" in row:
        return easter(year) + datetime.timedelta(days=row["easter"])
    if "nth" in row or "last" in row:
        nth, name, month = row["nth"] if "nth" in row else (0, *row["last"])
        first = datetime.date(year, MONTHS.index(month) + 1, 1).toordinal()
        days = [d for d in range(first, first_of_month(first, 1))
                if WEEKDAYS[weekday(d)] == name]
        return datetime.date.fromordinal(days[nth - 1]) if nth <= len(days) else None
    month, of_month = (int(part) for part in (row["fixed"] if "fixed" in row
                                              else row["before"][0]).split("-"))
    try:
        day = datetime.date(year, month, of_month)
    except ValueError:  # 29 February
        return None
    if "before" in row:
        day -= datetime.timedelta(days=1)
        while WEEKDAYS[day.weekday()] != row["before"][1]:
            day -= datetime.timedelta(days=1)
    return day


def falls_badly(row, day):
    """Is it one of the days on which the row is kept elsewhere?"""
    return WEEKDAYS[day.weekday()] in row["if"]


def moves_on(row, day):
    return row.get("observed") == "next_day" and falls_badly(row, day)


def kept_on(row, day, taken):
    """The day beside its own on which a row is kept."""
    observed = row.get("observed", "none")
    if observed == "none" or not falls_badly(row, day):
        return set()
    one = datetime.timedelta(days=1)
    if observed == "nearest_weekday":
        return {day + {5: -one, 6: one}.get(day.weekday(), 0 * one)}
    if observed == "next_monday":
        return {day + (7 - day.weekday()) * one}
    if observed in ("next_day", "next_day_too"):
        day += one
        while day in taken:
            day += one
        return {day}
    raise Unsupported(f"observed: {observed}")
