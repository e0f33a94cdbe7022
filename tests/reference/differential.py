#!/usr/bin/env python3
"""Asks the engine and the reference the same random questions and prints where they differ.

    differential.py --forbear BIN [--cases N] [--seed S] [--next-share 0.01] [--jobs 1]
                    [--batch K] [--keep DIR]

Compared are the answer (allowed or not) and the set of denying rules; for a share of the questions
also the next opening, by the reference's own search. Of every deferral it is asked whether nothing
denies at the opening and something does one second before.
"""

import argparse
import collections
import contextlib
import copy
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor

from calendars import END
from candidates import walk
from facts import Question, Unsupported, instant
from kinds import KINDS
from questions import Asker, stamp
from reference import World
from worlds import OPTIONAL, SWITCHES, Batch

QUESTIONS_A_BATCH = 200


class Engine:
    """The program under test. It reads its folder once, and answers each line as it comes."""

    def __init__(self, program, folder):
        self.program = program
        self.complaints = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [program, "decide", "--policies", folder, "--without-house"], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.complaints)

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.process.communicate()
        self.complaints.close()

    def decide(self, requests):
        """[(answer, set of rules, next) or an error text]"""
        # Both pipes may be full at once, so that one thread fills what the other one empties.
        writer = threading.Thread(target=self.write, args=(
            "".join(json.dumps(one) + "\n" for one in requests),))
        writer.start()
        lines = [self.process.stdout.readline() for _ in requests]
        writer.join()
        if not all(lines):
            self.complaints.seek(0)
            raise SystemExit(f"{self.program}: {sum(map(bool, lines))} answers to {len(lines)} "
                             f"questions: {self.complaints.read()[-2000:]}")
        return [self.read(json.loads(line)) for line in lines]

    def write(self, text):
        with contextlib.suppress(BrokenPipeError):  # which shows as answers that are missing
            self.process.stdin.write(text)
            self.process.stdin.flush()

    @staticmethod
    def read(line):
        if "decision" not in line:
            return json.dumps(line.get("error", line))[:500]
        decision = line["decision"]
        opens = decision.get("nextAllowedTime")
        return (decision["answer"].removeprefix("ANSWER_").lower(),
                frozenset(one["rule"] for one in decision.get("denials", [])),
                instant(opens) if opens else None)


def at(request, moment):
    """The same question at another instant."""
    return {**request, "evaluate_time": stamp(moment)}


def reads(program, rule):
    """Does the engine read a pack with this rule in it?"""
    batch = Batch(0, 0)
    batch.packs = batch.packs[:1]
    batch.packs[0]["rules"] = [{"id": "xa.try", **rule, "cites": [{"text": "made"}]}]
    with tempfile.TemporaryDirectory(prefix="forbear-reference-") as folder:
        batch.write(folder)
        run = subprocess.run([program, "decide", "--policies", folder, "--without-house"],
                             input="", capture_output=True, text=True, check=False)
        return run.returncode == 0


# ---- one batch ----------------------------------------------------------------------------------


def run_batch(arguments):
    program, seed, number, count, next_share, refused, keep = arguments
    batch = Batch(seed, number, refused)
    asker = Asker(batch)
    requests = [asker.question() for _ in range(count)]
    draw = random.Random(f"forbear/{seed}/{number}/next")
    result = {"mix": collections.Counter(), "coverage": collections.Counter(), "failed": [],
              "cases": 0, "checked": collections.Counter(), "zones": batch.zones}
    with tempfile.TemporaryDirectory(prefix="forbear-reference-") as folder:
        batch.write(folder)
        world = World(folder)
        with Engine(program, folder) as engine:
            deferred, states = [], collections.Counter()
            for index, (request, answer) in enumerate(zip(requests, engine.decide(requests))):
                if isinstance(answer, str):
                    result["mix"]["refused"] += 1
                    result["refusal"] = answer
                    continue
                result["cases"] += 1
                result["mix"][answer[0]] += 1
                try:
                    fault = compare(world, request, answer, draw, next_share, states, result)
                except Unsupported as problem:
                    fault = f"unsupported: {problem}"
                if fault:
                    result["failed"].append((index, fault, request))
                elif answer[0] == "deferred":
                    deferred.append((index, request, answer))
            for fault in edges_of(engine, deferred, result):
                result["failed"].append(fault)
            for index, fault, request in result["failed"]:
                if keep:
                    save(keep, seed, number, index, fault, request, engine, world, folder)
    used = {rule["id"]: constructs(rule) for pack in batch.packs for rule in pack["rules"]}
    for (rule, state), count in states.items():
        for construct in used[rule]:
            result["coverage"][construct, state] += count
    result["failed"] = [(number, index, fault) for index, fault, _ in result["failed"]]
    return result


