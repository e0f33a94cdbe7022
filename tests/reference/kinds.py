"""The kinds of rule: each says whether its body is violated. Unknown is violated."""

import datetime

from calendars import WEEKDAYS, local, local_day, weekday
from conditions import (CHANNEL_GROUPS, MESSAGES, account_date, audience, condition, field, finding,
                        in_order, of_class, outcome, test, words)
from facts import Unsupported, listed, minutes
from history import (about, agreed, came_back, consent, during, find, in_form, in_scope, in_slots,
                     in_window_of_zone, match, narrow_enough, same_value, said_over,
                     speaks_for_addressee, stands)
from waits import wait_after_day, wait_end


def only(body, keys, what):
    if not body.keys() <= keys:
        raise Unsupported(f"{what}: {sorted(body.keys() - keys)}")


# ---- hours and days -----------------------------------------------------------------------------


def token(day, calendars):
    """What a row must list for this date."""
    plain = WEEKDAYS[weekday(day)]
    if not calendars:
        return plain
    names = [calendar.token(day) for calendar in calendars]
    if "holiday" in names:
        return "holiday"
    return next((name for name in names if name != plain), plain)


def row_holds(row, day, second, calendars):
    only(row, {"days", "from", "to", "from_exclusive", "to_inclusive"}, "window")
    begin, end = 60 * minutes(row.get("from", "00:00")), 60 * minutes(row.get("to", "24:00"))
    after = second > begin if row.get("from_exclusive") else second >= begin
    before = second <= end if row.get("to_inclusive") else second < end
    days = row.get("days", WEEKDAYS)
    if begin < end:
        return token(day, calendars) in days and after and before
    return (token(day, calendars) in days and after) \
        or (token(day - 1, calendars) in days and before)


def contact_hours(body, rule, ask):
    only(body, {"windows", "calendar", "clock", "source"}, rule["id"])
    zones = ask.world.clock(body.get("clock", "borrower"), ask)
    calendars = ask.world.calendar(body["calendar"], ask) if "calendar" in body else []
    if not zones:
        return True
    source = body.get("source")
    if source is not None:
        table = {"tenant_hours": ask.question.tenant["contact_hours"],
                 "account_hours": ask.account["contact_hours"],
                 "borrower_work_hours": ask.question.borrower["work_hours"]}[source["of"]]
        if table is not None:
            # A table lists no holidays, so with a calendar it is closed on them.
            rows = [{"days": [WEEKDAYS[day] for day in days], "from": clock_of(begin),
                     "to": clock_of(end)} for days, begin, end in table]
            closed = not all(table_holds(rows, *local(ask.now, zone), calendars) for zone in zones)
            if closed or source["as"] in ("only", "instead"):
                return closed
        elif source["as"] in ("only", "within"):
            return True
    return not all(table_holds(body.get("windows", []), *local(ask.now, zone), calendars)
                   for zone in zones)


