"""What a question says, read from its JSON form into plain values.

Words lose their prefix and their capitals (`CHANNEL_IN_APP` is `in_app`), instants become whole
seconds since 1970, days become ordinals (day 1 is 0001-01-01), and whatever was not said is None or
an empty list. A field that is not known here raises Unsupported: nothing is passed over in silence.
"""

import datetime
import functools
import re


class Unsupported(Exception):
    """Something that this second opinion cannot read."""


def instant(text):
    """Seconds since 1970."""
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def ordinal(text):
    """The number of a civil day, or None where none was said."""
    return datetime.date.fromisoformat(text).toordinal() if text else None


def listed(value):
    if isinstance(value, list):
        return value
    return list(value) if isinstance(value, tuple) else [value]


@functools.lru_cache(maxsize=None)
def snake(name):
    return re.sub("[A-Z]", lambda m: "_" + m.group(0).lower(), name)


def word(prefix):
    """Reads an enum's word. UNSPECIFIED is never a value."""
    @functools.lru_cache(maxsize=None)
    def read(value):
        if not isinstance(value, str) or not value.startswith(prefix + "_"):
            raise Unsupported(f"{value!r} is no {prefix}")
        name = value[len(prefix) + 1:].lower()
        if name == "unspecified":
            raise Unsupported(value)
        return name
    return read


def many(read):
    return lambda values: [read(value) for value in values]


def plain(value):
    return value


def number(value):
    return int(value)


CHANNEL = word("CHANNEL")
DONE_BY = word("DONE_BY")
RELATION = word("RELATION")
TIED = word("TIED_TO")


def record(fields, defaults=None):
    """Reads an object with these fields; the rest of them are None."""
    defaults, unsaid = defaults or {}, dict.fromkeys(fields)

    def read(value):
        found = dict(unsaid)
        for key, make in defaults.items():
            found[key] = make()
        for key, one in value.items():
            name = snake(key)
            if name not in fields:
                raise Unsupported(f"field `{name}`")
            if one is not None:
                found[name] = fields[name](one)
        return found
    return read


@functools.lru_cache(maxsize=None)
def minutes(text):
    return int(text[:2]) * 60 + int(text[3:])


def slot(value):
    """A weekly slot: (weekdays, from, to) in minutes of the day; weekday 0 is Monday."""
    days = [("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN").index(d.removeprefix("DAY_"))
            for d in value.get("days", [])]
    return (days or list(range(7)), minutes(value.get("from") or "00:00"),
            minutes(value.get("to") or "24:00"))


def word_list(value):
    return value.get("words", [])


def slot_list(value):
    return [slot(one) for one in value.get("slots", [])]


MONEY = record({"minor_units": number, "currency": plain})
PLACE = record({"kind": TIED, "country": plain, "subdivision": plain, "city": plain,
                "postal_code": plain, "zone": plain})
PERSON = record({"relation": RELATION, "party": plain})
MESSAGE = record({
    "form": word("MESSAGE_FORM"), "opt_out": word("OPT_OUT_OFFER"), "mentions_debt": plain,
    "discloses_collector": plain, "reveals_trade": plain, "true_sender_name": plain,
    "names_firm_unasked": plain, "misleading_reason": plain, "payment_link": plain,
    "pressing_offer": plain, "demands_payment": plain, "offer": plain, "commercial": plain,
    "recipient_charged": plain, "carries": word_list, "found": word_list, "languages": word_list})
POINT = record({
    "id": plain, "kind": word("POINT_KIND"), "value": plain, "line": word("LINE"),
    "owner": RELATION, "party": plain, "tied_to": TIED, "shared": plain, "verified": plain,
    "source": word("POINT_SOURCE")}, {"shared": bool, "verified": bool})
