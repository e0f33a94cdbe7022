"""Random small worlds: a folder of packs for the made-up place XA, and questions about them.

Everything depends on the seed and the number of the batch alone, so that one batch can be made
again. Chances are weighed so that answers are well mixed; `differential.py` prints the mix.
"""

import datetime
import functools
import pathlib
import random
import shutil
import zoneinfo

import yaml

from calendars import WEEKDAYS

UTC = datetime.timezone.utc
DAY = 86400
ALL_DAYS = list(WEEKDAYS)
CHANNELS = ["call", "voicemail", "sms", "email", "push", "in_app", "letter", "postcard", "visit",
            "social_private", "social_public"]
POINT_OF = {"call": "phone", "voicemail": "phone", "sms": "phone", "email": "email", "push": "app",
            "in_app": "app", "letter": "postal", "postcard": "postal", "visit": "postal",
            "social_private": "social", "social_public": "social"}
PURPOSES = ["payment_reminder", "reply", "service", "required_notice", "remedy_notice",
            "opt_out_confirmation", "location_information", "legal_process", "consent_request",
            "visit_announcement", "end_of_collection"]
RELATIONS = ["spouse", "parent", "relative", "neighbour", "employer", "co_debtor", "attorney",
             "guarantor", "named_contact", "friend"]
ITEMS = ["amount_due", "collector_name", "how_to_pay", "licence_number"]
FOUND = ["threat", "false_statement", "shaming"]
LICENCES = ["xa_collector", "xa_lender"]
TAGS = ["registered", "prefix_600", "premium_rate"]
LANGUAGES = ["en", "fr", "zh-Hant"]
FIRMS = ["bank", "finance_company", "money_lender", "agency", "debt_buyer"]
PRODUCTS = ["credit_card", "personal_loan", "student_loan", "medical", "mortgage"]
ROLES = ["third_party_collector", "creditor", "debt_buyer"]
OUTCOMES = {"call": ["busy", "not_in_service", "no_answer", "mailbox_full", "answered",
                     "answered_dropped", "other_answered", "conversation", "conversation"],
            "voicemail": ["message_left", "mailbox_full"], "visit": ["answered", "no_answer"]}
NOTICES = ["first_notice", "validation_notice", "verification", "sale_notice",
           "placement_notice"]
COVERS = ["hours", "frequency", "workplace", "direct_contact", "address", "channel",
          "prerecorded", "third_party"]
STANDINGS = ["attorney_named", "cease_request", "dispute", "hardship", "plan", "moratorium",
             "bankruptcy", "hospital", "military", "refusal", "request", "creditor_query",
             "complaint", "death"]
VIAS = ["call", "sms", "email", "letter", "portal", "registered_mail", "notary", "response_form"]
MESSAGE_FLAGS = ["mentions_debt", "reveals_trade", "names_firm_unasked", "payment_link",
                 "demands_payment", "offer"]
NUMBERS = [("+16145550101", "mobile"), ("+16145550102", "landline"), ("+442079460000", "landline"),
           ("+447700900123", "mobile"), ("+61491570006", "mobile"), ("+18005550199", "toll_free"),
           ("+12125550123", "mobile"), ("+17095550123", "landline"), ("+18085550123", "mobile"),
           ("+886223456789", "landline"), ("+447700900124", "voip"), ("+16145550103", "unknown")]
# What can be left out with --without while engine and reference are known to differ.
SWITCHES = ["blackout_weekday_in_calendar", "declared_zone", "days_past_due_spared",
            "notice_by_default", "revocation_part", "form_untold", "opt_out_of_point", "year_edge",
            "employer_point", "same_day_applies", "party_phone",
            "reveals_trade", "seen_unknown", "within_of_exclusion", "declared_within",
            "audience_of_party", "visit_untied", "seen_person",
            "stale_told", "balance_untold"]