def clock_of(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


def table_holds(rows, day, second, calendars):
    return any(row_holds(row, day, second, calendars) for row in rows)


def day_blackout(body, rule, ask):
    only(body, {"days", "calendar", "dates", "occasions", "clock"}, rule["id"])
    zones = ask.world.clock(body.get("clock", "borrower"), ask)
    if not zones:
        return True
    if body.get("occasions") and any(occasion(event, day) for event in ask.history()
                                     if event.name == "occasion" and not said_over(event, ask)
                                     for day in ask.days(zones)):
        return True
    calendars = ask.world.calendar(body["calendar"], ask) if "calendar" in body else []
    dates = {str(date) for date in body.get("dates") or []}
    # A weekday is what the wall clock shows, as in a table of hours.
    for day in {local(ask.now, zone)[0] for zone in zones}:
        plain = WEEKDAYS[weekday(day)]
        if token(day, calendars) in body.get("days", []) \
                or (plain in body.get("days", []) and token(day, calendars) == "holiday"):
            return True
    return bool(dates) and any(in_dates(day, dates) for day in ask.days(zones))


def in_dates(day, dates):
    return datetime.date.fromordinal(day).isoformat() in dates


def occasion(event, day):
    """Is it one of the days of a bereavement, a wedding, a calamity?"""
    return not event.ended and (event.first_day is None or event.first_day <= day) \
        and (event.last_day is None or day <= event.last_day)


# ---- counting -----------------------------------------------------------------------------------


class Allowance:
    """`up_to`: holds for the first uses, then no more."""

    def __init__(self, spec, when, rule, surely):
        only(spec, {"limit", "counts", "window", "scope", "per", "within"}, "up_to")
        self.spec, self.when, self.rule, self.surely = spec, when, rule, surely

    def holds(self, ask):
        spec = self.spec
        window = spec.get("window", {"since": "ever"})
        scope = spec.get("scope", ["person"])
        inbound = None
        if spec.get("per") == "inbound":
            inbound = ask.question.inbound.get(ask.answers())
            if inbound is None:
                return False
        elif "per" in spec:
            raise Unsupported("up_to per")
        if "within" in spec:
            anchor = inbound
            if anchor is None and "since" in window and window["since"] != "ever":
                since = [e for e, _ in find(window["since"], ask, ())]
                anchor = since[-1] if since else None
            if anchor is None or ask.now >= wait_end(spec["within"], anchor, ask, min):
                return False
        if "since" in window and window["since"] != "ever" \
                and not find(window["since"], ask, []):
            return False
        uses = []
        for event in ask.history():
            if event.name != "attempt" or event.by != "tenant":
                continue
            if not of_class(event, spec.get("counts", "attempts"), ask):
                continue
            if inbound is not None:
                if event.answers == inbound.id:
                    uses.append(event)
            elif in_scope(scope, event, ask) is not False:
                fits = condition(self.when, ask.of_event(event))
                if fits or (fits is None and not self.surely):
                    uses.append(event)
        if inbound is not None:
            return len(uses) < spec.get("limit", 1)
        if set(window) & {"since", "rolling_hours", "rolling_days"}:
            inside = sum(in_window_of_zone(e, window, ask, None) for e in uses)
        elif not ask.day_zones:
            return False
        else:
            inside = max(sum(in_window_of_zone(e, window, ask, zone) for e in uses)
                         for zone in ask.day_zones)
        return inside < spec.get("limit", 1)


def lifted(entry, rule, ask, surely=False):
    """Does an exception or an exclusion hold? Unknown does not. `surely`: only earlier contacts
    that surely fitted have used it; in an exclusion a doubtful one was counted itself."""
    only(entry, {"when", "up_to", "cites"}, f"{rule['id']}: exception")
    if condition(entry.get("when"), ask) is not True:
        return False
    return "up_to" not in entry or Allowance(
        entry["up_to"], entry["when"], rule, surely).holds(ask)


def frequency_cap(body, rule, ask):
    only(body, {"limit", "limits", "counts", "window", "scope", "of", "by", "excludes", "persons",
                "pool", "starts_after", "distinct", "gap"}, rule["id"])
    limits = body.get("limits") or [
        {"limit": body["limit"], "window": body["window"]}] if "limits" in body or "limit" in body \
        else []
    excludes = body.get("excludes") or []
    if any(lifted(entry, rule, ask, surely=True) for entry in excludes):
        return False
    if body.get("counts") == "messages" and ask.channel() not in MESSAGES:
        return False
    events = counted(body, rule, ask)
    if events is None:
        return False
    if "gap" in body and any(ask.now < wait_end(body["gap"], event, ask) for event in events):
        return True
    for limit in limits:
        only(limit, {"limit", "window", "suggested"}, rule["id"])
        if over_limit(events, limit, body, ask):
            return True
    return False


def counted(body, rule, ask):
    """The events that a cap counts; None where it has not begun to count."""
    counts, scope = body.get("counts", "attempts"), body.get("scope", ["person"])
    sharing = {"persons": body.get("persons", ()), "pool": body.get("pool", ()), "counts": counts}
    of = body.get("of")
    if of is None:
        applies = rule.get("applies") or {}
        wanted = applies.get("channels", applies.get("channel"))
        of = {"channel": wanted} if wanted else {}
    by = listed(body.get("by", "tenant"))
    begins = None
    if "starts_after" in body:
        spec = body["starts_after"]
        only(spec, {"of", "counts"}, f"{rule['id']}: starts_after")
        anchors = [e for e, _ in find(spec["of"], ask, scope, **sharing)]
        if not anchors:
            return None
        begins = (anchors[0].at, anchors[0].number + (0 if spec.get("counts") else 1))
    names = listed(of.get("event", "attempt"))
    rest = {k: v for k, v in of.items() if k not in ("event", "by")}
    found = []
    for event in ask.history():
        if event.name not in names:
            continue
        if "any" not in by and event.by not in by:
            continue
        if begins is not None and (event.at, event.number) < begins:
            continue
        if not of_class(event, counts, ask) or in_scope(scope, event, ask, **sharing) is False:
            continue
        as_event = ask.of_event(event)
        if condition(rest, as_event) is False:
            continue
        if any(lifted(entry, rule, as_event, surely=True)
               for entry in body.get("excludes") or []):
            continue
        found.append(event)
    return found


def over_limit(events, limit, body, ask):
    """Would this contact be one too many, in any zone?"""
    zones = [None] if set(limit["window"]) & {"since", "rolling_hours", "rolling_days"} \
        and body.get("distinct") != "local_day" else ask.day_zones
    if not zones:
        return True
    scope = body.get("scope", ["person"])
    for zone in zones:
        inside = [e for e in events if in_window_of_zone(e, limit["window"], ask, zone, scope)]
        if "distinct" not in body:
            used = len(inside) + 1
        elif body["distinct"] == "channel":
            used = len({e.channel for e in inside} | {ask.channel()})
        elif body["distinct"] == "local_day":
            used = len({local_day(e.at, zone) for e in inside} | {local_day(ask.now, zone)})
        else:
            raise Unsupported(f"distinct {body['distinct']}")
        if used > limit["limit"]:
            return True
    return False


def cooldown(body, rule, ask):
    only(body, {"after", "wait", "scope", "pool"}, rule["id"])
    if isinstance(body["after"], str) and body["after"].startswith("account."):
        day = account_date(body["after"].removeprefix("account."), ask.account)
        return day is None or not ask.day_zones or ask.now < wait_after_day(body["wait"], day, ask)
    wanted = body["after"] if isinstance(body["after"], dict) else {}
    counts = "conversations" if "outcome" in wanted else None
    events = find(body["after"], ask, body.get("scope", ["person"]), known=False,
                  pool=body.get("pool", ()), counts=counts)
    return any(ask.now < wait_end(body["wait"], event, ask) for event, _ in events)


# ---- what the borrower said ---------------------------------------------------------------------


def consent_required(body, rule, ask):
    only(body, {"covers", "form", "scope", "by", "to", "lasts", "document", "fresh", "routes"},
         rule["id"])
    given = ask.question.consents_given and not taken_back(body, ask)
    if "fresh" in body and not given and not is_fresh(body, rule, ask):
        return True
    if "routes" in body:
        named = field("relies_on", ask)
        routes = [r for r in body["routes"] if r["id"] == named] or (
            body["routes"] if named is None else [])
        return not any(condition(route["when"], ask) is True for route in routes)
    if given and set(listed(body["covers"])) & {"channel", "prerecorded", "address"}:
        return False
    wanted = {k: v for k, v in body.items() if k not in ("fresh", "routes")}
    return consent(wanted, ask) is not True


def is_fresh(body, rule, ask):
    """Did one of these happen at the contact point, no longer ago than that?"""
    only(body["fresh"], {"within", "by"}, rule["id"])
    scope = sorted({*body.get("scope", []), "point"})
    return any(fits is True and ask.now < wait_end(body["fresh"]["within"], event, ask, min)
               for wanted in body["fresh"]["by"] for event, fits in find(wanted, ask, scope))


def taken_back(body, ask):
    """Did history take back what was supposed to be given long ago?"""
    # Of several things agreed to, what is not taken back still stands.
    left = set(listed(body.get("covers", []))) & {"channel", "prerecorded", "address"}
    for event in ask.history():
        if event.name == "revocation" and narrow_enough(event, ask):
            left -= set(event.covers)
            if not left or not event.covers:
                return True
        if event.name == "opt_out" and event.given_to in (None, "tenant") \
                and narrow_enough(event, ask) and speaks_for_addressee(event, ask):
            return True
    return False


def opt_out(body, rule, ask):
    only(body, {"honours", "must_offer", "keywords", "lasts"}, rule["id"])
    if "must_offer" in body and test(field("message.opt_out", ask), body["must_offer"],
                                     ask) is not True:
        return True
    honours = body.get("honours")
    if honours is None:
        return False
    only(honours, {"channels", "form", "scope"}, rule["id"])
    scope = set(honours.get("scope", ["point"]))
    if "point" in scope:
        scope.add("channel")
    wanted = {"event": "opt_out"}
    for event, _ in find(wanted, ask, sorted(scope)):
        if event.given_to not in (None, "tenant"):
            continue
        if "channels" in honours and event.channels and not set(event.channels) & set(
                honours["channels"]):
            continue
        if in_form(honours.get("form", "any"), event) is False:
            continue
        if "lasts" in body and ask.now >= wait_end(body["lasts"], event, ask):
            continue
        if stands(event, {}, ask) and not agreed_again(event, ask):
            return True
    return False


def agreed_again(event, ask):
    return any(later.at > event.at and agreed(later, {"covers": ["channel", "address"]}, ask)
               for later in ask.history())


def stop_contact(body, rule, ask):
    only(body, {"standing", "form", "counts_from", "during", "not_before", "scope", "until"},
         rule["id"])
    wanted = body["standing"]
    wanted = {"event": wanted, "by": "any"} if isinstance(wanted, str) else wanted
    # Known or not, what runs from the making or the filing runs.
    filed = body.get("counts_from") in ("made", "filed")
    for event in ask.question.history:
        known = event.at if filed else event.known_at
        if known > ask.now or match(wanted, event, ask) is False:
            continue
        if in_scope(body.get("scope", ["person"]), event, ask) is False:
            continue
        if in_form(body.get("form", "any"), event) is False:
            continue
        moment = event.known_at if body.get("counts_from") == "received" else event.at
        if "during" in body and during(body["during"], moment, ask) is False:
            continue
        if "not_before" in body:
            day = account_date(body["not_before"]["date"].removeprefix("account."), ask.account)
            # What was said too early has no effect, also later on.
            if day is not None and event.at < wait_after_day(body["not_before"]["wait"], day, ask):
                continue
        if stands(event, body, ask):
            return True
    return False


def inconvenient(body, rule, ask):
    only(body, {"honours", "from", "budget"}, rule["id"])
    sources = listed(body.get("from", ["borrower"]))
    honours = listed(body["honours"])
    for event in ask.history():
        if event.name not in ("inconvenient_time", "inconvenient_place", "workplace_barred"):
            continue
        who = "creditor_file" if event.by == "creditor" else event.by
        if "anyone" not in sources and who not in sources:
            continue
        if not stands(event, {}, ask):
            continue
        if named_by(event, honours, ask):
            return True
    return "channels" in honours and ask.channel() in ask.question.borrower["refused_channels"]


def named_by(event, honours, ask):
    point = ask.point() or {}
    place = point.get("tied_to") or "none"
    if event.name == "inconvenient_time" and "times" in honours:
        if not ask.zones or any(in_slots(event.windows, ask.now, zone) for zone in ask.zones):
            return True
    if event.name == "inconvenient_place" and "places" in honours:
        there = ask.world.whereabouts(ask.question, ask.now)
        if place in event.places or there in event.places:
            return True
        if ask.channel() == "visit" and place == "none":
            return True
    if event.name in ("inconvenient_time", "inconvenient_place"):
        if "points" in honours and any(same_value(ask.question, one, ask.point_id())
                                       for one in event.contact_points):
            return True
        if "channels" in honours and ask.channel() in event.channels:
            return True
    if event.name == "workplace_barred" and "employer" in honours:
        return "work" in (place, ask.world.whereabouts(ask.question, ask.now)) \
            or point.get("owner") == "employer"
    return False


# ---- everyone else, and notices -----------------------------------------------------------------


def third_party(body, rule, ask):
    only(body, {"as_borrower", "overheard"}, rule["id"])
    relation = ask.to()[0]
    if relation != "borrower" and relation not in body.get("as_borrower", []):
        return True
    return bool(body.get("overheard") and audience(ask) != "addressee" and (
        finding(ask, "mentions_debt") is not False or finding(ask, "reveals_trade")))


def went_out_in(forms, notice):
    """Is it known that a notice went out in one of these forms?"""
    if notice.via is not None or notice.channel is None or "any" in listed(forms):
        return in_form(forms, notice) is True
    spoken = notice.channel in ("call", "voicemail", "visit")
    return ("oral" if spoken else "written") in listed(forms)


def notice_first(body, rule, ask):
    only(body, {"notice", "by", "channels", "form", "scope", "wait", "renew_on", "within", "after"},
         rule["id"])
    kinds = listed(body["notice"])
    if field("purpose", ask) == "required_notice" and field("notice", ask) in kinds:
        return False
    wanted = {"event": "notice", "notice": kinds, "by": body.get("by", "tenant")}
    if "channels" in body:
        wanted["channel"] = body["channels"]
    scope = body.get("scope", ["debt"])
    sent = [event for event, fits in find(wanted, ask, scope)
            if fits is True and went_out_in(body.get("form", "any"), event)]
    kind_known = any(e.name == "notice" and e.notice in kinds and in_scope(scope, e, ask)
                     for e in ask.history())
    renewed = [e for one in body.get("renew_on") or [] for e, _ in find(one, ask, scope)]
    if ask.question.notices_given and not kind_known and not renewed:
        return False
    good = []
    for event in sent:
        if came_back(event, ask):
            good = []
        else:
            good.append(event)
    good = [n for n in good if not any((e.at, e.number) > (n.at, n.number) for e in renewed)]
    if good and all(ask.now >= wait_end(body["wait"], event, ask) for event in good
                    if "wait" in body):
        return False
    if "within" not in body:
        return True
    if good:
        return False
    anchors = find(body["after"], ask, scope)
    return bool(anchors) and ask.now >= wait_end(body["within"], anchors[0][0], ask, min)


# ---- what is said, and by whom ------------------------------------------------------------------


def disclosure(body, rule, ask):
    """Also identification and language: one check under three names."""
    only(body, {"must_say", "when", "languages", "same_as_message", "caller"}, rule["id"])
    when = body.get("when", "every")
    if when == "on_request" or not turn(when, ask):
        return False
    items = body.get("must_say", []) + (["same_language"] if body.get("same_as_message") else [])
    if not carried(items, ask):
        return True
    if "languages" in body:
        only(body["languages"], {"any", "all"}, rule["id"])
        spoken = ask.message().get("languages")
        if spoken is None and not ask.question.in_order:
            return True
        if spoken is not None:
            if "any" in body["languages"] and not set(spoken) & set(body["languages"]["any"]):
                return True
            if not set(body["languages"].get("all", [])) <= set(spoken):
                return True
    return "caller" in body and caller_lacks(body["caller"], rule, ask)


def turn(when, ask):
    """Is it the turn of a duty that only some contacts have? The first is the first that reached
    somebody; what may have reached nobody leaves the next one the first."""
    if when == "every":
        return True
    channels = {"first_oral": CHANNEL_GROUPS["oral"],
                "first_written": CHANNEL_GROUPS["written"]}.get(when)
    if channels and ask.channel() not in channels:
        return False
    before = [e for e in ask.history() if e.name == "attempt" and e.by == "tenant"
              and about(e, ask) and (not channels or e.channel in channels)
              and of_class(e, "contacts", ask) and in_scope(["person"], e, ask) is not False]
    if when == "later":
        return bool(before)
    return not any(outcome(e, ask) is not None for e in before)


def carried(items, ask):
    """Does the message carry all of these? Nobody looked: no."""
    has = words(ask, "carries")
    return not items if has is None else all(item in has for item in items)


def caller_lacks(wanted, rule, ask):
    only(wanted, {"id", "class"}, rule["id"])
    if "id" in wanted and field("caller_id", ask) != wanted["id"]:
        return True
    if "class" not in wanted:
        return False
    # A number of which nothing is said is as law wants it, where papers are in order.
    tags = in_order(ask.question.contact["caller_class"], ask)
    return tags is None or not all(tag in tags for tag in listed(wanted["class"]))


def content_ban(body, rule, ask):
    only(body, {"forbids"}, rule["id"])
    return forbidden(body["forbids"], ask)


def forbidden(forbids, ask):
    for one in forbids:
        if isinstance(one, dict):
            if condition(one, ask) is not False:
                return True
        elif one == "contact":
            return True
        else:
            found = words(ask, "found")
            if found is None or one in found:
                return True
    return False


def time_barred(body, rule, ask):
    only(body, {"stale_on", "forbids", "must_say"}, rule["id"])
    if not stale(body.get("stale_on"), ask):
        return False
    return forbidden(body.get("forbids", []), ask) or not carried(body.get("must_say", []), ask)


def stale(stale_on, ask):
    """Is the debt too old to sue on? Unknown is."""
    if ask.account["stale"]:
        return True
    if stale_on is None:
        return ask.account["stale"] is None
    wait = None
    if isinstance(stale_on, dict):
        stale_on, wait = stale_on["date"], stale_on["wait"]
    day = account_date(stale_on.removeprefix("account."), ask.account)
    if day is None:
        # The scenario form: limitation that nobody told of is far off.
        return not ask.question.in_order
    if not ask.day_zones:
        return True
    if wait is None:
        return max(ask.days()) > day
    return ask.now >= wait_after_day(wait, day, ask, min)


def licence(body, rule, ask):
    only(body, {"holds", "show_on"}, rule["id"])
    holds = field("tenant.licences", ask)
    return holds is None or not all(one in holds for one in body["holds"])


def never(body, rule, ask):
    """Parameters for other parts of the system."""
    return False


KINDS = {
    "contact_hours": contact_hours, "day_blackout": day_blackout, "frequency_cap": frequency_cap,
    "cooldown": cooldown, "consent_required": consent_required, "opt_out": opt_out,
    "stop_contact": stop_contact, "inconvenient": inconvenient, "third_party": third_party,
    "notice_first": notice_first, "disclosure": disclosure, "identification": disclosure,
    "language": disclosure, "content_ban": content_ban, "time_barred": time_barred,
    "licence": licence, "record_retention": never, "data_protection": never,
}