def compare(world, request, answer, draw, next_share, states, result):
    """What the two do not agree on, or None."""
    look = draw.random() < next_share
    trace = {}
    question = Question(request)
    denials = world.judge(question, question.at, trace)
    states.update((rule, state) for rule, found in trace.items() for state in found)
    if (answer[0] == "allowed") != (not denials) or answer[1] != frozenset(denials):
        return f"engine {show(answer[1])}, reference {show(denials)}"
    if answer[0] == "allowed":
        return None
    if look:
        result["checked"]["next"] += 1
        # Up to what the engine says, or for more than a year where it says never.
        opens = world.next_opening(question, answer[2] or min(END, question.at + 400 * 86400))
        if opens != answer[2]:
            return (f"next: engine {answer[2] and stamp(answer[2])}, "
                    f"reference {opens and stamp(opens)}")
    if answer[0] == "deferred":
        result["checked"]["opening"] += 1
        still = world.judge(question, answer[2])
        if still:
            return f"opening {stamp(answer[2])}: reference {show(still)}"
        if answer[2] - 1 >= question.at and not world.closed(question, answer[2] - 1, denials):
            return f"one second before {stamp(answer[2])}: reference allows"
    # Whatever lies between now and the opening, or anywhere where there is none, is closed.
    last = answer[2] - 1 if answer[2] else min(END, question.at + 3000 * 86400)
    for _ in range(3):
        moment = draw.randint(question.at, max(question.at, last)) if draw.random() < 0.5 \
            else min(last, question.at + draw.randint(0, 14 * 86400))
        if not world.closed(question, moment, denials):
            return f"at {stamp(moment)}: reference allows, engine {answer[0]} " \
                   f"{answer[2] and stamp(answer[2])}"
    return None


def edges_of(engine, deferred, result):
    """Deferrals asked again: allowed at the opening, refused one second before."""
    again = engine.decide([at(request, answer[2]) for _, request, answer in deferred]
                          + [at(request, answer[2] - 1) for _, request, answer in deferred])
    result["checked"]["opening, engine"] += len(deferred)
    for i, (index, request, answer) in enumerate(deferred):
        opened, before = again[i], again[len(deferred) + i]
        if opened[0] != "allowed":
            yield index, f"at its own opening {stamp(answer[2])} the engine says {opened}", request
        elif before[0] == "allowed":
            yield index, f"one second before {stamp(answer[2])} the engine allows", request


def show(rules):
    return "[" + ", ".join(sorted(rules)) + "]"


WORDS = {"counts", "clock", "honours", "form", "counts_from", "distinct", "per", "by", "observed"}


def constructs(rule):
    """Names of the constructs that a rule is made of."""
    found = set()
    for key, value in rule.items():
        if key in KINDS:
            found.add(key)
        if key in ("bars", "exceptions", "in_force", "status"):
            found.add(key)
    for key, value in walk(rule):
        if key in ("cites", "text", "id", "note", "days", "limit", "why"):
            continue
        if key == "scope":
            found.update(f"scope.{one}" for one in value)
        elif key in WORDS and isinstance(value, (str, list)):
            for one in value if isinstance(value, list) else [value]:
                found.add(f"{key}.{one}")
        elif key in ("clock",) and isinstance(value, dict):
            found.add("clock.zone")
        else:
            found.add(key)
    return found


