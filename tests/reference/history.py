"""What history tells: filters, scopes, windows, standings, periods and consents.

`conditions.py` asks here through the names that are entered at the end.
"""

from calendars import END, WEEKDAYS, first_of_month, local, local_day, weekday
from conditions import HISTORY, Ask, SAID_BY_PARTIES, all_of, any_of, condition, field, point_field
from facts import Unsupported, listed
from waits import wait_end

# Each satisfies whoever asks for one before it.
CONSENT_FORMS = ["notice_with_opt_out", "express", "express_written", "signed"]


# ---- filters and scopes -------------------------------------------------------------------------


def match(wanted, event, ask):
    """Does `event` pass the filter?"""
    wanted = {"event": wanted, "by": "any"} if isinstance(wanted, str) else wanted
    if event.name not in listed(wanted.get("event", "attempt")):
        return False
    usual = "tenant" if event.name in ("attempt", "notice") else "borrower"
    by = listed(wanted.get("by", usual))
    if "any" not in by and event.by not in by:
        return False
    rest = {k: v for k, v in wanted.items() if k not in ("event", "by", "form")}
    parts = [condition(rest, ask.of_event(event))] if rest else []
    if "form" in wanted:
        parts.append(in_form(wanted["form"], event))
    return all_of(parts)


def in_form(forms, event):
    """Did the words come in one of these forms?"""
    found = []
    for form in listed(forms):
        if form == "any":
            found.append(True)
        elif event.via is None:
            found.append(None)
        elif form == "written":
            found.append(event.via != "call")
        else:
            found.append(event.via in {
                "oral": ["call"], "registered": ["registered_mail", "notary"],
                "notarial": ["notary"], "portal": ["portal"],
                "response_form": ["response_form"]}[form])
    return any_of(found)


def same_value(question, one, other):
    """Are two contact points one? The same number or address is, under whatever id."""
    if one == other:
        return True
    a, b = question.points.get(one), question.points.get(other)
    return bool(a and b and a["kind"] == b["kind"] and a["value"] and a["value"] == b["value"])


def in_scope(scope, event, ask, persons=(), pool=(), counts=None):
    """Does `event` share these with the contact asked about?"""
    parts = []
    for name in listed(scope):
        if name == "person":
            parts.append(same_person(event, ask, persons))
        elif name == "debt":
            parts.append(about(event, ask, pool, counts))
        elif name == "creditor":
            parts.append(same_creditor(event, ask))
        elif name == "point":
            parts.append(same_point(event, ask))
        elif name == "channel":
            parts.append(same_channel(event, ask))
        elif name == "place":
            parts.append(same_place(event, ask))
        elif name == "purpose":
            parts.append((event.purpose or "payment_reminder") == field("purpose", ask)
                         if event.name == "attempt" else True)
        elif name != "tenant":
            raise Unsupported(f"scope `{name}`")
    return all_of(parts)


def same_person(event, ask, persons=()):
    if event.name in SAID_BY_PARTIES and event.by == "party":
        return ask.to()[1] == event.by_party
    if event.name != "attempt":
        return True
    asked, meant = ask.to(), ask.question.person(event.to)
    if asked[0] in ("borrower", *persons) and meant[0] in ("borrower", *persons) and persons:
        return True
    if asked[0] == "borrower" or meant[0] == "borrower":
        return asked[0] == meant[0]
    if asked[1] is not None and meant[1] is not None:
        return asked[1] == meant[1]
    return None if asked[0] == meant[0] else False


def about(event, ask, pool=(), counts=None):
    accounts = event.accounts
    if event.name == "attempt" and event.talk:
        # What the borrower raised and would not go into was not talked about.
        accounts = [one["account"] for one in event.talk
                    if not (one["raised_by"] == "borrower" and one["declined"])]
        return any(same_debt(ask.question.accounts.get(one), ask, pool) for one in accounts)
    if not accounts:
        return True
    return any(same_debt(ask.question.accounts.get(one), ask, pool) for one in accounts)


