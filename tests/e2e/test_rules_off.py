#!/usr/bin/python3
"""The check finds what it is for: logs made with each rule switched off in turn.

    test_rules_off.py FORBEAR [RULE…]

For each rule a small cast in which somebody should be left alone because of it. The server runs on
packs without that rule (and without the others that would hold the same person back); the checker
reads the packs as they are, and must find the rule broken. Where the rule is about what is said, the
words are found to hold what they should not. Beforehand the same cast runs on the whole packs with
the words as they are, and nothing may be found.
"""

import copy
import json
import pathlib
import shutil
import sys
import tempfile
import time

import yaml

import check_contacts
import exported_log
import load
import sealed_facts
import stubs
from deployment import Deployment, ROOT

# A day passes in a quarter of a second; the clock stands still while anything is being done.
CLOCK = "2026-03-02T00:00:00Z,x345600"
LENGTH_DAYS = 8


def event(name, when="2026-02-25T04:00:00Z", **fields):
    return {"name": "EVENT_NAME_" + name, "event_time": when, **fields}


def us_account(number, **changes):
    """A loan in Ohio, told of its rights, with all that a reminder needs."""
    item = load.account(number, "US")
    item["account"].update(product="PRODUCT_PERSONAL_LOAN",
                           balance={"minor_units": "120000", "currency": "USD"})
    item["borrower"]["places"] = [{"kind": "TIED_TO_HOME", "country": "US", "subdivision": "US-OH"}]
    item["borrower"]["contact_points"][0]["value"] = f"+1614555{100 + number:04d}"
    item["history"] = [event("NOTICE", "2026-02-20T15:00:00Z", channel="CHANNEL_LETTER",
                             notice="NOTICE_KIND_VALIDATION_NOTICE",
                             period_ends_date="2026-03-27")]
    return changed(item, changes)


def tw_account(number, **changes):
    return changed(load.account(number, "TW"), changes)


def changed(item, changes):
    item = copy.deepcopy(item)
    item["account"].update(changes.get("account", {}))
    item["borrower"].update(changes.get("borrower", {}))
    item["history"] += changes.get("history", [])
    for key, value in changes.get("points", {}).items():
        for point in item["borrower"]["contact_points"]:
            point[key] = value
    if "only" in changes:
        item["borrower"]["contact_points"] = [
            p for p in item["borrower"]["contact_points"] if p["id"] == changes["only"]]
    if changes.get("without_notice"):
        item["history"] = [e for e in item["history"] if e["name"] != "EVENT_NAME_NOTICE"]
    return item


SPOUSE = {"parties": [{"id": "spouse", "relation": "RELATION_SPOUSE"}]}
ATTORNEY = {"parties": [{"id": "attorney", "relation": "RELATION_ATTORNEY"}]}
NAMED = event("ATTORNEY_NAMED", via="VIA_LETTER", attorney="attorney")
CREDITOR = {"role": "ROLE_CREDITOR"}
DELIVERED = {"channel": "CHANNEL_SMS", "contact_point": "mobile", "outcome": "OUTCOME_DELIVERED"}
MAIL = {"channel": "CHANNEL_EMAIL", "contact_point": "mail", "outcome": "OUTCOME_DELIVERED"}
HOURS = ["house.contact-hours", "tw.outsourcing14.contact-hours", "us.fdcpa.contact-hours",
         "us.regf.contact-hours"]


def by_letter(item):
    """Whoever can be reached by post alone."""
    item["borrower"]["contact_points"] = [
        {"id": "home", "kind": "POINT_KIND_POSTAL", "value": "1 Made Street", "verified": True,
         "tied_to": "TIED_TO_HOME", "source": "POINT_SOURCE_BORROWER"}]
    item["history"] = [e for e in item["history"] if e["name"] != "EVENT_NAME_CONSENT"]
    return item


def without(*items):
    """What the words no longer hold."""
    return lambda says: {"carries": [one for one in says["carries"] if one not in items]}