PARTY = record({"id": plain, "relation": RELATION, "birth_date": ordinal})
BORROWER = record({
    "id": plain, "external_id": plain, "name": plain, "birth_date": ordinal, "language": plain,
    "declared_zone": plain, "declared_zone_time": instant, "places": many(PLACE),
    "contact_points": many(POINT), "parties": many(PARTY), "refused_channels": many(CHANNEL),
    "work_hours": slot_list},
    {"places": list, "contact_points": list, "parties": list, "refused_channels": list})
ACCOUNT = record({
    "id": plain, "external_id": plain, "role": word("ROLE"), "product": word("PRODUCT"),
    "balance": MONEY, "principal": MONEY, "due_date": ordinal, "original_creditor": plain,
    "placed_date": ordinal, "defaulted_date": ordinal, "charged_off_date": ordinal,
    "limitation_expires_date": ordinal, "account_number_at_placement": plain,
    "serviced_by_tenant": plain, "stage": word("STAGE"), "product_name": plain,
    "kind": word("ACCOUNT_KIND"), "held_as": word("HELD_AS"), "creditor_kind": word("FIRM_KIND"),
    "secured": plain, "stale": plain, "contact_hours": slot_list}, {"serviced_by_tenant": bool})
TALK = record({"account": plain, "raised_by": DONE_BY, "declined": plain})
EVENT = record({
    "id": plain, "name": word("EVENT_NAME"), "event_time": instant, "received_time": instant,
    "by": DONE_BY, "by_party": plain, "accounts": plain, "channel": CHANNEL,
    "contact_point": plain, "to": PERSON, "purpose": word("PURPOSE"), "outcome": word("OUTCOME"),
    "message": MESSAGE, "dialling": word("DIALLING"), "voice": word("VOICE"), "automated": plain,
    "requested": plain, "answers": plain, "relies_on": word("BASIS"), "answered_by": plain,
    "talk": lambda value: [TALK(one) for one in value.get("topics", [])],
    "notice": word("NOTICE_KIND"), "opt_out_by": ordinal, "period_ends_date": ordinal,
    "received_date": ordinal, "via": word("VIA"), "channels": many(CHANNEL),
    "contact_points": plain, "covers": many(word("COVERS")), "consent_form": word("CONSENT_FORM"),
    "use_disclosed": plain, "given_to": DONE_BY, "windows": many(slot), "first_day": ordinal,
    "last_day": ordinal, "until": instant, "places": many(TIED), "where": word("WHEREABOUTS"),
    "place": PLACE, "wording": word("WORDING"), "attorney": plain, "repeats": plain,
    "new_evidence": plain, "refuses_to_pay": plain, "confirmed": plain, "ended": plain,
    "cause": plain, "owner": RELATION, "owner_party": plain, "same_user_since": ordinal,
    "amount_minor_units": number, "declared_name": plain, "notice_name": plain, "document": plain},
    {"accounts": list, "channels": list, "contact_points": list, "covers": list, "windows": list,
     "places": list, "automated": bool, "requested": bool, "repeats": bool, "new_evidence": bool,
     "refuses_to_pay": bool, "ended": bool})
CONTACT = record({
    "channel": CHANNEL, "contact_point": plain, "to": PERSON, "accounts": plain,
    "purpose": word("PURPOSE"), "notice": word("NOTICE_KIND"), "answers": plain,
    "automated": plain, "requested": plain, "dialling": word("DIALLING"), "voice": word("VOICE"),
    "caller_id": word("CALLER_ID"), "relies_on": word("BASIS"),
    "repeat_reason": word("REPEAT_REASON"), "message": MESSAGE, "notice_name": plain,
    "caller_class": word_list},
    {"accounts": list, "automated": bool, "requested": bool})


def declared(value):
    for key, one in value.items():
        if snake(key) == "flag":
            return value["name"], one
        if snake(key) == "date":
            return value["name"], ordinal(one)
        if snake(key) == "number":
            return value["name"], int(one)
    return value["name"], None


