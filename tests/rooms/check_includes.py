#!/usr/bin/python3
"""Reads every #include of the house and fails, naming file and line, where a room reaches too far.

    check_includes.py ROOT            0: every line stays in its room; 1: each line that does not
    check_includes.py --self-test     plants one violation of each kind and wants each one found

The rules are the table "which room is my line in?" of docs/architecture.md. An include that no rule
knows is a violation as well: a new library is let in here, in the open, by the room that needs it.
"""

import pathlib
import re
import sys
import tempfile

# What each room of the engine may include from the rest of the house.
ENGINE = {
    "engine/model": {"engine/model"},
    "engine/calendar": {"engine/model", "engine/calendar"},
    "engine/history": {"engine/model", "engine/calendar", "engine/history"},
    "engine/policy": {"engine/model", "engine/calendar", "engine/history", "engine/policy"},
    "engine/treatment": {"engine/model", "engine/calendar", "engine/history", "engine/treatment"},
    "engine/audit": {"engine/model", "engine/audit"},
    # A seal is a CJ1 object and a member of an entry; HMAC is written once, in the audit room; the
    # ring of keys stands on its ports, and the clock that empties its cache is one of them.
    "engine/vault": {"engine/model", "engine/vault", "engine/audit/cj1.h", "engine/audit/entry.h",
                     "engine/audit/hash.h",
                     "engine/ports/key_provider.h", "engine/ports/key_store.h",
                     "engine/ports/randomness.h", "engine/ports/clock.h"},
    # A provider of keys hands them over in memory that is locked and wiped.
    "engine/ports": {"engine/model", "engine/audit", "engine/ports",
                     "engine/orchestrator/command.h", "engine/vault/secret.h"},
    "engine/orchestrator": {"engine"},
}

# Commands are values that a port carries: they must not lean on the steps that use them.
FILES = {
    "engine/orchestrator/command.h": {"engine/model", "engine/audit", "engine/ports/channel.h"},
}

# One header more than the room, for one file, and why.
MORE = {
    # A bundle is named by its digest; SHA-256 is written once, in the audit room.
    "engine/policy/bundle.cc": {"engine/audit/hash.h"},
}

# Standard headers that reach out of the engine: files, streams to the world, threads, locks,
# randomness. Headers of the operating system are refused for the engine as a whole below.
WORLDLY = {"fstream", "iostream", "filesystem", "cstdio", "thread", "condition_variable", "stop_token",
           "semaphore", "latch", "barrier", "shared_mutex", "mutex", "future", "random",
           "clocale", "locale", "ctime", "csignal"}

# Where the engine needs one of them all the same, and why.
ENGINE_MAY = {
    # Digits into a buffer, and the last words of a process that found itself wrong.
    "engine/model/": {"cstdio"},
    # A caller waits for the store's answer; the waiting is the port's one convenience.
    "engine/ports/store.cc": {"future"},
    # Slots of locked memory and the ring of keys are shared by the writer and its readers.
    "engine/vault/": {"mutex"},
    # One thread pauses while others send: the dispatcher and its queue guard what they share.
    "engine/orchestrator/": {"mutex", "latch", "future", "condition_variable"},
}

# Other people's libraries: the rooms that may include them. A prefix of the include's path.
LIBRARIES = {
    "absl/": {"engine", "adapters", "tests", "bench"},
    "date/date.h": {"engine", "adapters", "tests", "bench"},
    "date/tz.h": {"adapters/zones"},
    "openssl/": {"engine/audit", "engine/vault", "adapters/logexport", "adapters/grpc",
                 "adapters/cli", "tests", "bench"},
    "sodium.h": {"engine/audit", "engine/vault", "adapters/logexport", "adapters/keys",
                 "adapters/cli", "tests"},
    "sqlite3.h": {"adapters/sqlite", "adapters/keys", "tests/adapters", "bench"},
    "yaml-cpp/": {"adapters/yaml"},
    "httplib.h": {"adapters/http", "tests/adapters"},
    "phonenumbers/": {"adapters/phones"},
    "prometheus/": {"adapters/http", "tests/adapters"},
    "spdlog/": {"adapters/cli", "adapters/grpc", "adapters/http"},
    # columns and tables that a person reads
    "fmt/": {"adapters/cli"},
    "grpcpp/": {"adapters/grpc", "adapters/cli", "tests/adapters", "bench"},
    "grpc/": {"adapters/grpc", "adapters/cli", "tests/adapters", "bench"},
    "google/": {"adapters/grpc", "adapters/cli", "tests/adapters", "bench"},
    "CLI/": {"adapters/cli", "tests/adapters", "bench"},
    "nlohmann/": {"adapters", "tests", "bench"},
    "gtest/": {"tests"},
    "gmock/": {"tests"},
    "benchmark/": {"bench"},
}

