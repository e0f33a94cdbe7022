"""The packs, read a second time: which rules forbid a contact that was made?

Written from docs/policies.md and the packs' own text, apart from the engine and slower on purpose:
every question is asked of the whole history, one contact at a time, with Python's own zoneinfo. It
knows as much of the language as the packs of this repository use, and stops with Unsupported where
one goes further, so that no rule is passed over in silence.
"""

import datetime
import functools
import pathlib
import zoneinfo

import yaml

UTC = datetime.timezone.utc
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
CHANNEL_GROUPS = {
    "oral": {"call", "voicemail", "visit"},
    "electronic": {"sms", "email", "push", "in_app", "social_private", "social_public", "fax"},
    "social": {"social_private", "social_public"},
    "letter": {"letter", "postcard"},
}
ORAL = CHANNEL_GROUPS["oral"]
TALKS = {"conversation"}
REACHED = {"answered", "answered_dropped", "other_answered", "conversation", "message_left",
           "delivered"}
# The packs each of whose rules has a made world in test_law.py. Those of single states are read as
# well, where somebody in a log lives there; each of their rules has scenarios beside its pack.
READS = {"house", "tw", "us"}
KINDS = ("contact_hours", "day_blackout", "frequency_cap", "cooldown", "consent_required", "opt_out",
         "stop_contact", "inconvenient", "third_party", "notice_first", "disclosure",
         "identification", "language", "content_ban", "time_barred", "licence",
         "record_retention", "data_protection")
# A declared zone counts this long; after a season a person may have moved.
DECLARED_DAYS = 90


class Unsupported(Exception):
    """A pack says something that this checker cannot read."""


def listed(value):
    return value if isinstance(value, list) else [value]


def channels_of(words):
    found = set()
    for word in listed(words):
        found |= CHANNEL_GROUPS.get(word, {word})
    return found


# ---- Places and zones ---------------------------------------------------------------------------


class Places:
    """Which zones a place or number may be in, from policies/places."""

    def __init__(self, folder):
        self.countries, self.subdivisions, self.prefixes = {}, {}, {}
        for path in sorted(pathlib.Path(folder).glob("*.yaml")):
            document = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
            self.countries.update(document.get("countries") or {})
            self.subdivisions.update(document.get("subdivisions") or {})
        for line in (pathlib.Path(folder) / "phone-prefix-time-zones.txt").read_text().splitlines():
            if line and not line.startswith("#"):
                prefix, zones = line.split("|")
                self.prefixes[prefix] = zones.split("&")

    def zones_of(self, place):
        """(zones, whether they rest on more than a country of several)."""
        if place.get("zone"):
            return {place["zone"]}, True
        known = self.subdivisions.get(place.get("subdivision"))
        if known is not None:
            if isinstance(known, list):
                return set(known), True
            postal = place.get("postal_code", "")
            for prefix, zones in sorted((known.get("postal") or {}).items(),
                                        key=lambda item: -len(item[0])):
                if postal.startswith(prefix):
                    return set(zones), True
            return set(known["zones"]), True
        zones = set(self.countries.get(place["country"], []))
        return zones, len(zones) == 1

    def zones_of_number(self, number):
        """(zones, whether the prefix names no more than a country)."""
        digits = number.lstrip("+")
        for length in range(len(digits), 0, -1):
            if digits[:length] in self.prefixes:
                zones = set(self.prefixes[digits[:length]])
                country = self.country_of_number(number)
                return zones, zones >= set(self.countries.get(country, ["?"]))
        return set(), True

    @staticmethod
    def country_of_number(number):
        """As far as numbers of the demo go: calling codes of its countries."""
        for code, country in (("+886", "TW"), ("+44", "GB"), ("+81", "JP"), ("+65", "SG"),
                              ("+1", "US")):
            if number.startswith(code):
                return country
        return None


@functools.lru_cache(maxsize=None)
def zone_info(name):
    return zoneinfo.ZoneInfo(name)


def local(instant, zone):
    return instant.astimezone(zone_info(zone)).replace(tzinfo=None)


# ---- What is known ------------------------------------------------------------------------------


class Contact:
    """One contact that was made, with everything a rule may ask about it."""

    def __init__(self, **facts):
        self.__dict__.update(facts)

    # at, channel, purpose, point (dict of the submission), accounts ([dict]), borrower (dict),
    # message (dict), automated, history ([event]), linked_values, zones, jurisdictions, declared,
    # licences (of the tenant)


def relation_of(point):
    return point.get("owner", "borrower")


def audience(contact):
    if contact.channel in ("social_public",):
        return "public"
    point = contact.point or {}
    if (contact.channel in ("voicemail", "postcard") or point.get("shared")
            or relation_of(point) != "borrower"):
        return "others_possible"
    return "addressee"


