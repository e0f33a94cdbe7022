#!/usr/bin/env python3
"""Asks the engine and the reference the same questions around every jump of every zone's clocks.

    transitions.py --forbear BIN [--sample N] [--seed S] [--zones NAME …] [--workers K]
                   [--keep DIR]

A jump is a change of the offset from UTC between 1970 and 2037. Around each are put windows whose
edges are skipped or come twice, and events whose days end beside it. Of every question the answer,
the denying rule and the opening are compared, to the second.

Draws depend on the seed, the zone and the jump alone: `--zones NAME` makes a zone's questions
again. What differs is printed with the rule and both answers; `--keep` has the whole questions.
"""

import argparse
import bisect
import collections
import datetime
import functools
import json
import pathlib
import random
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zoneinfo

from calendars import END, WEEKDAYS, day_start, local_day, weekday, zone_info
from candidates import EPOCH, of_day
from conditions import Ask
from differential import Engine, spread
from facts import Question, minutes
from history import first_day_of
from questions import stamp
from reference import World
from waits import last_waiting_day
from worlds import all_zones

DAY = 86400
HOUR = 3600
JUMPS_A_BATCH = 40
# Rules on days put to one jump; over all jumps each has its turn.
DAY_RULES_A_JUMP = 8
MADE = [{"text": "made"}]

Jump = collections.namedtuple("Jump", "zone at before after")


# ---- jumps --------------------------------------------------------------------------------------


def offset(at, zone):
    reading = datetime.datetime.fromtimestamp(at, zone_info(zone))
    return int(reading.utcoffset().total_seconds())


def table(zone):
    """(instants at which the zone's file says that something changes, whether a rule goes on behind
    them); RFC 8536."""
    path = next(path for path in (pathlib.Path(folder) / zone for folder in zoneinfo.TZPATH)
                if path.is_file())
    data = path.read_bytes()

    def header(begin):
        magic, *counts = struct.unpack(">4s16x6l", data[begin:begin + 44])
        assert magic == b"TZif", path
        return counts
    # The first block is of 32 bits and for old programs; the whole table is behind it.
    isut, isstd, leap, times, types, chars = header(0)
    begin = 44 + 5 * times + 6 * types + chars + 8 * leap + isstd + isut
    times = header(begin)[3]
    listed = struct.unpack(f">{times}q", data[begin + 44:begin + 44 + 8 * times])
    return listed, b"," in data.rsplit(b"\n", 2)[1]


def jumps_of(zone):
    """All jumps of a zone, in order."""
    listed, goes_on = table(zone)
    found = {at for at in listed if 0 <= at <= END}
    # What follows by rule is found by looking: such jumps are weeks apart.
    for low in range(max([0, *listed]), END, DAY) if goes_on else ():
        high = min(low + DAY, END)
        if offset(low, zone) != offset(high, zone):
            before = offset(low, zone)
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle, zone) == before else (low, middle)
            found.add(high)
    return [Jump(zone, at, offset(at - 1, zone), offset(at, zone)) for at in sorted(found)
            if offset(at - 1, zone) != offset(at, zone)]


def unusual(jump):
    """Does a date come back, or is one left out whole? All such jumps are in every sample."""
    last, first = local_day(jump.at - 1, jump.zone), local_day(jump.at, jump.zone)
    return first < last or first > last + 1


@functools.lru_cache(maxsize=None)
def jump_instants(zone):
    return [jump.at for jump in jumps_of(zone)]


# ---- windows at a jump --------------------------------------------------------------------------


