"""Conditions, and who asks them.

Every answer is True, False or None, which is unknown. `Ask` is who asks: one contact about one
account at one instant, or, where `event` is set, an event of the history as of its own instant.
"""

from calendars import add_months, as_date, day_start, local_day
from facts import Unsupported, listed
from waits import wait_after_day, wait_end

# Conditions on history: `history.py` enters them here.
HISTORY = {}

CHANNEL_GROUPS = {
    "oral": {"call", "voicemail", "visit"},
    "written": {"sms", "email", "push", "in_app", "letter", "postcard", "social_private",
                "social_public", "fax"},
    "electronic": {"sms", "email", "push", "in_app", "social_private", "social_public", "fax"},
    "social": {"social_private", "social_public"},
}
# What a party says for itself alone.
SAID_BY_PARTIES = {"request", "refusal", "inconvenient_time", "inconvenient_place",
                   "inconvenient_now", "opt_out"}
MESSAGES = CHANNEL_GROUPS["written"] | {"voicemail"}
OUTCOMES_OF_CLASS = {
    "contacts": {"answered", "answered_dropped", "other_answered", "conversation", "message_left",
                 "delivered"},
    "conversations": {"conversation"},
}
FINDINGS = {"mentions_debt", "discloses_collector", "reveals_trade", "true_sender_name",
            "names_firm_unasked", "misleading_reason", "payment_link", "pressing_offer",
            "demands_payment", "offer", "commercial", "recipient_charged"}


# ---- three values -------------------------------------------------------------------------------


def all_of(parts):
    worst = True
    for part in parts:
        if part is False:
            return False
        if part is None:
            worst = None
    return worst


def any_of(parts):
    best = False
    for part in parts:
        if part is True:
            return True
        if part is None:
            best = None
    return best


def negated(value):
    return None if value is None else not value


def channels_of(words):
    found = set()
    for one in listed(words):
        found |= CHANNEL_GROUPS.get(one, {one})
    return found


def is_one_of(channel, words):
    return any(channel in CHANNEL_GROUPS.get(one, (one,)) for one in listed(words))


# ---- who asks -----------------------------------------------------------------------------------


class Ask:
    def __init__(self, world, question, now, account, pack=None, rule=None, event=None,
                 asked_at=None, clocks=None):
        self.world, self.question, self.now = world, question, now
        self.account, self.pack, self.rule, self.event = account, pack, rule, event
        self.asked_at = now if asked_at is None else asked_at
        # Days and waits are reckoned in every zone that is or will be in the set.
        self.zones, self.day_zones = clocks or world.clocks(question, now)
        self.known_history = None

    def of_rule(self, pack, rule):
        return Ask(self.world, self.question, self.now, self.account, pack, rule,
                   clocks=(self.zones, self.day_zones))

    def of_event(self, event):
        """The same question asked of an event, as of its own instant."""
        return Ask(self.world, self.question, event.at, self.account, self.pack, self.rule, event,
                   self.asked_at)

    def outer_days(self):
        """Local days at the instant of the question, also where an event is looked at."""
        return [local_day(self.asked_at, zone) for zone in self.day_zones]

    def days(self, zones=None):
        """Local days, in these zones or in all that days are reckoned in."""
        return [local_day(self.now, zone) for zone in (self.day_zones if zones is None else zones)]

    @property
    def contact(self):
        return self.question.contact

    def history(self):
        """What was known at the instant asked about; of an event, what came before it."""
        if self.known_history is None:
            self.known_history = self.history_now()
        return self.known_history

    def history_now(self):
        found = []
        for event in self.question.history:
            if event.known_at > self.now or event is self.event:
                continue
            if self.event is not None and (event.at, event.number) > (self.event.at,
                                                                      self.event.number):
                continue
            found.append(event)
        return found

    def channel(self):
        return self.event.channel if self.event else self.contact["channel"]

    def point_id(self):
        return (self.event.contact_point if self.event else self.contact["contact_point"]) or None

    def point(self):
        return self.question.points.get(self.point_id())

    def to(self):
        if self.event is None:
            return self.question.person(self.contact["to"])
        return self.question.person(self.event.to)

    def answers(self):
        return (self.event.answers if self.event else self.contact["answers"]) or None

    def message(self):
        return (self.event.message if self.event else self.contact["message"]) or {}