def at_or_none(event, key):
    return event.get(key)


def known_at(event):
    return event.get("received_at") or event["at"]


def written(event):
    if "via" not in event:
        return None
    return event["via"] != "call"


# Each satisfies whoever asks for one before it.
CONSENT_FORMS = ["notice_with_opt_out", "express", "express_written", "signed"]


def consent_form(event):
    return event.get("consent_form") or ("express_written" if written(event) else "express")


class Judge:
    """Which rules of `packs` a contact breaks."""

    def __init__(self, policies):
        self.policies = pathlib.Path(policies)
        self.places = Places(self.policies / "places")
        self.packs, self.periods = [], {}
        for path in sorted(pathlib.Path(policies).rglob("*.yaml")):
            document = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
            if not isinstance(document, dict) or "pack" not in document:
                continue
            document["rules"] = document.get("rules") or []
            self.packs.append(document)
            self.periods.update(document.get("periods") or {})
        if not self.packs:
            raise Unsupported(f"{policies}: no pack")

    # -- which packs bind --

    def binding(self, contact):
        for pack in self.packs:
            if pack.get("reach", ["borrower_place", "number"]) != ["borrower_place", "number"]:
                raise Unsupported(f"{pack['pack']}: reach")
            if pack["jurisdiction"] == "*" or pack["jurisdiction"] in contact.jurisdictions:
                yield pack

    def broken(self, contact):
        """Ids of the rules that forbid `contact`, sorted."""
        found, kinds = set(), set()
        rules = [(pack, rule) for pack in self.binding(contact) for rule in pack["rules"]]
        rules.sort(key=lambda pair: bool(pair[1].get("only_where_none_binds")))
        for pack, rule in rules:
            for account in contact.accounts:
                kind = self.kind_of(rule)
                if not self.in_force(rule, contact):
                    continue
                if rule.get("only_where_none_binds") and kind in kinds:
                    continue
                if self.condition(rule.get("applies"), contact, account, short=True) is False:
                    continue
                if not rule.get("only_where_none_binds") and pack["jurisdiction"] != "*":
                    kinds.add(kind)
                if any(self.spared(e, contact, account) for e in rule.get("exceptions") or []):
                    continue
                if rule.get("bars") == "contact" or getattr(self, kind)(
                        rule[kind], rule, contact, account):
                    found.add(rule["id"])
        return sorted(found)

    @staticmethod
    def kind_of(rule):
        if "kind" in rule:
            return rule["kind"]
        kinds = [key for key in rule if key in KINDS]
        if len(kinds) != 1:
            raise Unsupported(f"{rule['id']}: its kind")
        return kinds[0]

    @staticmethod
    def in_force(rule, contact):
        if rule.get("status", "in_force") != "in_force":
            return False
        span = rule.get("in_force") or {}
        today = contact.at.date()
        for key, outside in (("from", lambda d: today < d), ("to", lambda d: today > d)):
            day = span.get(key)
            if isinstance(day, str) and day != "unknown":
                day = datetime.date.fromisoformat(day)
            if isinstance(day, datetime.date) and outside(day):
                return False
        return True

    def spared(self, exception, contact, account):
        if self.condition(exception["when"], contact, account) is not True:
            return False
        if "up_to" in exception:
            raise Unsupported("an exception that counts its uses was used")
        return True

    # -- conditions: True, False or None for unknown --

    def condition(self, when, contact, account, short=False, event=None):
        parts = []
        for key, value in (when or {}).items():
            parts.append(self.part(key, value, contact, account, short, event))
        return all_of(parts)

    def part(self, key, value, contact, account, short, event):
        def nested(one):
            return self.condition(one, contact, account, short, event)

        if key == "all":
            return all_of([nested(one) for one in value])
        if key == "any":
            return any_of([nested(one) for one in value])
        if key == "none":
            return negated(any_of([nested(one) for one in value]))
        if key == "channels" and short:
            return contact.channel in channels_of(value)
        if key in ("roles", "products", "purposes") and short:
            single = {"roles": account["role"], "products": account["product"],
                      "purposes": contact.purpose}[key]
            return single in listed(value)
        if key == "consent":
            return self.consent(value, contact, account, event)
        if key == "seen":
            return self.seen(value, contact, account)
        if key == "standing":
            return any(self.stands(e, {}, contact, account)
                       for e in self.find(standing_filter(value), contact, account, ["person"]))
        if key == "during":
            if not contact.zones:
                return None
            return any(self.fell_into(period, {"at": contact.at}, contact, account)
                       for period in value)
        if key == "declared":
            return all_of([test(contact.declared.get(name), wanted)
                           for name, wanted in value.items()])
        if key == "session":
            return False  # nobody has the app open while the engine plans
        if event is not None and key == "point.place":
            point = getattr(contact, "points", {}).get(event.get("point_value"))
            return test(point and point.get("tied_to", "none"), value)
        if event is not None and key in EVENT_FIELDS:
            return test(EVENT_FIELDS[key](event), channels_in(key, value))
        if key in CONTACT_FIELDS:
            return test(CONTACT_FIELDS[key](contact, account), channels_in(key, value))
        raise Unsupported(f"condition on `{key}`")

    def consent(self, wanted, contact, account, event=None):
        unread = set(wanted) - {"covers", "form", "scope", "by", "lasts", "spent_by", "document"}
        if unread:
            raise Unsupported(f"consent: {sorted(unread)}")
        covers, by = set(listed(wanted["covers"])), wanted.get("by", "borrower")
        now = event["at"] if event else contact.at
        channel = event.get("channel") if event else contact.channel
        value = event.get("point_value") if event else (contact.point or {}).get("value")
        for given in contact.history:
            if (given["event"] != "consent" or given["by"] != by or known_at(given) > now
                    or not covers & set(given.get("covers", []))
                    or given.get("use_disclosed") is False):
                continue
            if not about_account(given, account) or not narrowed(given, channel, value):
                continue
            if "form" in wanted and not any(
                    CONSENT_FORMS.index(consent_form(given)) >= CONSENT_FORMS.index(form)
                    for form in listed(wanted["form"])):
                continue
            days = [local(now, zone).date() for zone in contact.zones]
            if "document" in wanted and given.get("document") not in listed(wanted["document"]):
                continue
            if given.get("last_day") and any(day > given["last_day"] for day in days):
                continue
            if given.get("first_day") and any(day < given["first_day"] for day in days):
                continue
            if given.get("until") and now >= given["until"]:
                continue
            if "lasts" in wanted and now >= self.wait_end(wanted["lasts"], given, contact, min):
                continue
            if given.get("windows") and not all(
                    in_windows(given["windows"], local(now, zone)) for zone in contact.zones):
                continue
            if any(self.takes_back(later, given, covers, channel, value, account, wanted, contact)
                   for later in contact.history
                   if later is not event and given["at"] <= later["at"] and known_at(later) <= now):
                continue
            return True
        return False

    def takes_back(self, later, given, covers, channel, value, account, wanted, contact):
        if later is given:
            return False
        if later["event"] == "revocation":
            return bool(set(later.get("covers", [])) & set(given["covers"])
                        and about_account(later, account))
        if later["event"] == "opt_out":
            return bool(covers & {"channel", "address", "prerecorded"}
                        and narrowed(later, channel, value))
        if "spent_by" in wanted:
            return self.matches(wanted["spent_by"], later, contact, account)
        return False

    def seen(self, wanted, contact, account):
        if set(wanted) - {"of", "scope", "window", "at_least"}:
            raise Unsupported("seen: " + str(sorted(wanted)))
        if wanted.get("window", {"since": "ever"}) != {"since": "ever"}:
            raise Unsupported("seen within a window")
        found = self.find(wanted["of"], contact, account, wanted.get("scope", ["person"]))
        return len(found) >= wanted.get("at_least", 1)

    # -- events --

    def matches(self, wanted, event, contact, account):
        """Does `event` pass the filter? Unknown counts as yes, so that nothing is spared."""
        wanted = {"event": wanted} if isinstance(wanted, str) else dict(wanted)
        names = listed(wanted.pop("event", "attempt"))
        if event["event"] not in names:
            return False
        by = wanted.pop("by", "tenant" if event["event"] in ("attempt", "notice") else "any")
        if by != "any" and event["by"] not in listed(by):
            return False
        return self.condition(wanted, contact, account, event=event) is not False

    def find(self, wanted, contact, account, scope):
        """Events up to now that pass the filter and share the scope with this contact."""
        return [event for event in contact.history
                if known_at(event) <= contact.at and shares(event, scope, contact, account)
                and self.matches(wanted, event, contact, account)]

    # -- time --

    def wait_end(self, wait, event, contact, pick=max):
        """When a wait after `event` is over: in every zone, or (pick=min) in the first."""
        if isinstance(wait, list):
            return max(self.wait_end(one, event, contact, pick) for one in wait)
        start = event["at"]
        if "minutes" in wait or "hours" in wait:
            return start + datetime.timedelta(minutes=wait.get("minutes", 0),
                                              hours=wait.get("hours", 0))
        if "field" in wait:
            field = event.get(wait["field"])
            if field is None:
                return self.wait_end(wait["else"], event, contact, pick)
            if isinstance(field, datetime.datetime):
                return field
            return pick(start_of_day(field + datetime.timedelta(days=1), zone)
                        for zone in contact.zones)
        if set(wait) == {"business_days", "calendar"}:
            return pick(start_of_day(self.after_business_days(local(start, zone).date(), wait), zone)
                        for zone in contact.zones)
        if set(wait) - {"days", "first_day"}:
            raise Unsupported(f"wait {wait}")
        days = wait["days"] + (0 if wait.get("first_day") == "event" else 1)
        return pick(start_of_day(local(start, zone).date() + datetime.timedelta(days=days), zone)
                    for zone in contact.zones)

    def after_business_days(self, day, wait):
        """The first day on which so many business days after `day` are over."""
        left = wait["business_days"]
        while left:
            day += datetime.timedelta(days=1)
            if day.weekday() < 5 and day not in self.holidays(wait["calendar"], day.year):
                left -= 1
        return day + datetime.timedelta(days=1)

    @functools.lru_cache(maxsize=None)
    def holidays(self, calendar, year):
        path = self.policies / "holidays" / f"{calendar}.yaml"
        document = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
        return {day for entry in document["days"] for day in holiday(entry, year)}

    def in_window(self, event, window, contact, zone):
        (unit, n), = window.items()
        if unit == "since":
            if n != "ever":
                raise Unsupported(f"window {window}")
            return True
        if unit in ("rolling_hours", "rolling_days"):
            span = datetime.timedelta(hours=n if unit == "rolling_hours" else 24 * n)
            return event["at"] > contact.at - span
        day, today = local(event["at"], zone).date(), local(contact.at, zone).date()
        if unit in ("consecutive_days", "calendar_day"):
            return day > today - datetime.timedelta(days=n)
        if unit == "calendar_week":
            monday = today - datetime.timedelta(days=today.weekday() + 7 * (n - 1))
            return day >= monday
        raise Unsupported(f"window {window}")

    # -- kinds of rule: True where the contact breaks it --

    def contact_hours(self, body, rule, contact, account):
        if set(body) - {"windows", "clock"}:
            raise Unsupported(f"{rule['id']}: {sorted(body)}")
        clock = body.get("clock", "borrower")
        if clock not in ("borrower", "number") and not isinstance(clock, dict):
            raise Unsupported(f"{rule['id']}: clock {clock}")
        zones = [clock["zone"]] if isinstance(clock, dict) else contact.zones
        if clock == "number" and (contact.point or {}).get("line") in ("mobile", "landline"):
            zones = sorted(self.places.zones_of_number(contact.point["value"])[0]) or zones
        if not zones:
            return True
        return any(not any(hours_row_holds(row, local(contact.at, zone)) for row in body["windows"])
                   for zone in zones)

    def frequency_cap(self, body, rule, contact, account):
        if set(body) - {"limit", "limits", "counts", "window", "scope", "pool", "excludes", "of",
                      "persons"}:
            raise Unsupported(f"{rule['id']}: {sorted(body)}")
        limits = body.get("limits") or [{"limit": body["limit"], "window": body["window"]}]
        counts, scope = body["counts"], body.get("scope", ["person"])
        of = body.get("of")
        if of is None:
            wanted = (rule.get("applies") or {}).get("channels")
            of = {"channel": wanted} if wanted else {}
        if "pool" in body and any(self.condition(p["when"], contact, account) is True
                                  for p in body["pool"]):
            raise Unsupported(f"{rule['id']}: a pool was asked for")
        excludes = body.get("excludes") or []
        if any("up_to" in e and self.condition(e["when"], contact, account) is True
               for e in excludes):
            raise Unsupported(f"{rule['id']}: an exclusion that counts its uses was used")
        if any(self.condition(e["when"], contact, account) is True for e in excludes):
            return False  # an excluded contact is free
        events = []
        for event in contact.history:
            if event["event"] != "attempt" or event["by"] != "tenant" or event["at"] > contact.at:
                continue
            outcome = event.get("outcome", "unreported")
            if counts == "conversations" and outcome not in TALKS | {"unreported"}:
                continue
            if counts == "contacts" and outcome not in REACHED | {"unreported"}:
                continue
            if not shares(event, scope, contact, account):
                continue
            if self.condition(of, contact, account, event=event) is False:
                continue
            if any(self.condition(e["when"], contact, account, event=event) is True
                   for e in excludes):
                continue
            events.append(event)
        for limit in limits:
            counted = max((sum(self.in_window(e, limit["window"], contact, zone) for e in events)
                           for zone in contact.zones), default=limit["limit"])
            if counted + 1 > limit["limit"]:
                return True
        return False

    def cooldown(self, body, rule, contact, account):
        if set(body) - {"after", "wait", "scope", "pool"} or isinstance(body["after"], str):
            raise Unsupported(f"{rule['id']}: {sorted(body)}")
        events = self.find(body["after"], contact, account, body.get("scope", ["person"]))
        return any(contact.at < self.wait_end(body["wait"], event, contact) for event in events)

    def consent_required(self, body, rule, contact, account):
        if "routes" in body or "fresh" in body:
            raise Unsupported(f"{rule['id']}: {sorted(body)}")
        return self.consent(body, contact, account) is not True

    def opt_out(self, body, rule, contact, account):
        if set(body) - {"honours", "must_offer", "keywords"}:
            raise Unsupported(f"{rule['id']}: {sorted(body)}")
        scope = body["honours"].get("scope", ["point"])
        if set(body["honours"]) - {"scope"}:
            raise Unsupported(f"{rule['id']}: honours {sorted(body['honours'])}")
        if "must_offer" in body and contact.message.get("opt_out") not in body["must_offer"]:
            return True
        value = (contact.point or {}).get("value")
        for event in self.find({"event": "opt_out"}, contact, account, []):
            if "point" in scope and event.get("points") and value not in event["points"]:
                continue
            if ("point" in scope or "channel" in scope) and event.get("channels") \
                    and contact.channel not in event["channels"]:
                continue
            if any(later["event"] == "consent" and later["by"] == "borrower"
                   and event["at"] < later["at"] and known_at(later) <= contact.at
                   and {"channel", "address"} & set(later.get("covers", []))
                   and narrowed(later, contact.channel, value) for later in contact.history):
                continue
            return True
        return False

    def stop_contact(self, body, rule, contact, account):
        unread = set(body) - {"standing", "form", "counts_from", "during", "scope", "until"}
        if unread:
            raise Unsupported(f"{rule['id']}: {sorted(unread)}")
        wanted = standing_filter(body["standing"])
        for event in self.find(wanted, contact, account, body.get("scope", ["person"])):
            if body.get("form", "any") == "written" and written(event) is False:
                continue
            if "during" in body and not self.fell_into(body["during"], event, contact, account):
                continue
            if self.stands(event, body, contact, account):
                return True
        return False

    def stands(self, event, body, contact, account):
        """Does the state that `event` began still hold?"""
        if event.get("ended"):
            return False
        if event.get("until") and contact.at >= event["until"]:
            return False
        if event.get("last_day") and all(
                local(contact.at, zone).date() > event["last_day"] for zone in contact.zones):
            return False
        for later in contact.history:
            if not event["at"] <= later["at"] or known_at(later) > contact.at or later is event:
                continue
            if later["event"] == event["event"] and later.get("ended"):
                return False
            if any(self.matches(end, later, contact, account) and about_account(later, account)
                   for end in body.get("until") or [] if "after" not in end):
                return False
        return not any(self.lapsed(event, end, contact, account)
                       for end in body.get("until") or [] if "after" in end)

    def lapsed(self, event, end, contact, account):
        """Is the wait after an event over that ends the state, unless something renewed it?"""
        later = [e for e in contact.history if event["at"] <= e["at"] and known_at(e) <= contact.at]
        for anchor in later:
            if self.matches(end["after"], anchor, contact, account) and not any(
                    self.matches(end["unless"], e, contact, account)
                    for e in later if "unless" in end and anchor["at"] <= e["at"]):
                if contact.at >= self.wait_end(end["wait"], anchor, contact):
                    return True
        return False

    def fell_into(self, period, event, contact, account):
        spec = self.periods[period]
        for notice in contact.history:
            if (self.matches(spec["after"], notice, contact, account)
                    and about_account(notice, account) and notice["at"] <= event["at"]
                    and event["at"] < self.wait_end(spec["wait"], notice, contact)):
                return True
        return False

    def inconvenient(self, body, rule, contact, account):
        if set(body) - {"honours", "from"}:
            raise Unsupported(f"{rule['id']}: {sorted(body)}")
        sources = set(body["from"])
        point = contact.point or {}
        for event in contact.history:
            if known_at(event) > contact.at or event["event"] not in (
                    "inconvenient_time", "inconvenient_place", "workplace_barred"):
                continue
            who = "creditor_file" if event["by"] == "creditor" else event["by"]
            if "anyone" not in sources and who not in sources:
                continue
            if not self.stands(event, {}, contact, account):
                continue
            if event["event"] == "inconvenient_time" and "times" in body["honours"]:
                if any(in_windows(event.get("windows", []), local(contact.at, zone))
                       for zone in contact.zones):
                    return True
            if event["event"] == "inconvenient_place" and "places" in body["honours"]:
                if point.get("tied_to") in event.get("places", []):
                    return True
            if event["event"] == "workplace_barred" and "employer" in body["honours"]:
                if point.get("tied_to") == "work" or point.get("owner") == "employer":
                    return True
        return ("channels" in body["honours"]
                and contact.channel in contact.borrower.get("refused_channels", []))

    def third_party(self, body, rule, contact, account):
        if set(body) - {"as_borrower", "overheard"}:
            raise Unsupported(f"{rule['id']}: {sorted(body)}")
        if contact.to != "borrower" and contact.to not in body.get("as_borrower", []):
            return True
        return (body.get("overheard", False) and audience(contact) != "addressee"
                and relation_of(contact.point or {}) not in body.get("as_borrower", [])
                and contact.message.get("mentions_debt") is not False)

    def notice_first(self, body, rule, contact, account):
        if set(body) - {"notice", "by", "channels", "scope", "within", "after"}:
            raise Unsupported(f"{rule['id']}: {sorted(body)}")
        if contact.purpose == "required_notice" and contact.notice in body["notice"]:
            return False
        wanted = {"event": "notice", "notice": body["notice"], "by": body.get("by", "any")}
        if "channels" in body:
            wanted["channel"] = body["channels"]
        given = self.find(wanted, contact, account, body.get("scope", ["debt"]))
        undelivered = [e for e in contact.history if e["event"] == "undelivered"]
        if undelivered:
            raise Unsupported(f"{rule['id']}: an undelivered notice")
        if given:
            return False
        if "within" not in body:
            return True
        first = self.find(body["after"], contact, account, body.get("scope", ["debt"]))
        return bool(first) and contact.at >= self.wait_end(
            body["within"], min(first, key=lambda e: e["at"]), contact)

    def disclosure(self, body, rule, contact, account):
        """Also identification and language: one check under three names."""
        if set(body) - {"must_say", "when", "languages", "same_as_message", "caller"}:
            raise Unsupported(f"{rule['id']}: {sorted(body)}")
        if not self.must_be_said(body.get("when", "every"), contact, account):
            return False
        items = body.get("must_say", []) + (
            ["same_language"] if body.get("same_as_message") else [])
        if not self.carries(items, contact):
            return True
        languages, spoken = body.get("languages", {}), contact.message.get("languages") or []
        if "any" in languages and not any(speaks(spoken, tag) for tag in languages["any"]):
            return True
        if not all(speaks(spoken, tag) for tag in languages.get("all", [])):
            return True
        # A reminder is written; what it is sent from is shown, and is of no class that anybody told.
        return "caller" in body and body["caller"] != {"id": "shown"}

    identification = language = disclosure

    @staticmethod
    def carries(items, contact):
        return set(items) <= set(contact.message.get("carries") or [])

    @staticmethod
    def must_be_said(when, contact, account):
        """Is this one of the contacts that must say it? Unsure of an earlier one, it is the first
        and a later one too."""
        if when in ("every", "on_request"):
            return when == "every"
        oral = contact.channel in ORAL
        if (when == "first_oral" and not oral) or (when == "first_written" and oral):
            return False
        outcomes = {event.get("outcome", "unreported") for event in contact.history
                    if event["event"] == "attempt" and event["by"] == "tenant"
                    and event["at"] <= contact.at and about_account(event, account)
                    and event.get("to", "borrower") == contact.to
                    and (when not in ("first_oral", "first_written")
                         or (event.get("channel") in ORAL) == oral)}
        if when == "later":
            return bool(outcomes & (REACHED | {"unreported"}))
        if when not in ("first", "first_oral", "first_written"):
            raise Unsupported(f"to be said: {when}")
        return not outcomes & REACHED

    def holds_forbidden(self, forbids, contact, account):
        """A finding is there, or nobody looked; a condition holds, or nobody knows."""
        found = contact.message.get("found")
        for one in forbids:
            if isinstance(one, dict):
                if self.condition(one, contact, account) is not False:
                    return True
            elif one == "contact" or found is None or one in found:
                return True
        return False

    def content_ban(self, body, rule, contact, account):
        if set(body) - {"forbids"}:
            raise Unsupported(f"{rule['id']}: {sorted(body)}")
        return self.holds_forbidden(body["forbids"], contact, account)

    def time_barred(self, body, rule, contact, account):
        if set(body) - {"stale_on", "forbids", "must_say"} or isinstance(body["stale_on"], dict):
            raise Unsupported(f"{rule['id']}: {sorted(body)}")
        stale = account.get("stale")
        last_day = account.get(body["stale_on"].removeprefix("account."))
        if stale is None and last_day is not None:
            stale = any(local(contact.at, zone).date() > last_day for zone in contact.zones)
        if stale is False:
            return False
        return (not self.carries(body.get("must_say", []), contact)
                or self.holds_forbidden(body.get("forbids", []), contact, account))

    def licence(self, body, rule, contact, account):
        if set(body) - {"holds", "show_on"}:
            raise Unsupported(f"{rule['id']}: {sorted(body)}")
        if not set(body.get("holds", [])) <= set(contact.licences):
            return True
        return (contact.channel in channels_of(body.get("show_on", []))
                and not self.carries(["licence_number"], contact))

    def record_retention(self, body, rule, contact, account):
        return False  # read by other parts of the system, as data_protection is

    data_protection = record_retention

    def day_blackout(self, body, rule, contact, account):
        if set(body) - {"days"}:
            raise Unsupported(f"{rule['id']}: {sorted(body)}")
        return any(DAYS[local(contact.at, zone).weekday()] in body["days"]
                   for zone in contact.zones)