# What the language has and a given binary may not yet read, each with a rule to find out by. A
# batch is made without those that are refused, and `differential.py` names them.
OPTIONAL = {
    "months_wait": {"cooldown": {"after": {"event": "hardship"}, "wait": {"months": 1}}},
    "not_before": {"stop_contact": {"standing": "refusal", "not_before": {
        "date": "account.defaulted_on", "wait": {"days": 1}}}},
    "by_any_cap": {"frequency_cap": {"limit": 1, "counts": "attempts",
                                     "window": {"rolling_days": 1}, "by": ["any"]}},
    "by_any_notice": {"notice_first": {"notice": ["first_notice"], "by": ["any"]}},
    "form_of_notice": {"notice_first": {"notice": ["first_notice"], "form": ["registered"]}},
    "unless_within": {"stop_contact": {"standing": "refusal", "until": [
        {"after": {"event": "refusal"}, "wait": {"days": 1},
         "unless": {"event": "refusal", "form": "written", "within": {"days": 7}}}]}},
    "calendar_pack": {"day_blackout": {"days": ["holiday"], "calendar": "pack"}},
    "calendar_pack_wait": {"cooldown": {"after": {"event": "hardship"}, "wait": {
        "business_days": 1, "calendar": "pack"}}},
}


@functools.lru_cache(maxsize=None)
def all_zones():
    """Every zone of the system's database that is a place."""
    return tuple(sorted(
        z for z in zoneinfo.available_timezones()
        if z not in ("localtime", "Factory") and not z.startswith(("posix", "right"))))


class Draw(random.Random):
    """Chances, in words."""

    def chance(self, share):
        return self.random() < share

    def some(self, values, most=3, least=1):
        values = list(values)
        return self.sample(values, min(len(values), self.randint(least, most)))

    def weighed(self, pairs):
        values, weights = zip(*pairs)
        return self.choices(values, weights)[0]