# rule -> (who is in the cast, which other rules would hold them back too, and, where the rule is about
# what is said, what the words are found to hold instead)
CASTS = {
    "house.opt-out": ([tw_account(1, only="mobile", history=[
        event("OPT_OUT", via="VIA_SMS", channels=["CHANNEL_SMS"], wording="WORDING_KEYWORD")])], []),
    "house.refused-channel": ([tw_account(1, only="mobile", history=[
        event("INCONVENIENT_TIME", via="VIA_CALL", windows=[{"from": "07:00", "to": "12:00"}])])],
        []),
    "house.cease": ([tw_account(1, history=[event("CEASE_REQUEST", via="VIA_CALL")])], []),
    "house.attorney": ([tw_account(1, borrower=ATTORNEY, history=[NAMED])], []),
    "house.dispute": ([tw_account(1, history=[event("DISPUTE", via="VIA_CALL")])], []),
    "house.bankruptcy": ([tw_account(1, history=[event("BANKRUPTCY", confirmed=True)])], []),
    "house.death": ([tw_account(1, history=[event("DEATH", confirmed=True)])], []),
    "house.minor": ([tw_account(1, history=[event("MINOR", confirmed=True)])], []),
    "house.minor-by-age": ([tw_account(1, borrower={"birth_date": "2010-05-05"})], []),
    "house.incapacity": ([tw_account(1, history=[event("INCAPACITY", confirmed=True)])], []),
    "house.third-party": ([tw_account(1, points={"shared": True})],
                          ["tw.outsourcing14.third-party"]),
    "house.address-book": ([tw_account(1, points={"source": "POINT_SOURCE_REFERENCE"})], []),
    # The bank collects by itself, and no law in Taiwan names its hours.
    "house.contact-hours": ([tw_account(n, account={**CREDITOR, "due_date": due})
                             for n, due in enumerate(("2026-01-31", "2026-02-28"), 1)], []),
    "house.frequency": ([tw_account(1, only="mobile", history=[
        event("ATTEMPT", f"2026-02-{day}T04:00:00Z", **DELIVERED) for day in (26, 27, 28)])], []),
    "tw.outsourcing14.contact-hours": ([
        tw_account(1, account={"due_date": "2026-02-28"}),
        tw_account(2, account={"due_date": "2026-02-27"})], []),
    "tw.outsourcing14.third-party": ([tw_account(1, points={"shared": True})],
                                     ["house.third-party"]),
    "tw.outsourcing16.notice-before-collection": ([tw_account(1, without_notice=True)], []),
    "tw.creditcard51.own-collection-third-party": (
        [tw_account(1, account=CREDITOR, points={"shared": True})], ["house.third-party"]),
    "tw.creditcard42.contact-person-data": (
        [tw_account(1, account=CREDITOR, points={"source": "POINT_SOURCE_REFERENCE"})],
        ["house.address-book"]),
    "tw.creditcard29.sale-notice": ([tw_account(1, account={"role": "ROLE_DEBT_BUYER"})], []),
    "us.fdcpa.contact-hours": ([us_account(1)], ["us.regf.contact-hours", "house.contact-hours"]),
    "us.regf.contact-hours": ([us_account(1)], ["us.fdcpa.contact-hours", "house.contact-hours"]),
    "us.regf.inconvenient-time": ([us_account(1, history=[
        event("INCONVENIENT_TIME", via="VIA_CALL", windows=[{"from": "08:00", "to": "13:00"}])])],
        ["house.refused-channel"]),
    "us.regf.inconvenient-place": ([us_account(1, points={"tied_to": "TIED_TO_WORK"}, history=[
        event("INCONVENIENT_PLACE", via="VIA_CALL", places=["TIED_TO_WORK"])])],
        ["house.refused-channel"]),
    "us.regf.inconvenient-place.unusual": ([us_account(1, history=[
        event("WHEREABOUTS", via="VIA_CALL", where="WHEREABOUTS_HOSPITAL",
              last_day="2026-03-30")])], []),
    "us.regf.harassment-any-medium": ([us_account(1, only="mobile", history=[
        event("ATTEMPT", f"2026-03-01T{hour}:00:00Z", **DELIVERED) for hour in (21, 22, 23)])],
        ["house.frequency"]),
    "us.regf.electronic-opt-out": ([us_account(1, only="mobile", history=[
        event("OPT_OUT", via="VIA_SMS", channels=["CHANNEL_SMS"], contact_points=["mobile"])])],
        ["house.opt-out", "us.regf.medium-stop"]),
    "us.regf.medium-stop": ([us_account(1, only="mobile", history=[
        event("OPT_OUT", via="VIA_CALL", channels=["CHANNEL_SMS"])])],
        ["house.opt-out", "us.regf.electronic-opt-out"]),
    "us.fdcpa.cease-communication": ([us_account(1, history=[
        event("CEASE_REQUEST", via="VIA_LETTER")])], ["house.cease"]),
    "us.fdcpa.attorney-represented": ([us_account(1, borrower=ATTORNEY, history=[NAMED])],
                                      ["house.attorney"]),
    "us.regf.deceased": ([us_account(1, history=[event("DEATH", confirmed=True)])],
                         ["house.death"]),
    "us.regf.dispute-cease": ([us_account(1, history=[event("DISPUTE", via="VIA_LETTER")])],
                              ["house.dispute"]),
    "us.regf.dispute-cease.repeats": ([us_account(1, history=[
        event("DISPUTE", via="VIA_LETTER", repeats=True)])],
        ["house.dispute", "us.regf.dispute-cease"]),
    "us.regf.original-creditor-request": ([us_account(1, history=[
        event("CREDITOR_QUERY", via="VIA_EMAIL")])], []),
    "us.bankruptcy.automatic-stay": ([us_account(1, history=[event("BANKRUPTCY", confirmed=True)])],
                                     ["house.bankruptcy"]),
    "us.fdcpa.third-party-ban": ([us_account(1, points={"shared": True})], ["house.third-party"]),
    "us.regf.validation-notice": ([us_account(1, without_notice=True, history=[
        event("ATTEMPT", "2026-02-20T15:00:00Z", **DELIVERED)])], []),
    "tw.outsourcing.licence-and-no-subdelegation": ([tw_account(1)], []),
    "tw.outsourcing14.deception": ([tw_account(1)], [], {"found": ["threatens_arrest"]}),
    "tw.outsourcing14.postcards-envelopes": (
        [by_letter(tw_account(1))], [], {"found": ["revealing_envelope"]}),
    "tw.outsourcing14.no-cash": ([tw_account(1)], [], {"found": ["takes_payment_directly"]}),
    "tw.creditcard51.conduct": ([tw_account(1, account=CREDITOR)], [], {"found": ["insult"]}),
    "tw.leasing2025.collection-standards": (
        [tw_account(1, account={**CREDITOR, "product": "PRODUCT_AUTO_LOAN",
                                "creditor_kind": "FIRM_KIND_FINANCE_COMPANY"})], [],
        {"found": ["intimidation"]}),
    "us.fdcpa.mini-miranda": ([us_account(1)], [], without("information_used")),
    "us.fdcpa.mini-miranda.later": (
        [us_account(1, history=[event("ATTEMPT", "2026-02-25T15:00:00Z", **MAIL)])], [],
        without("from_debt_collector")),
    "us.regf.disclosure-language": ([us_account(1)], [], without("same_language")),
    "us.fdcpa.content-bans": ([us_account(1)], [], {"pressing_offer": True}),
    "us.regf.postcard-envelope": ([by_letter(us_account(1))], [], {"found": ["envelope_words"]}),
    "us.regf.no-overshadowing": ([us_account(1)], [], {"found": ["overshadows_rights"]}),
    "us.regf.time-barred-suit": ([us_account(1)], ["us.regf.no-overshadowing"],
                                 {"found": ["threatens_lawsuit"]}),
    "us.scra.six-percent": ([us_account(1, history=[event("MILITARY", confirmed=True)])], [],
                            {"found": ["excess_interest_demand"]}),
    "us.canspam.headers": ([us_account(1, only="mail")], [], {"found": ["false_mail_header"]}),
    "us.canspam.commercial-opt-out": (
        [us_account(1, only="mail", account=CREDITOR, history=[
            event("OPT_OUT", via="VIA_EMAIL", contact_points=["mail"])])],
        ["house.opt-out", "us.canspam.commercial-opt-out.marked"], {"commercial": True}),
    "us.canspam.commercial-opt-out.marked": (
        [us_account(1, only="mail", account=CREDITOR)], [], {"commercial": True}),
    "us.tcpa.telemarketing-hours": (
        [us_account(1, only="mobile")],
        ["us.fdcpa.contact-hours", "us.regf.contact-hours", "house.contact-hours"],
        {"offer": True}),
    "us.state-holiday-telemarketing": (
        [us_account(1, only="mobile", borrower={
            "places": [{"kind": "TIED_TO_HOME", "country": "US", "subdivision": "US-UT"}]})], [],
        {"offer": True}),
}