# ---- Small parts --------------------------------------------------------------------------------


def all_of(parts):
    return False if False in parts else None if None in parts else True


def any_of(parts):
    return True if True in parts else None if None in parts else False


def negated(value):
    return None if value is None else not value


def speaks(tags, asked):
    return any(tag.lower() == asked.lower() or tag.lower().startswith(asked.lower() + "-")
               for tag in tags)


def channels_in(key, value):
    return sorted(channels_of(value)) if key == "channel" and not isinstance(value, dict) else value


def test(value, wanted):
    """One value, or a set of them, against what a condition says of it. None is unknown."""
    if isinstance(wanted, dict):
        parts = []
        for operator, bound in wanted.items():
            if operator == "known":
                parts.append((value is not None) == bound)
            elif value is None:
                parts.append(None)
            elif operator == "not":
                parts.append(not among(value, listed(bound)))
            elif operator == "has":
                parts.append(set(listed(bound)) <= set(value))
            elif operator in ("over", "under", "at_least", "at_most"):
                parts.append({"over": value > bound, "under": value < bound,
                              "at_least": value >= bound, "at_most": value <= bound}[operator])
            else:
                raise Unsupported(f"operator `{operator}`")
        return all_of(parts)
    return None if value is None else among(value, listed(wanted))


def among(value, words):
    return bool(value & set(words)) if isinstance(value, set) else value in words


