#!/usr/bin/python3
"""A lender hands in overdue accounts: one stream, one result for each item, in order.

    lender.py --server HOST:PORT [--answers FILE] ACCOUNTS.jsonl[.gz]…

Each line of the files is one forbear.v1.AccountSubmission in protobuf's JSON form; lines that begin
with `#` are remarks. Prints how many were accepted and, for each reason, how many were refused.
--answers keeps every item beside its answer, one JSON object a line: what was sent, what was said.
Safe to run again: an account that is known with the same body answers `unchanged`.

Exit 0 when every item got an answer, refused ones included; 1 when the stream broke.
"""

import argparse
import collections
import gzip
import json
import sys

import grpc
from google.protobuf import json_format

import stubs


def read_items(path):
    """The submissions of one file, as parsed JSON."""
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                yield json.loads(line)


def violations(error, api):
    """(field, why) of each thing that was wrong with a refused item."""
    for detail in error.details:
        bad = api.error_details.BadRequest()
        if detail.Is(bad.DESCRIPTOR):
            detail.Unpack(bad)
            return [(v.field, v.description) for v in bad.field_violations]
    return []


def submit(channel, items, api):
    """Hands `items` in; yields (item, answer) in order, each answer when it is durable."""
    on_the_way = collections.deque()

    def requests():
        for item in items:
            submission = json_format.ParseDict(item, api.types.AccountSubmission())
            on_the_way.append(item)
            yield api.account.SubmitAccountsRequest(submission=submission)

    service = api.account.AccountServiceStub(channel)
    for response in service.SubmitAccounts(requests()):
        yield on_the_way.popleft(), response


def as_record(item, response, api):
    """One item and its answer, as a line of --answers."""
    if response.WhichOneof("outcome") == "error":
        answer = {"error": {
            "code": response.error.code, "message": response.error.message,
            "violations": [{"field": f, "why": w} for f, w in violations(response.error, api)]}}
    else:
        answer = json_format.MessageToDict(response.result, preserving_proto_field_name=True)
    return {"item": item, "answer": answer}


def summary(records):
    """Counts for people: accepted by kind of change, warned, refused by reason."""
    changes, refused, warned = collections.Counter(), collections.Counter(), 0
    for record in records:
        answer = record["answer"]
        if "error" in answer:
            reasons = answer["error"]["violations"] or [
                {"field": "", "why": answer["error"]["message"]}]
            refused["; ".join(f"{r['field']}: {r['why']}".strip(": ") for r in reasons)] += 1
        else:
            changes[answer["change"].removeprefix("CHANGE_MADE_").lower()] += 1
            warned += bool(answer.get("warnings"))
    return changes, refused, warned


def main():
    parser = argparse.ArgumentParser(description="Hands in overdue accounts over gRPC.")
    parser.add_argument("--server", required=True, help="HOST:PORT of a loopback listener")
    parser.add_argument("--answers", help="keep every item and its answer in this file")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()

    api = stubs.load()
    records, items = [], (item for path in options.files for item in read_items(path))
    keep = open(options.answers, "w", encoding="utf-8") if options.answers else None
    broken = None
    with grpc.insecure_channel(options.server) as channel:
        try:
            for item, response in submit(channel, items, api):
                records.append(as_record(item, response, api))
                if keep:
                    keep.write(json.dumps(records[-1], ensure_ascii=False) + "\n")
        except grpc.RpcError as error:
            broken = error
    if keep:
        keep.close()

    changes, refused, warned = summary(records)
    accepted = ", ".join(f"{count:,} {change}" for change, count in sorted(changes.items()))
    print(f"accepted  {sum(changes.values()):>6,}  {accepted}; {warned:,} with a warning")
    print(f"refused   {sum(refused.values()):>6,}")
    for reason, count in refused.most_common():
        print(f"          {count:>6,}  {reason}")
    if broken is not None:
        print(f"lender: the stream broke after {len(records):,} answers: {broken.code().name}: "
              f"{broken.details()}; send it again", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