# Rules that no reminder by text, mail or letter can break; test_law.py makes worlds for them.
NOT_BY_REMINDERS = {
    "us.fdcpa.employer-place": "binds calls, visits and letters to the workplace",
    "us.regf.work-email": "a treatment writes to the borrower's own points alone",
    "us.regf.call-cap-7-in-7": "binds calls",
    "us.regf.cooldown-7-days-after-conversation": "binds calls",
    "us.tcpa.prerecorded-residential-3-in-30": "binds calls",
    "us.tcpa.autodialed-prerecorded-consent": "binds autodialled texts; ours are not",
    "us.tcpa.revocation-any-reasonable-means": "binds autodialled texts; ours are not",
    "us.regf.electronic-third-party-safe-harbour.email": "only where a procedure is relied on",
    "us.regf.electronic-third-party-safe-harbour.sms-60-days": "only where one is relied on",
    "us.regf.identity-disclosure-call": "binds calls",
    "us.regf.identity-disclosure-call.number": "binds calls",
    "us.fdcpa.mini-miranda.first-oral": "binds calls",
    "us.tcpa.prerecorded-opt-out": "binds calls",
    "us.tcpa.prerecorded-opt-out.voicemail": "binds calls",
    "us.state-holiday-telemarketing.nebraska": "binds calls",
    "us.regf.social-media": "binds social media",
    "us.regf.social-media.hidden-purpose": "binds social media",
    "us.regf.electronic-disclosures-esign": "binds notices",
    "us.regf.record-retention": "a parameter, which no decision looks at",
    "us.fcra.delinquency-date": "a parameter",
    "us.glba.safeguards-breach": "a parameter",
    "tw.outsourcing14.visit-badge-recording": "binds visits",
    "tw.creditcard51.identify-and-record.name": "binds calls",
    "tw.creditcard51.identify-and-record.visit": "binds visits",
    "tw.outsourcing13.recordings-6m": "a parameter",
    "tw.creditcard51.identify-and-record": "a parameter",
    "tw.pdpa.core": "a parameter",
}