# ---- what is kept of a disagreement -------------------------------------------------------------


def save(keep, seed, number, index, fault, request, engine, world, folder):
    """The folder once a batch, and the smallest question that still shows it."""
    target = pathlib.Path(keep) / f"seed{seed}-batch{number}"
    if not target.exists():
        import shutil
        target.mkdir(parents=True)
        shutil.copytree(folder, target / "policies")
    request = smaller(request, engine, world) if fault.startswith("engine") else request
    (target / f"{index}.json").write_text(json.dumps(request) + "\n")
    (target / f"{index}.txt").write_text(fault + "\n")


def differs(request, engine, world):
    answer = engine.decide([request])[0]
    if isinstance(answer, str):
        return False
    try:
        question = Question(request)
        return answer[1] != frozenset(world.judge(question, question.at))
    except (Unsupported, KeyError, TypeError):
        return False


def smaller(request, engine, world, tries=60):
    """Leaves out events, then fields, as long as the two still differ."""
    changed = True
    while changed and tries > 0:
        changed = False
        history = request["facts"].get("history", [])
        for i in reversed(range(len(history))):
            tries -= 1
            less = copy.deepcopy(request)
            del less["facts"]["history"][i]
            if differs(less, engine, world):
                request, changed = less, True
    for path in ("tenant", "channel_consent", "notices_given_by_default"):
        less = copy.deepcopy(request)
        if less["facts"].pop(path, None) is not None and differs(less, engine, world):
            request = less
    return request


# ---- the run ------------------------------------------------------------------------------------


def spread(run, work, jobs):
    """What `run` makes of each piece of work, in its order, by so many processes."""
    if jobs <= 1:
        yield from map(run, work)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(run, work)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forbear", required=True)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--next-share", type=float, default=0.01)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--keep")
    parser.add_argument("--without", nargs="*", default=[], choices=SWITCHES,
                        help="constructs to leave out")
    options = parser.parse_args()
    began = time.monotonic()
    refused = sorted(name for name, rule in OPTIONAL.items() if not reads(options.forbear, rule))
    if refused:
        print("not read by this engine and left out: " + ", ".join(refused))
    batches = range(-(-options.cases // QUESTIONS_A_BATCH))
    if options.batch is not None:
        batches = [options.batch]
    work = [(options.forbear, options.seed, number, QUESTIONS_A_BATCH, options.next_share,
             [*refused, *options.without], options.keep) for number in batches]
    total = {"mix": collections.Counter(), "coverage": collections.Counter(), "failed": [],
             "cases": 0, "checked": collections.Counter()}
    zones = set()
    for result in spread(run_batch, work, options.jobs):
        for key in total:
            total[key] += result[key]
        zones.update(result["zones"])
        if "refusal" in result:
            print(f"a question was refused: {result['refusal']}")
        for number, index, fault in result["failed"]:
            print(f"batch {number} question {index}: {fault}")
            sys.stdout.flush()
    report(options, total, zones, time.monotonic() - began)
    sys.exit(1 if total["failed"] else 0)


def report(options, total, zones, seconds):
    print(f"seed {options.seed}, {total['cases']} cases in {seconds:.0f} s, {len(zones)} zones")
    print("answers: " + ", ".join(f"{word} {count}" for word, count in
                                  sorted(total["mix"].items())))
    print("checked besides: " + ", ".join(f"{word} {count}" for word, count in
                                          sorted(total["checked"].items())))
    print("constructs (rule open / denied / spared):")
    names = sorted({name for name, _ in total["coverage"]})
    line = ""
    for name in names:
        counts = [total["coverage"][name, state] for state in ("open", "denied", "spared")]
        line += f"  {name} {counts[0]}/{counts[1]}/{counts[2]}"
        if len(line) > 100:
            print(line)
            line = ""
    print(line)
    failed = len(total["failed"])
    print(f"{total['cases'] - failed} passed, {failed} failed")


if __name__ == "__main__":
    main()