def same_debt(other, ask, pool=()):
    if other is None:
        return False
    if other["id"] == ask.account["id"]:
        return True
    for row in pool:
        if row["by"] != "account_number_at_placement":
            raise Unsupported(f"pool by `{row['by']}`")
        number = ask.account[row["by"]]
        theirs = Ask(ask.world, ask.question, ask.now, other, ask.pack, ask.rule, ask.event)
        if number and number == other[row["by"]] and condition(row["when"], ask) is not False \
                and condition(row["when"], theirs) is not False:
            return True
    return False


def same_creditor(event, ask):
    mine = ask.account["original_creditor"]
    found = []
    for one in event.accounts or list(ask.question.accounts):
        other = ask.question.accounts.get(one)
        theirs = other and other["original_creditor"]
        if one == ask.account["id"]:
            found.append(True)
        else:
            found.append(None if not mine or not theirs else mine == theirs)
    return any_of(found)


def same_point(event, ask):
    named = ([event.contact_point] if event.contact_point else []) + list(event.contact_points)
    if not named:
        return True if event.name not in ("attempt", "inbound", "notice") else None
    if ask.point_id() is None:
        return None
    return any(same_value(ask.question, one, ask.point_id()) for one in named)


def same_channel(event, ask):
    named = ([event.channel] if event.channel else []) + list(event.channels)
    return not named or ask.channel() in named


def same_place(event, ask):
    mine = point_field("place", ask)
    named = ([event.contact_point] if event.contact_point else []) + list(event.contact_points)
    if not named and event.places:
        return None if mine is None else mine in event.places
    if not named:
        return None if event.name in ("attempt", "inbound", "notice") else True
    theirs = [ask.question.points.get(one) for one in named]
    if mine is None or None in theirs:
        return None
    return any((one["tied_to"] or "none") == mine for one in theirs)


def find(wanted, ask, scope=(), known=True, **sharing):
    """[(event, True or None)] of what passes the filter in the scope. With `known` false also what
    the tenant has not yet been told."""
    found = []
    for event in ask.history() if known else ask.question.history:
        if event.at > ask.now:
            continue
        fits = match(wanted, event, ask)
        if fits is False:
            continue
        fits = all_of([fits, in_scope(scope, event, ask, **sharing)])
        if fits is not False:
            found.append((event, fits))
    return found


def seen(wanted, ask):
    if set(wanted) - {"of", "window", "scope", "at_least", "in_a_row"}:
        raise Unsupported(f"seen {wanted}")
    if "in_a_row" in wanted:
        return in_a_row(wanted, ask)
    sure = maybe = 0
    scope = wanted.get("scope", ["person"])
    if isinstance(wanted["of"], dict) and "to" in wanted["of"]:
        # It says itself whom it asks about.
        scope = [one for one in scope if one != "person"]
    for event, fits in find(wanted["of"], ask, scope):
        inside = in_window(event, wanted.get("window", {"since": "ever"}), ask, scope)
        if inside is False:
            continue
        maybe += 1
        sure += fits is True and inside is True
    needed = wanted.get("at_least", 1)
    return True if sure >= needed else None if maybe >= needed else False


def in_a_row(wanted, ask):
    """Did the last so many events that pass all but the outcome end as asked for?"""
    of = {"event": wanted["of"], "by": "any"} if isinstance(wanted["of"], str) else wanted["of"]
    frame = {key: value for key, value in of.items() if key != "outcome"}
    scope = wanted.get("scope", ["person"])
    window = wanted.get("window", {"since": "ever"})
    last = [e for e, _ in find(frame, ask, scope)
            if in_window(e, window, ask, scope) is not False][-wanted["in_a_row"]:]
    if len(last) < wanted["in_a_row"]:
        return False
    return all_of(match(of, event, ask) for event in last)


# ---- windows ------------------------------------------------------------------------------------