CONTACT_FIELDS = {
    "channel": lambda c, a: c.channel,
    "purpose": lambda c, a: c.purpose,
    "notice": lambda c, a: c.notice,
    "to": lambda c, a: c.to,
    "answers": lambda c, a: "none",
    "requested": lambda c, a: False,
    "automated": lambda c, a: c.automated,
    "dialling": lambda c, a: "manual",
    "voice": lambda c, a: "human",
    "outcome": lambda c, a: None,  # it may end in any way
    "caller.class": lambda c, a: None,  # no more does it say of its numbers
    "relies_on": lambda c, a: None,  # reminders name no procedure
    "repeat_reason": lambda c, a: None,
    "audience": lambda c, a: audience(c),
    "message.form": lambda c, a: c.message.get("form", "full"),
    # What somebody found in the words; nobody looked: unknown.
    **{f"message.{finding}": lambda c, a, finding=finding: c.message.get(finding)
       for finding in ("mentions_debt", "discloses_collector", "reveals_trade", "true_sender_name",
                       "names_firm_unasked", "misleading_reason", "payment_link",
                       "pressing_offer", "demands_payment", "offer", "commercial", "opt_out",
                       "recipient_charged")},
    **{f"message.{words}": lambda c, a, words=words: None if c.message.get(words) is None
       else set(c.message[words]) for words in ("carries", "found", "languages")},
    "point.line": lambda c, a: (c.point or {}).get("line"),
    "point.owner": lambda c, a: relation_of(c.point or {}),
    "point.place": lambda c, a: (c.point or {}).get("tied_to", "none"),
    "point.source": lambda c, a: (c.point or {}).get("source"),
    "point.shared": lambda c, a: (c.point or {}).get("shared"),
    "point.verified": lambda c, a: (c.point or {}).get("verified"),
    "account.product": lambda c, a: a["product"],
    "account.creditor_kind": lambda c, a: a.get("creditor_kind"),
    "account.stage": lambda c, a: a.get("stage", "overdue"),
    # In the zone where it is most.
    "account.days_past_due": lambda c, a: max(
        ((local(c.at, zone).date() - a["due_on"]).days for zone in c.zones), default=None)
    if "due_on" in a else None,
    "tenant.role": lambda c, a: a["role"],
    "tenant.kind": lambda c, a: None,  # the configuration does not say
    "tenant.licences": lambda c, a: set(c.licences),
    "borrower.age": lambda c, a: c.borrower.get("age"),
    "borrower.language": lambda c, a: c.borrower.get("language"),
    "borrower.places": lambda c, a: set(c.borrower["places"]) if c.borrower.get("places") else None,
    "borrower.whereabouts": lambda c, a: c.whereabouts,
    "role": lambda c, a: a["role"],
}
EVENT_FIELDS = {
    "channel": lambda e: e.get("channel"),
    "outcome": lambda e: None if e.get("outcome", "unreported") == "unreported" else e["outcome"],
    "notice": lambda e: e.get("notice"),
    "to": lambda e: e.get("given_to", "tenant") if e["event"] in ("opt_out", "consent")
    else e.get("to", "borrower"),
    "repeats": lambda e: e.get("repeats", False),
    "new_evidence": lambda e: e.get("new_evidence", False),
    "dialling": lambda e: e.get("dialling", "manual"),
    "voice": lambda e: e.get("voice", "human"),
}


