#!/usr/bin/python3
"""Does the checker see each rule? For every rule of the packs it reads a made world in which one contact
breaks it, and the same world mended in which it does not.

    test_law.py POLICIES

A rule without a row here fails: whoever adds a rule shows that the second opinion knows it too.
"""

import copy
import datetime
import pathlib
import sys
import unittest

import law

UTC = datetime.timezone.utc
POLICIES = pathlib.Path(__file__).resolve().parents[2] / "policies"


def at(text):
    return datetime.datetime.fromisoformat(text).astimezone(UTC)


# Noon on a Tuesday in the borrower's zone.
NOON = {"US": at("2026-03-10T12:00:00-04:00"), "TW": at("2026-03-10T12:00:00+08:00")}
BEFORE = datetime.timedelta(days=3)
# What a decent reminder was found to hold.
DECENT = {"mentions_debt": True, "discloses_collector": True, "reveals_trade": False,
          "true_sender_name": True, "names_firm_unasked": False, "misleading_reason": False,
          "payment_link": False, "pressing_offer": False, "demands_payment": False,
          "offer": False, "commercial": False, "opt_out": "reply_stop", "found": [],
          "languages": ["en"],
          "carries": ["collection_attempt", "creditor_name", "from_debt_collector",
                      "information_used", "same_language"]}


def world(country="US", **changes):
    """A decent reminder at noon, with the notices that law wants."""
    account = {"id": "a1", "borrower": "b1",
               "role": changes.pop("role", "third_party_collector"),
               "product": changes.pop("product",
                                      "credit_card" if country == "TW" else "personal_loan")}
    now = NOON[country]
    notice = "placement_notice" if country == "TW" else "validation_notice"
    history = [{"event": "notice", "notice": notice, "by": "creditor" if country == "TW" else "tenant",
                "channel": "letter", "at": now - 5 * BEFORE, "accounts": ["a1"], "borrower": "b1",
                "period_ends_on": (now + 9 * BEFORE).date()}]
    facts = {
        "at": now, "channel": "sms", "purpose": "payment_reminder", "notice": None,
        "to": "borrower", "automated": True, "declared": {}, "whereabouts": "none",
        "point": {"value": "+15185550100", "kind": "phone", "line": "mobile", "owner": "borrower",
                  "tied_to": "none", "source": "borrower", "shared": False},
        "accounts": [account], "borrower": {"age": 40, "refused_channels": []},
        "message": {**DECENT, **changes.pop("says", {})},
        "licences": ["tw_authorised_collector"],
        "zones": ["America/New_York"] if country == "US" else ["Asia/Taipei"],
        "jurisdictions": {"US", "US-OH"} if country == "US" else {"TW", "TW-TPE"},
        "history": history}
    point, account_says = changes.pop("point", {}), changes.pop("account", {})
    account.update(account_says)
    facts.update(changes)
    facts["point"].update(point)
    return law.Contact(**facts)


def happened(contact, name, ago=BEFORE, **fields):
    """The world with one more event in it."""
    contact = copy.deepcopy(contact)
    event = {"event": name, "by": "borrower", "at": contact.at - ago, "accounts": [],
             "borrower": "b1", **fields}
    contact.history = sorted(contact.history + [event], key=lambda e: e["at"])
    return contact


def silent(contact, *items):
    """The message does not carry these."""
    contact = copy.deepcopy(contact)
    contact.message["carries"] = [i for i in contact.message["carries"] if i not in items]
    return contact


def carrying(contact, *items):
    contact = copy.deepcopy(contact)
    contact.message["carries"] = contact.message["carries"] + list(items)
    return contact


def found(contact, *findings):
    contact = copy.deepcopy(contact)
    contact.message["found"] = list(findings)
    return contact


def reached(contact):
    """She had a mail three days ago."""
    return happened(contact, "attempt", by="tenant", channel="email", outcome="delivered",
                    accounts=["a1"])


def without_notice(contact):
    contact = copy.deepcopy(contact)
    contact.history = []
    return contact


def at_hour(contact, text):
    contact = copy.deepcopy(contact)
    contact.at = at(text)
    return contact


def called(contact, times, outcome="no_answer", **fields):
    for i in range(times):
        contact = happened(contact, "attempt", datetime.timedelta(hours=20 + i), by="tenant",
                           channel=fields.get("channel", contact.channel), outcome=outcome,
                           point_value=contact.point["value"], accounts=["a1"])
    return contact


CALL = {"channel": "call"}
EMAIL = {"channel": "email", "point": {"kind": "email", "line": "unknown", "value": "b@example.com"}}
LETTER = {"channel": "letter", "point": {"kind": "postal", "line": "unknown", "tied_to": "home"}}
VISIT = {**LETTER, "channel": "visit"}
SOCIAL = {"channel": "social_private", "point": {"kind": "social", "line": "unknown"}}
US, TW = world(), world("TW")
CREDITOR_TW = world("TW", role="creditor")
BUYER_TW = happened(world("TW", role="debt_buyer"), "notice", by="creditor", notice="sale_notice",
                    channel="letter")
