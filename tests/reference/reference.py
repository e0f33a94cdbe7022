"""A second opinion on every decision, written from the design pages alone and slower on purpose.

    world = World("policies")
    world.decide({"contact": …, "facts": …, "evaluate_time": …})
        -> {"answer": "allowed", "denials": [], "next": None}

`judge` looks at one instant. `next` is found by trying: instants at which something may change are
gathered, and each is judged in turn with the same history.
"""

import pathlib

from calendars import END, WEEKDAYS, Calendar, as_date, day_start, local_day
from candidates import gather
from conditions import Ask, condition
from facts import Question, Unsupported, listed
from kinds import KINDS, lifted
from places import DECLARED_DAYS, PLACELESS, Places, read_yaml, whereabouts
from waits import LAST_DAY

PACK_KEYS = {"pack", "title", "jurisdiction", "parents", "reach", "week_starts", "holidays",
             "periods", "declares", "vocabulary", "switches", "rules", "not_rules"}
RULE_KEYS = {"id", "applies", "exceptions", "effect", "suggested", "status", "in_force",
             "confidence", "verified", "facts", "cites", "note", "same_as", "kind", "bars",
             "only_where_none_binds"}


class World:
    def __init__(self, policies, house=False):
        folder = pathlib.Path(policies)
        self.folder = folder
        self.places = Places(folder / "places")
        self.calendars, self.packs = {}, {}
        for path in sorted(folder.rglob("*.yaml")):
            if path.parent.name in ("places", "holidays", "facts", "treatments") \
                    or path.name.endswith(".scenarios.yaml"):
                continue
            if path.name == "house.yaml" and not house:
                continue
            document = read_yaml(path)
            unread = set(document) - PACK_KEYS
            if unread:
                raise Unsupported(f"{path}: {sorted(unread)}")
            self.packs[document["pack"]] = document
        self.rules = {rule["id"]: rule for pack in self.packs.values()
                      for rule in pack.get("rules") or []}
        for pack in self.packs.values():
            for rule in pack.get("rules") or []:
                self.complete(rule)
        # What is known of a question as long as its zone state is the same.
        self.cache = {}
        self.business_days = {}

    def complete(self, rule):
        """Names the kind of a rule, and takes over what `same_as` copies."""
        if "same_as" in rule:
            other = self.rules[rule["same_as"]]
            for key in (*KINDS, "bars", "kind", "exceptions"):
                if key in other and key != "exceptions":
                    rule.setdefault(key, other[key])
            if "exceptions" in other:
                rule["exceptions"] = other["exceptions"]
        kinds = [key for key in KINDS if key in rule]
        unread = set(rule) - RULE_KEYS - set(kinds)
        if unread:
            raise Unsupported(f"{rule['id']}: {sorted(unread)}")
        if "bars" not in rule and len(kinds) != 1:
            raise Unsupported(f"{rule['id']}: its kind")
        rule.setdefault("kind", kinds[0] if kinds else None)

    # ---- which packs bind ----

    def jurisdictions(self, question, now, reach):
        """Codes that bind by these ways, and those any of whose parts may be meant."""
        found, open_below = set(), set()

        def add(place):
            codes, below = self.places.jurisdictions_of(place)
            found.update(codes)
            open_below.update(below)

        if "borrower_place" in reach:
            for place in question.borrower["places"] or question.tenant["fallback_places"]:
                add(place)
            for said in self.said(question, now):
                if said.where == "elsewhere" and said.place:
                    add(said.place)
        if "number" in reach:
            point = question.points.get(question.contact["contact_point"])
            if point and point["kind"] == "phone" and point["value"]:
                country = self.places.country_of_number(point["value"])
                if country:
                    found.add(country)
        if "tenant_place" in reach:
            for place in question.tenant["seats"]:
                found.update(self.places.jurisdictions_of(place)[0])
        return found, open_below

    def binding(self, question, now):
        """The packs that bind, by name."""
        return self.once(self.binding_at, question, now)

    def binding_at(self, question, now):
        names = set()
        for name, pack in self.packs.items():
            codes, below = self.jurisdictions(question, now,
                                              pack.get("reach", ["borrower_place", "number"]))
            code = pack["jurisdiction"]
            if code == "*" or code in codes or any(
                    code.startswith(part + "-") for part in below):
                names.add(name)
        waiting = list(names)
        while waiting:
            for parent in self.packs[waiting.pop()].get("parents") or []:
                if parent in self.packs and parent not in names:
                    names.add(parent)
                    waiting.append(parent)
        return [self.packs[name] for name in sorted(names)]

    # ---- which clocks ----

    def once(self, find, question, now):
        """What `find` finds, which depends on no more of the instant than the zone state."""
        key = (find.__name__, question, self.zone_state(question, now))
        if key not in self.cache:
            if len(self.cache) > 1000:
                self.cache.clear()
            self.cache[key] = find(question, now)
        return self.cache[key]

    def borrower_zones(self, question, now):
        return self.clocks(question, now)[0]

    def clocks(self, question, now):
        """(zones that hours are read in, zones that days and waits are reckoned in)"""
        return self.once(self.clocks_at, question, now)

    def clocks_at(self, question, now):
        return self.zones_at(question, now), self.day_zones_at(question, now)

    def zone_state(self, question, now):
        """What of the instant matters to the zone set."""
        stamp = question.borrower["declared_zone_time"]
        if stamp is None and not question.whereabouts:
            return ((), False, 0)
        return (tuple(one.number for one in self.said(question, now)),
                stamp is not None and stamp <= now < stamp + DECLARED_DAYS * 86400,
                sum(end <= now for end in self.ends(question)))

    def ends(self, question):
        """When zones that were in the set for a time left it."""
        stamp = question.borrower["declared_zone_time"]
        ends = [] if stamp is None else [stamp + DECLARED_DAYS * 86400]
        for event in question.whereabouts:
            zones = self.zones_said(question, event)
            if event.until is not None:
                ends.append(event.until)
            elif event.last_day is not None and zones:
                ends.append(max(day_start(event.last_day + 1, zone) for zone in zones))
        return ends

    def said(self, question, now):
        if not question.whereabouts:
            return []
        return self.said_of(question, now)

    def said_of(self, question, now):
        """Statements in force about where the borrower is. A last day is over when it is so in
        every zone where they may be by their addresses or by that statement."""
        def over(event):
            zones = self.zones_said(question, event)
            return bool(zones) and all(local_day(now, zone) > event.last_day for zone in zones)
        return whereabouts(question, now, over)

    def zones_said(self, question, event):
        """Zones in which the last day of a statement about where the borrower is has to end."""
        zones = set()
        for place in [*question.borrower["places"], *([event.place] if event.place else [])]:
            zones |= self.places.of_address(place)[0]
        return zones

    def day_zones_at(self, question, now):
        """The set, and what takes the place of a declared zone once that is stale; where none is
        left, those that left last."""
        if question.borrower["declared_zone"] and self.zone_state(question, now)[1]:
            return sorted({question.borrower["declared_zone"],
                           *self.undeclared_zones(question, now)})
        zones = self.zones_at(question, now)
        for end in sorted((end for end in self.ends(question) if end <= now), reverse=True):
            zones = zones or self.zones_at(question, end - 1)
        return zones

    def zones_at(self, question, now):
        if question.borrower["declared_zone"] and self.zone_state(question, now)[1]:
            return [question.borrower["declared_zone"]]
        return self.undeclared_zones(question, now)

    def undeclared_zones(self, question, now):
        """Zones of addresses, of where the borrower said they are, and of phone numbers."""
        borrower = question.borrower
        zones, exact = self.address_zones(question)
        for one in self.said(question, now):
            if one.where == "elsewhere" and one.place:
                zones |= self.places.of_address(one.place)[0]
        party = question.person(question.contact["to"])
        for point in borrower["contact_points"]:
            owner = point["owner"] or "borrower"
            mine = owner in ("borrower", "employer") or owner == party[0]
            if point["kind"] != "phone" or not (
                    mine or point["id"] == question.contact["contact_point"]):
                continue
            zones |= self.zones_of_point(point, exact)
        return sorted(zones)

    def address_zones(self, question):
        """(zones of all current addresses, whether each is known down to its zone)."""
        return self.once(self.address_zones_at, question, question.at)

    def address_zones_at(self, question, _):
        places = question.borrower["places"]
        found, exact = frozenset(), bool(places)
        for place in places:
            zones, precise = self.places.of_address(place)
            found |= zones
            exact = exact and precise
        return found, exact

    def zones_of_point(self, point, address_known):
        if point["line"] in PLACELESS:
            return frozenset()
        zones, whole_country = self.places.of_number(point["value"])
        if whole_country and point["line"] == "mobile" and address_known:
            return frozenset()
        return zones

    def clock(self, clock, ask):
        question = ask.question
        if isinstance(clock, dict):
            return [clock["zone"]]
        if clock in ("borrower", "contacted"):
            return ask.zones
        if clock == "tenant":
            zones = set()
            for place in question.tenant["seats"]:
                zones |= self.places.of_address(place)[0]
            return sorted(zones)
        if clock == "number":
            point = ask.point()
            if point and point["kind"] == "phone" and point["line"] not in PLACELESS:
                zones, _ = self.places.of_number(point["value"])
                if zones:
                    return sorted(zones)
        if clock in ("number", "place"):
            zones, exact = self.address_zones(question)
            return sorted(zones) if exact and zones else ask.zones
        raise Unsupported(f"clock {clock}")

    def whereabouts(self, question, now):
        """Where the borrower is, as last said; what was said before does not come back."""
        told = [event for event in question.whereabouts if event.known_at <= now]
        return told[-1].where if told and told[-1] in self.said(question, now) else None

    # ---- names that packs give to things ----

    def calendar(self, name, ask):
        names = []
        for one in listed(name):
            names += listed(ask.pack.get("holidays") or []) if one == "pack" else [one]
        found = []
        for one in names:
            if "{subdivision}" in one:
                raise Unsupported(f"calendar {one}")
            if one not in self.calendars:
                self.calendars[one] = Calendar(self.folder / "holidays" / f"{one}.yaml")
            found.append(self.calendars[one])
        return found

    def after_business_days(self, name, count, day, ask):
        """The day on which so many business days after `day` are over; one far off where the
        calendars know no more."""
        calendars = tuple(self.calendar(name or "pack", ask))
        key = (calendars, count, day)
        if key not in self.business_days:
            while count and day < LAST_DAY:
                day += 1
                tokens = [calendar.token(day) for calendar in calendars]
                count -= not any(
                    token == "holiday" or WEEKDAYS.index(token) in calendar.weekend
                    for token, calendar in zip(tokens, calendars))
            self.business_days[key] = LAST_DAY if count else day
        return self.business_days[key]

    def period(self, name, ask):
        """A named period: of this pack, or of one that it includes."""
        waiting = [ask.pack]
        while waiting:
            pack = waiting.pop(0)
            if name in (pack.get("periods") or {}):
                return pack["periods"][name]
            waiting += [self.packs[p] for p in pack.get("parents") or [] if p in self.packs]
        raise Unsupported(f"period `{name}`")

    def answer(self, name, ask):
        """What was answered to a question that a pack declares, of whomever it is asked."""
        for pack in self.packs.values():
            for one in pack.get("declares") or []:
                if one["name"] == name:
                    of_tenant = one["of"] == "tenant"
                    return (ask.question.tenant["declared"] if of_tenant
                            else ask.question.declared).get(name)
        raise Unsupported(f"declared `{name}`")

    def switch(self, name, ask):
        for pack in self.packs.values():
            for one in pack.get("switches") or []:
                if one["name"] == name:
                    return bool(one["active"])
        raise Unsupported(f"switch `{name}`")

    # ---- judging ----

    def judge(self, question, now, trace=None):
        """Ids of the rules that deny at an instant, sorted."""
        found = set()
        packs = self.binding(question, now)
        if not question.borrower["places"] and not question.tenant["fallback_places"]:
            found.add("engine.no_jurisdiction")
        elif not packs:
            found.add("engine.no_pack")
        if not self.borrower_zones(question, now):
            found.add("engine.no_zone")
        for account in question.contact["accounts"]:
            ask = Ask(self, question, now, question.accounts[account])
            for pack in packs:
                for rule in pack.get("rules") or []:
                    what = self.rule(pack, rule, ask)
                    if trace is not None:
                        trace.setdefault(rule["id"], set()).add(what)
                    if what == "denied":
                        found.add(rule["id"])
        return sorted(found)

    def rule(self, pack, rule, ask):
        if not self.in_force(rule, ask):
            return "not in force"
        if rule.get("only_where_none_binds"):
            raise Unsupported(f"{rule['id']}: only_where_none_binds")
        ask = ask.of_rule(pack, rule)
        if condition(rule.get("applies"), ask) is False:
            return "does not apply"
        if any(lifted(entry, rule, ask) for entry in rule.get("exceptions") or []):
            return "spared"
        if rule.get("bars") == "contact" or KINDS[rule["kind"]](rule[rule["kind"]], rule, ask):
            return "denied"
        return "open"

    @staticmethod
    def in_force(rule, ask):
        if rule.get("status", "in_force") != "in_force":
            return False
        span = rule.get("in_force")
        if not span:
            return True
        days = ask.days()
        for key in ("from", "to"):
            date = span.get(key)
            if date in (None, "unknown") or not days:
                continue
            day = as_date(date).toordinal()
            if key == "from" and max(days) < day or key == "to" and min(days) > day:
                return False
        return True

    def decide(self, request, look_ahead=True, trace=None):
        question = request if isinstance(request, Question) else Question(request)
        denials = self.judge(question, question.at, trace)
        if not denials:
            return {"answer": "allowed", "denials": [], "next": None}
        opens = self.next_opening(question) if look_ahead else None
        return {"answer": "denied" if opens is None else "deferred", "denials": denials,
                "next": opens}

    def next_opening(self, question, limit=END):
        """The first candidate up to `limit` at which nothing denies. Whatever denied last is asked
        first."""
        blocker = None
        for candidate in gather(self, question, limit):
            if blocker is not None and self.denies(blocker, question, candidate):
                continue
            denials = self.judge(question, candidate)
            if not denials:
                return candidate
            blocker = denials[-1]
        return None

    def closed(self, question, now, suspects):
        """Does anything deny at an instant? The suspects are asked first."""
        return any(self.denies(one, question, now) for one in suspects) \
            or bool(self.judge(question, now))

    def denies(self, rule_id, question, now):
        """Does this rule deny at an instant?"""
        if rule_id not in self.rules:
            return rule_id in self.judge(question, now)
        for pack in self.binding(question, now):
            for rule in pack.get("rules") or []:
                if rule["id"] == rule_id:
                    return any(
                        self.rule(pack, rule, Ask(self, question, now, question.accounts[account]))
                        == "denied" for account in question.contact["accounts"])
        return False
