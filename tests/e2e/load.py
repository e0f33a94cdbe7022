"""Accounts made up by the dozen, and a client that hands them in and remembers each answer."""

import copy
import json
import threading

import grpc

from deployment import ROOT  # puts examples/python into the path
import lender
import stubs

AS_OF = "2026-03-01T00:00:00Z"


def account(number, prefix="A"):
    """A card debt in Taiwan of a person of its own, who may be reminded at once."""
    external = f"{prefix}-{number:06d}"
    return {
        "account": {"external_id": external, "role": "ROLE_THIRD_PARTY_COLLECTOR",
                    "product": "PRODUCT_CREDIT_CARD",
                    "balance": {"minor_units": str(100_000 + number), "currency": "TWD"},
                    "due_date": "2026-01-31"},
        "borrower": {
            "external_id": f"{external}-person", "name": "Made Person", "language": "en",
            "places": [{"kind": "TIED_TO_HOME", "country": "TW", "subdivision": "TW-TPE"}],
            "contact_points": [
                {"id": "mobile", "kind": "POINT_KIND_PHONE", "line": "LINE_MOBILE",
                 # The digits differ by prefix, or two people would share a number and be linked.
                 "value": f"+886{100 + sum(prefix.encode()) % 50}{number:06d}",
                 "source": "POINT_SOURCE_BORROWER"},
                {"id": "mail", "kind": "POINT_KIND_EMAIL",
                 "value": f"{external.lower()}@example.com", "source": "POINT_SOURCE_BORROWER"}]},
        "history": [
            {"name": "EVENT_NAME_NOTICE", "event_time": "2026-02-09T04:00:00Z",
             "notice": "NOTICE_KIND_PLACEMENT_NOTICE", "by": "DONE_BY_CREDITOR",
             "channel": "CHANNEL_LETTER"},
            {"name": "EVENT_NAME_CONSENT", "event_time": "2025-08-14T04:00:00Z",
             "covers": ["COVERS_CHANNEL", "COVERS_ADDRESS"], "via": "VIA_PORTAL",
             "consent_form": "CONSENT_FORM_EXPRESS_WRITTEN",
             "channels": ["CHANNEL_SMS", "CHANNEL_EMAIL"]}],
        "as_of": AS_OF}


def changed(item, **account_fields):
    """The same account with another body."""
    other = copy.deepcopy(item)
    other["account"].update(account_fields)
    return other


class Ledger:
    """What was sent and what was answered, over any number of broken streams."""

    def __init__(self):
        self.records, self.sent, self.mutex = [], {}, threading.Lock()

    def acknowledged(self):
        return {r["item"]["account"]["external_id"]: r["answer"] for r in self.records
                if "error" not in r["answer"]}

    def unanswered(self):
        known = {r["item"]["account"]["external_id"] for r in self.records}
        return [item for external, item in self.sent.items() if external not in known]

    def submit(self, address, items, api=None):
        """Streams `items`; returns the error that broke the stream, or None."""
        api = api or stubs.load()

        def noted():
            for item in items:
                with self.mutex:
                    self.sent[item["account"]["external_id"]] = item
                yield item

        with grpc.insecure_channel(address) as channel:
            try:
                for item, response in lender.submit(channel, noted(), api):
                    with self.mutex:
                        self.records.append(lender.as_record(item, response, api))
            except grpc.RpcError as error:
                return error
        return None

    def keep(self, path):
        with open(path, "w", encoding="utf-8") as file:
            for record in self.records:
                file.write(json.dumps(record) + "\n")
