#!/usr/bin/python3
"""Runs the benchmarks and prints their table; scripts/bench.sh calls it.

    run.py BIN_DIR ACCOUNTS
"""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))
from deployment import Deployment

PEERS = pathlib.Path(__file__).resolve().parent / "peers"

RUNS = 5
INTAKE = 20_000  # accounts a run
CONTACTS = 5_000  # a run
# Nobody is due yet, so that intake is measured and not the sending beside it.
CLOCK, DUE = "2026-03-02T00:00:00Z", "2026-03-01"


def row(what, value, note=""):
    print(f"| {what} | {value} | {note} |", flush=True)


def decide(binary):
    done = subprocess.run([binary, "--benchmark_format=json", f"--benchmark_repetitions={RUNS}",
                           "--benchmark_min_time=0.2"], capture_output=True, text=True, check=True)
    for result in json.loads(done.stdout)["benchmarks"]:
        if result.get("aggregate_name") == "median":
            name = result["run_name"].removeprefix("BM_")
            # Those of `forbear decide` ask the question of examples/questions.
            note = ("reading, deciding and writing, one core; the question of examples/questions"
                    if "Json" in name or "Binary" in name else
                    "packs of the US and of New York, house rules, 20 rows of history, two zones, one core")
            if "p99_ns" in result:
                note += (f"; slowest of a hundred {result['p99_ns'] / 1000:.1f} us, "
                         f"{result['allocations']:.0f} allocations a call")
            row(name, f"{result['items_per_second']:,.0f}/s", note)


def peers(folder):
    """The same small question to rule engines of others. They are fetched: without npm, no numbers."""
    what = "peers: rule engines from npm, 13 conditions"
    if not (shutil.which("npm") and shutil.which("node")):
        row(what, "–", "not measured: npm and Node 20.19 or later are wanted; Debian 12's own Node is 18")
        return
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if tuple(map(int, version.removeprefix("v").split(".")[:2])) < (20, 19):
        row(what, "–", f"not measured: Node is {version}, and 20.19 or later is wanted")
        return
    here = pathlib.Path(folder) / "peers"
    shutil.copytree(PEERS, here, ignore=shutil.ignore_patterns("node_modules"))
    try:  # The lock says which versions, down to their hashes; it fetches those or nothing.
        subprocess.run(["npm", "ci", "--fetch-retries=0"], cwd=here, capture_output=True,
                       stdin=subprocess.DEVNULL, check=True, timeout=120)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        row(what, "–", "not measured: `npm ci` in `bench/peers` could not fetch them")
        return
    core = max(os.sched_getaffinity(0))
    done = subprocess.run(["node", "peers.mjs"], cwd=here, stdout=subprocess.PIPE, text=True, check=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    for peer in map(json.loads, done.stdout.splitlines()):
        row(f"peer: {peer['name']} {peer['version']}", f"{peer['per_second']:,}/s",
            f"yes or no to 13 conditions, one core; {peer['given']}")


def intake(program, address, count, first):
    done = subprocess.run([program, address, str(count), str(first), DUE], capture_output=True,
                          text=True, check=True)
    return json.loads(done.stdout)["per_second"]


def raw(bin_dir, recording, folder, *more):
    """Commands a second of SQLite alone, by mode; the better is the baseline."""
    done = subprocess.run([bin_dir / "raw_store", recording, folder, *more], capture_output=True,
                          text=True, check=True)
    return {run["mode"]: run for run in map(json.loads, done.stdout.splitlines())}


def store(bin_dir, what, folder, count, recording=None):
    """Recording costs time: what is recorded is not what is measured."""
    done = subprocess.run([bin_dir / "store_bench", what, folder, str(count)] +
                          (["--record", recording] if recording else []), capture_output=True,
                          text=True, check=True)
    return json.loads(done.stdout)["per_second"]


def against_raw(what, mine, baselines, commands_each):
    """One row: medians, and their ratio to the better of the two baselines."""
    median = statistics.median(mine)
    rates = {mode: statistics.median(run[mode]["per_second"] for run in baselines) / commands_each
             for mode in baselines[0]}
    mode = max(rates, key=rates.get)
    run = baselines[-1][mode]
    row(what, f"{median:,.0f}/s",
        f"**{median / rates[mode]:.2f}** of SQLite alone, {rates[mode]:,.0f}/s ({mode}: {run['rows']:,} rows, "
        f"{run['bytes_written'] / 2**20:,.0f} MiB written, {run['batch']:.0f} commands a batch, "
        f"{run['syncs']} syncs)")


def measure_store(bin_dir, folder):
    """Baselines and what is measured take turns, each on a fresh database."""
    folder = pathlib.Path(folder)
    store(bin_dir, "intake", folder / "intake", INTAKE, folder / "intake.rec")
    store(bin_dir, "contacts", folder / "contacts", CONTACTS, folder / "contacts.rec")
    over_wire, alone, contacts, raw_intake, raw_contacts = [], [], [], [], []
    for _ in range(RUNS):
        here = folder / "run"
        here.mkdir()
        with Deployment(here / "house", bin_dir / "forbear", clock=CLOCK) as house:
            house.start()
            over_wire.append(intake(bin_dir / "grpc_intake", house.addresses["lender"], INTAKE, 0))
            house.stop(wait=300)
        raw_intake.append(raw(bin_dir, folder / "intake.rec", here))
        alone.append(store(bin_dir, "intake", here / "intake", INTAKE))
        contacts.append(store(bin_dir, "contacts", here / "contacts", CONTACTS))
        raw_contacts.append(raw(bin_dir, folder / "contacts.rec", here, "--start-from",
                                folder / "contacts" / "start.db"))
        shutil.rmtree(here)
    against_raw("intake over one gRPC stream, durable", over_wire, raw_intake, 1)
    against_raw("intake into the store, no wire", alone, raw_intake, 1)
    # A contact is two commands: reserve, and settle.
    against_raw("reserve, null channel, settle, durable", contacts, raw_contacts, 2)


def resident_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main():
    bin_dir, accounts = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    print(f"{os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}\n")
    print("| what | median | how |\n|---|--:|---|")
    decide(bin_dir / "decide_bench")
    with tempfile.TemporaryDirectory(prefix="forbear-bench-") as folder:
        peers(folder)
        measure_store(bin_dir, folder)
        with Deployment(pathlib.Path(folder) / "house", bin_dir / "forbear", clock=CLOCK) as house:
            house.start()
            intake(bin_dir / "grpc_intake", house.addresses["lender"], accounts, 0)
            house.stop(wait=300)
            began = time.monotonic()
            house.start(wait=120)
            ready = time.monotonic() - began
            row(f"`serve` with {accounts:,} accounts, ready after", f"{ready:.2f} s",
                "one start")
            row(f"`serve` with {accounts:,} accounts, resident",
                f"{resident_mib(house.process.pid):,.0f} MiB", "one start, when ready")
            house.stop(wait=300)


if __name__ == "__main__":
    main()