# What the tenant holds: all that law wants, but where the rule is about just that.
LICENCES = {"tw.outsourcing.licence-and-no-subdelegation": []}


class House(Deployment):
    """A deployment whose tenant holds these licences."""

    def __init__(self, *arguments, licences=check_contacts.LICENCES, **named):
        self.licences = licences
        super().__init__(*arguments, **named)

    def write_config(self):
        super().write_config()
        document = yaml.load(self.config.read_text("utf-8"), Loader=yaml.CSafeLoader)
        document["tenants"][0]["licences"] = list(self.licences)
        self.config.write_text(yaml.dump(document, Dumper=QuotingDumper), "utf-8")


def switched_off(policies, into, rules):
    """A copy of the packs in which `rules` do not decide. Hours become the whole day: a place
    without any hours rule is not one where every hour is open."""
    shutil.copytree(policies, into)
    left = set(rules)
    for path in sorted(into.rglob("*.yaml")):
        if path.name.endswith(".scenarios.yaml"):
            path.unlink()  # they say what whole packs do
            continue
        document = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
        if not isinstance(document, dict) or "pack" not in document:
            continue
        hit = [r for r in document["rules"] if r["id"] in left]
        for rule in hit:
            left.discard(rule["id"])
            if "contact_hours" in rule:
                rule["contact_hours"]["windows"] = [
                    {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
                     "from": "00:00", "to": "24:00"}]
            else:
                rule["status"] = "draft"
        if hit:
            text = yaml.dump(document, Dumper=QuotingDumper, allow_unicode=True, sort_keys=False)
            path.write_text(text, "utf-8")
    if left:
        raise SystemExit(f"no such rule: {sorted(left)}")


