#!/usr/bin/python3
"""Makes the accounts that the demo submits: real debts, made people.

    examples/make_data.py UCI_CSV_GZ LENDINGCLUB_CSV OUT_DIR

Writes OUT_DIR/tw-credit-cards.jsonl.gz and OUT_DIR/us-loans.jsonl. After remarks that begin with
`#`, each line is one forbear.v1.AccountSubmission in protobuf's JSON form. The same inputs give the
same bytes: chance is seeded, and the archive carries no time.

Real: amounts, months or bands overdue, US states, loan amounts. Made: everything about a person,
every date, consent, dispute and contact point. X2 to X5 of the first source (sex, education,
marriage, age) are not read.
"""

import csv
import datetime
import decimal
import gzip
import io
import json
import pathlib
import random
import sys

START = datetime.date(2026, 3, 2)
AS_OF = "2026-03-01T00:00:00Z"
SEED = 20260302

# Days past due that stand for each band of the US source.
BAND_DAYS = {"In Grace Period": 10, "Late (16-30 days)": 25, "Late (31-120 days)": 75,
             "Charged Off": 150}

# A capital, its postal code and one area code of the state: where our made people live.
US_TOWNS = {
    "AL": ("Montgomery", "36104", "334"), "AR": ("Little Rock", "72201", "501"),
    "CA": ("Sacramento", "95814", "916"), "CT": ("Hartford", "06103", "860"),
    "DE": ("Dover", "19901", "302"), "FL": ("Tallahassee", "32301", "850"),
    "GA": ("Atlanta", "30303", "404"), "HI": ("Honolulu", "96813", "808"),
    "IL": ("Springfield", "62701", "217"), "IN": ("Indianapolis", "46204", "317"),
    "KY": ("Frankfort", "40601", "502"), "MA": ("Boston", "02108", "617"),
    "MD": ("Annapolis", "21401", "410"), "MN": ("Saint Paul", "55101", "651"),
    "MS": ("Jackson", "39201", "601"), "NC": ("Raleigh", "27601", "919"),
    "NJ": ("Trenton", "08608", "609"), "NV": ("Carson City", "89701", "775"),
    "NY": ("Albany", "12207", "518"), "OH": ("Columbus", "43215", "614"),
    "OR": ("Salem", "97301", "503"), "TN": ("Nashville", "37219", "615"),
    "TX": ("Austin", "78701", "512"), "UT": ("Salt Lake City", "84111", "801"),
    "VA": ("Richmond", "23219", "804"), "WA": ("Olympia", "98501", "360"),
    "WI": ("Madison", "53703", "608"), "WV": ("Charleston", "25301", "304"),
}
TW_TOWNS = [("TW-TPE", "Taipei", "100"), ("TW-NWT", "New Taipei", "220"),
            ("TW-TAO", "Taoyuan", "330"), ("TW-TXG", "Taichung", "400"),
            ("TW-TNN", "Tainan", "700"), ("TW-KHH", "Kaohsiung", "800")]

FAMILY = ["Chen", "Lin", "Huang", "Chang", "Lee", "Wang", "Wu", "Liu", "Tsai", "Yang", "Hsu", "Cheng"]
GIVEN = ["Mei-Li", "Chia-Hao", "Yu-Ting", "Wei-Jen", "Pei-Shan", "Kuan-Yu", "Shu-Fen", "Ming-Che",
         "Hui-Ju", "Po-Han", "Ya-Wen", "Tzu-Chieh"]
US_FAMILY = ["Ashgrove", "Birchwell", "Copperley", "Dunmarsh", "Elmstead", "Fernhollow", "Goldthorn",
             "Hazelmere", "Ivybridge", "Juniperton"]
US_GIVEN = ["Avery", "Blake", "Casey", "Devon", "Emery", "Frankie", "Harper", "Jordan", "Morgan"]

