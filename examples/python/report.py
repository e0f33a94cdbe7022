#!/usr/bin/python3
"""What became of it: a report over the log of a running server, or the story of one borrower.

    report.py --server HOST:PORT                  contacts by channel and day, held back by rule, next openings
    report.py --server HOST:PORT --wait-until INSTANT
                                                  first wait until the server's clock has got there
    report.py --server HOST:PORT --pause REASON   all contact of the tenant stands still from here on
    report.py --server HOST:PORT --borrower ID    everything that happened to one borrower, oldest first

The listener must act as a role that may list entries (officer, auditor).
"""

import argparse
import collections
import datetime
import json
import pathlib
import sys
import time
import uuid

import grpc
import yaml

import stubs

PAGE = 500


def citations(folder):
    """Rule id -> the law it cites, from the packs' own text."""
    cites = {}
    for path in sorted(pathlib.Path(folder).rglob("*.yaml")):
        with open(path, encoding="utf-8") as file:
            document = yaml.load(file, Loader=yaml.CSafeLoader)
        if not isinstance(document, dict):
            continue
        for rule in document.get("rules") or []:
            said = rule.get("cites") or []
            texts = [c if isinstance(c, str) else c.get("text") or c.get("citation", "")
                     for c in (said if isinstance(said, list) else [said])]
            cites[rule["id"]] = "; ".join(text for text in texts if text)
    return cites


def entries(api, channel, kind_prefix=""):
    service, token = api.audit.AuditServiceStub(channel), ""
    while True:
        page = service.ListEntries(api.audit.ListEntriesRequest(
            kind_prefix=kind_prefix, page_size=PAGE, page_token=token))
        for entry in page.entries:
            yield json.loads(entry.canonical)
        token = page.next_page_token
        if not token:
            return


def server_time(api, channel):
    status = api.operations.OperationsServiceStub(channel).GetStatus(
        api.operations.GetStatusRequest())
    return status.server_time.ToDatetime()


def wait_until(api, channel, instant):
    """Returns when the server's own (perhaps simulated) clock reads `instant` or later."""
    while server_time(api, channel) < instant:
        time.sleep(0.5)


def pause(api, channel, reason):
    response = api.operations.OperationsServiceStub(channel).PauseContacts(
        api.operations.PauseContactsRequest(
            request_id=str(uuid.uuid4()), scope=api.operations.PauseScope(), reason=reason))
    return response.in_flight


def rules_of(decision):
    """Ids of the rules that denied, from a decision's entry."""
    found = []
    for denial in decision.get("data", {}).get("denials", []):
        found.append(denial if isinstance(denial, str) else denial["rule"])
    return found


def print_report(api, channel, policies):
    cites = citations(policies)
    sent = collections.Counter()      # (day, channel) -> settled or in doubt
    channel_of, state = {}, collections.Counter()
    for entry in entries(api, channel, "attempt."):
        kind, attempt = entry["kind"].split(".", 1)[1], entry["ref"]["attempt"]
        state[kind] += 1
        if kind == "reserved":
            channel_of[attempt] = (entry["time"][:10], entry["data"]["channel"])
        elif kind in ("settled", "in_doubt"):
            sent[channel_of[attempt]] += 1

    held, waiting = collections.Counter(), collections.Counter()
    answers = collections.Counter()
    for entry in entries(api, channel, "decision."):
        answers[entry["kind"].split(".", 1)[1]] += 1
        for rule in rules_of(entry):
            held[rule] += 1

    channels = sorted({c for _, c in sent})
    print("Contacts sent (UTC days)")
    print(f"  {'day':<12}" + "".join(f"{c:>9}" for c in channels) + f"{'all':>9}")
    for day in sorted({d for d, _ in sent}):
        row = [sent[day, c] for c in channels]
        print(f"  {day:<12}" + "".join(f"{n:>9,}" for n in row) + f"{sum(row):>9,}")
    total = [sum(n for (_, c), n in sent.items() if c == wanted) for wanted in channels]
    print(f"  {'all':<12}" + "".join(f"{n:>9,}" for n in total) + f"{sum(total):>9,}")
    if state["in_doubt"] or state["released"]:
        print(f"  in doubt {state['in_doubt']:,}, released unsent {state['released']:,}")

    print(f"\nDecisions in the log: {answers['allowed']:,} allowed, {answers['deferred']:,} put off, "
          f"{answers['denied']:,} refused")
    print("\nHeld back, by rule (times it denied a logged decision)")
    for rule, count in held.most_common():
        print(f"  {count:>8,}  {rule:<44} {cites.get(rule, 'the engine itself')}")

    print("\nNext openings")
    upcoming = api.contact.ContactServiceStub(channel)
    response = upcoming.ListUpcoming(api.contact.ListUpcomingRequest(page_size=PAGE))
    for contact in response.contacts:
        waiting[contact.wake_time.ToDatetime()] += 1
    for when, count in sorted(waiting.items())[:8]:
        print(f"  {when:%Y-%m-%d %H:%M:%S}Z  {count:,} account{'s' if count > 1 else ''}")
    if not waiting:
        print("  none: every account waits for an event")
    return sum(total)


def print_timeline(api, channel, borrower):
    service, token = api.borrower.BorrowerServiceStub(channel), ""
    names = api.words
    while True:
        page = service.GetTimeline(api.borrower.GetTimelineRequest(
            borrower_id=borrower, order=api.borrower.TIMELINE_ORDER_OLDEST_FIRST,
            page_size=PAGE, page_token=token))
        for item in page.items:
            when, kind = item.item_time.ToDatetime(), item.WhichOneof("item")
            if kind == "event":
                text = names.EventName.Name(item.event.name).removeprefix("EVENT_NAME_").lower()
            elif kind == "attempt":
                text = (names.Channel.Name(item.attempt.channel).removeprefix("CHANNEL_").lower()
                        + " " + names.AttemptState.Name(item.attempt.state)
                        .removeprefix("ATTEMPT_STATE_").lower())
            else:
                text = (names.Answer.Name(item.decision.answer).removeprefix("ANSWER_").lower()
                        + " " + ", ".join(item.decision.rules))
            print(f"{when:%Y-%m-%d %H:%M:%S}Z  {kind:<9} {text}")
        token = page.next_page_token
        if not token:
            return


def main():
    parser = argparse.ArgumentParser(description="Reports what a Forbear server did.")
    parser.add_argument("--server", required=True)
    parser.add_argument("--policies", default=str(stubs.ROOT / "policies"))
    parser.add_argument("--wait-until", help="an instant as 2026-03-12T00:00:00Z")
    parser.add_argument("--pause", metavar="REASON", help="a word")
    parser.add_argument("--borrower")
    options = parser.parse_args()

    api = stubs.load()
    with grpc.insecure_channel(options.server) as channel:
        if options.wait_until:
            wait_until(api, channel,
                       datetime.datetime.strptime(options.wait_until, "%Y-%m-%dT%H:%M:%SZ"))
        if options.pause:
            print(f"Paused; {pause(api, channel, options.pause)} in flight")
        elif options.borrower:
            print_timeline(api, channel, options.borrower)
        elif not options.wait_until:
            print_report(api, channel, options.policies)
    return 0


if __name__ == "__main__":
    sys.exit(main())