def found_to_hold(policies, says):
    """Rewrites the treatment's findings; its words stay."""
    path = policies / "treatments" / "gentle.yaml"
    document = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    for template in document["templates"]:
        template["says"].update(says(template["says"]) if callable(says) else says)
    path.write_text(yaml.dump(document, Dumper=QuotingDumper, allow_unicode=True), "utf-8")


class QuotingDumper(yaml.SafeDumper):
    """Times and dates stay text, and nothing is an anchor."""

    def ignore_aliases(self, data):
        return True


def run_on(binary, folder, policies, items, api, licences):
    """The log of some days of reminders to `items` on `policies`: (entries, records)."""
    house = House(folder, binary, policies=policies, clock=CLOCK, licences=licences,
                  treatment=policies / "treatments" / "gentle.yaml")
    ledger = load.Ledger()
    with house:
        house.start()
        error = ledger.submit(house.addresses["lender"], items, api)
        if error is not None:
            raise SystemExit(f"intake broke: {error}")
        refused = [r["answer"]["error"] for r in ledger.records if "error" in r["answer"]]
        if refused:
            raise SystemExit(f"intake refused the cast: {json.dumps(refused[0])}")
        with load.grpc.insecure_channel(house.addresses["officer"]) as channel:
            service = api.operations.OperationsServiceStub(channel)
            began = service.GetStatus(api.operations.GetStatusRequest()).server_time.seconds
            while (service.GetStatus(api.operations.GetStatusRequest()).server_time.seconds
                   < began + LENGTH_DAYS * 86_400):
                time.sleep(0.1)
        house.stop()
        entries = sealed_facts.of_deployment(exported_log.read(house.export), house.data, house.keys)
        return entries, ledger.records


def main():
    binary, only = sys.argv[1], set(sys.argv[2:])
    api, faults = stubs.load(), []
    policies = ROOT / "policies"
    rules = {rule["id"] for pack in check_contacts.law.Judge(policies).packs
             if pack["pack"] in check_contacts.law.READS for rule in pack["rules"]}
    missing = rules - set(CASTS) - set(NOT_BY_REMINDERS)
    if missing:
        faults.append(f"rules without a cast: {sorted(missing)}")
    with tempfile.TemporaryDirectory(prefix="forbear-rules-") as folder:
        folder = pathlib.Path(folder)
        everybody = [copy.deepcopy(item) for items, *_ in CASTS.values() for item in items]
        for number, item in enumerate(everybody):  # no two of them are one person
            item["account"]["external_id"] += f"-{number}"
            item["borrower"]["external_id"] += f"-{number}"
            for point in item["borrower"]["contact_points"]:
                if point["kind"] == "POINT_KIND_PHONE":
                    point["value"] = point["value"][:-2] + f"{number:02d}"
                else:
                    point["value"] = f"{number}-{point['value']}"
        entries, records = run_on(binary, folder / "whole", policies, everybody, api,
                                  check_contacts.LICENCES)
        found, contacts = check_contacts.check(entries, records, policies)
        print(f"whole packs: {contacts} contacts, {len(found)} violations")
        if found:
            faults.append(f"whole packs: {found[:5]}")
        for number, (rule, (items, others, *says)) in enumerate(sorted(CASTS.items())):
            if only and rule not in only:
                continue
            packs = folder / f"packs-{number}"
            switched_off(policies, packs, [rule, *others])
            for change in says:
                found_to_hold(packs, change)
            licences = LICENCES.get(rule, check_contacts.LICENCES)
            entries, records = run_on(binary, folder / f"run-{number}", packs, items, api, licences)
            found, contacts = check_contacts.check(entries, records, policies, licences=licences,
                                                   treatments=packs)
            seen = sorted({broken for _, _, broken in found})
            print(f"without {rule}: {contacts} contacts, broken: {', '.join(seen) or 'nothing'}")
            if rule not in seen:
                faults.append(f"without {rule}: the checker found {seen or 'nothing'}")
    print("\n".join(faults) or f"{len(only or CASTS)} rules switched off, each one missed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