TW_ABOUT = """\
# Credit-card debts in Taiwan: forbear.v1.AccountSubmission, one a line, in protobuf's JSON form.
# REAL: the balance (the bill of September 2005, X12, in NT$) and the months overdue (X6) of the
#   6,818 clients with X6 >= 1 in "Default of Credit Card Clients", I-Cheng Yeh, UCI Machine Learning
#   Repository, CC BY 4.0. Changed by us: chosen, renamed, put into this form. 1,312 of these bills
#   are zero and 377 negative; they stand here as they are and an engine must refuse them.
# MADE: due dates (2026-03-02 less 30 days for each month overdue), roles, names, places, contact
#   points, consents, disputes, attorneys and everything else. No such person exists.
#   Numbers begin with +886 100: Taiwan keeps no numbers for fiction, and no area or mobile code
#   begins with 1, so each is a possible number that nobody has; intake accepts it with a warning.
#   Foreign numbers are of the ranges kept for drama: +1 NPA 555 01xx and +44 7700 900xxx.
#   Mail is under example.com.
"""
US_ABOUT = """\
# Personal loans in the United States: forbear.v1.AccountSubmission, one a line, in protobuf's JSON form.
# REAL: state, balance, loan amount and how late (a band) of 89 loans: rows of loans_full_schema
#   (OpenIntro; LendingClub, first quarter of 2018), CC BY-SA 3.0. This file is under the same terms.
#   Four of them have a balance of zero: an engine must refuse those.
# MADE: due dates (2026-03-02 less 10, 25, 75 or 150 days for the four bands), roles, names, towns,
#   contact points, consents and everything else. No such person exists. Numbers are +1 NPA 555
#   01xx, kept for fiction; mail is under example.com.
"""


def day(offset):
    return (START + datetime.timedelta(days=offset)).isoformat()


def at(offset, hour=4, minute=0):
    """An instant `offset` days from START; by default noon in Taipei."""
    return f"{day(offset)}T{hour:02d}:{minute:02d}:00Z"


def minor(text):
    """Whole hundredths of an amount. The source writes round ones as `1.00E+05`."""
    amount = decimal.Decimal(text) * 100
    assert amount == int(amount), text
    return int(amount)


def event(name, offset, **fields):
    return {"name": "EVENT_NAME_" + name, "event_time": at(offset), **fields}


def consent(*points, offset=-200):
    return event("CONSENT", offset, covers=["COVERS_ADDRESS", "COVERS_CHANNEL"], via="VIA_PORTAL",
                 consent_form="CONSENT_FORM_EXPRESS_WRITTEN", contact_points=list(points),
                 channels=["CHANNEL_SMS", "CHANNEL_EMAIL"])


def point(label, kind, value, **fields):
    return {"id": label, "kind": "POINT_KIND_" + kind, "value": value, "verified": True,
            "source": "POINT_SOURCE_BORROWER", **fields}


def mobile(label, number, **fields):
    return point(label, "PHONE", number, line="LINE_MOBILE", **fields)


class Cast:
    """Deals out who is what, each index at most once."""

    def __init__(self, indexes, chance):
        self.rest = sorted(indexes)
        chance.shuffle(self.rest)

    def take(self, number):
        taken, self.rest = self.rest[:number], self.rest[number:]
        assert len(taken) == number
        return taken


def give_attorney(item):
    item["borrower"].setdefault("parties", []).append(
        {"id": "attorney", "relation": "RELATION_ATTORNEY"})
    item["history"].append(event("ATTORNEY_NAMED", -12, via="VIA_LETTER", attorney="attorney"))


def give_standing(item, name, offset, **fields):
    item["history"].append(event(name, offset, **fields))


def keep_notices(item):
    """A notice is about one debt, so the second debt of a person keeps its own; all else that is
    known of the person came with the first."""
    item["history"] = [e for e in item["history"] if e["name"] == "EVENT_NAME_NOTICE"]


def give_past_messages(item, phone):
    """Three messages in the last three days: whoever has a cap of three a week is full."""
    for offset in (-3, -2, -1):
        item["history"].append(event(
            "ATTEMPT", offset, channel="CHANNEL_SMS", contact_point=phone,
            outcome="OUTCOME_DELIVERED"))