# A place without a law of its own: the house's own hours and number bind.
XA = world(jurisdictions={"XA"}, zones=["America/New_York"])

# rule -> (a contact that breaks it, one that does not)
ROWS = {
    "house.opt-out": (happened(TW, "opt_out", channels=["sms"], via="sms"),
                      happened(TW, "opt_out", channels=["email"], via="sms")),
    "house.refused-channel": (world("TW", borrower={"age": 40, "refused_channels": ["sms"]}), TW),
    "house.cease": (happened(TW, "cease_request", via="call"), TW),
    "house.attorney": (happened(TW, "attorney_named", by="party"), TW),
    "house.dispute": (happened(TW, "dispute"),
                      happened(happened(TW, "dispute"), "notice", datetime.timedelta(days=1),
                               by="tenant", notice="verification")),
    "house.bankruptcy": (happened(TW, "bankruptcy"), happened(TW, "bankruptcy", ended=True)),
    "house.death": (happened(TW, "death", by="party"), TW),
    "house.minor": (happened(TW, "minor"), TW),
    "house.minor-by-age": (world("TW", borrower={"age": 17, "refused_channels": []}),
                           world("TW", borrower={"age": 18, "refused_channels": []})),
    "house.incapacity": (happened(TW, "incapacity"), TW),
    "house.third-party": (world("TW", to="neighbour"), TW),
    "house.address-book": (world("TW", point={"source": "contact_list"}), TW),
    "house.contact-hours": (at_hour(XA, "2026-03-10T08:59:59-04:00"),
                            at_hour(XA, "2026-03-10T09:00:00-04:00")),
    "house.frequency": (
        happened(XA, "attempt", datetime.timedelta(hours=1), by="tenant", channel="email"),
        happened(XA, "attempt", datetime.timedelta(hours=20), by="tenant", channel="email")),
    "tw.outsourcing14.contact-hours": (at_hour(TW, "2026-03-10T06:59:59+08:00"),
                                       at_hour(TW, "2026-03-10T07:00:00+08:00")),
    "tw.outsourcing14.third-party": (world("TW", point={"owner": "spouse"}), TW),
    "tw.outsourcing16.notice-before-collection": (without_notice(TW), TW),
    "tw.creditcard51.own-collection-third-party": (
        world("TW", role="creditor", to="parent"), CREDITOR_TW),
    "tw.creditcard42.contact-person-data": (
        world("TW", role="creditor", point={"source": "reference"}), CREDITOR_TW),
    "tw.creditcard29.sale-notice": (without_notice(BUYER_TW), BUYER_TW),
    "us.fdcpa.contact-hours": (at_hour(US, "2026-03-10T08:00:00-04:00"),
                               at_hour(US, "2026-03-10T08:00:01-04:00")),
    "us.regf.contact-hours": (at_hour(US, "2026-03-10T21:00:00-04:00"),
                              at_hour(US, "2026-03-10T20:59:59-04:00")),
    "us.regf.inconvenient-time": (
        happened(US, "inconvenient_time", windows=[{"from": "11:00", "to": "13:00"}]),
        happened(US, "inconvenient_time", windows=[{"from": "13:00", "to": "14:00"}])),
    "us.regf.inconvenient-place": (
        happened(world(point={"tied_to": "work"}), "inconvenient_place", places=["work"]),
        happened(world(point={"tied_to": "home"}), "inconvenient_place", places=["work"])),
    "us.regf.inconvenient-place.unusual": (world(whereabouts="hospital"), US),
    "us.fdcpa.employer-place": (
        happened(world(channel="call", point={"tied_to": "work"}), "workplace_barred"),
        happened(world(channel="call"), "workplace_barred")),
    "us.regf.work-email": (
        world(channel="email", point={"kind": "email", "owner": "employer", "tied_to": "work"}),
        happened(world(channel="email", point={"kind": "email", "owner": "employer",
                                               "tied_to": "work", "value": "w@example.com"}),
                 "consent", covers=["address"], points=["w@example.com"])),
    "us.regf.call-cap-7-in-7": (called(world(**CALL), 7), called(world(**CALL), 6)),
    "us.regf.cooldown-7-days-after-conversation": (
        called(world(**CALL), 1, "conversation"),
        happened(world(**CALL), "attempt", datetime.timedelta(days=7), by="tenant", channel="call",
                 outcome="conversation", accounts=["a1"])),
    "us.regf.harassment-any-medium": (called(US, 3), called(US, 2)),
    "us.regf.electronic-opt-out": (
        happened(US, "opt_out", channels=["sms"], points=["+15185550100"], via="sms"),
        happened(US, "opt_out", channels=["sms"], points=["+15185550199"], via="sms")),
    "us.regf.medium-stop": (happened(US, "opt_out", channels=["sms"], via="call"),
                            happened(US, "opt_out", channels=["call"], via="call")),
    "us.fdcpa.cease-communication": (happened(US, "cease_request", via="letter"), US),
    "us.fdcpa.attorney-represented": (happened(US, "attorney_named", by="party"), US),
    "us.regf.deceased": (happened(US, "death", by="party"), US),
    "us.regf.dispute-cease": (happened(US, "dispute", via="letter", accounts=["a1"]),
                              happened(US, "dispute", via="letter", accounts=["a2"])),
    "us.regf.dispute-cease.repeats": (
        happened(US, "dispute", via="letter", repeats=True),
        happened(happened(US, "dispute", via="letter", repeats=True), "notice",
                 datetime.timedelta(days=1), by="tenant", notice="repeat_dispute_answer")),
    "us.regf.original-creditor-request": (happened(US, "creditor_query", via="email"),
                                          happened(US, "creditor_query", via="call")),
    "us.bankruptcy.automatic-stay": (happened(US, "bankruptcy", by="party"), US),
    "us.fdcpa.third-party-ban": (world(to="coworker"), US),
    "us.regf.validation-notice": (
        happened(without_notice(US), "attempt", datetime.timedelta(days=6), by="tenant",
                 channel="email", outcome="delivered", accounts=["a1"]),
        happened(without_notice(US), "attempt", datetime.timedelta(days=5), by="tenant",
                 channel="email", outcome="delivered", accounts=["a1"])),
    # ---- what is said, and by whom ----
    "tw.outsourcing14.visit-badge-recording": (
        carrying(world("TW", **VISIT), "badge", "consent_to_enter"),
        carrying(world("TW", **VISIT), "badge", "consent_to_enter", "recorded_visit")),
    "tw.creditcard51.identify-and-record.name": (
        silent(world("TW", role="creditor", **CALL), "creditor_name"),
        world("TW", role="creditor", **CALL)),
    "tw.creditcard51.identify-and-record.visit": (
        world("TW", role="creditor", **VISIT),
        carrying(world("TW", role="creditor", **VISIT), "badge")),
    "tw.outsourcing.licence-and-no-subdelegation": (
        world("TW", licences=[]), world("TW", role="creditor", licences=[])),
    "tw.outsourcing14.deception": (found(TW, "threatens_arrest"), TW),
    "tw.outsourcing14.postcards-envelopes": (
        found(world("TW", **LETTER), "revealing_envelope"), world("TW", **LETTER)),
    "tw.outsourcing14.no-cash": (found(TW, "takes_payment_directly"),
                                 found(CREDITOR_TW, "takes_payment_directly")),
    "tw.creditcard51.conduct": (found(CREDITOR_TW, "insult"), CREDITOR_TW),
    "tw.leasing2025.collection-standards": (
        found(TW, "intimidation"),
        found(world("TW", account={"creditor_kind": "bank"}), "intimidation")),
    "us.regf.identity-disclosure-call": (
        world(**CALL), carrying(world(**CALL), "caller_identity")),
    "us.regf.identity-disclosure-call.number": (
        found(world(**CALL), "false_caller_id"), world(**CALL)),
    "us.fdcpa.mini-miranda": (silent(US, "information_used"),
                              silent(reached(US), "information_used")),
    "us.fdcpa.mini-miranda.first-oral": (
        silent(reached(world(**CALL)), "collection_attempt"),
        silent(reached(US), "collection_attempt")),
    "us.fdcpa.mini-miranda.later": (silent(reached(US), "from_debt_collector"),
                                    silent(US, "from_debt_collector")),
    "us.regf.disclosure-language": (silent(US, "same_language"), US),
    "us.fdcpa.content-bans": (world(says={"pressing_offer": True}), US),
    "us.regf.social-media": (found(world(**SOCIAL), "public_shaming"), world(**SOCIAL)),
    "us.regf.social-media.hidden-purpose": (
        world(**SOCIAL, says={"discloses_collector": False}), world(**SOCIAL)),
    "us.regf.postcard-envelope": (found(world(**LETTER), "envelope_words"), world(**LETTER)),
    "us.regf.no-overshadowing": (
        found(US, "overshadows_rights"),
        found(at_hour(US, "2026-04-07T12:00:00-04:00"), "overshadows_rights")),
    "us.regf.time-barred-suit": (
        found(US, "threatens_lawsuit"),
        found(world(account={"limitation_expires_on": datetime.date(2026, 3, 10)}),
              "threatens_lawsuit")),
    "us.scra.six-percent": (happened(found(US, "excess_interest_demand"), "military", by="party"),
                            found(US, "excess_interest_demand")),
    "us.canspam.headers": (found(world(**EMAIL), "false_mail_header"), world(**EMAIL)),
    "us.canspam.commercial-opt-out": (
        world(**EMAIL, says={"commercial": True, "opt_out": "postal_only"}),
        world(**EMAIL, says={"commercial": True})),
    "us.canspam.commercial-opt-out.marked": (
        world(**EMAIL, says={"commercial": True}),
        carrying(world(**EMAIL, says={"commercial": True}), "postal_address",
                 "marked_as_advertisement")),
    "us.tcpa.telemarketing-hours": (
        at_hour(world(says={"offer": True}), "2026-03-10T07:59:59-04:00"),
        at_hour(US, "2026-03-10T07:59:59-04:00")),
    "us.state-holiday-telemarketing": (
        world(says={"offer": True}, borrower={"age": 40, "places": {"US", "US-RI"}}),
        world(says={"offer": True}, borrower={"age": 40, "places": {"US", "US-OH"}})),
    "us.regf.electronic-disclosures-esign": (
        world(**EMAIL, purpose="required_notice", notice="verification"),
        happened(world(**EMAIL, purpose="required_notice", notice="verification"), "consent",
                 covers=["channel"], via="portal", document="esign_disclosure")),
}

