"""When waits are over, and what lasts has ended."""

from calendars import END, WEEKDAYS, add_months, as_date, day_start, local_day, weekday
from facts import Unsupported

# Some day that lies after all that is judged.
LAST_DAY = as_date("2040-01-01").toordinal()


def wait_end(wait, event, ask, pick=max, zones=None):
    """When a wait after an event is over, in every zone; with pick=min, in the first of them."""
    if isinstance(wait, list):
        return pick(wait_end(one, event, ask, pick, zones) for one in wait)
    unread = set(wait) - {"minutes", "hours", "days", "business_days", "months", "calendar",
                          "first_day", "field", "else", "from", "deemed"}
    if unread:
        raise Unsupported(f"wait {wait}")
    zones = ask.day_zones if zones is None else zones
    if "field" in wait:
        value = {"last_day": "last_day", "first_day": "first_day", "until": "until",
                 "period_ends_on": "period_ends_date", "opt_out_by": "opt_out_by",
                 "received_on": "received_date"}[wait["field"]]
        value = getattr(event, value)
        if value is None:
            if "else" not in wait:
                return END + 1
            return wait_end(wait["else"], event, ask, pick, zones)
        if wait["field"] == "until":
            return value
        return over_zones(pick, zones, lambda zone: day_start(value + 1, zone))
    start = event.at
    if wait.get("from") == "received":
        start = event.known_at
    if "minutes" in wait or "hours" in wait:
        return start + 60 * wait.get("minutes", 0) + 3600 * wait.get("hours", 0)

    def end(zone):
        day = local_day(start, zone)
        if wait.get("from") == "deemed":
            day = deemed_day(wait["deemed"], event, day, ask)
        if event.name == "notice" and wait.get("from") in ("received", "deemed"):
            day = max([day] + [on for known, on in event.learned_receipt if known <= ask.now])
        return day_start(last_waiting_day(wait, day, ask) + 1, zone)

    return over_zones(pick, zones, end)


def over_zones(pick, zones, of):
    # No zone is known: the wait is never over, and what lasts has ended.
    return pick(of(zone) for zone in zones) if zones else END + 1 if pick is max else 0


def last_waiting_day(wait, day, ask):
    """The day with whose end a wait that is counted from `day` is over."""
    back = 1 if wait.get("first_day") == "event" else 0
    if "days" in wait:
        return day + wait["days"] - back
    if "months" in wait:
        return add_months(day, wait["months"]) - back
    return ask.world.after_business_days(wait.get("calendar"), wait["business_days"], day - back,
                                         ask)


def wait_after_day(wait, day, ask, pick=max):
    """When a wait after a civil day is over."""
    if isinstance(wait, list):
        return pick(wait_after_day(one, day, ask, pick) for one in wait)
    if "minutes" in wait or "hours" in wait:
        span = 60 * wait.get("minutes", 0) + 3600 * wait.get("hours", 0)
        return over_zones(pick, ask.day_zones, lambda zone: day_start(day, zone) + span)
    if set(wait) - {"days", "business_days", "months", "calendar", "first_day"}:
        raise Unsupported(f"wait {wait}")
    return over_zones(pick, ask.day_zones,
                      lambda zone: day_start(last_waiting_day(wait, day, ask) + 1, zone))


def deemed_day(deemed, event, day, ask):
    """The day on which something sent on `day` is taken to have arrived."""
    span = deemed.get(event.channel, deemed.get("any"))
    if span is None:
        raise Unsupported(f"deemed {deemed}")
    skip = set(deemed.get("skip", []))
    tokens = ask.world.calendar(deemed["calendar"], ask) if "calendar" in deemed else None
    left = span["days"]
    while left and day < LAST_DAY:
        day += 1
        name = WEEKDAYS[weekday(day)]
        holiday = tokens is not None and "holiday" in skip and any(
            one.token(day) == "holiday" for one in tokens)
        left -= name not in skip and not holiday
    return day