# Generated from proto/: the contract belongs to those who speak it on a wire.
PROTO_PREFIXES = ("proto/forbear/v1/", "forbear/v1/")
PROTO_ROOMS = {"adapters/grpc", "adapters/cli", "tests/adapters", "bench"}

# Adapters stand apart from each other: which of them meet is chosen in adapters/cli alone.
ADAPTER_MAY = {
    # numbers are checked where they are translated
    "adapters/grpc": {"adapters/phones", "adapters/yaml/pack_reader.h"},
    # the table of prefixes is read with the places
    "adapters/phones": {"adapters/yaml/pack_reader.h"},
    # one way to speak to SQLite, and one to write a file that is whole or not there
    "adapters/keys": {"adapters/sqlite/database.h", "adapters/sqlite/data_lock.h",
                      "adapters/logexport/durable_file.h"},
    # both stores keep the same rows
    "adapters/memory": {"adapters/rows"},
    "adapters/sqlite": {"adapters/rows"},
}

OS_HEADERS = re.compile(r"^(sys|netinet|arpa|net|linux|asm)/|^(unistd|fcntl|pthread|poll|signal|"
                        r"dirent|netdb|dlfcn|stdio|stdlib|time|locale|errno|syslog)\.h$")
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
HOUSE = ("engine/", "adapters/", "tests/", "bench/", "examples/")
SOURCES = {".h", ".cc", ".cpp", ".hpp"}


def within(path, rooms):
    """True if `path` is one of `rooms` or lies in one of them."""
    return any(path == room or path.startswith(room.rstrip("/") + "/") for room in rooms)


def room_of(path, rooms):
    return next((room for room in rooms if within(path, {room})), None)


def house_include(path, target):
    """Why `path` may not include the house's own `target`; None if it may."""
    if path.startswith("engine/"):
        allowed = FILES.get(path)
        if allowed is None:
            room = room_of(path, ENGINE)
            if room is None:
                return "this folder of the engine has no rule; give it one in tests/rooms"
            allowed = ENGINE[room]
        if not within(target, allowed | MORE.get(path, set())):
            return "may include only " + ", ".join(sorted(allowed))
    elif path.startswith("adapters/cli/"):
        if not target.startswith(("engine/", "adapters/")):
            return "serves with engine and adapters, not with tests or benchmarks"
    elif path.startswith("adapters/"):
        own = "/".join(path.split("/")[:2])
        if not within(target, {"engine", own} | ADAPTER_MAY.get(own, set())):
            return "an adapter includes the engine and itself; adapters meet in adapters/cli"
    elif target.startswith("bench/") and not path.startswith("bench/"):
        return "benchmarks are nobody's library"
    return None


def library_include(path, target):
    """Why `path` may not include the header `target` of somebody else; None if it may."""
    if target.startswith(PROTO_PREFIXES):
        return None if within(path, PROTO_ROOMS) else "the contract is spoken in adapters/grpc"
    in_engine = path.startswith("engine/")
    for prefix, rooms in LIBRARIES.items():
        if target == prefix or (prefix.endswith("/") and target.startswith(prefix)):
            return None if within(path, rooms) else f"only {', '.join(sorted(rooms))} may"
    if OS_HEADERS.match(target):
        return "the engine does no I/O" if in_engine else None
    if "/" in target or target.endswith((".h", ".hpp")):
        return "no rule knows this library; let it in by name in tests/rooms/check_includes.py"
    if in_engine and target in WORLDLY:
        spared = any(target in names for place, names in ENGINE_MAY.items()
                     if path == place or (place.endswith("/") and path.startswith(place)))
        return None if spared else "the engine holds no file, thread, lock or random source"
    return None


def check(root):
    """Every violation under `root`, as `file:line: why`, and the number of includes read."""
    found, read = [], 0
    for folder in HOUSE:
        base = root / folder
        for file in sorted(base.rglob("*")) if base.is_dir() else []:
            if file.suffix not in SOURCES:
                continue
            path = file.relative_to(root).as_posix()
            for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                read += 1
                target = match[1] or match[2]
                if ".." in target.split("/") or (match[1] and "/" not in target):
                    why = "includes are written from the root of the house"
                elif target.startswith(HOUSE):
                    why = house_include(path, target)
                else:
                    why = library_include(path, target)
                if why:
                    found.append(f"{path}:{number}: `{target}`: {why}")
    return found, read