def standing_filter(standing):
    return {"event": standing, "by": "any"} if isinstance(standing, str) else {
        "by": "any", **standing}


def about_account(event, account):
    return not event.get("accounts") or account["id"] in event["accounts"]


def narrowed(event, channel, value):
    """Is `event` about this channel and contact point, as far as it says?"""
    return ((not event.get("channels") or channel in event["channels"])
            and (not event.get("points") or value in event["points"]))


def shares(event, scope, contact, account):
    for word in listed(scope):
        if word == "person":
            continue
        if word == "debt":
            # Events about every account are about those of the borrower who has them.
            if event.get("accounts"):
                if account["id"] not in event["accounts"]:
                    return False
            elif event["borrower"] != account["borrower"]:
                return False
        elif word == "point":
            value = (contact.point or {}).get("value")
            # A statement that names no contact point is about all of them.
            said = event.get("points") or [event.get("point_value")]
            if said == [None] and event["event"] not in ("attempt", "inbound", "notice"):
                continue
            if value not in said:
                return False
        elif word == "channel":
            said = event.get("channels") or (
                [event.get("channel")] if event["event"] in ("attempt", "inbound", "notice")
                else None)
            if said is not None and contact.channel not in said:
                return False
        else:
            raise Unsupported(f"scope `{word}`")
    return True


MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def holiday(entry, year):
    """The days of one row of a calendar: itself, and the day it is kept on."""
    if set(entry) - {"fixed", "nth", "last", "observed"} or entry.get(
            "observed", "none") not in ("none", "nearest_weekday"):
        raise Unsupported(f"holiday {entry}")
    if "fixed" in entry:
        day = datetime.date.fromisoformat(f"{year}-{entry['fixed']}")
    else:
        nth, weekday, month = entry["nth"] if "nth" in entry else (5, *entry["last"])
        month = MONTHS.index(month) + 1
        days = [datetime.date(year, month, d)
                for d in range(1, (datetime.date(year + month // 12, month % 12 + 1, 1)
                                   - datetime.date(year, month, 1)).days + 1)]
        day = [d for d in days if DAYS[d.weekday()] == weekday][:nth][-1]
    kept = {5: -1, 6: 1}.get(day.weekday(), 0) if entry.get("observed") else 0
    return {day, day + datetime.timedelta(days=kept)}


def start_of_day(day, zone):
    """The first instant of a local day."""
    midnight = datetime.datetime.combine(day, datetime.time(), zone_info(zone))
    return midnight.astimezone(UTC)


def minutes(text):
    return int(text[:2]) * 60 + int(text[3:])


def hours_row_holds(row, reading):
    if set(row) - {"days", "from", "to", "from_exclusive", "to_inclusive"}:
        raise Unsupported(f"window {row}")
    if DAYS[reading.weekday()] not in row["days"]:
        return False
    second = reading.hour * 3600 + reading.minute * 60 + reading.second
    begin, end = 60 * minutes(row["from"]), 60 * minutes(row["to"])
    if end <= begin:
        raise Unsupported(f"window {row} wraps")
    after = second > begin if row.get("from_exclusive") else second >= begin
    before = second <= end if row.get("to_inclusive") else second < end
    return after and before


def in_windows(windows, reading):
    """Slots of the borrower's week; none said means always."""
    minute = reading.hour * 60 + reading.minute
    if not windows:
        return True
    for slot in windows:
        days = [d.removeprefix("DAY_").lower() for d in slot.get("days", [])] or DAYS
        begin, end = minutes(slot.get("from", "00:00")), minutes(slot.get("to", "24:00"))
        today, yesterday = DAYS[reading.weekday()], DAYS[reading.weekday() - 1]
        if begin < end:
            if today in days and begin <= minute < end:
                return True
        elif (today in days and minute >= begin) or (yesterday in days and minute < end):
            return True
    return False