class Batch:
    """One folder of packs and its questions."""

    def __init__(self, seed, number, refused=()):
        self.draw = Draw(f"forbear/{seed}/{number}")
        self.refused = set(refused)
        zones = list(all_zones())
        random.Random(f"forbear/{seed}/zones").shuffle(zones)
        self.zones = [zones[(4 * number + i) % len(zones)] for i in range(4)]
        self.used = 0
        self.make_calendars()
        self.make_places()
        self.make_packs()

    # ---- places and calendars ----

    def option(self, name, value, otherwise):
        """`value`, half of the time and where the engine reads it."""
        wanted = self.draw.chance(0.5)
        return value if wanted and name not in self.refused else otherwise

    def a_calendar(self, option="calendar_pack"):
        return self.option(option, "pack", self.draw.choice(["xa-one", "xa-two"]))

    def make_places(self):
        a, b, c, d = self.zones
        two = {"zones": sorted({c, d}), "postal": {"9": [c], "98": [d]}}
        self.places = {
            "countries": {"XA": sorted(set(self.zones)), "GB": ["Europe/London"],
                          "US": ["America/New_York", "America/Chicago", "Pacific/Honolulu"],
                          "CA": ["America/Toronto", "America/St_Johns"],
                          "AU": ["Australia/Sydney", "Australia/Perth"], "TW": ["Asia/Taipei"]},
            "subdivisions": {"XA-1": {"zones": [a] if self.draw.chance(0.7) else sorted({a, b}),
                                      "cities": {"Cee": "C", "Old Cee": "C"}}, "XA-2": two}}

    def make_calendars(self):
        d = self.draw
        rows = [{"fixed": "01-01"}, {"easter": d.choice([-2, 0, 1, 39])},
                {"nth": [d.randint(1, 5), d.choice(ALL_DAYS),
                         d.choice(["jan", "mar", "sep", "nov"])]},
                {"last": [d.choice(ALL_DAYS), d.choice(["may", "oct", "dec"])]},
                {"before": ["05-25", d.choice(ALL_DAYS)]}, {"fixed": "02-29"},
                {"fixed": "12-31", "observed": "next_day_too", "if": ["sat", "sun", "fri"]},
                {"fixed": "12-25", "observed": d.choice(["none", "next_day", "next_day_too",
                                                         "next_monday", "nearest_weekday"])},
                {"fixed": "07-04", "observed": "next_monday"},
                {"date": f"20{d.randint(10, 30)}-03-{d.randint(10, 28)}"}]
        first = d.choice([1970, 1970, 1990, 2010])
        if "year_edge" in self.refused:
            rows = [row for row in rows if row.get("fixed") != "12-31"]
        self.calendars = {"xa-one": {
            "title": "One", "source": "made", "years": [first, d.choice([2037, 2037, 2030])],
            "weekend": d.choice([["sat", "sun"], ["fri", "sat"], ["sun"]]),
            "days": d.some(rows, len(rows), 4)}, "xa-two": {
            "title": "Two", "source": "made", "years": [1970, 2037], "weekend": ["sat", "sun"],
            "days": d.some(rows, 4, 2),
            "workdays": [{"date": f"20{d.randint(10, 30)}-03-0{d.randint(1, 9)}",
                          "as": d.choice(["mon", "fri"])}]}}

    # ---- packs ----

    def make_packs(self):
        d = self.draw
        packs = [("xa", "XA", []), ("xa-1", "XA-1", ["xa"]), ("xa-2", "XA-2", ["xa"]),
                 ("xa-1-c", "XA-1-C", ["xa-1"])]
        if d.chance(0.4):
            packs.append(("gb", "GB", []))
        if d.chance(0.3):
            packs.append(("us", "US", []))
        self.packs = []
        for name, place, parents in packs:
            pack = {"pack": name, "title": name, "jurisdiction": place}
            if parents:
                pack["parents"] = parents
            if d.chance(0.4):
                pack["week_starts"] = d.choice(ALL_DAYS)
            pack["holidays"] = d.some(["xa-one", "xa-two"], 2)
            if d.chance(0.15) and name != "xa":
                pack["reach"] = d.choice([["borrower_place"], ["number"], ["tenant_place"],
                                          ["borrower_place", "number", "tenant_place"]])
            pack["periods"] = {f"period_{name.replace('-', '_')}": {
                "after": {"event": "notice", "notice": d.choice(NOTICES)},
                "wait": d.choice([{"days": d.randint(1, 40)}, {"field": "period_ends_on", "else": {
                    "days": d.randint(1, 30), "from": "deemed", "deemed": {
                        "any": {"days": d.randint(1, 5)}, "skip": ["sat", "sun", "holiday"],
                        "calendar": "xa-two"}}}])}}
            self.period = next(iter(pack["periods"]))
            word = name.replace("-", "_")
            pack["declares"] = [
                {"name": f"court_{word}", "of": "file", "type": "flag", "asks": "Court?"},
                {"name": f"scrubbed_{word}", "of": "tenant", "type": "date", "asks": "When?"},
                {"name": f"tries_{word}", "of": "file", "type": "number", "asks": "How many?"}]
            pack["vocabulary"] = {"items": ITEMS, "findings": FOUND, "notices": ["own_notice"],
                                  "statuses": ["household_debt"]}
            self.declares = [one["name"] for one in pack["declares"]]
            count = {"xa": d.randint(2, 4)}.get(name, d.randint(1, 2))
            pack["rules"] = [self.rule(f"{name}.r{i}") for i in range(count)]
            self.packs.append(pack)

    def rule(self, name):
        d = self.draw
        kind = d.weighed([("contact_hours", 5), ("day_blackout", 3), ("frequency_cap", 10),
                          ("cooldown", 6), ("consent_required", 3), ("opt_out", 3),
                          ("stop_contact", 7), ("inconvenient", 4), ("third_party", 2),
                          ("notice_first", 3), ("bars", 1), ("disclosure", 2),
                          ("identification", 1), ("language", 1), ("content_ban", 2),
                          ("time_barred", 1), ("licence", 1), ("record_retention", 0.3),
                          ("data_protection", 0.2)])
        rule = {"id": name}
        rare = {"consent_required": 0.3, "third_party": 0.6, "notice_first": 0.3, "bars": 0,
                "disclosure": 0.2, "identification": 0.2, "language": 0.2, "content_ban": 0.3,
                "time_barred": 0.3, "licence": 0.3}
        applies = {}
        if d.chance(1 - rare.get(kind, 0.5)):
            applies["channels"] = d.some([*CHANNELS, "social", "oral", "written", "electronic"],
                                         2 if kind in rare else 6)
        if d.chance(0.15):
            applies["roles"] = d.some(ROLES, 2)
        if d.chance(0.25 if kind not in rare else 0.6):
            applies.update(self.condition(1, applies=True))
        if kind == "bars" and not applies:
            applies = self.condition(1, applies=True)
        if applies:
            rule["applies"] = applies
        if kind == "bars":
            rule["kind"] = d.choice(["third_party", "inconvenient", "contact_hours"])
            rule["bars"] = "contact"
        else:
            rule[kind] = getattr(self, kind)(applies)
        if d.chance(0.35):
            rule["exceptions"] = [self.entry() for _ in range(d.randint(1, 2))]
        if d.chance(0.12):
            rule["in_force"] = self.span()
        if d.chance(0.1):
            rule["effect"] = d.choice(["guidance", "presumption"])
        if d.chance(0.1):
            rule["suggested"] = True
        if d.chance(0.03):
            rule["status"] = d.choice(["draft", "repealed"])
        rule["cites"] = [{"text": "made"}]
        return rule

    def span(self):
        d = self.draw
        begin = datetime.date(d.randint(1990, 2030), d.randint(1, 12), d.randint(1, 28))
        end = begin + datetime.timedelta(days=d.randint(1, 9000))
        return d.choice([{"from": begin.isoformat()}, {"to": min(
            end, datetime.date(2037, 12, 31)).isoformat()}, {"from": begin.isoformat(), "to": min(
                end, datetime.date(2037, 12, 31)).isoformat()}])

    def clock(self):
        d = self.draw
        return d.weighed([("borrower", 2), ("place", 3), ("contacted", 1), ("number", 3),
                          ("tenant", 1), ({"zone": d.choice(self.zones)}, 2)])

    def time(self, least=0, most=24 * 60):
        minute = self.draw.choice([0, 0, 0, 30, 15, 1, 59])
        total = min(most, max(least, self.draw.randint(least // 60, most // 60) * 60 + minute))
        return f"{total // 60:02}:{total % 60:02}"

    def contact_hours(self, applies):
        d = self.draw
        body = {}
        if d.chance(0.12):
            body["source"] = {"of": d.choice(["tenant_hours", "account_hours",
                                              "borrower_work_hours"]),
                              "as": d.choice(["only", "within", "instead"])}
            if body["source"]["as"] == "only":
                return body
        days = list(ALL_DAYS)
        if d.chance(0.35):
            body["calendar"] = self.a_calendar()
            days.append("holiday")
        rows = []
        d.shuffle(days)
        cut = d.choice([len(days), len(days), 5, 4])
        for chosen in (days[:cut], days[cut:]):
            if not chosen or (rows and d.chance(0.4)):
                continue
            row = {"days": sorted(chosen), "from": self.time(0, 10 * 60),
                   "to": self.time(17 * 60, 24 * 60)}
            if d.chance(0.15):
                row = {"days": sorted(chosen), "from": self.time(14 * 60, 23 * 60),
                       "to": self.time(1 * 60, 13 * 60)}
            if d.chance(0.15):
                row["from_exclusive"] = True
            if d.chance(0.15) and row["to"] != "24:00":
                row["to_inclusive"] = True
            rows.append(row)
        body["windows"] = rows
        if d.chance(0.6):
            body["clock"] = self.clock()
        return body

    def day_blackout(self, applies):
        d = self.draw
        body = {"days": d.some(ALL_DAYS, 2)}
        if d.chance(0.6):
            body["days"] = d.some(["holiday", "holiday", *ALL_DAYS], 2)
            body["calendar"] = self.a_calendar()
            body["days"] = sorted(set(body["days"]))
            if "blackout_weekday_in_calendar" in self.refused:
                body["days"] = ["holiday"]
        if d.chance(0.1):
            body["occasions"] = True
        if d.chance(0.2):
            body["dates"] = [f"20{d.randint(10, 30)}-0{d.randint(1, 9)}-{d.randint(10, 28)}"]
        if d.chance(0.5):
            body["clock"] = self.clock()
        return body

    def window(self, since=False):
        d = self.draw
        pairs = [({"rolling_hours": d.choice([1, 12, 24, 48])}, 2),
                 ({"rolling_days": d.choice([1, 7, 30])}, 3),
                 ({"consecutive_days": d.choice([1, 2, 7, 30])}, 3),
                 ({"calendar_day": d.choice([1, 1, 2])}, 2),
                 ({"calendar_week": d.choice([1, 1, 2])}, 2),
                 ({"calendar_month": d.choice([1, 1, 3])}, 2)]
        if since:
            pairs += [({"since": "ever"}, 2), ({"since": {"event": d.choice(
                ["opt_out", "cease_request", "promise", "hardship"]), "by": "any"}}, 2)]
        return d.weighed(pairs)

    def scope(self, words=("person", "debt", "point", "channel", "creditor", "place", "purpose",
                           "tenant"), most=2):
        return self.draw.some(words, most)

    def frequency_cap(self, applies):
        d = self.draw
        body = {"counts": d.choice(["attempts", "attempts", "contacts", "contacts",
                                    "conversations", "messages"])}
        if d.chance(0.25):
            body["limits"] = [{"limit": d.randint(1, 6), "window": self.window()}
                              for _ in range(d.randint(2, 3))]
            if d.chance(0.3):
                body["limits"][0]["suggested"] = True
        else:
            body.update(limit=d.randint(1, 6), window=self.window(since=d.chance(0.2)))
        if d.chance(0.8):
            body["scope"] = self.scope()
        if d.chance(0.2):
            body["of"] = self.attempt_filter()
        if d.chance(0.15):
            body["by"] = self.option("by_any_cap", ["any"], ["tenant", "creditor"])
        if d.chance(0.4):
            body["excludes"] = [self.entry(event=True) for _ in range(d.randint(1, 2))]
        if d.chance(0.1):
            body["persons"] = d.some(["spouse", "named_contact"], 2)
        if d.chance(0.1):
            body["pool"] = [{"when": {"account.product": d.choice(PRODUCTS)},
                             "by": "account_number_at_placement"}]
        if d.chance(0.12):
            body["starts_after"] = {"of": self.attempt_filter(), "counts": d.chance(0.5)}
        if d.chance(0.12):
            body["distinct"] = d.choice(["local_day", "channel"])
        if d.chance(0.15):
            body["gap"] = self.wait()
        return body

    def wait(self, calendar=True):
        d = self.draw
        pairs = [({"minutes": d.choice([5, 90])}, 1), ({"hours": d.choice([1, 24, 48])}, 2),
                 ({"days": d.choice([1, 2, 5, 7, 30])}, 4),
                 ({"days": d.choice([1, 2, 7]), "first_day": "event"}, 2)]
        if calendar:
            pairs.append(({"business_days": d.choice([1, 3, 5]),
                           "calendar": self.a_calendar("calendar_pack_wait")}, 2))
        pairs.append((self.option("months_wait", {"months": d.choice([1, 2])}, {"days": 3}), 1))
        return d.weighed(pairs)

    def cooldown(self, applies):
        d = self.draw
        if d.chance(0.2):
            return {"after": d.choice(["account.due_on", "account.placed_on",
                                       "account.defaulted_on"]),
                    "wait": self.wait(), "scope": ["debt"]}
        after = d.choice([
            {"event": ["attempt", "inbound"], "by": ["tenant", "borrower"], "channel": "call",
             "outcome": "conversation"}, self.attempt_filter(),
            {"event": "hardship", "by": "any", "confirmed": True},
            {"event": "promise", "by": "any", "last_day": {"known": True}},
            {"event": d.choice(STANDINGS), "by": "any"},
            {"event": "notice", "notice": d.some(NOTICES, 2)}])
        wait = self.wait()
        if after.get("event") in ("hardship", "promise") or d.chance(0.1):
            wait = d.choice([{"field": "last_day", "else": wait}, [wait, self.wait()],
                             {"field": "until", "else": wait}])
        body = {"after": after, "wait": wait}
        if d.chance(0.7):
            body["scope"] = self.scope(("person", "debt", "point", "channel"))
        return body

    def consent_wanted(self, condition=False):
        d = self.draw
        wanted = {"covers": d.choice(COVERS) if d.chance(0.7) else d.some(COVERS, 2)}
        if d.chance(0.3):
            wanted["form"] = d.some(["express", "express_written", "signed",
                                     "notice_with_opt_out"], 2)
        if d.chance(0.3):
            wanted["scope"] = self.scope(("point", "channel", "person", "debt"))
        if d.chance(0.25):
            wanted["lasts"] = self.wait(calendar=False)
        if d.chance(0.15) and condition:
            wanted["spent_by"] = {"outcome": "conversation"}
        return wanted

    def consent_required(self, applies):
        d = self.draw
        if d.chance(0.25):
            return {"scope": ["point"], "routes": [
                {"id": "borrower_texted", "when": self.condition(1)},
                {"id": "borrower_use_or_consent", "when": self.condition(1)}]}
        body = self.consent_wanted()
        if d.chance(0.6):
            body["covers"] = ["channel", "address"]
        if d.chance(0.2):
            body["fresh"] = {"within": self.wait(calendar=False), "by": [
                {"event": "inbound"}, {"event": "consent", "covers": "address"}]}
        return body

    def opt_out(self, applies):
        d = self.draw
        body = {"honours": {}}
        if d.chance(0.7):
            body["honours"]["scope"] = d.choice([["point"], ["person", "channel"], ["person"],
                                                 ["channel"], ["debt", "channel"]])
        if d.chance(0.2):
            body["honours"]["form"] = d.choice(["written", "oral", "any"])
        if d.chance(0.2):
            body["must_offer"] = d.some(["reply_stop", "link", "reply_subject"], 3)
        return body

    def stop_contact(self, applies):
        d = self.draw
        name = d.choice(STANDINGS)
        standing = d.choice([name, {"event": name, "by": "any"}, {"event": name},
                             {"event": d.some(STANDINGS, 3), "by": "any"}])
        if d.chance(0.15):
            standing = d.choice([
                {"event": "dispute", "any": [{"repeats": False}, {"new_evidence": True}]},
                {"event": "opt_out", "to": "tenant"}, {"event": "opt_out", "point.place": "work"}])
        body = {"standing": standing}
        if d.chance(0.4):
            body["form"] = d.choice(["any", "written", "registered", "oral"])
        if d.chance(0.3):
            body["counts_from"] = d.choice(["made", "received", "filed"])
        if d.chance(0.12):
            body["during"] = self.period
        if d.chance(0.8):
            body["scope"] = self.scope(("person", "debt", "channel", "point", "place"))
        if d.chance(0.12) and "not_before" not in self.refused:
            body["not_before"] = {"date": "account.defaulted_on", "wait": self.wait()}
        if d.chance(0.4):
            body["until"] = [d.choice([
                {"event": "notice", "notice": d.choice(NOTICES)}, {"event": "promise_broken"},
                {"after": {"event": name, "by": "any"}, "wait": self.wait()},
                {"after": {"event": name, "by": "any"}, "wait": self.wait(),
                 "unless": {"event": name, "form": "written", **self.option(
                     "unless_within", {"within": {"days": 7}}, {})}}])]
        return body

    def inconvenient(self, applies):
        d = self.draw
        return {"honours": d.some(["times", "times", "places", "points", "channels",
                                     *(["employer"] if "employer_point" not in self.refused
                                       else [])], 4),
                "from": d.some(["borrower", "creditor_file", "anyone"], 2)}

    def third_party(self, applies):
        d = self.draw
        return {"as_borrower": d.some(RELATIONS, 6, 2), "overheard": d.chance(0.5)}

    def notice_first(self, applies):
        d = self.draw
        body = {"notice": d.some(NOTICES, 2)}
        if d.chance(0.3):
            body["by"] = self.option("by_any_notice", ["any"], ["creditor", "tenant"])
        elif "notice_by_default" in self.refused:
            body["by"] = ["tenant"]
        if d.chance(0.3):
            body["channels"] = d.some(["letter", "email", "sms"], 2)
        if d.chance(0.2):
            body.update(self.option("form_of_notice", {"form": d.some(
                ["written", "oral", "registered", "notarial", "portal", "any"], 2)}, {}))
        if d.chance(0.5):
            body["scope"] = d.choice([["debt"], ["person"], ["debt", "creditor"]])
        if d.chance(0.5):
            body["wait"] = self.wait()
            if d.chance(0.3):
                body["wait"] = {"days": d.randint(1, 9), "from": "deemed", "deemed": {
                    "letter": {"days": 3}, "any": {"days": 1}, "skip": ["sat", "sun"],
                    "calendar": "xa-two"}}
        if "wait" not in body and d.chance(0.7):
            body["within"] = {"days": d.choice([1, 5, 30])}
            body["after"] = {"event": ["attempt", "inbound"], "by": ["tenant", "borrower"],
                             "outcome": ["conversation", "delivered"]}
        elif d.chance(0.3):
            body["renew_on"] = [{"event": d.choice(["placement", "assignment"]), "by": "any"}]
        return body

    def disclosure(self, applies):
        d = self.draw
        body = {"must_say": d.some(ITEMS, 2)}
        if d.chance(0.5):
            body["when"] = d.choice(["every", "first", "first_oral", "first_written", "later",
                                     "on_request"])
        return body

    def identification(self, applies):
        d = self.draw
        body = self.disclosure(applies) if d.chance(0.4) else {}
        body["caller"] = d.choice([{"id": "shown"}, {"class": d.some(TAGS, 1)}, {
            "id": "shown", "class": d.some(TAGS, 1)}])
        applies["channels"] = ["call", "voicemail"]
        return body

    def language(self, applies):
        d = self.draw
        return {"languages": {d.choice(["any", "all"]): d.some(LANGUAGES, 2)}}

    def content_ban(self, applies):
        d = self.draw
        return {"forbids": [*d.some(FOUND, 2), *([self.condition(0)] if d.chance(0.3) else [])]}

    def time_barred(self, applies):
        d = self.draw
        body = {"stale_on": d.choice(["account.limitation_expires_on", {
            "date": d.choice(["account.due_on", "account.defaulted_on"]),
            "wait": {"days": d.choice([30, 300])}}])}
        if d.chance(0.6):
            body["forbids"] = d.some(FOUND, 2)
        if d.chance(0.6) or "forbids" not in body:
            body["must_say"] = d.some(ITEMS, 2)
        return body

    def licence(self, applies):
        return {"holds": self.draw.some(LICENCES, 2)}

    def record_retention(self, applies):
        return {"years": 3, "what": ["calls"]}

    def data_protection(self, applies):
        return {"storage": "in_country"}

    # ---- conditions ----

    def attempt_filter(self):
        d = self.draw
        wanted = {}
        if d.chance(0.7):
            wanted["channel"] = d.some(CHANNELS, 4)
        if d.chance(0.5):
            wanted["outcome"] = d.some(["conversation", "answered", "delivered", "no_answer",
                                        "message_left", "busy"], 3)
        if d.chance(0.1):
            wanted["purpose"] = {"not": d.some(PURPOSES, 2)}
        if d.chance(0.1):
            wanted["point.place"] = {"not": ["work"]}
        return wanted or {"channel": ["call", "sms", "email"]}

    def entry(self, event=False):
        """One exception, or one exclusion."""
        d = self.draw
        if event and d.chance(0.4):
            entry = {"when": {"outcome": d.some(["busy", "not_in_service", "no_answer",
                                                 "mailbox_full", "undelivered"], 3)}}
        else:
            entry = {"when": self.condition(1, event=event)}
        if d.chance(0.3):
            up_to = {"limit": d.randint(1, 3)}
            if d.chance(0.35):
                up_to["per"] = "inbound"
                entry["when"] = {"answers": d.some(["same_channel", "live", "other_channel"], 3)}
                if d.chance(0.3) and not (event and "within_of_exclusion" in self.refused):
                    up_to["within"] = {"hours": d.choice([1, 24])}
            else:
                up_to["window"] = self.window(since=d.chance(0.4))
                if d.chance(0.3):
                    up_to["scope"] = self.scope(("person", "debt", "channel"))
                if d.chance(0.3):
                    up_to["counts"] = d.choice(["attempts", "contacts"])
            entry["up_to"] = up_to
        if d.chance(0.1):
            entry["cites"] = [{"text": "made"}]
        return entry

    def condition(self, depth, applies=False, event=False):
        """A condition; with `event` one that can be asked of an event as well."""
        d = self.draw
        if depth and d.chance(0.25):
            form = d.choice(["all", "any", "none"])
            return {form: [self.condition(0, applies, event) for _ in range(d.randint(1, 2))]}
        late = d.choice([{"over": 30}, {"under": 90}, {"at_least": 31}, {"at_most": 60}])
        if "days_past_due_spared" in self.refused and not applies:
            late = {"known": True}
        simple = [
            ({"purpose": d.some(PURPOSES, 4)}, 3), ({"channel": d.some(CHANNELS, 3)}, 2),
            ({"channel": {"not": d.some(CHANNELS, 3)}}, 1),
            ({"to": {"not": d.some(RELATIONS, 3)}}, 1), ({"to": d.some(RELATIONS, 4)}, 1),
            ({"answers": d.some(["same_channel", "live", "other_channel"], 3)}, 3),
            ({"requested": True}, 2), ({"automated": d.chance(0.5)}, 1),
            ({"dialling": d.some(["autodialled", "prerecorded"], 2)}, 1),
            ({"voice": ["synthetic", "recorded"]}, 1),
            ({f"message.{d.choice(MESSAGE_FLAGS)}": d.chance(0.5)}, 2),
            ({"point.place": d.some(["home", "work", "none"], 2)}, 2),
            ({"point.line": {"not": ["landline"]}}, 1),
            ({"point.source": d.some(["borrower", "transaction", "skip_trace"], 2)}, 1),
            ({"account.product": d.some(PRODUCTS, 3)}, 1),
            ({"account.kind": d.choice(["consumer", "commercial"])}, 0.5),
            ({"account.held_as": d.some(["originated", "placed", "bought"], 2)}, 0.5),
            ({"account.creditor_kind": d.some(FIRMS, 2)}, 0.5),
            ({"account.secured": d.chance(0.5)}, 0.5),
            ({"account.balance": {"over": 5000}}, 0.5),
            ({"account.placed_on": {"within": {"days": 10}}}, 0.5),
            ({"account.limitation_expires_on": {"passed": True}}, 0.5),
            ({"account.due_on": d.choice([{"from": "2024-01-01"}, {"before": "2024-01-01"}])}, 0.5),
            ({"account.stage": ["judgment", "in_court"]}, 1),
            ({"account.days_past_due": late}, 2),
            ({"consent": self.consent_wanted(condition=True)}, 5)]
        if not event:
            simple += [
                ({"audience": d.some(["addressee", "others_possible", "public"], 2)},
                 "audience_of_party" not in self.refused),
                ({"answers.same_day": True} if "same_day_applies" not in self.refused
                 else {"requested": False}, 1), ({"session": "app"}, 1),
                ({"relies_on": {"known": d.chance(0.5)}}, 1), ({"caller_id": "hidden"}, 1),
                ({"borrower.age": {"under": 18}}, 1),
                ({"borrower.language": d.some(LANGUAGES, 2)}, 0.5),
                ({"tenant.kind": d.some(FIRMS, 2)}, 0.7),
                ({"tenant.licences": {"has": d.some(LICENCES, 1)}}, 0.5),
                ({"to.liable": d.chance(0.5)}, 0.5),
                ({"caller.class": d.some(TAGS, 2)}, 0.5),
                ({"message.found": d.some(FOUND, 2)}, 0.5),
                ({"message.carries": {"has": d.some(ITEMS, 2)}}, 0.5),
                ({"message.language": d.some(LANGUAGES, 2)}, 0.5),
                ({"borrower.whereabouts": d.some(["home", "hospital", "work"], 2)}, 1),
                ({"notice": d.some(NOTICES, 2)}, 1),
                ({"standing": d.choice([d.choice(STANDINGS), {"event": d.choice(STANDINGS),
                                                              "by": "any"}])}, 2),
                ({"declared": d.choice([
                    {self.declares[0]: True}, {self.declares[2]: {"at_least": 2}},
                    {self.declares[1]: {"within": {"days": d.choice([7, 30])}}
                     if "declared_within" not in self.refused else {"known": True}}])}, 2),
                ({"during": self.period}, 1),
                ({"seen": self.seen(applies)}, 4)]
        return d.weighed(simple)

    def seen(self, applies=False):
        d = self.draw
        attempt = self.attempt_filter()
        if applies and "seen_unknown" in self.refused:
            attempt = {"channel": d.some(CHANNELS, 4)}
        wanted = {"of": d.choice([
            attempt, {"event": "inbound", "channel": d.some(CHANNELS, 3)},
            {"event": d.choice(STANDINGS), "by": "any"}, {"event": "promise_broken", "by": "any"},
            {"by": "creditor", "channel": "email"}])}
        if d.chance(0.4):
            wanted["window"] = self.window(since=True)
        if d.chance(0.6):
            wanted["scope"] = self.scope(("person", "debt", "point", "channel"))
        if "seen_person" in self.refused:
            wanted["scope"] = self.scope(("debt", "point", "channel"))
        if d.chance(0.2):
            wanted["at_least"] = d.randint(2, 3)
        elif d.chance(0.1) and wanted["of"].get("outcome"):
            wanted["in_a_row"] = d.randint(1, 3)
        return wanted

    # ---- the folder ----

    def write(self, folder):
        folder = pathlib.Path(folder)
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("places", "holidays", "packs"):
            (folder / name).mkdir(parents=True)
        dump(self.places, folder / "places" / "xa.yaml")
        prefixes = pathlib.Path(__file__).parents[2] / "policies/places/phone-prefix-time-zones.txt"
        shutil.copy(prefixes, folder / "places" / prefixes.name)
        for name, calendar in self.calendars.items():
            dump(calendar, folder / "holidays" / f"{name}.yaml")
        for pack in self.packs:
            dump(pack, folder / "packs" / f"{pack['pack']}.yaml")
        dump({"pack": "house", "title": "House", "jurisdiction": "*", "rules": []},
             folder / "house.yaml")


# The C writer is faster; PyPy has none.
class Plain(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):
    """Writes no anchors."""

    def ignore_aliases(self, data):
        return True


def dump(value, path):
    path.write_text(yaml.dump(value, Dumper=Plain, sort_keys=False, width=1000), "utf-8")