# ---- conditions ---------------------------------------------------------------------------------


def condition(when, ask):
    if not when:
        return True
    return all_of(part(key, value, ask) for key, value in when.items())


def part(key, value, ask):
    if key == "all":
        return all_of(condition(one, ask) for one in value)
    if key == "any":
        return any_of(condition(one, ask) for one in value)
    if key == "none":
        return negated(any_of(condition(one, ask) for one in value))
    if key == "channels":
        return is_one_of(ask.channel(), value)
    if key in ("roles", "products", "purposes"):
        return test(field({"roles": "tenant.role", "products": "account.product",
                           "purposes": "purpose"}[key], ask), value, ask)
    if key in HISTORY:
        return HISTORY[key](value, ask)
    if key == "session":
        return any_of(session(one, ask) for one in listed(value))
    if key == "switch":
        return any_of(ask.world.switch(one, ask) for one in listed(value))
    if key == "declared":
        return all_of(test(ask.world.answer(name, ask), wanted, ask)
                      for name, wanted in value.items())
    if key == "channel" and not isinstance(value, dict):
        value = sorted(channels_of(value))
    elif key == "channel" and "not" in value:
        value = {**value, "not": sorted(channels_of(value["not"]))}
    return test(field(key, ask), value, ask)


# A field that is known to be empty, as no notice is carried.
NOTHING = "(nothing)"


def field(key, ask):
    """The value of a field, None where it is unknown, NOTHING where it is known to be empty. A
    list means that it may be any of them."""
    event, contact, question = ask.event, ask.contact, ask.question
    if key == "channel":
        return ask.channel()
    if key == "purpose":
        return (event.purpose if event else contact["purpose"]) or "payment_reminder"
    if key == "notice":
        return event.notice if event else contact["notice"]
    if key == "to":
        if event and event.name in ("consent", "revocation", "opt_out"):
            return event.given_to or "tenant"
        return ask.to()[0]
    if key == "answers":
        return answers(ask)
    if key == "answers.same_day":
        inbound = question.inbound.get(ask.answers())
        if inbound is None:
            return False
        return EachZone(local_day(inbound.at, zone) == local_day(ask.now, zone)
                        for zone in ask.day_zones) or None
    if key == "requested":
        return bool(event.requested if event else contact["requested"])
    if key == "automated":
        return bool(event.automated if event else contact["automated"])
    if key == "dialling":
        return (event.dialling if event else contact["dialling"]) or "manual"
    if key == "voice":
        return (event.voice if event else contact["voice"]) or "human"
    if key == "outcome":
        return outcome(event, ask) if event else None
    if key == "caller_id":
        return None if event else contact["caller_id"] or "shown"
    if key == "relies_on":
        return event.relies_on if event else contact["relies_on"]
    if key == "repeat_reason":
        return None if event else contact["repeat_reason"]
    if key == "audience":
        return None if event else audience(ask)
    if key.startswith("message."):
        name = key.removeprefix("message.")
        if name == "form":
            return ask.message().get("form") or "full"
        if name == "opt_out":
            said = ask.message().get("opt_out")
            return None if said == "unstated" else said
        if name in FINDINGS:
            return finding(ask, name)
        if name in ("carries", "found"):
            return words(ask, name)
        if name == "language":
            return ask.message().get("languages")
        raise Unsupported(f"condition on `{key}`")
    if key.startswith("point."):
        return point_field(key.removeprefix("point."), ask)
    if key.startswith("account."):
        return account_field(key.removeprefix("account."), ask)
    if key == "tenant.role":
        return ask.account["role"]
    if key == "tenant.kind":
        return known(question.tenant["kind"])
    if key == "tenant.licences":
        return held(question.tenant["licences"], question)
    if key == "tenant.member_of":
        return question.tenant["member_of"]
    if key == "to.liable":
        return liable(ask)
    if key == "caller.class":
        said = contact["caller_class"]
        if event is not None:
            return None
        # As law wants it is also: of no class that a law is written against.
        return [] if said is None and question.in_order else said
    if key == "borrower.age":
        return age(ask)
    if key == "borrower.language":
        return question.borrower["language"] or None
    if key == "borrower.whereabouts":
        return ask.world.whereabouts(question, ask.now) or NOTHING
    if event is not None and key in ("via", "wording", "confirmed", "cause", "repeats",
                                     "new_evidence", "refuses_to_pay", "owner"):
        return getattr(event, key)
    if event is not None and key == "covers":
        return event.covers or None
    if event is not None and key == "form":
        raise Unsupported("form is read by filters")
    if event is not None and key in ("until", "last_day", "first_day", "opt_out_by"):
        return getattr(event, key)
    if event is not None and key == "period_ends_on":
        return event.period_ends_date
    if event is not None and key == "received_on":
        return event.received_date
    raise Unsupported(f"condition on `{key}`")