def clock(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


def closing(minute):
    return clock(minute % 1440 or 1440)


class Wall:
    """What the clocks on the wall show at a jump: they skip from `low` to `high`, or show all of it
    twice. Minutes of the day, since packs know no seconds."""

    def __init__(self, jump):
        low, high = (jump.at + min(jump.before, jump.after), jump.at + max(jump.before, jump.after))
        self.day, self.last_day = low // DAY + EPOCH, high // DAY + EPOCH
        self.length = high - low
        self.low, self.high = low // 60 % 1440, -(-high // 60) % 1440
        self.middle = (low + high) // 120 % 1440

    def windows(self):
        """{name: rows}"""
        always, today = list(WEEKDAYS), [WEEKDAYS[weekday(self.day)]]
        yesterday = [WEEKDAYS[weekday(self.day - 1)]]
        middle = self.middle

        def row(days, begin, end, **more):
            return {"days": days, "from": clock(begin % 1440), "to": closing(end), **more}
        found = {
            "opens_inside": [row(always, middle, middle + 600)],
            "closes_inside": [row(always, middle - 600, middle)],
            "whole_day": [row(today, 0, 1440)],
            "over_midnight": [row(yesterday, 22 * 60, middle) if 0 < middle < 22 * 60
                              else row(today, middle or 22 * 60, 2 * 60)],
        }
        if self.low != self.high:
            found["jump_alone"] = [row(today, self.low, self.high)]
            found["all_but_jump"] = [row(always, self.high, self.low)]
        if 2 * 60 < self.length < DAY:
            found["within_jump"] = [row(always, self.low + 1, self.high - 1)]
        edges = [row(always, self.high, 1440, from_exclusive=True)]
        if self.low:
            edges.append(row(always, 0, self.low, to_inclusive=True))
        found["sharp_edges"] = edges
        return found


def slots(rows):
    """Rows as a week in the facts."""
    return [{"days": [f"DAY_{day.upper()}" for day in row["days"]],
             "from": row["from"], "to": row["to"]} for row in rows]


# ---- rules on days ------------------------------------------------------------------------------


def cap(window, **more):
    return {"frequency_cap": {"limit": 1, "counts": "attempts", "window": window, **more}}


def wait_after(wait, after=None):
    return {"cooldown": {"after": after or {"event": "hardship"}, "wait": wait}}


# {name: (rule, what it counts from)}. Where weeks begin is their packs' matter: one for each day.
DAY_RULES = {
    "calendar_day": (cap({"calendar_day": 1}), "attempt"),
    "calendar_days": (cap({"calendar_day": 3}), "attempt"),
    "consecutive_days": (cap({"consecutive_days": 7}), "attempt"),
    "calendar_week": (cap({"calendar_week": 1}), "attempt"),
    "calendar_weeks": (cap({"calendar_week": 2}), "attempt"),
    "calendar_month": (cap({"calendar_month": 1}), "attempt"),
    "rolling_days": (cap({"rolling_days": 1}), "attempt"),
    "rolling_hours": (cap({"rolling_hours": 5}), "attempt"),
    "distinct_days": (cap({"rolling_days": 2}, distinct="local_day"), "attempt"),
    "gap": ({"frequency_cap": {"limit": 9, "counts": "attempts", "window": {"calendar_day": 1},
                               "gap": {"days": 1}}}, "attempt"),
    "wait_day": (wait_after({"days": 1}), "hardship"),
    "wait_days": (wait_after({"days": 5}), "hardship"),
    "wait_own_day": (wait_after({"days": 1, "first_day": "event"}), "hardship"),
    "wait_own_days": (wait_after({"days": 3, "first_day": "event"}), "hardship"),
    "wait_month": (wait_after({"months": 1}), "hardship"),
    "wait_own_months": (wait_after({"months": 2, "first_day": "event"}), "hardship"),
    "wait_business": (wait_after({"business_days": 1, "calendar": "xa-one"}), "hardship"),
    "wait_business_days": (wait_after({"business_days": 3, "calendar": "xa-two"}), "hardship"),
    "wait_hours": (wait_after({"hours": 26}), "hardship"),
    "wait_longest": (wait_after([{"hours": 24}, {"days": 1, "first_day": "event"}]), "hardship"),
    "due_days": (wait_after({"days": 2}, "account.due_on"), "due"),
    "due_months": (wait_after({"months": 1}, "account.due_on"), "due"),
    "due_hours": (wait_after({"hours": 3}, "account.due_on"), "due"),
    "last_day": ({"stop_contact": {"standing": "plan"}}, "plan"),
    "after_notice": ({"notice_first": {"notice": "first_notice", "wait": {"days": 2}}}, "notice"),
    # This one closes.
    "notice_owed": ({"notice_first": {"notice": "validation_notice", "within": {"days": 2},
                                      "after": {"event": "hardship"}}}, "hardship"),
}


def end_day(rule, day, ask):
    """With the start of which day something that counts from `day` is over; near it, for exact
    spans."""
    if "stop_contact" in rule:
        return day + 1
    body = next(rule[kind] for kind in ("frequency_cap", "cooldown", "notice_first")
                if kind in rule)
    wait = body.get("wait") or body.get("within") or body.get("gap")
    if wait is None:
        (unit, n), = body["window"].items()
        if unit.startswith("rolling"):
            return day + 1
        end = day + 1
        while first_day_of(unit, n, end, ask.pack) <= day:
            end += 1
        return end
    if isinstance(wait, list) or "hours" in wait:
        return day + (body["after"] != "account.due_on")
    return last_waiting_day(wait, day, ask) + 1


# ---- questions ----------------------------------------------------------------------------------


class Asked:
    """One question, to be put at several instants."""

    def __init__(self, batch, what, rule_id, request, zones, days, times=frozenset([0]), marks=()):
        self.world, self.what = batch.world, what
        self.pack, self.rule = batch.rules[rule_id]
        self.text = json.dumps(request)[:-1]
        self.question = Question({**request, "evaluate_time": stamp(1)})
        self.account = next(iter(self.question.accounts.values()))
        # Days of UTC on which it may open, and the times of day at which it may do so.
        self.zones, self.days, self.times = zones, sorted(set(days)), times
        self.marks = sorted(marks)
        self.known, self.blocks = {}, {}
        self.instants = []

    def line(self, at):
        return f'{self.text}, "evaluate_time": "{stamp(at)}"}}\n'

    def ask(self, at):
        return Ask(self.world, self.question, at, self.account)

    def denies(self, at):
        # All other rules of the folder are about another product.
        if at not in self.known:
            self.known[at] = self.world.rule(self.pack, self.rule, self.ask(at)) == "denied"
        return self.known[at]

    def block(self, day):
        """Instants of one day of UTC at which the answer may change."""
        if day not in self.blocks:
            begin, end = day * DAY, (day + 1) * DAY
            found = set(self.marks[bisect.bisect_left(self.marks, begin):
                                   bisect.bisect_left(self.marks, end)])
            for zone in self.zones:
                at = jump_instants(zone)
                found.update(at[bisect.bisect_left(at, begin):bisect.bisect_left(at, end)])
                for date in range(local_day(begin, zone), local_day(end, zone) + 1):
                    found |= edges_of(date, zone, self.times)
            self.blocks[day] = sorted(one for one in found if begin <= one < end and one <= END)
        return self.blocks[day]

    def opening(self, at):
        for day in self.days[bisect.bisect_left(self.days, at // DAY):]:
            for one in self.block(day):
                if one > at and not self.denies(one):
                    return one
        return None

    def expected(self, at):
        if not self.denies(at):
            return "allowed", frozenset(), None
        opens = self.opening(at)
        return "denied" if opens is None else "deferred", frozenset([self.rule["id"]]), opens

    def fault(self, at, answer):
        """What the engine's answer ought to be, where it is another."""
        wanted = self.expected(at)
        if answer != wanted:
            return wanted
        opens = answer[2]
        if opens is not None and opens - 1 > at and not self.denies(opens - 1):
            return f"open already one second before {stamp(opens)}"
        return None


edges_of = functools.lru_cache(maxsize=100_000)(of_day)


def place(code, zone=None):
    found = {"kind": "TIED_TO_HOME", "country": code[:2]}
    if "-" in code:
        found["subdivision"] = code
    if zone:
        found["zone"] = zone
    return found


def request(product, places, history=(), tenant=None, due=None, declared=None):
    borrower = {"places": places, "contact_points": [
        {"id": "e0", "kind": "POINT_KIND_EMAIL", "value": "one@example.com"}]}
    if declared:
        borrower["declared_zone"], borrower["declared_zone_time"] = declared
    account = {"id": "d0", "role": "ROLE_CREDITOR", "product": "PRODUCT_DECLARED",
               "product_name": product}
    if due:
        account["due_date"] = date(due)
    facts = {"borrower": borrower, "accounts": [account]}
    if history:
        facts["history"] = list(history)
    if tenant:
        facts["tenant"] = tenant
    return {"contact": {"accounts": ["d0"], "channel": "CHANNEL_EMAIL", "contact_point": "e0"},
            "facts": facts}


def date(day):
    return datetime.date.fromordinal(day).isoformat()


class Batch:
    """Some jumps, the folder of packs for them, and all questions."""

    def __init__(self, jumps, seed, folder):
        self.jumps, self.seed = jumps, seed
        self.draws = [random.Random(f"forbear/{seed}/{jump.zone}/{jump.at}") for jump in jumps]
        self.places = {"countries": {"XA": ["UTC"]}, "subdivisions": {"XA-D": {"zones": ["UTC"]}}}
        self.products = {"slots", "named", *DAY_RULES}
        packs = [self.pack_of_jump(n, jump) for n, jump in enumerate(jumps)]
        packs += self.packs_of_days()
        self.write(folder, packs)
        self.world = World(folder)
        self.rules = {rule["id"]: (pack, rule) for pack in self.world.packs.values()
                      for rule in pack["rules"]}
        self.asked = []
        for n, jump in enumerate(jumps):
            self.ask_windows(n, jump)
            self.ask_whole_days(n, jump)
            self.ask_days(n, jump)

    # ---- packs ----

    def rule(self, name, product, body):
        self.products.add(product)
        return {"id": name, "applies": {"account.product": product}, **body, "cites": MADE}

    def pack_of_jump(self, n, jump):
        """The windows of one jump are the law of a place of their own."""
        draw, wall = self.draws[n], Wall(jump)
        self.places["subdivisions"][f"XA-{n}"] = {"zones": ["UTC"]}
        rules = []
        for name, rows in wall.windows().items():
            body = {"windows": rows}
            if draw.random() < 0.12:
                body["clock"] = {"zone": jump.zone}
            rules.append(self.rule(f"xa-{n}.{name}", name, {"contact_hours": body}))
        rules.append(self.rule(f"xa-{n}.blackout", "blackout", {
            "day_blackout": {"days": [WEEKDAYS[weekday(wall.day)]]}}))
        if wall.day >= EPOCH:
            rules.append(self.rule(f"xa-{n}.one_day", "one_day", {
                "in_force": {"from": date(wall.day), "to": date(wall.day)},
                "bars": "contact", "kind": "day_blackout"}))
        return {"pack": f"xa-{n}", "title": "Made", "jurisdiction": f"XA-{n}", "rules": rules}

    def packs_of_days(self):
        rules = [self.rule("xd.slots", "slots", {"contact_hours": {
            "source": {"of": "tenant_hours", "as": "only"}}}),
            self.rule("xd.named", "named", {"inconvenient": {"honours": ["times"]}})]
        weeks = {name for name in DAY_RULES if name.startswith("calendar_week")}
        rules += [self.rule(f"xd.{name}", name, body) for name, (body, _) in DAY_RULES.items()
                  if name not in weeks]
        yield {"pack": "xd", "title": "Made", "jurisdiction": "XA-D",
               "vocabulary": {"products": sorted(self.products | {
                   f"{name}_{day}" for name in weeks for day in WEEKDAYS})}, "rules": rules}
        for day in WEEKDAYS:
            yield {"pack": f"xd-{day}", "title": "Made", "jurisdiction": "XA-D", "week_starts": day,
                   "rules": [self.rule(f"xd-{day}.{name}", f"{name}_{day}", DAY_RULES[name][0])
                             for name in sorted(weeks)]}

    def write(self, folder, packs):
        def dump(value, path):
            # JSON is YAML, and quickly written.
            path.write_text(json.dumps(value) + "\n", "utf-8")
        for name in ("places", "holidays", "packs"):
            (folder / name).mkdir(parents=True)
        dump(self.places, folder / "places" / "xa.yaml")
        (folder / "places" / "phone-prefix-time-zones.txt").write_text("1|America/New_York\n")
        for name, weekend in (("xa-one", ["sat", "sun"]), ("xa-two", ["wed", "thu"])):
            dump({"title": "Made", "source": "made", "years": [1970, 2037], "weekend": weekend,
                  "days": [{"fixed": "05-01"}]}, folder / "holidays" / f"{name}.yaml")
        for pack in packs:
            dump(pack, folder / "packs" / f"{pack['pack']}.yaml")
        dump({"pack": "house", "title": "House", "jurisdiction": "*", "rules": []},
             folder / "house.yaml")

    # ---- windows ----

    def ask_windows(self, n, jump):
        draw, wall = self.draws[n], Wall(jump)
        days = range(jump.at // DAY - 4, jump.at // DAY + 18)
        common = around(jump)
        windows = wall.windows()
        for name, rows in windows.items():
            times = edge_times(rows)
            clock_zone = self.rules[f"xa-{n}.{name}"][1]["contact_hours"].get("clock")
            declared = None
            if clock_zone is None and draw.random() < 0.12:
                # As long as it is fresh hours are read on it alone.
                declared = jump.zone, stamp(max(1, jump.at - 30 * DAY))
            where = place(f"XA-{n}", None if clock_zone or declared else jump.zone)
            self.add(Asked(self, "windows", f"xa-{n}.{name}",
                           request(name, [where], declared=declared), [jump.zone], days, times),
                     common | edge_instants(wall, rows, jump.zone))
        # The same as weeks told in the facts: the house's hours, and times a borrower ruled out.
        for name in ("slots", "named"):
            rows = windows[draw.choice(sorted(set(windows) - {"sharp_edges"}))]
            where = [place("XA-D", jump.zone)]
            told = request("slots", where, tenant={"contact_hours": {"slots": slots(rows)}}) \
                if name == "slots" else request("named", where, [
                    {"name": "EVENT_NAME_INCONVENIENT_TIME", "event_time": stamp(1),
                     "windows": slots(rows)}])
            some = edge_instants(wall, rows, jump.zone) | set(draw.sample(sorted(common), 4))
            self.add(Asked(self, "windows", f"xd.{name}", told, [jump.zone], days,
                           edge_times(rows)), some)

    def ask_whole_days(self, n, jump):
        """A weekday without contact, and a rule that is in force on one date alone."""
        days = range(jump.at // DAY - 4, jump.at // DAY + 18)
        for name in ("blackout", "one_day"):
            if f"xa-{n}.{name}" in self.rules:
                self.add(Asked(self, "days", f"xa-{n}.{name}",
                               request(name, [place(f"XA-{n}", jump.zone)]), [jump.zone], days),
                         set(near(jump, 8)) | {jump.at - 1, jump.at, jump.at + 1})

    # ---- days that end at the jump ----

    def ask_days(self, n, jump):
        draw, wall = self.draws[n], Wall(jump)
        ends = sorted({wall.day, wall.last_day, local_day(jump.at - 1, jump.zone),
                       local_day(jump.at, jump.zone) + 1})
        length = abs(jump.after - jump.before)
        for name in draw.sample(sorted(DAY_RULES), DAY_RULES_A_JUMP):
            # From an event whose days end beside the jump, and from one beside the jump.
            self.ask_day(n, jump, name, draw.choice(ends), None)
            self.ask_day(n, jump, name, draw.choice(ends), jump.at + draw.choice(
                [-1, 0, 1, -length, length - 1, length, draw.randint(-6 * HOUR, 6 * HOUR)]))

    def ask_day(self, n, jump, name, end, event):
        draw = self.draws[n]
        zones, places = [jump.zone], [place("XA-D", jump.zone)]
        if draw.random() < 0.1:
            zones.append(draw.choice(all_zones_once()))
            places.append(place("XA-D", zones[1]))
        product, rule_id = name, f"xd.{name}"
        if name.startswith("calendar_week"):
            begins = WEEKDAYS[weekday(end)]
            product, rule_id = f"{name}_{begins}", f"xd-{begins}.{name}"
        pack, rule = self.rules[rule_id]
        anchor = DAY_RULES[name][1]
        ask = Ask(self.world, Question({**request(product, places), "evaluate_time": stamp(1)}), 1,
                  None, pack, rule)
        if event is None:
            day = end
            while end_day(rule, day, ask) > end:
                day -= 1
            begin, over = day_start(day, jump.zone), day_start(day + 1, jump.zone)
            event = draw.choice([begin, over - 1, draw.randint(begin, max(begin, over - 1))])
        else:
            day = local_day(event, jump.zone)
        if event < 1 or day < EPOCH:
            return
        told = {"event_time": stamp(event)}
        history, due = [told], None
        if anchor == "attempt":
            told.update(name="EVENT_NAME_ATTEMPT", channel="CHANNEL_EMAIL", contact_point="e0",
                        outcome="OUTCOME_DELIVERED")
        elif anchor == "notice":
            told.update(name="EVENT_NAME_NOTICE", notice="NOTICE_KIND_FIRST_NOTICE",
                        channel="CHANNEL_EMAIL", contact_point="e0")
        elif anchor == "plan":
            told.update(name="EVENT_NAME_PLAN", event_time=stamp(max(1, event - DAY)),
                        last_day=date(day))
        elif anchor == "hardship":
            told["name"] = "EVENT_NAME_HARDSHIP"
        else:
            history, due = [], day
        # The exact end of what runs by the hour, from the event and from the start of a day.
        spans = {DAY, 2 * DAY, 5 * HOUR, 26 * HOUR}
        marks = {event + span for span in spans}
        marks |= {day_start(day, zone) + 3 * HOUR for zone in zones}
        days = {event // DAY, event // DAY + 1, draw.randint(event // DAY, end - EPOCH)
                if end - EPOCH > event // DAY else event // DAY}
        over = {day_start(end_day(rule, local_day(event, zone), ask), zone) for zone in zones}
        over |= {day_start(end_day(rule, day, ask), zone) for zone in zones}
        for one in over:
            days |= set(range(one // DAY - 1, one // DAY + 3))
        days |= {one // DAY for one in marks}
        asked = Asked(self, "days", rule_id, request(product, places, history, due=due), zones,
                      days, marks=marks)
        opens = asked.opening(event + 1) if asked.denies(min(event + 1, END)) else None
        opens = max(over) if opens is None else opens
        self.add(asked, {at for at in (event + 1, opens - 1, opens, jump.at) if at > event})

    def add(self, asked, instants):
        asked.instants = sorted(at for at in instants if 1 <= at <= END)
        self.asked.append(asked)


@functools.lru_cache(maxsize=None)
def all_zones_once():
    return all_zones()


def near(jump, count):
    """Of the starts of days and their last seconds those that are nearest."""
    days = range(local_day(jump.at - 1, jump.zone) - 1, local_day(jump.at, jump.zone) + 3)
    starts = {one for day in days for one in edges_of(day, jump.zone, frozenset([0]))}
    return sorted(starts | {one - 1 for one in starts}, key=lambda one: abs(one - jump.at))[:count]


def around(jump):
    length = abs(jump.after - jump.before)
    found = {jump.at + one for one in (-1, 0, 1, -length, length, -HOUR, HOUR)}
    return found | set(near(jump, 4))


def edge_times(rows):
    """Seconds of the day at which rows open and close."""
    found = {0}
    for row in rows:
        begin, end = 60 * minutes(row["from"]), 60 * minutes(row["to"])
        found |= {begin + (1 if row.get("from_exclusive") else 0),
                  (end + (1 if row.get("to_inclusive") else 0)) % DAY}
    return frozenset(found)


def edge_instants(wall, rows, zone):
    """When clocks show the edges on the days of the jump, both times where they do so twice."""
    times = frozenset({60 * minutes(row[key]) % DAY for row in rows for key in ("from", "to")})
    # The starts of days, which come along, are asked about by `around`.
    found = set()
    for day in {wall.day, wall.last_day}:
        found |= edges_of(day, zone, times) - edges_of(day, zone, frozenset())
    return {one + near for one in found for near in (-1, 0, 1)}


# ---- the run ------------------------------------------------------------------------------------


def run_batch(arguments):
    program, seed, jumps, keep = arguments
    result = {"asked": collections.Counter(), "answers": collections.Counter(), "failed": [],
              "jumps": len(jumps)}
    with tempfile.TemporaryDirectory(prefix="forbear-transitions-") as folder:
        batch = Batch(jumps, seed, pathlib.Path(folder) / "policies")
        put = [(asked, at) for asked in batch.asked for at in asked.instants]
        answers = answers_to(program, pathlib.Path(folder) / "policies",
                             (asked.line(at) for asked, at in put))
        for (asked, at), answer in zip(put, answers):
            result["asked"][asked.what] += 1
            result["answers"][answer[0] if isinstance(answer, tuple) else "refused"] += 1
            wanted = asked.fault(at, answer)
            if wanted is not None:
                body = {key: value for key, value in asked.rule.items()
                        if key not in ("applies", "cites")}
                result["failed"].append((asked.zones[0], at, body, answer, wanted, asked.line(at)))
        whole_judgement(batch, result)
        if keep and result["failed"]:
            save(keep, folder, jumps, result["failed"])
    return result


def whole_judgement(batch, result):
    """For a few it is made sure that no other rule of the folder has a say."""
    for asked in batch.asked[::10]:
        at = asked.instants[0] if asked.instants else None
        if at is not None:
            found = batch.world.judge(asked.question, at)
            if found != ([asked.rule["id"]] if asked.denies(at) else []):
                result["failed"].append((asked.zones[0], at, asked.rule, "(not asked)",
                                         f"all rules: {found}", asked.line(at)))


def answers_to(program, folder, lines):
    text = "".join(lines)
    run = subprocess.run([program, "decide", "--policies", folder, "--without-house"], input=text,
                         capture_output=True, text=True, check=False)
    found = run.stdout.splitlines()
    if len(found) != text.count("\n"):
        raise SystemExit(f"{program}: {len(found)} answers to {text.count(chr(10))} questions: "
                         f"{run.stderr[-2000:]}")
    return [Engine.read(json.loads(line)) for line in found]


def save(keep, folder, jumps, failed):
    """The folder of packs, and the questions that differ, one a line."""
    target = pathlib.Path(keep) / f"{jumps[0].zone.replace('/', '-')}-{jumps[0].at}"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target)
    (target / "questions.jsonl").write_text("".join(one[-1] for one in failed), "utf-8")


def refused_zones(program, zones):
    """{zone: error} of those that the engine does not know."""
    with tempfile.TemporaryDirectory(prefix="forbear-transitions-") as folder:
        Batch([], 0, pathlib.Path(folder) / "policies")
        lines = [json.dumps({**request("slots", [place("XA-D", zone)]),
                             "evaluate_time": stamp(DAY)}) + "\n" for zone in zones]
        answers = answers_to(program, pathlib.Path(folder) / "policies", lines)
    return {zone: answer for zone, answer in zip(zones, answers) if isinstance(answer, str)}


def gathered(zones, seed, apart):
    """(jumps to ask about, names whose jumps are those of an earlier one, names without any). Of a
    name that is equal to another one jump is asked about, drawn at random."""
    found, equal, still = [], [], []
    seen = set()
    for zone in zones:
        jumps = jumps_of(zone)
        key = offset(0, zone), tuple(jump[1:] for jump in jumps)
        if not jumps:
            still.append(zone)
        elif key in seen and not apart:
            equal.append(zone)
            found.append(random.Random(f"forbear/{seed}/{zone}").choice(jumps))
        else:
            found += jumps
        seen.add(key)
    return found, equal, still


def show(answer):
    if not isinstance(answer, tuple):
        return answer
    word, rules, opens = answer
    return f"{word} [{', '.join(sorted(rules))}]" + (f" until {stamp(opens)}" if opens else "")


def told(facts):
    """Of the facts what changes from question to question."""
    found = ", ".join(one["event_time"] for one in facts.get("history", []))
    found = f", event {found}" if found else ""
    if "due_date" in facts["accounts"][0]:
        found += f", due {facts['accounts'][0]['due_date']}"
    zones = [one.get("zone") for one in facts["borrower"]["places"]]
    return found + (f", also in {zones[1]}" if len(zones) > 1 else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--forbear", required=True)
    parser.add_argument("--sample", type=int, help="so many jumps, drawn at random, all "
                        "where a date comes back or is left out among them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--zones", nargs="*", help="all jumps of these alone")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--keep", help="where to put questions that differ, with their packs")
    options = parser.parse_args()
    began = time.monotonic()
    zones = options.zones or all_zones()
    refused = refused_zones(options.forbear, zones)
    jumps, equal, still = gathered(sorted(set(zones) - set(refused)), options.seed,
                                   bool(options.zones))
    print(f"{len(zones)} zones, {len(equal)} of them with the jumps of another name (one jump of "
          f"each is asked about), {len(still)} without a jump, {len(refused)} refused; "
          f"{len(jumps)} jumps")
    for zone, error in list(refused.items())[:20]:
        print(f"{zone} is refused: {error}")
    if options.sample is not None and options.sample < len(jumps):
        rare = [jump for jump in jumps if unusual(jump)]
        rest = sorted(set(jumps) - set(rare))
        draw = random.Random(f"forbear/{options.seed}/sample")
        jumps = sorted(rare + draw.sample(rest, max(0, options.sample - len(rare))))
    work = [(options.forbear, options.seed, jumps[i:i + JUMPS_A_BATCH], options.keep)
            for i in range(0, len(jumps), JUMPS_A_BATCH)]
    total = {"asked": collections.Counter(), "answers": collections.Counter(), "failed": [],
             "jumps": 0}
    for result in spread(run_batch, work, options.workers):
        for key in total:
            total[key] += result[key]
    for zone, at, rule, answer, wanted, line in total["failed"][:20]:
        print(f"{zone} at {stamp(at)}{told(json.loads(line)['facts'])}: {json.dumps(rule)}\n"
              f"    engine {show(answer)}\n    reference {show(wanted)}")
    report(options, total, refused, time.monotonic() - began)
    sys.exit(1 if total["failed"] or refused else 0)


def report(options, total, refused, seconds):
    used = sum(one.ru_utime + one.ru_stime for one in map(
        resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
    count, failed = sum(total["asked"].values()), len(total["failed"])
    print(f"seed {options.seed}: {total['jumps']} jumps, {count} questions in {seconds:.0f} s "
          f"({used:.0f} s of CPU)")
    print("about " + ", ".join(f"{what} {n}" for what, n in sorted(total["asked"].items()))
          + "; answers: " + ", ".join(f"{word} {n}"
                                      for word, n in sorted(total["answers"].items())))
    if failed:
        for what, names in (("rules", [rule["id"].split(".")[1] for _, _, rule, *_ in
                                       total["failed"]]),
                            ("zones", [one[0] for one in total["failed"]])):
            print(f"{what} that differ: " + ", ".join(
                f"{name} {n}" for name, n in collections.Counter(names).most_common(20)))
    print(f"{count - failed} passed, {failed + len(refused)} failed")


if __name__ == "__main__":
    main()
