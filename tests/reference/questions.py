"""Random questions about a random folder of packs, near the instants where answers change."""

import datetime

from calendars import END, day_start, local_day, zone_info
from facts import minutes
from candidates import walk
from worlds import (CHANNELS, COVERS, DAY, FIRMS, FOUND, ITEMS, LANGUAGES, LICENCES, MESSAGE_FLAGS,
                    NOTICES, NUMBERS, OUTCOMES, POINT_OF, PRODUCTS, PURPOSES, RELATIONS, ROLES,
                    STANDINGS, TAGS, UTC, VIAS)


def stamp(instant):
    return datetime.datetime.fromtimestamp(instant, UTC).isoformat()[:19] + "Z"


def enum(prefix, word):
    return f"{prefix}_{word.upper()}"


class Asker:
    """Makes the questions of one batch."""

    def __init__(self, batch):
        self.batch, self.draw = batch, batch.draw
        self.edges = sorted({60 * minutes(value) for pack in batch.packs
                             for key, value in walk(pack["rules"])
                             if key in ("from", "to") and isinstance(value, str) and ":" in value})
        self.transitions = [t for zone in batch.zones for t in self.jumps(zone)]

    def jumps(self, zone):
        """Some instants at which clocks of a zone jump."""
        found = []
        info = zone_info(zone)

        def offset(at):
            return datetime.datetime.fromtimestamp(at, info).utcoffset()
        years = self.draw.sample(range(1971, 2037), 12)
        for year in years:
            begin = int(datetime.datetime(year, 1, 1, tzinfo=UTC).timestamp())
            for a in range(begin, begin + 365 * DAY, 30 * DAY):
                low, high = a, a + 30 * DAY
                if offset(low) != offset(high):
                    while high - low > 1:
                        middle = (low + high) // 2
                        if offset(middle) == offset(low):
                            low = middle
                        else:
                            high = middle
                    found.append(high)
        return found

    # ---- the instant ----

    def instant(self):
        d = self.draw
        zone = d.choice(self.batch.zones)
        kind = d.weighed([("plain", 4), ("jump", 2), ("border", 2)])
        if kind == "jump" and self.transitions:
            base = d.choice(self.transitions)
            day = local_day(base + d.choice([-DAY, 0, 0, 0, DAY]), zone)
        elif kind == "border":
            year = d.choice([1972, 1999, 2000, 2024, 2028, 2037, d.randint(1971, 2036)])
            month, date = d.choice([(2, 28), (2, 29), (3, 1), (12, 31), (1, 1), (1, 31), (4, 30)])
            if date == 29 and year % 4:
                date = 28
            day = datetime.date(year, month, date).toordinal()
        else:
            day = datetime.date(2020, 1, 1).toordinal() + d.randint(0, 3650) \
                if d.chance(0.7) else datetime.date(1971, 1, 1).toordinal() + d.randint(0, 24000)
        second = d.weighed([(d.choice(self.edges or [0]), 4), (0, 2), (d.randint(0, 86399), 4),
                            (d.randint(36000, 61200), 5)])
        wall = datetime.datetime.fromordinal(day) + datetime.timedelta(seconds=second)
        at = int(wall.replace(tzinfo=zone_info(zone), fold=d.randint(0, 1)).timestamp())
        at += d.choice([-1, 0, 0, 1, 0])
        return min(max(at, 400 * DAY), END - 40 * DAY)

    def before(self, at):
        """Some earlier instant, often a whole span away or a second beside it."""
        d = self.draw
        span = d.weighed([(0, 1), (d.randint(0, 40) * DAY, 3), (d.randint(0, 10) * DAY, 5),
                          (d.randint(0, 60) * 3600, 3), (d.randint(0, 30 * DAY), 5),
                          (d.randint(0, 400 * DAY), 1), (d.choice([300, 5400]), 1)])
        then = at - span + d.choice([-1, 0, 0, 1])
        if d.chance(0.15):
            zone = d.choice(self.batch.zones)
            then = day_start(local_day(then, zone), zone) + d.choice([-1, 0, 1])
        return max(1, min(then, at))

    def date(self, at, least, most):
        day = datetime.datetime.fromtimestamp(at, UTC).toordinal() + self.draw.randint(least, most)
        return datetime.date.fromordinal(day).isoformat()

    # ---- the facts ----

    def place(self, kind="HOME"):
        d = self.draw
        place = {"kind": f"TIED_TO_{kind}", "country": "XA"}
        which = d.weighed([("XA-1", 5), ("XA-2", 4), (None, 0.4), ("XA-9", 0.1)])
        if which:
            place["subdivision"] = which
        if which == "XA-1":
            if d.chance(0.9):
                place["city"] = d.choice(["Cee", "Elsewhere", "Old Cee", "Dee"])
        elif which == "XA-2":
            place["city"] = "Foo"
            if d.chance(0.4):
                place["postal_code"] = d.choice(["91", "981", "77"])
        if d.chance(0.06):
            place["zone"] = d.choice(self.batch.zones)
        return place

    def question(self):
        d = self.draw
        at = self.instant()
        borrower = {"places": [self.place() for _ in range(d.weighed([(1, 6), (2, 2), (0, 0.3)]))]}
        if d.chance(0.2):
            borrower["places"].append(self.place("WORK"))
        if d.chance(0.1) and "declared_zone" not in self.batch.refused:
            borrower["declared_zone"] = d.choice(self.batch.zones)
            borrower["declared_zone_time"] = stamp(max(1, at - d.choice(
                [0, 10 * DAY, 90 * DAY, 90 * DAY - 1, 90 * DAY + 1, 89 * DAY, 200 * DAY])))
        if d.chance(0.15):
            borrower["birth_date"] = self.date(at, -40 * 365, -10 * 365) if at > 15000 * DAY \
                else "1950-05-05"
        if d.chance(0.1):
            borrower["refused_channels"] = [enum("CHANNEL", c) for c in d.some(CHANNELS, 2)]
        self.parties = [{"id": f"p{i}", "relation": enum("RELATION", r)}
                        for i, r in enumerate(d.some(RELATIONS, 3))] if d.chance(0.5) else []
        if self.parties:
            borrower["parties"] = self.parties
        self.points = self.contact_points()
        borrower["contact_points"] = self.points
        accounts = [self.account(i, at) for i in range(d.weighed([(1, 4), (2, 3), (3, 1)]))]
        self.accounts = [one["id"] for one in accounts]
        facts = {"borrower": borrower, "accounts": accounts}
        tenant = {}
        if d.chance(0.5) or not borrower["places"]:
            tenant["fallback_places"] = [self.place()]
        if d.chance(0.5):
            tenant["seats"] = [{"subdivision": "XA-1", **self.place("WORK")}]
        if d.chance(0.4):
            tenant["kind"] = enum("FIRM_KIND", d.choice([*FIRMS, "unknown"]))
        if d.chance(0.4):
            tenant["licences"] = {"words": d.some(LICENCES, 2, 0)}
        if d.chance(0.3):
            tenant["contact_hours"] = {"slots": self.slots()}
        if d.chance(0.2):
            borrower["work_hours"] = {"slots": self.slots()}
        if d.chance(0.3):
            borrower["language"] = d.choice(LANGUAGES)
        if d.chance(0.4):
            facts["declared"], tenant["declared"] = self.declared(at)
        if tenant:
            facts["tenant"] = tenant
        if d.chance(0.1):
            facts["channel_consent"] = enum("CHANNEL_CONSENT", d.choice(
                ["given_long_ago", "only_history"]))
        if d.chance(0.3):
            facts["notices_given_by_default"] = True
        if d.chance(0.5):
            facts["papers_in_order_by_default"] = True
            if d.chance(0.5):
                facts["lacks"] = d.some([*ITEMS, *LICENCES, *TAGS], 3)
        self.inbounds = []
        count = d.weighed([(0, 1), (d.randint(1, 4), 4), (d.randint(3, 10), 4),
                           (d.randint(10, 25), 1)])
        times = sorted(self.before(at) for _ in range(count))
        facts["history"] = [self.event(i, then, at) for i, then in enumerate(times)]
        if d.chance(0.06) and any(p["kind"].endswith("PHONE") for p in self.points):
            point = next(p["id"] for p in self.points if p["kind"].endswith("PHONE"))
            facts["history"].append({"id": "live", "name": "EVENT_NAME_INBOUND",
                                     "event_time": stamp(at), "channel": "CHANNEL_CALL",
                                     "contact_point": point, "outcome": "OUTCOME_RINGING"})
            self.inbounds += ["live"] * 4
        if d.chance(0.3):
            d.shuffle(facts["history"])
        if not facts["history"]:
            del facts["history"]
        return {"facts": facts, "contact": self.contact(), "evaluate_time": stamp(at)}

    def contact_points(self):
        d = self.draw
        points = []
        for i, (value, line) in enumerate(d.sample(NUMBERS, d.weighed([(1, 5), (2, 3), (3, 1)]))):
            points.append({"id": f"m{i}", "kind": "POINT_KIND_PHONE", "value": value,
                           "line": enum("LINE", line)})
        points.append({"id": "e0", "kind": "POINT_KIND_EMAIL", "value": "one@example.com"})
        points.append({"id": "l0", "kind": "POINT_KIND_POSTAL", "value": "1 Made Road"})
        if d.chance(0.6):
            points.append({"id": "a0", "kind": "POINT_KIND_APP", "value": "app-one"})
        if d.chance(0.6):
            points.append({"id": "s0", "kind": "POINT_KIND_SOCIAL", "value": "made-one"})
        for point in points:
            if point["id"] == "l0" and "visit_untied" in self.batch.refused:
                point["tied_to"] = enum("TIED_TO", d.choice(["home", "work"]))
            elif d.chance(0.4):
                point["tied_to"] = enum("TIED_TO", d.choice(["home", "home", "work", "none"]))
            if d.chance(0.1):
                point["shared"] = True
            if d.chance(0.6):
                point["source"] = enum("POINT_SOURCE", d.choice(
                    ["borrower", "transaction", "skip_trace", "creditor_file", "unknown"]))
            if self.parties and d.chance(0.15) and not (
                    point["kind"].endswith("PHONE") and "party_phone" in self.batch.refused):
                party = d.choice(self.parties)
                point.update(owner=party["relation"], party=party["id"])
            elif d.chance(0.05) and "employer_point" not in self.batch.refused:
                point["owner"] = "RELATION_EMPLOYER"
        return points

    def account(self, i, at):
        d = self.draw
        account = {"id": f"d{i}", "role": enum("ROLE", d.choice(ROLES)),
                   "product": enum("PRODUCT", d.choice(PRODUCTS))}
        if d.chance(0.85):
            account["due_date"] = self.date(at, -d.choice([5, 32, 95, 400]), 0)
        for name in ("placed_date", "defaulted_date"):
            if d.chance(0.6):
                account[name] = self.date(at, -d.choice([8, 40, 400]), 0)
        if d.chance(0.4):
            account["original_creditor"] = d.choice(["First Made Bank", "Second Made Bank"])
        if d.chance(0.4):
            account["account_number_at_placement"] = d.choice(["n1", "n2"])
        if d.chance(0.4):
            account["limitation_expires_date"] = self.date(at, -40, 40)
        if d.chance(0.4):
            account["kind"] = enum("ACCOUNT_KIND", d.choice(["consumer", "commercial", "unknown"]))
        if d.chance(0.4):
            account["held_as"] = enum("HELD_AS", d.choice(["originated", "placed", "bought"]))
        if d.chance(0.4):
            account["creditor_kind"] = enum("FIRM_KIND", d.choice(FIRMS))
        if d.chance(0.4):
            account["secured"] = d.chance(0.5)
        if d.chance(0.2) and "stale_told" not in self.batch.refused:
            account["stale"] = d.chance(0.5)
        if d.chance(0.2):
            account["contact_hours"] = {"slots": self.slots()}
        if d.chance(0.6) or "balance_untold" in self.batch.refused:
            account["balance"] = {"minor_units": d.choice(["5000", "5001", "100"]),
                                  "currency": "XTS"}
        if d.chance(0.2):
            account["stage"] = enum("STAGE", d.choice(["overdue", "judgment", "in_court"]))
        return account

    def declared(self, at):
        """(answers of the file, answers of the tenant)"""
        d = self.draw
        of_file, of_tenant = [], []
        for pack in self.batch.packs:
            flag, day, number = (one["name"] for one in pack["declares"])
            if d.chance(0.4):
                of_file.append({"name": flag, "flag": d.chance(0.5)})
            if d.chance(0.4):
                of_tenant.append({"name": day, "date": self.date(at, -32, 0)})
            if d.chance(0.4):
                of_file.append({"name": number, "number": str(d.randint(0, 4))})
        return of_file, of_tenant

    def to(self):
        d = self.draw
        if self.parties and d.chance(0.2):
            party = d.choice(self.parties)
            return {"relation": party["relation"], "party": party["id"]}
        return None

    def point(self, channel):
        wanted = f"POINT_KIND_{POINT_OF[channel].upper()}"
        fitting = [p["id"] for p in self.points if p["kind"] == wanted]
        return self.draw.choice(fitting) if fitting else None

    def channel(self):
        while True:
            channel = self.draw.weighed([("call", 6), ("sms", 3), ("email", 3), ("voicemail", 2),
                                         ("letter", 2), *[(c, 0.6) for c in CHANNELS]])
            if self.point(channel):
                return channel

    def message(self):
        d = self.draw
        message = {flag: d.chance(0.5) for flag in MESSAGE_FLAGS if d.chance(0.5)}
        if "reveals_trade" in self.batch.refused:
            message["reveals_trade"] = False
        if d.chance(0.5):
            message["opt_out"] = enum("OPT_OUT_OFFER", d.choice(
                ["reply_stop", "link", "reply_subject", "postal_only", "none", "unstated"]))
        if d.chance(0.5):
            message["carries"] = {"words": d.some(ITEMS, 4, 0)}
        if d.chance(0.5):
            message["found"] = {"words": d.some(FOUND, 1, 0)}
        if d.chance(0.5):
            message["languages"] = {"words": d.some(LANGUAGES, 2)}
        if d.chance(0.1):
            message["form"] = "MESSAGE_FORM_LIMITED_CONTENT"
        return message

    def sending(self, contact):
        """What a contact asked about and an attempt made have in common."""
        d = self.draw
        channel = self.channel()
        contact.update(channel=enum("CHANNEL", channel), contact_point=self.point(channel))
        to = self.to()
        if to:
            contact["to"] = to
        if d.chance(0.5):
            contact["purpose"] = enum("PURPOSE", d.choice(PURPOSES))
        if d.chance(0.1):
            contact["dialling"] = enum("DIALLING", d.choice(["autodialled", "prerecorded"]))
        if d.chance(0.1):
            contact["voice"] = enum("VOICE", d.choice(["human", "synthetic", "recorded"]))
        if d.chance(0.2):
            contact["automated"] = True
        if d.chance(0.08):
            contact["requested"] = True
        if self.inbounds and d.chance(0.4):
            contact["answers"] = d.choice(self.inbounds)
        if d.chance(0.7):
            contact["message"] = self.message()
        return channel

    def contact(self):
        d = self.draw
        contact = {"accounts": d.some(self.accounts, 2)}
        self.sending(contact)
        if contact.get("purpose") == "PURPOSE_REPLY" and "answers" not in contact:
            del contact["purpose"]
        if "answers" in contact:
            contact["purpose"] = "PURPOSE_REPLY"
            if contact["answers"] == "live":
                contact.update(channel="CHANNEL_CALL", contact_point=self.point("call"))
        if contact.get("purpose") == "PURPOSE_REQUIRED_NOTICE":
            contact["notice"] = enum("NOTICE_KIND", d.choice(NOTICES))
        if d.chance(0.1):
            contact["relies_on"] = enum("BASIS", d.choice(["borrower_texted",
                                                           "borrower_use_or_consent"]))
        if d.chance(0.4):
            contact["caller_class"] = {"words": d.some(TAGS, 2, 0)}
        if d.chance(0.05):
            contact["caller_id"] = "CALLER_ID_HIDDEN"
        return contact

    # ---- what happened ----

    def event(self, i, then, at):
        d = self.draw
        name = d.weighed([
            ("attempt", 14), ("inbound", 3), ("notice", 3), ("consent", 3), ("revocation", 0.6),
            ("opt_out", 1.2), ("standing", 4), ("inconvenient_time", 1),
            ("inconvenient_place", 0.6),
            ("workplace_barred", 0.3), ("whereabouts", 0.5), ("app_session", 0.5),
            ("promise", 0.6), ("promise_broken", 0.3), ("undelivered", 0.8),
            ("receipt_learned", 0.3), ("occasion", 0.3), ("placement", 0.4), ("payment", 0.2)])
        if name == "standing":
            name = d.choice(STANDINGS)
        event = {"name": enum("EVENT_NAME", name), "event_time": stamp(then)}
        if d.chance(0.5):
            event["accounts"] = d.some(self.accounts, 2)
        make = getattr(self, "event_" + name, self.event_statement)
        make(event, then, at, i)
        return event

    def event_attempt(self, event, then, at, i):
        d = self.draw
        channel = self.sending(event)
        if d.chance(0.85):
            event["outcome"] = enum("OUTCOME", d.choice(
                OUTCOMES.get(channel, ["delivered", "delivered", "undelivered"])))
        if d.chance(0.15):
            event["by"] = enum("DONE_BY", d.choice(["creditor", "former_collector"]))
        if event.get("outcome") == "OUTCOME_CONVERSATION" and event.get("accounts") \
                and d.chance(0.2):
            event["talk"] = {"topics": [
                {"account": a, "raised_by": enum("DONE_BY", d.choice(["tenant", "borrower"])),
                 "declined": d.chance(0.5)} for a in event["accounts"] if d.chance(0.6)]}

    def event_inbound(self, event, then, at, i):
        d = self.draw
        channel = self.channel()
        event.update(id=f"in{i}", channel=enum("CHANNEL", channel))
        if d.chance(0.9):
            event["contact_point"] = self.point(channel)
        event["outcome"] = enum("OUTCOME", d.choice(["conversation", "message"]))
        self.inbounds.append(f"in{i}")

    def event_notice(self, event, then, at, i):
        d = self.draw
        channel = d.choice(["letter", "letter", "email"])
        event.update(notice=enum("NOTICE_KIND", d.choice(NOTICES)),
                     channel=enum("CHANNEL", channel), contact_point=self.point(channel))
        if d.chance(0.2):
            event["by"] = "DONE_BY_CREDITOR"
        if d.chance(0.2):
            event["period_ends_date"] = self.date(then, 0, 40)
        if d.chance(0.2):
            event["via"] = enum("VIA", d.choice(["registered_mail", "notary", "portal", "email"]))

    def event_undelivered(self, event, then, at, i):
        channel = self.draw.choice(["letter", "letter", "email"])
        event.update(channel=enum("CHANNEL", channel), contact_point=self.point(channel))

    def event_receipt_learned(self, event, then, at, i):
        event.update(notice=enum("NOTICE_KIND", self.draw.choice(NOTICES)),
                     received_date=self.date(then, -9, 0))

    def event_consent(self, event, then, at, i):
        d = self.draw
        event["covers"] = [enum("COVERS", c) for c in d.some(COVERS, 4)]
        if "COVERS_CHANNEL" in event["covers"]:
            event["channels"] = [enum("CHANNEL", c) for c in d.some(CHANNELS, 8, 2)]
            event["consent_form"] = "CONSENT_FORM_EXPRESS"
        if d.chance(0.7) or "form_untold" in self.batch.refused:
            event["consent_form"] = enum("CONSENT_FORM", d.choice(
                ["express", "express_written", "signed", "notice_with_opt_out"]))
        if d.chance(0.08):
            event["use_disclosed"] = False
        if d.chance(0.05):
            event["given_to"] = "DONE_BY_CREDITOR"
        if self.parties and d.chance(0.08):
            event.update(by="DONE_BY_PARTY", by_party=d.choice(self.parties)["id"])
        if d.chance(0.2):
            event["windows"] = self.slots()
        self.narrow(event, 0.15)
        self.bounds(event, then, 0.15)

    def event_revocation(self, event, then, at, i):
        event["covers"] = [enum("COVERS", c) for c in self.draw.some(COVERS, 4)]
        if "revocation_part" in self.batch.refused:
            event["covers"] = [enum("COVERS", c) for c in COVERS]
        else:
            self.narrow(event, 0.2)

    def event_opt_out(self, event, then, at, i):
        d = self.draw
        if d.chance(0.7):
            event["channels"] = [enum("CHANNEL", c) for c in d.some(CHANNELS, 3)]
        if "opt_out_of_point" not in self.batch.refused:
            self.narrow(event, 0.3, channels=False)
        self.said(event, then)
        if d.chance(0.1):
            event["given_to"] = enum("DONE_BY", d.choice(["creditor", "former_collector"]))

    def event_inconvenient_time(self, event, then, at, i):
        event["windows"] = self.slots()
        self.said(event, then)
        self.bounds(event, then, 0.3, first=False)
        if self.draw.chance(0.1):
            event["by"] = "DONE_BY_CREDITOR"

    def event_inconvenient_place(self, event, then, at, i):
        event["places"] = [enum("TIED_TO", p) for p in self.draw.some(["home", "work"], 2)]
        self.said(event, then)
        self.bounds(event, then, 0.3, first=False)

    def event_workplace_barred(self, event, then, at, i):
        if self.parties and self.draw.chance(0.3):
            event.update(by="DONE_BY_PARTY", by_party=self.draw.choice(self.parties)["id"])

    def event_whereabouts(self, event, then, at, i):
        d = self.draw
        where = d.choice(["home", "work", "hospital", "elsewhere", "elsewhere"])
        event["where"] = enum("WHEREABOUTS", where)
        if where == "elsewhere":
            event["place"] = self.place()
        self.bounds(event, then, 0.5, first=False)

    def event_app_session(self, event, then, at, i):
        if self.draw.chance(0.7):
            event["until"] = stamp(then + self.draw.choice([60, 3600, DAY]))

    def event_promise(self, event, then, at, i):
        if self.draw.chance(0.6):
            event["last_day"] = self.date(then, 0, 20)

    def event_occasion(self, event, then, at, i):
        event["first_day"] = self.date(then, 0, 3)
        if self.draw.chance(0.8):
            event["last_day"] = self.date(then, 3, 9)

    def event_payment(self, event, then, at, i):
        event["amount_minor_units"] = "100"

    def event_statement(self, event, then, at, i):
        d = self.draw
        name = event["name"].removeprefix("EVENT_NAME_").lower()
        self.said(event, then)
        self.bounds(event, then, 0.3, first=False)
        if name == "dispute":
            event.update({k: True for k in ("repeats", "new_evidence") if d.chance(0.3)})
        if name in ("hardship", "plan", "moratorium", "bankruptcy", "hospital", "military"):
            if d.chance(0.2):
                event["ended"] = True
            if d.chance(0.3):
                event["confirmed"] = d.chance(0.7)
        if name == "attorney_named" and d.chance(0.5) and self.parties:
            event["attorney"] = self.parties[0]["id"]

    def said(self, event, then):
        d = self.draw
        if d.chance(0.7):
            event["via"] = enum("VIA", d.choice(VIAS))
        if d.chance(0.12):
            event["received_time"] = stamp(then + d.choice([0, 1, 3600, 2 * DAY, 4 * DAY]))

    def slots(self):
        d = self.draw
        slots = []
        for _ in range(d.randint(1, 2)):
            slot = {}
            if d.chance(0.6):
                slot["days"] = [f"DAY_{x}" for x in d.some(
                    ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"], 5)]
            if d.chance(0.7):
                slot["from"] = f"{d.randint(0, 22):02}:{d.choice(['00', '30'])}"
                slot["to"] = d.choice(["24:00", f"{d.randint(1, 23):02}:{d.choice(['00', '15'])}"])
                if slot["from"] == slot["to"]:
                    del slot["from"]
            slots.append(slot)
        return slots

    def narrow(self, event, share, channels=True):
        d = self.draw
        if d.chance(share):
            event["contact_points"] = [p["id"] for p in d.some(self.points, 2)]
        if channels and "channels" not in event and d.chance(share):
            event["channels"] = [enum("CHANNEL", c) for c in d.some(CHANNELS, 5)]

    def bounds(self, event, then, share, first=True):
        d = self.draw
        if d.chance(share):
            event["last_day"] = self.date(then, 0, 20)
        elif d.chance(share / 2):
            event["until"] = stamp(then + d.choice([3600, DAY, 7 * DAY, 30 * DAY]))
        if first and d.chance(share):
            event["first_day"] = self.date(then, 0, 4)
            if event.get("last_day", "9") < event["first_day"]:
                del event["first_day"]