def window_start(window, ask, zone, scope=()):
    """The first instant inside a window, as clocks in `zone` reckon; END + 1 where it is empty."""
    (unit, n), = window.items()
    if unit == "since":
        if n == "ever":
            return 0
        anchors = [e for e, _ in find(n, ask, scope)]
        return anchors[-1].at if anchors else END + 1
    if unit in ("rolling_hours", "rolling_days"):
        return ask.now - n * (3600 if unit == "rolling_hours" else 86400) + 1
    today = local_day(ask.now, zone)
    return first_day_of(unit, n, today, ask.pack)


def first_day_of(unit, n, today, pack):
    if unit in ("consecutive_days", "calendar_day"):
        return today - n + 1
    if unit == "calendar_week":
        begins = WEEKDAYS.index((pack or {}).get("week_starts", "mon"))
        return today - (weekday(today) - begins) % 7 - 7 * (n - 1)
    if unit == "calendar_month":
        return first_of_month(today, 1 - n)
    raise Unsupported(f"window `{unit}`")


def in_window_of_zone(event, window, ask, zone, scope=()):
    start = window_start(window, ask, zone, scope)
    if set(window) & {"since", "rolling_hours", "rolling_days"}:
        return event.at >= start
    return local_day(event.at, zone) >= start


def in_window(event, window, ask, scope=()):
    """Is it inside in every zone (True), in none (False), or in some (None)?"""
    if set(window) & {"since", "rolling_hours", "rolling_days"}:
        return in_window_of_zone(event, window, ask, None, scope)
    inside = {in_window_of_zone(event, window, ask, zone, scope) for zone in ask.day_zones}
    return None if len(inside) != 1 else inside.pop()


# ---- standings, periods, consents ---------------------------------------------------------------


def standing(value, ask):
    """Does a state hold, over all of the borrower's file?"""
    value = {"event": value, "by": "any"} if isinstance(value, str) else value
    found = []
    for event, fits in find(value, ask, ["person"]):
        if stands(event, {}, ask):
            found.append(fits)
    return any_of(found)


def stands(event, body, ask):
    """Does the state that `event` began still hold? What ends it must share its scope."""
    if event.ended:
        return False
    if event.until is not None and ask.now >= event.until:
        return False
    if event.last_day is not None and ask.day_zones and min(ask.days()) > event.last_day:
        return False
    if event.first_day is not None and ask.day_zones and max(ask.days()) < event.first_day:
        return False
    if said_over(event, ask):
        return False
    later = [e for e in ask.history() if (e.at, e.number) > (event.at, event.number)]
    scope = body.get("scope", ["person"])
    for end in body.get("until") or []:
        if "after" in end:
            if lapsed(event, end, later, scope, ask):
                return False
        elif any(match(end, e, ask) and in_scope(scope, e, ask) for e in later):
            return False
    return True


def said_over(event, ask):
    """Did whoever said it say later that it is over?"""
    return any(other.name == event.name and other.ended and about(other, ask)
               and (other.by, other.by_party) == (event.by, event.by_party)
               for other in ask.history() if (other.at, other.number) > (event.at, event.number))


def lapsed(event, end, later, scope, ask):
    """Is the wait over that ends a state, unless something renewed it?"""
    if set(end) - {"after", "wait", "unless"}:
        raise Unsupported(f"until {end}")
    for anchor in [event, *later]:
        if not match(end["after"], anchor, ask) or not (
                anchor is event or in_scope(scope, anchor, ask)):
            continue
        if ask.now < wait_end(end["wait"], anchor, ask):
            continue
        if "unless" not in end:
            return True
        unless = {k: v for k, v in end["unless"].items() if k != "within"}
        limit = END + 1
        if "within" in end["unless"]:
            limit = wait_end(end["unless"]["within"], anchor, ask)
        if not any(match(unless, e, ask) is not False and anchor.at <= e.at < limit
                   for e in ask.history()):
            return True
    return False


def during(name, instant, ask):
    """Does an instant fall into a period (one of these) that the pack names?"""
    if isinstance(name, list):
        return any_of(during(one, instant, ask) for one in name)
    spec = ask.world.period(name, ask)
    found = [all_of([fits, instant < wait_end(spec["wait"], anchor, ask)])
             for anchor, fits in find(spec["after"], ask, ["debt"])
             if anchor.at <= instant and not came_back(anchor, ask)]
    return any_of(found)