def tw_items(source):
    rows = [row for row in source if int(row["X6"]) >= 1]
    items = []
    for row in rows:
        number = int(row["ID"])
        chance = random.Random(f"{SEED}/tw/{number}")
        subdivision, city, postal = chance.choice(TW_TOWNS)
        name = f"{chance.choice(FAMILY)} {chance.choice(GIVEN)}"
        role = "ROLE_CREDITOR" if number % 10 == 0 else "ROLE_THIRD_PARTY_COLLECTOR"
        account = {
            "external_id": f"TW-CARD-{number:05d}",
            "role": role,
            "product": "PRODUCT_CREDIT_CARD",
            "balance": {"minor_units": str(minor(row["X12"])), "currency": "TWD"},
            "due_date": day(-30 * int(row["X6"])),
            "original_creditor": "Example Bank",
        }
        if role != "ROLE_CREDITOR":
            account["placed_date"] = day(-20)
        points = [mobile("mobile", f"+886100{number:06d}")]
        if number % 5:
            points.append(point("mail", "EMAIL", f"client{number:05d}@example.com"))
        points.append(point("home", "POSTAL", f"{number} Made Street, {city} {postal}, Taiwan",
                            tied_to="TIED_TO_HOME"))
        items.append({
            "account": account,
            "borrower": {
                "external_id": f"TW-CLIENT-{number:05d}",
                "name": name,
                "language": "zh-TW" if number % 7 else "en",
                "places": [{"kind": "TIED_TO_HOME", "country": "TW", "subdivision": subdivision,
                            "city": city, "postal_code": postal}],
                "contact_points": points,
            },
            "history": [],
            "as_of": AS_OF,
        })

    # Only people who owe something are worth a story: an account that is refused has none.
    owing = [i for i, item in enumerate(items) if int(item["account"]["balance"]["minor_units"]) > 0]
    cast = Cast(owing, random.Random(f"{SEED}/tw/cast"))

    without_consent = set(cast.take(340))
    for i in owing:
        if i not in without_consent:
            labels = [p["id"] for p in items[i]["borrower"]["contact_points"]
                      if p["id"] in ("mobile", "mail")]
            items[i]["history"].append(consent(*labels))

    # The bank tells the cardholder that an agency collects, before the agency may.
    untold = set(cast.take(150))
    for i in owing:
        if i not in untold and items[i]["account"]["role"] != "ROLE_CREDITOR":
            items[i]["history"].append(event(
                "NOTICE", -21, notice="NOTICE_KIND_PLACEMENT_NOTICE", by="DONE_BY_CREDITOR",
                accounts=[items[i]["account"]["external_id"]], channel="CHANNEL_LETTER",
                contact_point="home"))

    for n, i in enumerate(cast.take(70)):  # foreign numbers
        number = [f"+1213555{100 + n:04d}", f"+447700900{n:03d}", f"+1808555{100 + n:04d}"][n % 3]
        items[i]["borrower"]["contact_points"].append(mobile("abroad", number))
    for n, i in enumerate(cast.take(60)):  # two zones: home here, work there
        country, city, zone = [("JP", "Tokyo", "Asia/Tokyo"), ("SG", "Singapore", "Asia/Singapore"),
                               ("GB", "London", "Europe/London")][n % 3]
        items[i]["borrower"]["places"].append(
            {"kind": "TIED_TO_WORK", "country": country, "city": city, "zone": zone})
    for i in cast.take(20):  # said where they live now
        items[i]["borrower"]["declared_zone"] = "Asia/Tokyo"
        items[i]["borrower"]["declared_zone_time"] = at(-10)
    for i in cast.take(20):  # nothing known but a number and a mail address
        items[i]["borrower"]["places"] = []
        items[i]["borrower"]["contact_points"] = [
            p for p in items[i]["borrower"]["contact_points"] if p["id"] != "home"]
        for e in items[i]["history"]:
            if e.get("contact_point") == "home":
                del e["contact_point"]
    for i in cast.take(100):
        give_standing(items[i], "DISPUTE", -8, via="VIA_LETTER")
    for i in cast.take(60):
        give_attorney(items[i])
    for i in cast.take(50):
        give_standing(items[i], "CEASE_REQUEST", -15, via="VIA_EMAIL")
    for i in cast.take(40):
        give_standing(items[i], "HARDSHIP", -9, via="VIA_PORTAL", confirmed=True, last_day=day(20))
    for i in cast.take(20):
        give_standing(items[i], "BANKRUPTCY", -25, confirmed=True)
    for i in cast.take(10):
        give_standing(items[i], "DEATH", -30, confirmed=True)
    for i in cast.take(60):
        give_standing(items[i], "PROMISE", -2, via="VIA_CALL", last_day=day(6),
                      until=at(6, 15, 59))
    for i in cast.take(80):  # wrote STOP to a text message
        give_standing(items[i], "OPT_OUT", -5, via="VIA_SMS", channels=["CHANNEL_SMS"],
                      contact_points=["mobile"], wording="WORDING_KEYWORD")
    for i in cast.take(20):  # wants no message by any electronic way
        give_standing(items[i], "OPT_OUT", -5, via="VIA_PORTAL", wording="WORDING_OWN_WORDS",
                      channels=["CHANNEL_SMS", "CHANNEL_EMAIL"])
    for i in cast.take(80):  # not before noon on working days
        give_standing(items[i], "INCONVENIENT_TIME", -40, via="VIA_CALL", windows=[
            {"days": ["DAY_MON", "DAY_TUE", "DAY_WED", "DAY_THU", "DAY_FRI"],
             "from": "00:00", "to": "12:00"}])
    for i in cast.take(100):
        give_past_messages(items[i], "mobile")
    for i in cast.take(40):  # the only number and mail address are somebody else's
        borrower = items[i]["borrower"]
        borrower["parties"] = [{"id": "spouse", "relation": "RELATION_SPOUSE"}]
        for p in borrower["contact_points"]:
            if p["id"] != "home":
                p.update(owner="RELATION_SPOUSE", party="spouse", source="POINT_SOURCE_REFERENCE")
        keep_notices(items[i])
    pairs = cast.take(120)
    for i, j in zip(pairs[0::2], pairs[1::2]):  # two accounts of one person
        i, j = sorted((i, j))
        items[j]["borrower"] = items[i]["borrower"]
        keep_notices(items[j])
    pairs = cast.take(40)
    for i, j in zip(pairs[0::2], pairs[1::2]):  # two client numbers, one telephone: linked
        i, j = sorted((i, j))
        items[j]["borrower"]["contact_points"][0]["value"] = (
            items[i]["borrower"]["contact_points"][0]["value"])
    return items


