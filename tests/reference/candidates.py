"""Instants at which an answer may change, for the reference's own search of the next opening."""

import datetime
import functools

from calendars import (DAY, END, EPOCH, add_months, as_date, day_start, local_day, steady_offset,
                       utc_offset, zone_info)
from facts import minutes
from places import DECLARED_DAYS


def walk(value):
    """Every (key, value) of a rule, at any depth."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield key, one
            yield from walk(one)
    elif isinstance(value, list):
        for one in value:
            yield from walk(one)


class Edges:
    """What in the packs that may bind, and in the facts, can make an answer change."""

    def __init__(self, world, question):
        self.zones = set(world.borrower_zones(question, question.at))
        self.times, self.instants, self.days = {0}, set(), set()
        # Exact spans in seconds, and lengths in days, after which an event no longer matters.
        self.spans, self.lengths = set(), {0}
        self.yearly = False
        self.gather_facts(world, question)
        for pack in world.packs.values():
            for key, value in walk([pack.get("rules"), pack.get("periods")]):
                self.gather_rule(key, value)
        for place in question.tenant["seats"]:
            self.zones |= world.places.of_address(place)[0]
        for point in question.points.values():
            if point["kind"] == "phone" and point["value"]:
                self.zones |= world.places.of_number(point["value"])[0]
        for calendar in world.calendars.values():
            self.days |= {datetime.date(calendar.first, 1, 1).toordinal(),
                          datetime.date(calendar.last + 1, 1, 1).toordinal()}

    def gather_facts(self, world, question):
        self.zones |= world.address_zones(question)[0]
        if question.borrower["declared_zone"]:
            stamp = question.borrower["declared_zone_time"]
            self.instants.add(stamp + DECLARED_DAYS * DAY)
            self.zones.add(question.borrower["declared_zone"])
        for event in question.history:
            if event.place:
                self.zones |= world.places.of_address(event.place)[0]
            self.instants |= {event.at, event.known_at, event.at + 1}
            if event.until is not None:
                self.instants.add(event.until)
            self.add_slots(event.windows)
            self.days |= {getattr(event, name) for name in (
                "first_day", "last_day", "opt_out_by", "period_ends_date", "received_date")
                if getattr(event, name) is not None}
            for _, on in event.learned_receipt:
                self.days.add(on)
        for account in question.accounts.values():
            self.days |= {value for name, value in account.items()
                          if name.endswith("_date") and value is not None}
            self.add_slots(account["contact_hours"])
        if question.borrower["birth_date"]:
            self.days.add(add_months(question.borrower["birth_date"], 12 * 18))
        self.add_slots(question.tenant["contact_hours"])
        self.add_slots(question.borrower["work_hours"])
        self.days |= {value for value in question.tenant["declared"].values()
                      if isinstance(value, int) and value > 100_000}

    def add_slots(self, slots):
        for _, begin, end in slots or []:
            self.times |= {60 * begin, 60 * end}

    def gather_rule(self, key, value):
        whole = isinstance(value, int) and not isinstance(value, bool)
        if key in ("rolling_hours", "hours") and whole:
            self.spans.add(3600 * value)
        elif key == "rolling_days":
            self.spans.add(DAY * value)
        elif key == "minutes" and whole:
            self.spans.add(60 * value)
        elif key in ("days", "consecutive_days", "calendar_day") and whole:
            self.lengths.add(value)
        elif key == "account.days_past_due":
            self.lengths |= {n for _, n in walk(value) if isinstance(n, int) and n < 10_000}
        elif key == "business_days":
            self.lengths |= set(range(value, 3 * value + 10, 5))
        elif key == "calendar_week":
            self.lengths |= {7 * value - 7, 7 * value}
        elif key in ("calendar_month", "months"):
            self.lengths |= {31 * value - 31, 28 * value, 31 * value}
            self.lengths |= set(range(31 * value - 31, 31 * value, 8))
        elif key in ("from", "to") and isinstance(value, str) and ":" in value:
            self.times |= {60 * minutes(value), 60 * minutes(value) + 1}
        elif key == "zone":
            self.zones.add(value)
        elif key == "calendar":
            self.yearly = True
        elif key in ("from", "to", "before") and value not in (None, "unknown"):
            try:
                self.days.add(as_date(value).toordinal())
            except (TypeError, ValueError):
                pass

    def exact(self):
        """Instants and the ends of exact spans after them."""
        found = set(self.instants)
        for one in self.instants:
            found |= {one + span for span in self.spans}
        return found

    def interesting(self, begin, limit):
        """Days on which something may end, with enough after each for every weekday to come by;
        of UTC, so that a day on each side is added."""
        base = self.days | {t // DAY + EPOCH for t in self.exact()}
        after = 17 if self.yearly else 9
        first = begin // DAY + EPOCH
        found = set(range(first, first + (430 if self.yearly else 60)))
        for day in base:
            for length in self.lengths:
                if day + length + after >= first:
                    found |= set(range(max(first, day + length - 2), day + length + after))
        tens = range((first - EPOCH) // 10, (limit // DAY) // 10 + 1)
        for zone in self.zones:
            for day in (jump // DAY + EPOCH for ten in tens for jump in changes(zone, ten)):
                if day >= first:
                    found |= set(range(day, day + after))
        return sorted(found)


def gather(world, question, limit=END):
    """Instants to try, in order; the first is the one asked about."""
    edges = Edges(world, question)
    exact = sorted(t for t in edges.exact() if question.at < t <= limit)
    yield question.at
    position, last = 0, question.at
    for date in edges.interesting(question.at, limit):
        begin = (date - EPOCH) * DAY
        if begin > limit:
            return
        end = begin + DAY
        found = set()
        while position < len(exact) and exact[position] < end:
            found.add(exact[position])
            position += 1
        for zone in edges.zones:
            for there in {local_day(begin, zone), local_day(end, zone)}:
                found |= of_day(there, zone, edges.times)
            found |= transition(date, date + 1, zone)
        for one in sorted(found):
            if last < one < end and one <= limit:
                yield one
                last = one


@functools.lru_cache(maxsize=None)
def changes(zone, ten):
    """Instants at which clocks of a zone jump, in one of the spans of ten days since 1970."""
    return transition(EPOCH + 10 * ten, EPOCH + 10 * ten + 10, zone)


def of_day(date, zone, times):
    """Instants at which clocks of a zone show these times of a day."""
    offset = steady_offset(date, zone)
    if offset is not None:
        begin = (date - EPOCH) * DAY - offset
        return {begin, *(begin + second for second in times)}
    found = {day_start(date, zone)}
    for second in times:
        wall = datetime.datetime.fromordinal(date) + datetime.timedelta(seconds=second)
        for fold in (0, 1):
            found.add(int(wall.replace(tzinfo=zone_info(zone), fold=fold).timestamp()))
    return found


def transition(first, last, zone):
    """The instant between the begins of two days of UTC at which clocks jump, where they do."""
    if utc_offset(first, zone) == utc_offset(last, zone):
        return set()

    def offset(t):
        return datetime.datetime.fromtimestamp(t, zone_info(zone)).utcoffset()
    begin, end = (first - EPOCH) * DAY, (last - EPOCH) * DAY
    while end - begin > 1:
        middle = (begin + end) // 2
        if offset(middle) == offset(begin):
            begin = middle
        else:
            end = middle
    return {end}