TENANT = record({"seats": many(PLACE), "fallback_places": many(PLACE),
                 "declared": lambda values: dict(declared(value) for value in values),
                 "kind": word("FIRM_KIND"), "licences": word_list, "member_of": word_list,
                 "contact_hours": slot_list},
                {"seats": list, "fallback_places": list, "declared": dict})
FACTS = record({"tenant": TENANT, "borrower": BORROWER, "accounts": many(ACCOUNT),
                "history": many(EVENT), "channel_consent": word("CHANNEL_CONSENT"),
                "notices_given_by_default": plain, "papers_in_order_by_default": plain,
                "lacks": plain,
                "declared": lambda values: dict(declared(value) for value in values)},
               {"history": list, "accounts": list, "lacks": list, "declared": dict})
REQUEST = record({"contact": CONTACT, "facts": FACTS, "evaluate_time": instant})

# Events that somebody else does unless it is said who.
OURS = {"attempt", "notice"}


class Event:
    """Something that happened. Each field of the JSON form is an attribute of the same name."""

    def __init__(self, values, number_in_list):
        self.__dict__.update(values)
        if self.name == "declared":
            self.name = self.declared_name
        if self.notice == "declared":
            self.notice = self.notice_name
        self.number = number_in_list
        self.at = self.event_time
        self.known_at = self.received_time if self.received_time is not None else self.at
        if self.by is None:
            self.by = "tenant" if self.name in OURS else "borrower"
        # What later events tell of it.
        self.undelivered_at = None
        self.learned_receipt = []


class Question:
    """A contact, the facts beside it, and the instant."""

    def __init__(self, request):
        read = REQUEST(request)
        self.at = read["evaluate_time"]
        self.contact = read["contact"]
        facts = read["facts"]
        self.tenant = facts["tenant"] or TENANT({})
        self.borrower = facts["borrower"]
        self.points = {point["id"]: point for point in self.borrower["contact_points"]}
        self.parties = {party["id"]: party for party in self.borrower["parties"]}
        self.accounts = {account["id"]: account for account in facts["accounts"]}
        self.consents_given = facts["channel_consent"] == "given_long_ago"
        self.notices_given = bool(facts["notices_given_by_default"])
        self.in_order = bool(facts["papers_in_order_by_default"])
        self.lacks = set(facts["lacks"])
        self.declared = facts["declared"]
        for account in self.accounts.values():
            if account["product"] == "declared":
                account["product"] = account["product_name"]
        if self.contact["notice"] == "declared":
            self.contact["notice"] = self.contact["notice_name"]
        events = [Event(values, n) for n, values in enumerate(facts["history"])]
        self.history = sorted(events, key=lambda e: (e.at, e.number))
        self.inbound = {e.id: e for e in self.history if e.name == "inbound" and e.id}
        self.whereabouts = [e for e in self.history if e.name == "whereabouts"]
        self.attach()

    def attach(self):
        """`undelivered` belongs to what was last sent there that way; a learned receipt to the
        last notice of its kind."""
        for news in self.history:
            if news.name == "undelivered":
                sent = [e for e in self.history
                        if e.name in ("attempt", "notice") and e.channel == news.channel
                        and e.contact_point == news.contact_point
                        and e.at <= news.at and e is not news]
                for e in sent:
                    if e.at == sent[-1].at and e.undelivered_at is None:
                        e.undelivered_at = news.known_at
            elif news.name == "receipt_learned" and news.received_date is not None:
                sent = [e for e in self.history if e.name == "notice" and e.notice == news.notice
                        and e.at <= news.at]
                if sent:
                    sent[-1].learned_receipt.append((news.known_at, news.received_date))

    def person(self, to):
        """(relation, party) of whoever is meant; the borrower where nobody is named."""
        if to is None:
            return ("borrower", None)
        party = self.parties.get(to["party"]) if to["party"] else None
        return (to["relation"] or (party and party["relation"]), to["party"] or None)