def came_back(event, ask):
    """Did the tenant learn that this notice is as if unsent?"""
    return event.name == "notice" and event.undelivered_at is not None \
        and event.undelivered_at <= ask.now


def consent(wanted, ask):
    if set(wanted) - {"covers", "form", "by", "to", "scope", "lasts", "spent_by", "document"}:
        raise Unsupported(f"consent {sorted(wanted)}")
    return any(agreed(given, wanted, ask) for given in ask.history())


# Of a channel, an address or recorded voices a later opt-out ends the agreement too.
ENDED_BY_OPT_OUT = {"channel", "address", "prerecorded"}


def agreed(given, wanted, ask):
    """Is one consent live, of the right form, and wide enough for the contact?"""
    if given.name != "consent" or given.use_disclosed is False:
        return False
    covers = set(given.covers) & set(listed(wanted["covers"]))
    by = listed(wanted.get("by", "borrower"))
    if not covers or ("any" not in by and given.by not in by):
        return False
    if given.by == "party" and given.by_party != ask.to()[1]:
        return False
    if "any" not in listed(wanted.get("to", "tenant")) and (
            given.given_to or "tenant") not in listed(wanted.get("to", "tenant")):
        return False
    if wanted.get("form") not in (None, "any"):
        form = given.consent_form or told_by_via(given)
        if form is None or not any(CONSENT_FORMS.index(form) >= CONSENT_FORMS.index(one)
                                   for one in listed(wanted["form"])):
            return False
    if "document" in wanted and given.document not in listed(wanted["document"]):
        return False
    if not narrow_enough(given, ask):
        return False
    if given.until is not None and ask.now >= given.until:
        return False
    days = ask.days()
    if (given.first_day is not None or given.last_day is not None or given.windows) and not days:
        return False
    if given.last_day is not None and max(days) > given.last_day:
        return False
    if given.first_day is not None and min(days) < given.first_day:
        return False
    if given.windows and not all(in_slots(given.windows, ask.now, zone) for zone in ask.zones):
        return False
    if "lasts" in wanted and ask.now >= wait_end(wanted["lasts"], given, ask, min):
        return False
    for later in ask.history():
        if later is given or later.at < given.at:
            continue
        if later.name == "revocation" and narrow_enough(later, ask):
            covers -= set(later.covers or covers)
        elif later.name == "opt_out" and later.given_to in (None, "tenant") \
                and set(listed(wanted["covers"])) & ENDED_BY_OPT_OUT \
                and narrow_enough(later, ask) and speaks_for_addressee(later, ask):
            return False
        if "spent_by" in wanted and match(wanted["spent_by"], later, ask) is not False \
                and later.at > given.at:
            return False
    return bool(covers)


def speaks_for_addressee(event, ask):
    """A party speaks for itself alone."""
    return event.by != "party" or ask.to()[1] == event.by_party


def told_by_via(given):
    """The form of a consent of which only the way it came is told."""
    if given.via is None:
        return None
    return "express" if given.via == "call" else "express_written"


def narrow_enough(event, ask):
    """Is it about this account, channel and contact point, as far as it says?"""
    return bool((not event.accounts or ask.account["id"] in event.accounts)
                and (not event.channels or ask.channel() in event.channels)
                and (not event.contact_points or ask.point_id() is not None and any(
                    same_value(ask.question, one, ask.point_id())
                    for one in event.contact_points)))


def in_slots(slots, instant, zone):
    """Slots of the borrower's week; none said means always."""
    day, second = local(instant, zone)
    today = weekday(day)
    for days, begin, end in slots:
        if begin < end:
            if today in days and 60 * begin <= second < 60 * end:
                return True
        elif (today in days and second >= 60 * begin) \
                or ((today - 1) % 7 in days and second < 60 * end):
            return True
    return not slots


HISTORY.update(consent=consent, seen=seen, standing=standing,
               during=lambda name, ask: during(name, ask.now, ask))