# Rules that a reminder of ours cannot break: it is dialled by hand or written, names no procedure.
NEVER_OURS = {
    "us.tcpa.prerecorded-residential-3-in-30": "no recorded voice",
    "us.tcpa.autodialed-prerecorded-consent": "no autodialler, no recorded voice",
    "us.tcpa.revocation-any-reasonable-means": "no autodialler, no recorded voice",
    "us.regf.electronic-third-party-safe-harbour.email": "reminders rely on no procedure",
    "us.regf.electronic-third-party-safe-harbour.sms-60-days": "reminders rely on no procedure",
    "us.tcpa.prerecorded-opt-out": "no recorded voice",
    "us.tcpa.prerecorded-opt-out.voicemail": "no recorded voice",
    "us.state-holiday-telemarketing.nebraska": "no recorded voice",
    "us.regf.record-retention": "a parameter, which no decision looks at",
    "us.fcra.delinquency-date": "a parameter",
    "us.glba.safeguards-breach": "a parameter",
    "tw.outsourcing13.recordings-6m": "a parameter",
    "tw.creditcard51.identify-and-record": "a parameter",
    "tw.pdpa.core": "a parameter",
}


class EveryRule(unittest.TestCase):
    judge = law.Judge(POLICIES)

    def test_has_a_row_or_a_reason(self):
        rules = {rule["id"] for pack in self.judge.packs if pack["pack"] in law.READS
                 for rule in pack["rules"]}
        self.assertEqual(rules, set(ROWS) | (set(NEVER_OURS) & rules))

    def test_is_seen_when_it_is_broken_and_not_when_it_is_kept(self):
        for rule, (broken, kept) in ROWS.items():
            with self.subTest(rule):
                self.assertIn(rule, self.judge.broken(broken))
                self.assertNotIn(rule, self.judge.broken(kept))

    def test_is_missed_by_a_judge_who_does_not_know_it(self):
        for rule, (broken, _) in ROWS.items():
            with self.subTest(rule):
                self.assertNotIn(rule, self.who_forgot(rule).broken(broken))

    def who_forgot(self, forgotten):
        """The judge without one rule; the packs are read once for all."""
        judge = copy.copy(self.judge)
        judge.packs = [{**pack, "rules": [r for r in pack["rules"] if r["id"] != forgotten]}
                       for pack in self.judge.packs]
        return judge

    def test_leaves_a_decent_reminder_alone(self):
        for why, contact in (("federal law", US), ("Taiwan", TW), ("the bank itself", CREDITOR_TW),
                             ("a buyer", BUYER_TW), ("no law of its own", XA)):
            with self.subTest(why):
                self.assertEqual(self.judge.broken(contact), [])

    def test_holds_in_every_zone(self):
        both = world(zones=["America/Los_Angeles", "America/New_York"])
        early = at_hour(both, "2026-03-10T10:00:00-04:00")
        self.assertIn("us.regf.contact-hours", self.judge.broken(early))
        self.assertEqual(self.judge.broken(at_hour(both, "2026-03-10T12:00:00-04:00")), [])

    def test_denies_where_no_zone_is_known(self):
        self.assertIn("us.regf.contact-hours", self.judge.broken(world(zones=[])))


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        POLICIES = pathlib.Path(sys.argv.pop(1))
        EveryRule.judge = law.Judge(POLICIES)
    unittest.main()