def us_items(source):
    items, used = [], {}
    for i, row in enumerate(source):
        chance = random.Random(f"{SEED}/us/{row['row']}")
        state, band = row["state"], row["loan_status"]
        city, postal, area = US_TOWNS[state]
        used[area] = used.get(area, 99) + 1
        label = f"{int(row['row']):05d}"
        role = "ROLE_CREDITOR" if i % 9 == 8 else "ROLE_THIRD_PARTY_COLLECTOR"
        account = {
            "external_id": f"US-LOAN-{label}",
            "role": role,
            "product": "PRODUCT_PERSONAL_LOAN",
            "balance": {"minor_units": str(minor(row["balance"])), "currency": "USD"},
            "principal": {"minor_units": str(minor(row["loan_amount"])), "currency": "USD"},
            "due_date": day(-BAND_DAYS[band]),
            "original_creditor": "Example Loans",
        }
        if role != "ROLE_CREDITOR":
            account["placed_date"] = day(-9)
        if band == "Charged Off":
            account["stage"] = "STAGE_CHARGED_OFF"
            account["charged_off_date"] = day(-30)
        borrower = {
            "external_id": f"US-CLIENT-{label}",
            "name": f"{chance.choice(US_GIVEN)} {chance.choice(US_FAMILY)}",
            "language": "es" if i % 8 == 5 else "en",
            # One in four has no postal code: in a state with two zones, both count.
            "places": [{"kind": "TIED_TO_HOME", "country": "US", "subdivision": f"US-{state}",
                        "city": city, **({} if i % 4 == 3 else {"postal_code": postal})}],
            "contact_points": [
                mobile("mobile", f"+1{area}555{used[area]:04d}"),
                point("mail", "EMAIL", f"loan{label}@example.com"),
                point("home", "POSTAL", f"{label} Made Street, {city}, {state} {postal}",
                      tied_to="TIED_TO_HOME"),
            ],
        }
        items.append({"account": account, "borrower": borrower, "history": [], "as_of": AS_OF})

    owing = [i for i, item in enumerate(items) if int(item["account"]["balance"]["minor_units"]) > 0]
    cast = Cast(owing, random.Random(f"{SEED}/us/cast"))
    without_notice = set(cast.rest[-8:])
    without_consent = set(cast.take(8))
    for i in owing:
        item = items[i]
        if i not in without_consent:
            item["history"].append(consent("mobile", "mail"))
        if i not in without_notice and item["account"]["role"] != "ROLE_CREDITOR":
            item["history"].append(event(
                "NOTICE", -8, notice="NOTICE_KIND_VALIDATION_NOTICE", channel="CHANNEL_LETTER",
                accounts=[item["account"]["external_id"]], contact_point="home",
                period_ends_date=day(28)))
    for i in cast.take(4):
        # in writing and within the validation period: contact stops until the debt is verified
        give_standing(items[i], "DISPUTE", -3, via="VIA_LETTER")
    for i in cast.take(3):
        give_attorney(items[i])
    for i in cast.take(3):
        give_standing(items[i], "CEASE_REQUEST", -6, via="VIA_LETTER")
    for i in cast.take(2):
        give_standing(items[i], "BANKRUPTCY", -20, confirmed=True)
    for i in cast.take(1):
        give_standing(items[i], "DEATH", -20, confirmed=True)
    for i in cast.take(3):
        give_standing(items[i], "OPT_OUT", -4, via="VIA_SMS", channels=["CHANNEL_SMS"],
                      contact_points=["mobile"], wording="WORDING_KEYWORD")
    for i in cast.take(3):
        give_standing(items[i], "INCONVENIENT_TIME", -40, via="VIA_CALL",
                      windows=[{"from": "00:00", "to": "12:00"}])
    for n, i in enumerate(cast.take(4)):  # a number from the other coast
        items[i]["borrower"]["contact_points"].append(
            mobile("second", f"+1{['213', '212'][n % 2]}555{180 + n:04d}"))
    for n, i in enumerate(cast.take(3)):  # at work in another zone
        items[i]["borrower"]["places"].append(
            {"kind": "TIED_TO_WORK", "country": "US", "subdivision": "US-AZ", "city": "Phoenix"})
    for i in cast.take(3):  # a mailbox that the employer keeps
        for p in items[i]["borrower"]["contact_points"]:
            if p["id"] == "mail":
                p.update(owner="RELATION_EMPLOYER", tied_to="TIED_TO_WORK")
    for i in cast.take(3):
        items[i]["history"].append(event(
            "ATTEMPT", -2, channel="CHANNEL_CALL", contact_point="mobile",
            outcome="OUTCOME_CONVERSATION"))
    pairs = cast.take(4)
    for i, j in zip(pairs[0::2], pairs[1::2]):  # two loans of one person
        i, j = sorted((i, j))
        items[j]["borrower"] = items[i]["borrower"]
        keep_notices(items[j])
    return items


def lines(about, items):
    text = about + "".join(
        json.dumps(item, ensure_ascii=False, separators=(",", ":")) + "\n" for item in items)
    return text.encode()


def main():
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    with gzip.open(sys.argv[1], "rt", encoding="utf-8", newline="") as file:
        tw = tw_items(csv.DictReader(file))
    with open(sys.argv[2], encoding="utf-8", newline="") as file:
        us = us_items(csv.DictReader(file))
    out = pathlib.Path(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=0) as file:
        file.write(lines(TW_ABOUT, tw))
    (out / "tw-credit-cards.jsonl.gz").write_bytes(packed.getvalue())
    (out / "us-loans.jsonl").write_bytes(lines(US_ABOUT, us))
    print(f"{len(tw)} accounts in Taiwan, {len(us)} in the United States")
    return 0


if __name__ == "__main__":
    sys.exit(main())