# What a message of which nothing is said is supposed to be, where papers are in order.
SUPPOSED = {**dict.fromkeys(["misleading_reason", "reveals_trade", "names_firm_unasked",
                             "payment_link", "pressing_offer", "offer", "commercial",
                             "recipient_charged"], False),
            "discloses_collector": True, "true_sender_name": True}


def finding(ask, name):
    """Was it found in the message? None where nobody has looked."""
    said = ask.message().get(name)
    if said is not None or not ask.question.in_order or ask.event is not None:
        return said
    if name == "mentions_debt" and ask.to()[0] == "borrower":
        return ask.message().get("form") != "limited_content"
    return SUPPOSED.get(name)


def known(value):
    return None if value == "unknown" else value


def liable(ask):
    """Does the addressee owe, or guarantee, this account?"""
    relation = ask.to()[0]
    return relation in ("borrower", "co_debtor", "guarantor")


class AllBut:
    """Everything that law may ask for, but these."""

    def __init__(self, lacks):
        self.lacks = lacks

    def __contains__(self, one):
        return one not in self.lacks


def held(said, question):
    """What was said of papers; where nothing was, what the question supposes."""
    return AllBut(question.lacks) if said is None and question.in_order else said


def in_order(said, ask):
    """The same of a message or a call; of earlier ones nobody supposes anything."""
    return said if ask.event is not None else held(said, ask.question)


def words(ask, name):
    """Items carried, or what was found; None where nobody has looked."""
    said = ask.message().get(name)
    if name == "carries":
        return in_order(said, ask)
    if said is None and ask.question.in_order and ask.event is None:
        return []
    return said


class EachZone(tuple):
    """A value that may differ from zone to zone of the set."""


def test(value, wanted, ask):
    """One value against what a condition says of it. Where zones do not agree it is unknown."""
    if isinstance(value, EachZone):
        found = {test(one, wanted, ask) for one in value}
        return found.pop() if len(found) == 1 else None
    if not isinstance(wanted, dict):
        if value is None:
            return None
        if isinstance(value, AllBut):
            return any(one in value for one in listed(wanted))
        wanted = listed(wanted)
        return any(one in wanted and type(one) in map(type, wanted) for one in listed(value))
    parts = []
    for operator, bound in wanted.items():
        if operator == "known":
            parts.append((value is not None and value != NOTHING) == bound)
        elif value is None:
            parts.append(None)
        elif operator == "not":
            parts.append(value not in listed(bound))
        elif operator == "has":
            parts.append(all(one in value for one in listed(bound)))
        elif operator in ("over", "under", "at_least", "at_most"):
            parts.append({"over": value > bound, "under": value < bound,
                          "at_least": value >= bound, "at_most": value <= bound}[operator])
        elif operator == "before":
            parts.append(value < as_date(bound).toordinal())
        elif operator == "from":
            parts.append(value >= as_date(bound).toordinal())
        elif operator == "within":
            ends = [wait_after_day(bound, value, ask, pick) for pick in (min, max)]
            parts.append(True if ask.now < ends[0] else False if ask.now >= ends[1] else None)
            # What lies ahead is not yet any time ago.
            reached = {day >= value for day in ask.days()}
            parts.append(reached.pop() if len(reached) == 1 else None)
        elif operator == "after":
            parts.append(all(day_start(value, zone) >= wait_end(bound, ask.event, ask, zones=[zone])
                             - 86400 + 1 for zone in ask.day_zones))
        elif operator == "passed":
            over = {day > value for day in ask.outer_days()}
            parts.append(over.pop() == bound if len(over) == 1 else None)
        else:
            raise Unsupported(f"operator `{operator}`")
    return all_of(parts)