PLANTED = [
    ("engine/model/money.h", '#include "engine/policy/decision.h"', "model leans on policy"),
    ("engine/policy/decide.cc", '#include "engine/ports/store.h"', "policy reaches a port"),
    ("engine/policy/decide.cc", '#include "engine/audit/entry.h"', "policy reaches the log"),
    ("engine/calendar/weekly.h", '#include "engine/history/window.h"', "calendar leans on history"),
    ("engine/ports/clock.h", '#include "engine/orchestrator/handle.h"', "a port knows the steps"),
    ("engine/orchestrator/command.h", '#include "engine/orchestrator/handle.h"', "a value knows them"),
    ("engine/orchestrator/handle.cc", '#include "adapters/sqlite/store.h"', "engine to adapter"),
    ("engine/orchestrator/handle.cc", "#include <grpcpp/grpcpp.h>", "gRPC in the engine"),
    ("engine/orchestrator/handle.cc", "#include <google/protobuf/message.h>", "protobuf there"),
    ("engine/audit/log.cc", "#include <sqlite3.h>", "SQL in the engine"),
    ("engine/audit/log.cc", "#include <fstream>", "a file in the engine"),
    ("engine/audit/log.cc", "  #  include <sys/socket.h>", "a socket in the engine"),
    ("engine/history/window.cc", "#include <thread>", "a thread in the engine"),
    ("engine/policy/decide.cc", "#include <random>", "chance in a decision"),
    ("engine/vault/seal.cc", '#include "engine/ports/store.h"', "the vault reaches the store"),
    ("engine/vault/seal.cc", '#include "engine/audit/log.h"', "the vault writes the log"),
    ("engine/ports/store.h", '#include "engine/vault/seal.h"', "a port knows how to seal"),
    ("adapters/keys/key_database.cc", '#include "adapters/sqlite/tables.h"', "keys among the data"),
    ("engine/calendar/zone_table.cc", "#include <date/tz.h>", "zones are read at the edge"),
    ("engine/surprise/new.cc", '#include "engine/model/money.h"', "a room nobody described"),
    ("adapters/sqlite/store.cc", '#include "adapters/grpc/server.h"', "adapter to adapter"),
    ("adapters/grpc/server.cc", "#include <sqlite3.h>", "another adapter's library"),
    ("adapters/outbox/outbox.cc", "#include <curl/curl.h>", "a library nobody let in"),
    ("adapters/yaml/packs.cc", '#include "forbear/v1/account.pb.h"', "the contract in a parser"),
    ("tests/engine/policy/world.h", '#include "bench/world.h"', "a test on a benchmark"),
    ("engine/model/ids.cc", '#include "ids.h"', "not from the root"),
    ("engine/model/ids.cc", '#include "engine/model/../policy/pack.h"', "a way round"),
]
HARMLESS = [
    ("engine/policy/decide.cc", '#include "engine/history/window.h"'),
    ("engine/model/money.cc", "#include <array>"),
    ("engine/policy/bundle.cc", '#include "engine/audit/hash.h"'),
    ("engine/ports/store.h", '#include "engine/orchestrator/command.h"'),
    ("engine/ports/key_provider.h", '#include "engine/vault/secret.h"'),
    ("engine/vault/key_ring.h", "#include <mutex>"),
    ("adapters/sqlite/store.cc", "#include <sqlite3.h>"),
    ("adapters/cli/serve_command.cc", '#include "adapters/sqlite/store.h"'),
    ("engine/model/money.cc", '// #include <thread> would be wrong here'),
]


def self_test():
    wrong = []
    for path, line, why in PLANTED + [(path, line, None) for path, line in HARMLESS]:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            file = root / path
            file.parent.mkdir(parents=True)
            file.write_text("// One line of a house.\n" + line + "\n", "utf-8")
            found, _ = check(root)
            expected = [f"{path}:2:"] if why else []
            if [item.split(" ")[0] for item in found] != expected:
                wrong.append(f"{path}: {line}: {why or 'harmless'}: found {found}")
    return wrong


def main():
    if sys.argv[1:] == ["--self-test"]:
        wrong = self_test()
        print("\n".join(wrong) or f"{len(PLANTED)} planted violations found, "
              f"{len(HARMLESS)} harmless lines left alone")
        return 1 if wrong else 0
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    found, read = check(pathlib.Path(sys.argv[1]))
    if read == 0:
        found = [f"{sys.argv[1]}: no include read: that is not the house"]
    print("\n".join(found) or f"{read} includes, each in its room")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
