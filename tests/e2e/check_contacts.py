#!/usr/bin/python3
"""Was every contact in this log lawful? A second opinion, written apart from the engine.

    check_contacts.py --export DIR --data DIR --keys DIR --answers FILE --policies DIR
                      [--fallback COUNTRY]… [--licence NAME]… [--sent DIR]

Reads the exported log, opens its seals with the keys of a deployment that has stopped (--data,
--keys; sealed_facts.py), reads the submitted accounts with the intake's answers (examples/python/lender.py
--answers), and the packs. Takes each reservation at its decision's own instant, puts together what
was known then, and asks every rule. Prints each broken rule with the entry it was broken at.
--fallback, --licence: of the tenant, as its configuration says; Taiwan and its agency's if none.
--sent: the outbox; no attempt may have gone out twice, and each that did was reserved.

Exit 0: no violation. 1: violations. 2: something could not be read.
"""

import argparse
import collections
import datetime
import json
import pathlib
import sys

import yaml

import exported_log
import law
import sealed_facts

UTC = datetime.timezone.utc
LICENCES = ("tw_authorised_collector",)


def instant(text):
    return datetime.datetime.strptime(text[:19] + "Z", "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def day(text):
    return datetime.date.fromisoformat(text)


def word(text, prefix):
    return text.removeprefix(prefix + "_").lower()


def messages(policies):
    """What each template of a treatment was found to hold: (template, channel) -> findings, and the
    languages there are to choose from, the default first."""
    found = {}
    for path in sorted((pathlib.Path(policies) / "treatments").glob("*.yaml")):
        document = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
        for template in document.get("templates") or []:
            for channel, text in template["channels"].items():
                languages = [document["default_language"], *sorted(text["text"])]
                found[template["id"], channel] = {**template["says"], "opt_out": text["opt_out"],
                                                  "in": languages}
    return found


def in_language(message, wanted):
    """The findings on the text that a borrower of this language gets: the same tag, else one of the
    same language, else the default."""
    if "in" not in message:
        return message
    default, *tags = message["in"]
    chosen = [tag for tag in tags if tag.lower() == (wanted or "").lower()] or [
        tag for tag in tags if wanted and tag.split("-")[0].lower() == wanted.split("-")[0].lower()]
    return {**message, "languages": (chosen or [default])[:1]}


class Files:
    """What was known of each borrower, growing as the log is read."""

    def __init__(self, records, fallback, licences):
        self.fallback = [{"country": country} for country in fallback]
        self.licences = list(licences)
        self.accounts, self.borrowers, self.events = {}, {}, collections.defaultdict(list)
        self.point_of = {}  # contact point id -> submitted point
        self.by_value = collections.defaultdict(set)  # phone or mail -> borrowers
        for record in records:
            if "error" not in record["answer"]:
                self.take(record["item"], record["answer"])

    def take(self, item, answer):
        account, borrower = answer["account_id"], answer["borrower_id"]
        self.accounts[account] = {
            "id": account, "borrower": borrower, "external_id": item["account"]["external_id"],
            "role": word(item["account"]["role"], "ROLE"),
            "product": word(item["account"]["product"], "PRODUCT"),
            "stage": word(item["account"].get("stage", "STAGE_OVERDUE"), "STAGE"),
            "due_on": day(item["account"]["due_date"])}
        if "creditor_kind" in item["account"]:
            self.accounts[account]["creditor_kind"] = word(item["account"]["creditor_kind"],
                                                           "FIRM_KIND")
        if "limitation_expires_date" in item["account"]:
            self.accounts[account]["limitation_expires_on"] = day(
                item["account"]["limitation_expires_date"])
        if "stale" in item["account"]:
            self.accounts[account]["stale"] = item["account"]["stale"]
        said = item["borrower"]
        known = self.borrowers.setdefault(borrower, {"points": [], "places": []})
        labels = {}
        for point in said.get("contact_points", []):
            plain = {"value": point["value"], "kind": word(point["kind"], "POINT_KIND"),
                     "owner": word(point.get("owner", "RELATION_BORROWER"), "RELATION"),
                     "tied_to": word(point.get("tied_to", "TIED_TO_NONE"), "TIED_TO"),
                     "line": word(point.get("line", "LINE_UNKNOWN"), "LINE"),
                     "source": word(point.get("source", "POINT_SOURCE_UNKNOWN"), "POINT_SOURCE"),
                     "shared": point.get("shared", False),
                     "verified": point.get("verified", False)}
            labels[point["id"]] = point["value"]
            if plain not in known["points"]:
                known["points"].append(plain)
            if plain["kind"] in ("phone", "email"):
                self.by_value[point["value"]].add(borrower)
        for place in said.get("places", []):
            if place not in known["places"]:
                known["places"].append(place)
        if said.get("declared_zone"):
            known["declared"] = (said["declared_zone"], instant(said["declared_zone_time"]))
        if said.get("birth_date"):
            known["born_on"] = day(said["birth_date"])
        for event in item.get("history", []):
            self.events[borrower].append(self.submitted(event, labels, account, borrower))

    def submitted(self, event, labels, account, borrower):
        """A history event of a submission, in the words of the packs."""
        name = word(event["name"], "EVENT_NAME")
        default = "tenant" if name in ("attempt", "notice") else "borrower"
        plain = {"event": name, "at": instant(event["event_time"]), "borrower": borrower,
                 "by": word(event.get("by", "DONE_BY_" + default.upper()), "DONE_BY"),
                 "accounts": [account] if event.get("accounts") else []}
        if "received_time" in event:
            plain["received_at"] = instant(event["received_time"])
        for key, prefix in (("channel", "CHANNEL"), ("outcome", "OUTCOME"), ("via", "VIA"),
                            ("notice", "NOTICE_KIND"), ("given_to", "DONE_BY"),
                            ("wording", "WORDING"), ("where", "WHEREABOUTS"),
                            ("consent_form", "CONSENT_FORM")):
            if key in event:
                plain[key] = word(event[key], prefix)
        for key, prefix in (("channels", "CHANNEL"), ("covers", "COVERS"), ("places", "TIED_TO")):
            if key in event:
                plain[key] = [word(one, prefix) for one in event[key]]
        if "contact_point" in event:
            plain["point_value"] = labels[event["contact_point"]]
        if "contact_points" in event:
            plain["points"] = [labels[label] for label in event["contact_points"]]
        for key in ("first_day", "last_day"):
            if key in event:
                plain[key] = day(event[key])
        if "period_ends_date" in event:
            plain["period_ends_on"] = day(event["period_ends_date"])
        if "until" in event:
            plain["until"] = instant(event["until"])
        for key in ("windows", "repeats", "new_evidence", "ended", "use_disclosed", "document"):
            if key in event:
                plain[key] = event[key]
        return plain

    def logged(self, event, borrower):
        """An event that came later, as its entry tells it."""
        plain = {"event": "attempt", "by": "tenant", **event, "at": instant(event["at"]),
                 "borrower": borrower, "accounts": event.get("accounts", [])}
        for key in ("received_at", "until"):
            if key in event:
                plain[key] = instant(event[key])
        for key in ("first_day", "last_day", "period_ends_on"):
            if key in event:
                plain[key] = day(event[key])
        if "contact_point" in event:
            plain["point_value"] = self.point_of[event["contact_point"]]["value"]
        if "contact_points" in event:
            plain["points"] = [self.point_of[p]["value"] for p in event["contact_points"]]
        if "windows" in event:
            plain["windows"] = [
                {"days": [law.DAYS[i] for i in range(7) if slot.get("days", 0) >> i & 1],
                 "from": self.clock_time(slot.get("from_minute", 0)),
                 "to": self.clock_time(slot.get("to_minute", 0))}
                for slot in event["windows"]]
        return plain

    @staticmethod
    def clock_time(minute):
        return f"{minute // 60:02d}:{minute % 60:02d}"

    def learn(self, entry, facts):
        """What a borrower.* entry tells of the person: ids of contact points, language, refusals."""
        known = self.borrowers.get(entry["borrower"])
        if known is None:
            return
        for described, point in zip(facts.get("contact_points", []), known["points"]):
            if described.get("kind", "phone") != point["kind"]:
                raise exported_log.LogError(f"entry {entry['seq']}: contact points out of order")
            self.point_of[described["id"]] = point
        if "language" in facts:
            known["language"] = facts["language"]
        if entry["kind"] == "borrower.preferences_set":
            known["refused_channels"] = facts.get("refused_channels", [])

    def linked(self, borrower):
        """The borrower and whoever shares a phone or mail address."""
        found = {borrower}
        for point in self.borrowers[borrower]["points"]:
            found |= self.by_value.get(point["value"], set())
        return found

    def zones(self, borrower, places, now):
        known = self.borrowers[borrower]
        if "declared" in known:
            zone, since = known["declared"]
            if now < since + datetime.timedelta(days=law.DECLARED_DAYS):
                return {zone}
        found, fine = set(), False
        for place in known["places"]:
            zones, down_to_zone = places.zones_of(place)
            found |= zones
            fine = fine or down_to_zone
        for point in known["points"]:
            if point["kind"] != "phone" or point["line"] in (
                    "toll_free", "premium", "personal_number", "satellite"):
                continue
            zones, whole_country = places.zones_of_number(point["value"])
            if not (point["line"] == "mobile" and whole_country and fine):
                found |= zones
        if not known["places"]:
            for place in self.fallback:
                found |= places.zones_of(place)[0]
        return found

    def jurisdictions(self, places, judge):
        """Countries and subdivisions; of a place that names none, every one that has a pack."""
        found = set()
        for place in places:
            country, subdivision = place["country"], place.get("subdivision")
            found |= {country, subdivision} if subdivision else {country} | {
                pack["jurisdiction"] for pack in judge.packs
                if pack["jurisdiction"].startswith(country + "-")}
        return found

    def reached(self, borrower, point, judge):
        """The jurisdictions that a contact with `borrower` by `point` falls into."""
        found = self.jurisdictions(self.borrowers[borrower]["places"] or self.fallback, judge)
        if point["kind"] == "phone":
            country = judge.places.country_of_number(point["value"])
            found |= {country} if country else set()
        return found

    def contact(self, entry, decision, judge, findings):
        borrower = entry["borrower"]
        known, now = self.borrowers[borrower], instant(decision["data"]["at"])
        point = self.point_of[entry["ref"]["contact_point"]]
        history = sorted((event for one in self.linked(borrower) for event in self.events[one]),
                         key=lambda event: event["at"])
        age = None
        if "born_on" in known:
            born = known["born_on"]
            age = now.year - born.year - ((now.month, now.day) < (born.month, born.day))
        where = [e for e in history if e["event"] == "whereabouts" and e["at"] <= now]
        data = entry["data"]
        return law.Contact(
            at=now, channel=data["channel"], purpose=data["purpose"], notice=data.get("notice"),
            to="borrower", point=point, automated=True, declared={},
            accounts=[self.accounts[account] for account in entry["ref"]["accounts"]],
            borrower={"age": age, "refused_channels": known.get("refused_channels", []),
                      "language": known.get("language"),
                      "places": self.jurisdictions(known["places"], judge)},
            message=in_language(findings.get((data.get("template"), data["channel"]), {}),
                                known.get("language")),
            licences=self.licences,
            whereabouts=where[-1].get("where", "none") if where else "none",
            zones=sorted(self.zones(borrower, judge.places, now)),
            jurisdictions=self.reached(borrower, point, judge), history=history,
            points={one["value"]: one for one in known["points"]})


def check(entries, records, policies, fallback=("TW",), licences=LICENCES, treatments=None):
    """(violations, number of contacts looked at). A violation: (seq, attempt, rule). `treatments`:
    the policies directory that the messages were of, if it is another one."""
    judge, files = law.Judge(policies), Files(records, fallback, licences)
    findings = messages(treatments or policies)
    decisions, attempts, found = {}, {}, []
    for entry in entries:
        kind, data, facts = entry["kind"], entry.get("data", {}), entry["facts"]
        if "borrower" in facts:
            files.learn(entry, facts["borrower"])
        if kind.startswith("borrower.") and kind != "borrower.history_recorded":
            for event in facts.get("events", []):
                files.events[entry["borrower"]].append(files.logged(event, entry["borrower"]))
        elif kind.startswith("decision."):
            decisions[entry["id"]] = entry
        elif kind == "attempt.reserved":
            attempt = entry["ref"]["attempt"]
            decision = decisions.get(entry["ref"].get("entry"))
            if decision is None or decision["kind"] != "decision.allowed":
                found.append((entry["seq"], attempt, "no decision allowed it"))
                continue
            contact = files.contact(entry, decision, judge, findings)
            found += [(entry["seq"], attempt, rule) for rule in judge.broken(contact)]
            event = {"event": "attempt", "by": "tenant", "at": contact.at,
                     "accounts": entry["ref"]["accounts"], "borrower": entry["borrower"],
                     "channel": contact.channel, "point_value": contact.point["value"],
                     "purpose": contact.purpose, "outcome": "unreported"}
            attempts[attempt] = event
            files.events[entry["borrower"]].append(event)
        elif kind == "attempt.dispatched":
            # Judged again when its turn came, without itself: by what was known at that instant.
            attempt = entry["ref"]["attempt"]
            event = attempts[attempt]
            decision = decisions.get(entry["ref"].get("entry"))
            if decision is None or decision["kind"] != "decision.allowed":
                found.append((entry["seq"], attempt, "no decision allowed it to go"))
                continue
            files.events[entry["borrower"]].remove(event)
            contact = files.contact(entry, decision, judge, findings)
            found += [(entry["seq"], attempt, rule) for rule in judge.broken(contact)]
            event["at"] = contact.at
            files.events[entry["borrower"]].append(event)
        elif kind == "attempt.settled":
            attempts[entry["ref"]["attempt"]]["outcome"] = data["outcome"]
        elif kind == "attempt.released":
            event = attempts[entry["ref"]["attempt"]]
            files.events[event["borrower"]].remove(event)
    return found, len(attempts)


def check_sent(entries, outbox):
    """Violations that the outbox shows: an attempt sent twice, or never reserved, or released."""
    reserved = {e["ref"]["attempt"] for e in entries if e["kind"] == "attempt.reserved"}
    released = {e["ref"]["attempt"] for e in entries if e["kind"] == "attempt.released"}
    calls = collections.Counter()
    for file in pathlib.Path(outbox).rglob("*"):
        if file.is_file() and len(file.name) >= 32:
            calls[file.name[:32]] += 1
    found = [(-1, a, f"handed over {n} times") for a, n in sorted(calls.items()) if n > 1]
    found += [(-1, a, "sent without a reservation in the log")
              for a in sorted(set(calls) - reserved)]
    found += [(-1, a, "sent, and released as unsent") for a in sorted(set(calls) & released)]
    return found, sum(calls.values())


def main():
    parser = argparse.ArgumentParser(description="Checks every contact of a log against the packs.")
    parser.add_argument("--export", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--keys", required=True)
    parser.add_argument("--answers", required=True)
    parser.add_argument("--policies", required=True)
    parser.add_argument("--fallback", action="append", default=[])
    parser.add_argument("--licence", action="append", default=[])
    parser.add_argument("--sent")
    options = parser.parse_args()
    try:
        with open(options.answers, encoding="utf-8") as file:
            records = [json.loads(line) for line in file]
        entries = sealed_facts.of_deployment(exported_log.read(options.export), options.data,
                                             options.keys)
        found, contacts = check(entries, records, options.policies, options.fallback or ["TW"],
                                options.licence or LICENCES)
        sent = 0
        if options.sent:
            more, sent = check_sent(entries, options.sent)
            found += more
    except (exported_log.LogError, sealed_facts.SealError, law.Unsupported, OSError,
            KeyError) as error:
        print(f"check_contacts: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    for seq, attempt, rule in found[:50]:
        print(f"entry {seq}: attempt {attempt}: {rule}")
    by_rule = collections.Counter(rule for _, _, rule in found)
    for rule, count in by_rule.most_common():
        print(f"{count:>6,}  {rule}")
    print(f"{contacts:,} contacts, {sent:,} handed over, {len(found):,} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