def outcome(event, ask):
    if event.undelivered_at is not None:
        return "undelivered"
    return None if event.outcome in (None, "unreported") else event.outcome


def of_class(event, counts, ask):
    """Does an attempt count as one of these? One whose end is not known counts as each."""
    if counts == "attempts":
        return True
    if counts == "messages":
        return event.channel in MESSAGES
    ended = outcome(event, ask)
    return ended is None or ended in OUTCOMES_OF_CLASS[counts]


def answers(ask):
    inbound = ask.question.inbound.get(ask.answers())
    if inbound is None:
        return "none"
    if ask.channel() == inbound.channel:
        return "live" if ask.channel() == "call" and inbound.at == ask.now else "same_channel"
    return "other_channel"


def audience(ask):
    if ask.channel() == "social_public":
        return "public"
    point = ask.point() or {}
    if ask.channel() in ("voicemail", "postcard") or point.get("shared") or of_another(point, ask):
        return "others_possible"
    return "addressee"


def of_another(point, ask):
    """Does the contact point belong to somebody else than the addressee? One of the borrower's own
    is no stranger's."""
    relation, party = ask.to()
    if (point.get("owner") or "borrower") == "borrower":
        return False
    if (point.get("owner") or "borrower") != relation:
        return True
    return bool(party and point.get("party") and party != point["party"])


def point_field(name, ask):
    point = ask.point()
    if point is None:
        return None
    if name == "place":
        return point["tied_to"] or "none"
    if name == "owner":
        return point["owner"] or "borrower"
    if name == "line":
        if point["kind"] != "phone":
            return None
        if point["line"] is None:
            raise Unsupported("a line that only the number tells")
        return None if point["line"] == "unknown" else point["line"]
    if name == "source":
        return None if point["source"] == "unknown" else point["source"]
    if name in ("kind", "shared", "verified"):
        return point[name]
    raise Unsupported(f"condition on `point.{name}`")


def account_date(name, account):
    named = {"due_on": "due_date", "placed_on": "placed_date", "defaulted_on": "defaulted_date",
             "charged_off_on": "charged_off_date",
             "limitation_expires_on": "limitation_expires_date"}
    if name not in named:
        raise Unsupported(f"account date `{name}`")
    return account[named[name]]


def account_field(name, ask):
    account = ask.account
    if name == "days_past_due":
        if account["due_date"] is None or not ask.day_zones:
            return None
        return EachZone(day - account["due_date"] for day in ask.days())
    if name == "stage":
        return account["stage"] or "overdue"
    if name == "product":
        return account["product"]
    if name in ("balance", "principal"):
        return account[name] and account[name]["minor_units"]
    if name in ("kind", "held_as", "creditor_kind"):
        return known(account[name])
    if name in ("secured", "stale"):
        return account[name]
    if name == "serviced_by_tenant":
        return bool(account["serviced_by_tenant"])
    if name == "account_number_at_placement":
        return account[name] or NOTHING
    return account_date(name, account)


def age(ask):
    """Whole years."""
    born = ask.question.borrower["birth_date"]
    if born is None or not ask.day_zones:
        return None

    def years(day):
        count = 0
        while add_months(born, 12 * (count + 1)) <= day:
            count += 1
        return count
    return EachZone(years(day) for day in ask.days())


def session(wanted, ask):
    if wanted == "app":
        return any(e.name == "app_session" and e.at <= ask.now
                   and (e.until is None or ask.now < e.until) for e in ask.history())
    if wanted == "call":
        return answers(ask) == "live"
    raise Unsupported(f"session `{wanted}`")
