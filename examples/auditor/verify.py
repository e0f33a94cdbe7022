#!/usr/bin/python3
"""An auditor's reader: verifies an exported audit log whole, without the program that wrote it.

    verify.py EXPORT_DIR --key VERIFIER_KEY [--since CHECKPOINT ...] [--proof PROOF ...]

EXPORT_DIR    the folder with `checkpoint` and `tile/`
--key         log.vkey, or the one line in it; received by another way than the export
--since       each checkpoint kept from an earlier visit: the log must go on from it
--proof       each proof of one entry that somebody was given: the entry must stand in this log

Every finding is one line: the number of the condition, where it is broken, and how. What an entry
holds is never printed. Exit 0 verified, 1 tampered with or incomplete, 2 wrong use.

Needs Python's standard library, and for the signature Debian's python3-nacl or the openssl program.
Written from the format's description alone; it shares nothing with the engine, on purpose.
"""

import argparse
import base64
import calendar
import collections
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unicodedata

try:
    import nacl.exceptions
    import nacl.signing
except ImportError:  # openssl does as well
    nacl = None

# A log with one entry missing has every later number wrong. Nobody reads more than the first few.
LINES_PER_CONDITION = 5

TILE = 256  # hashes in a full tile, entries in a full bundle
HASH = 32
LONGEST_ENTRY = 16_384
LONGEST_NOTE = 1 << 20
LONGEST_PROOF = 63
DEEPEST = 16
LARGEST_INTEGER = 2**53 - 1


class WrongUse(Exception):
    """What was asked cannot be done; says nothing about the log."""


class Broken(Exception):
    """A condition that does not hold, in something read on its own."""

    def __init__(self, condition, words):
        super().__init__(words)
        self.condition, self.words = condition, words


class Findings:
    """What is wrong, in the order in which it was found."""

    def __init__(self):
        self.lines, self.counts, self.remarks = [], collections.Counter(), []

    def add(self, condition, where, words):
        self.counts[condition] += 1
        if self.counts[condition] <= LINES_PER_CONDITION:
            self.lines.append(f"{condition}: {where}: {words}")

    def remark(self, words):
        """Worth an auditor's question, but no condition of the format."""
        self.remarks.append(words)

    def text(self):
        more = [f"{condition}: and {count - LINES_PER_CONDITION:,} more"
                for condition, count in self.counts.items() if count > LINES_PER_CONDITION]
        return "\n".join(self.lines + more)


# Hashes and trees (RFC 6962) ----------------------------------------------------------------------

def leaf_hash(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(hashes):
    """The root over hashes whose number is a power of two."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


class Tree:
    """Grows by leaf hashes and keeps every hash that a tile may hold."""

    def __init__(self):
        self.size, self._peaks = 0, []
        self.levels = [bytearray()]  # levels[l]: roots over 256^l entries each, one after the other

    def append(self, leaf):
        node, size = leaf, self.size
        while size & 1:
            node = node_hash(self._peaks.pop(), node)
            size >>= 1
        self._peaks.append(node)
        self.size += 1
        self.levels[0] += leaf
        level, count = 0, self.size
        while count % TILE == 0:  # the tile is full: its root is one hash of the level above
            if level + 1 == len(self.levels):
                self.levels.append(bytearray())
            last = self.levels[level][-TILE * HASH:]
            self.levels[level + 1] += fold([bytes(last[i:i + HASH])
                                            for i in range(0, len(last), HASH)])
            level, count = level + 1, count // TILE

    def root(self):
        if not self._peaks:
            return hashlib.sha256(b"").digest()
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def hash(self, level, index):
        """That hash, or None where the entries read so far do not reach."""
        if level >= len(self.levels) or (index + 1) * HASH > len(self.levels[level]):
            return None
        return bytes(self.levels[level][index * HASH:(index + 1) * HASH])


# Proofs -------------------------------------------------------------------------------------------

def split_of(size):
    """The largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


class Prover:
    """Makes proofs from hashes of tiles; `hash_at(level, index)` gives one of them."""

    def __init__(self, hash_at):
        self._hash_at = hash_at

    def _subtree(self, height, index):
        level, rest = divmod(height, 8)
        return fold([self._hash_at(level, (index << rest) + i) for i in range(1 << rest)])

    def _range(self, low, high):
        roots = []
        while low < high:
            height = (high - low).bit_length() - 1
            if low:
                height = min(height, (low & -low).bit_length() - 1)
            roots.append(self._subtree(height, low >> height))
            low += 1 << height
        root = roots.pop()
        while roots:
            root = node_hash(roots.pop(), root)
        return root

    def inclusion(self, index, low, high):
        if high - low == 1:
            return []
        middle = low + split_of(high - low)
        if index < middle:
            return self.inclusion(index, low, middle) + [self._range(middle, high)]
        return self.inclusion(index, middle, high) + [self._range(low, middle)]

    def consistency(self, old, low, high, whole=True):
        if old == 0:
            return []
        if old == high:
            return [] if whole else [self._range(low, high)]
        middle = low + split_of(high - low)
        if old <= middle:
            return self.consistency(old, low, middle, whole) + [self._range(middle, high)]
        return self.consistency(old, middle, high, False) + [self._range(low, middle)]


def proves_inclusion(leaf, index, size, root, proof):
    if index >= size or len(proof) > LONGEST_PROOF:
        return False
    at, last, node = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(step, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, step)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


def proves_consistency(old, old_root, new, new_root, proof):
    if old > new or len(proof) > LONGEST_PROOF:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == hashlib.sha256(b"").digest()
    if not proof:
        return False
    if old & (old - 1) == 0:
        proof = [old_root, *proof]
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = now = proof[0]
    for step in proof[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, now = node_hash(step, before), node_hash(step, now)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            now = node_hash(now, step)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and now == new_root


# Keys and checkpoints -----------------------------------------------------------------------------

def strict_base64(text):
    """The bytes, or None: each value has one spelling, and Python's own reader knows several."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if base64.b64encode(data).decode() == text else None


def openssl_verifies(public, message, signature):
    """True if `signature` holds. By files, which every version of openssl with Ed25519 can read."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("key", "message", "signature")]
        # The fixed beginning of an Ed25519 public key in DER (RFC 8410), then the 32 bytes.
        contents = (bytes.fromhex("302a300506032b6570032100") + public, message, signature)
        for path, data in zip(paths, contents):
            pathlib.Path(path).write_bytes(data)
        try:
            done = subprocess.run(
                ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", paths[0],
                 "-rawin", "-in", paths[1], "-sigfile", paths[2]], capture_output=True, text=True)
        except FileNotFoundError:
            raise WrongUse("signatures need Debian's python3-nacl or openssl") from None
    if done.returncode == 0:
        return True
    if "Signature Verification Failure" in done.stdout + done.stderr:
        return False
    # A wrong length, or an openssl that cannot do this: only the second is no answer.
    if len(signature) != 64:
        return False
    raise WrongUse("openssl cannot check Ed25519 signatures here; install python3-nacl")


class VerifierKey:
    """What auditors are given: `<name>+<key id in hex>+<base64(0x01 || public key)>`."""

    def __init__(self, text):
        parts = text.split("+", 2)  # base64 has plus signs of its own
        data = strict_base64(parts[2]) if len(parts) == 3 else None
        if data is None or len(data) != 1 + 32 or data[0] != 1 or not parts[0]:
            raise WrongUse("the key is not `name+key id+base64` with an Ed25519 key in it")
        self.name, self.id, self._public = parts[0], parts[1], data[1:]
        # A key whose id is not its own was mistyped or put together from two.
        if self.id != hashlib.sha256(self.name.encode() + b"\n" + data).hexdigest()[:8]:
            raise WrongUse("the key id does not belong to this name and key")

    @classmethod
    def given(cls, argument):
        path = pathlib.Path(argument)
        try:
            text = path.read_text("utf-8") if path.is_file() else argument
        except (OSError, UnicodeDecodeError):
            raise WrongUse(f"{argument}: cannot be read") from None
        return cls(text.removesuffix("\n"))

    def verifies(self, message, signature):
        if nacl is None:
            return openssl_verifies(self._public, message, signature)
        try:
            nacl.signing.VerifyKey(self._public).verify(message, signature)
        except (nacl.exceptions.BadSignatureError, ValueError):
            return False
        return True


class Checkpoint:
    """A signed note that commits to the first `size` entries. Broken unless `key` signed it."""

    def __init__(self, note, key):
        try:
            text = note.decode("utf-8")
        except UnicodeDecodeError:
            raise Broken("G1", "not UTF-8") from None
        if any(unicodedata.category(c) == "Cc" and c != "\n" for c in text):
            raise Broken("G1", "a control character")
        if not text.endswith("\n"):
            raise Broken("G1", "does not end in a newline")
        body, gap, signatures = text.rpartition("\n\n")
        if not gap:
            raise Broken("G2", "no empty line before the signatures")
        body += "\n"
        signed = False
        for line in signatures[:-1].split("\n"):
            match = re.fullmatch("\u2014 ([^ +]+) ([^ ]+)", line)
            data = strict_base64(match[2]) if match else None
            if data is None or len(data) <= 4:
                raise Broken("G2", "a line after the empty line is no signature")
            if match[1] != key.name or data[:4].hex() != key.id:
                continue  # a witness's, or another key's
            if not key.verifies(body.encode(), data[4:]):
                raise Broken("G2", f"the signature by {key.name}+{key.id} does not verify")
            signed = True
        if not signed:
            raise Broken("G2", f"no signature by {key.name}+{key.id}")
        lines = body[:-1].split("\n")
        if lines[0] != key.name:
            raise Broken("G3", "the origin is not the key's name")
        if len(lines) < 2 or not re.fullmatch("0|[1-9][0-9]*", lines[1]):
            raise Broken("G4", "the second line is no size")
        root = strict_base64(lines[2]) if len(lines) > 2 else None
        if root is None or len(root) != HASH:
            raise Broken("G5", "the third line is no root")
        if len(lines) > 3:
            raise Broken("G6", "a fourth line")
        self.origin, self.size, self.root = lines[0], int(lines[1]), root


# Entries ------------------------------------------------------------------------------------------

def refuse_number(_):
    raise ValueError("a fraction, an exponent or no number")


def faults_of_value(value, depth):
    """Whether a parsed value holds what CJ1 does not know; a word for it, or None."""
    kind = type(value)
    if kind is str or kind is bool:
        return None
    if kind is int:
        return None if -LARGEST_INTEGER <= value <= LARGEST_INTEGER else "an integer beyond 2^53-1"
    if value is None:
        return "null"
    if depth > DEEPEST:
        return f"nested deeper than {DEEPEST}"
    if kind is dict and not all(map(MEMBER.fullmatch, value)):
        return "a member's name that is not of a-z, 0-9 and _"
    for part in value.values() if kind is dict else value:
        fault = faults_of_value(part, depth + 1)
        if fault:
            return fault
    return None


def read_cj1(data):
    """The object in `data`. Broken unless this is the one way to write it: what is read is written
    again, and the bytes must be the same."""
    try:
        value = json.loads(data.decode("utf-8"), parse_float=refuse_number,
                           parse_constant=refuse_number)
        again = json.dumps(value, ensure_ascii=False, sort_keys=True,
                           separators=(",", ":")).encode("utf-8")
    except (ValueError, RecursionError, TypeError):
        raise Broken("E1", "not canonical JSON") from None
    if type(value) is not dict:
        raise Broken("E1", "not an object")
    fault = faults_of_value(value, 1)
    if fault:
        raise Broken("E1", fault)
    if again != data:
        raise Broken("E1", "JSON, but not in its one spelling")
    return value


MEMBER = re.compile("[a-z0-9_]+")
ALWAYS = {"v", "log", "seq", "id", "time", "kind", "node", "actor"}
SOMETIMES = {"tenant", "tseq", "borrower", "ref", "data", "seal"}
ID = re.compile("[0-9a-f]{32}")
TIME = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
KIND = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
CLEAR = re.compile("[A-Za-z0-9_.:/+=-]{1,200}")
PHONE = re.compile(r"\+?[0-9]{7,}")
MAY_STAND_IN_CLEAR = ("actor", "node", "tenant", "ref", "data")

# Kind of an attempt's entry -> the states it may find, and the one it leaves.
STEPS = {
    "attempt.reserved": ({None}, "reserved"),
    "attempt.dispatched": ({"reserved"}, "dispatched"),
    "attempt.settled": ({"reserved", "dispatched"}, "settled"),
    "attempt.in_doubt": ({"reserved", "dispatched"}, "in_doubt"),
    "attempt.released": ({"reserved", "dispatched"}, "released"),
    "attempt.resolved": ({"in_doubt", "resolved"}, "resolved"),
}


def is_instant(text):
    if type(text) is not str or not TIME.fullmatch(text):
        return False
    year, month, day, hour, minute, second = map(int, re.findall("[0-9]+", text))
    # 400 years on the calendar is the same; Python's own knows no year 0.
    return (1 <= month <= 12 and hour < 24 and minute < 60 and second < 60
            and 1 <= day <= calendar.monthrange(year + 400, month)[1])


def url_base64(text):
    """How many bytes, or None unless it is unpadded base64url in its one spelling."""
    if type(text) is not str or not re.fullmatch("[A-Za-z0-9_-]*", text):
        return None
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    if base64.urlsafe_b64encode(data).decode().rstrip("=") != text:
        return None
    return len(data)


def unclear(value, where):
    """Where below `value` a string stands that must not be in clear, or None. Never the string."""
    if type(value) is str:
        # 32 hex digits are an id, also without a letter: no telephone number has more than 15.
        return None if ID.fullmatch(value) or (CLEAR.fullmatch(value)
                                               and not PHONE.fullmatch(value)) else where
    if type(value) is dict:
        parts = ((f"{where}.{name}", part) for name, part in value.items())
    elif type(value) is list:
        parts = ((f"{where}[{i}]", part) for i, part in enumerate(value))
    else:
        return None
    for place, part in parts:
        found = unclear(part, place)
        if found:
            return found
    return None


class Entries:
    """Reads entries in order and asks of each what one alone and those before it must keep."""

    def __init__(self, origin, findings):
        self._origin, self._findings = origin, findings
        self._ids, self._next_tseq, self._last_time = {}, collections.Counter(), ""
        self._attempts, self._seals = {}, {}
        self._erased, self._borrower_of_kid = {}, {}
        self._closed, self._unread = None, 0
        self.first_time, self.kinds = None, collections.Counter()

    @property
    def last_time(self):
        return self._last_time

    @property
    def attempts(self):
        return len(self._attempts)

    @property
    def seals(self):
        return len(self._seals)

    def read(self, seq, data):
        def broken(condition, words):
            self._findings.add(condition, f"entry {seq}", words)

        if len(data) > LONGEST_ENTRY:
            broken("E2", f"{len(data):,} bytes; at most {LONGEST_ENTRY:,}")
        try:
            entry = read_cj1(data)
        except Broken as fault:
            broken(fault.condition, fault.words)
            self._unread += 1
            return
        missing, unknown = ALWAYS - entry.keys(), entry.keys() - ALWAYS - SOMETIMES
        if missing:
            broken("E3", f"no {', '.join(sorted(missing))}")
        if unknown:
            broken("E3", f"{len(unknown)} members that format 1 does not know")
        for name in ("ref", "data"):
            if name in entry and type(entry[name]) is not dict:
                broken("E3", f"`{name}` is not an object")
        if type(entry.get("v")) is not int or entry["v"] != 1:
            broken("E4", "`v` is not 1")
        if entry.get("log") != self._origin:
            broken("E4", "`log` is not the checkpoint's origin")
        claimed = entry.get("seq")
        if type(claimed) is not int or claimed != seq:
            broken("E5", f"calls itself {claimed}" if type(claimed) is int else "no number")
        self._identity(seq, entry, broken)
        self._time(entry, broken)
        kind = entry.get("kind")
        if type(kind) is not str or not KIND.fullmatch(kind):
            broken("E8", "`kind` is not two or more words with dots between")
            kind = None
        elif (kind == "log.opened") != (seq == 0):
            broken("E8", "log.opened stands at 0 and nowhere else")
        self.kinds[kind or "none"] += 1
        self._writer(entry, broken)
        self._tenant(entry, broken)
        for name in MAY_STAND_IN_CLEAR:
            where = unclear(entry[name], name) if name in entry else None
            if where:
                broken("E11", f"{where} may hold personal data in clear")
        self._attempt(kind, entry.get("ref"), broken)
        if "seal" in entry:
            self._seal(seq, entry, broken)
        self._life_of_keys(seq, kind, entry)

    def _identity(self, seq, entry, broken):
        identity = entry.get("id")
        if type(identity) is not str or not ID.fullmatch(identity):
            broken("E6", "`id` is not 32 digits of lower-case hex")
            return
        before = self._ids.setdefault(identity, seq)
        if before != seq:
            broken("E6", f"has the id of entry {before}")

    def _time(self, entry, broken):
        time = entry.get("time")
        if not is_instant(time):
            broken("E7", "`time` is no instant of the form 2026-01-01T09:00:00Z")
            return
        if time < self._last_time:
            broken("E7", f"is of {time}, before the entry ahead of it ({self._last_time})")
        self._last_time = time
        self.first_time = self.first_time or time

    @staticmethod
    def _writer(entry, broken):
        actor = entry.get("actor")
        if type(actor) is not dict:
            broken("E9", "`actor` is not an object")
        else:
            if actor.get("kind") not in ("user", "service", "system"):
                broken("E9", "`actor.kind` is not user, service or system")
            if type(actor.get("id")) is not str or not actor["id"]:
                broken("E9", "`actor.id` is empty")
        if type(entry.get("node")) is not str or not entry["node"]:
            broken("E9", "`node` is empty")

    def _tenant(self, entry, broken):
        tenant, tseq, borrower = (entry.get(name) for name in ("tenant", "tseq", "borrower"))
        if ("tenant" in entry) != ("tseq" in entry):
            broken("E10", "`tenant` and `tseq` stand together or not at all")
        elif "tenant" in entry:
            if type(tenant) is not str or not tenant or type(tseq) is not int:
                broken("E10", "`tenant` is no name or `tseq` no number")
            else:
                expected = self._next_tseq[tenant]
                # An entry that could not be read may have been this tenant's, and was named itself.
                if 0 < tseq - expected <= self._unread:
                    self._unread -= tseq - expected
                elif tseq != expected:
                    broken("E10", f"`tseq` is {tseq} where the tenant's next is {expected}")
                self._next_tseq[tenant] = tseq + 1  # one gap is one finding
        if "borrower" in entry and (type(borrower) is not str or not ID.fullmatch(borrower)):
            broken("E10", "`borrower` is not 32 digits of lower-case hex")
        if "borrower" in entry and "tenant" not in entry:
            broken("E10", "`borrower` without `tenant`")

    def _attempt(self, kind, ref, broken):
        if kind is None or not kind.startswith("attempt."):
            return
        attempt = ref.get("attempt") if type(ref) is dict else None
        if type(attempt) is not str:
            broken("E12", "an attempt's entry without `ref.attempt`")
            return
        state = self._attempts.get(attempt)
        if kind == "attempt.receipt":
            if state is None:
                broken("E12", "a receipt of an attempt that was never reserved")
        elif kind in STEPS:
            may_find, leaves = STEPS[kind]
            if state not in may_find:
                broken("E12", f"{kind} of an attempt that is {state or 'not reserved'}")
            self._attempts[attempt] = leaves
        else:
            broken("E12", "no step that an attempt makes")

    def _seal(self, seq, entry, broken):
        seal = entry["seal"]
        if type(seal) is not dict or seal.keys() != {"alg", "kid", "n", "ct"}:
            broken("E13", "`seal` is not exactly alg, ct, kid and n")
            return
        kid, nonce, length = seal["kid"], seal["n"], url_base64(seal["ct"])
        if seal["alg"] != "xchacha20poly1305":
            broken("E13", "`seal.alg` is not xchacha20poly1305")
        if url_base64(kid) != 32 or url_base64(nonce) != 24:
            broken("E13", "`seal.kid` is not 32 bytes or `seal.n` not 24")
            return
        # Padded to a multiple of 64, and 16 bytes that prove it whole.
        if length is None or length < 64 + 16 or length % 64 != 16:
            broken("E13", "`seal.ct` has a length that no sealed value has")
        before = self._seals.setdefault((kid, nonce), seq)
        if before != seq:
            broken("E13", f"has the key and the nonce of entry {before}'s seal")
        if kid in self._erased:
            broken("X2", f"sealed with a key that entry {self._erased[kid]} calls erased")
        owner = self._borrower_of_kid.setdefault(kid, (entry.get("borrower"), seq))
        if owner[0] != entry.get("borrower"):
            self._findings.remark(f"entry {seq} is sealed with the key of another borrower's entry "
                                  f"{owner[1]}; only the key itself can tell which was moved (X1)")

    def _life_of_keys(self, seq, kind, entry):
        if self._closed is not None:
            self._findings.remark(f"entry {seq} stands after entry {self._closed}, which closed "
                                  "the log")
            self._closed = None  # one remark is enough
        if kind == "log.closed":
            self._closed = seq
        if kind in ("borrower.erase_started", "borrower.erased") \
                and type(entry.get("data")) is dict:
            kids = entry["data"].get("kids")
            for kid in kids if type(kids) is list else ():
                if type(kid) is str:
                    self._erased.setdefault(kid, seq)


# Files --------------------------------------------------------------------------------------------

def path_of(number):
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03d}")
    return "/".join(groups)


TILE_PATH = re.compile(r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})"
                       r"(?:\.p/([1-9][0-9]{0,2}))?")


def parse_path(path):
    """(level or 'entries', number, width) of a tile's or bundle's path, or None for other files."""
    match = TILE_PATH.fullmatch(path)
    if not match:
        return None
    number = int(match[2].replace("x", "").replace("/", ""))
    width = int(match[3] or TILE)
    if path_of(number) != match[2] or (match[3] and width >= TILE):
        return None
    return match[1] if match[1] == "entries" else int(match[1]), number, width


def read_bundle(data, width):
    """The entries of a bundle. Broken unless it holds exactly `width` and not a byte more."""
    entries, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at:at + 2], "big")
        entry = data[at + 2:at + 2 + length]
        if at + 2 > len(data) or len(entry) != length:
            raise Broken("F2", "ends inside an entry")
        entries.append(entry)
        at += 2 + length
    if len(entries) != width:
        raise Broken("F2", f"holds {len(entries)} entries, not {width}")
    return entries


class Export:
    def __init__(self, folder):
        self._folder = pathlib.Path(folder)

    def has(self, path):
        return (self._folder / path).is_file()

    def read(self, path, limit):
        """At most `limit` bytes and one more, so that whoever asks sees that it is too long."""
        try:
            with open(self._folder / path, "rb") as file:
                return file.read(limit + 1)
        except OSError:
            raise WrongUse(f"{path!a}: cannot be read") from None

    def standing_for(self, kind, number, width):
        """The path that holds the first `width` of a tile, a full one for a partial one; and None,
        with the path that should be there, if there is neither."""
        full = f"tile/{kind}/{path_of(number)}"
        if self.has(full):
            return full, TILE
        partial = f"{full}.p/{width}"
        if width < TILE and self.has(partial):
            return partial, width
        return None, full if width == TILE else partial

    def bundle(self, path, width):
        return read_bundle(self.read(path, TILE * (2 + 65_535)), width)

    def tile(self, path, width):
        data = self.read(path, TILE * HASH)
        if len(data) != width * HASH:
            raise Broken("F2", f"not {width} hashes of {HASH} bytes")
        return [data[i:i + HASH] for i in range(0, len(data), HASH)]

    def files(self):
        for folder, folders, names in os.walk(self._folder):
            folders.sort()
            for name in sorted(names):
                yield (pathlib.Path(folder) / name).relative_to(self._folder).as_posix()


# The whole of it ----------------------------------------------------------------------------------

class Audit:
    def __init__(self, folder, key):
        self.findings, self.tree = Findings(), Tree()
        self._export, self._key = Export(folder), key
        self._roots = {}  # of the first n entries, for each n that somebody kept a checkpoint of
        self.checkpoint = self.entries = None
        self.continued, self.proved = [], []

    def run(self, since, proofs):
        if not self._export.has("checkpoint"):
            self.findings.add("G1", "checkpoint", "is missing")
            return
        try:
            self.checkpoint = Checkpoint(self._export.read("checkpoint", LONGEST_NOTE), self._key)
        except Broken as fault:
            # Size and root come from a verified checkpoint and from nowhere else (P1).
            self.findings.add(fault.condition, "checkpoint", fault.words)
            return
        older = self._older(since)
        proofs = self._proofs(proofs)
        self._roots = {note.size: None for _, note in older}
        self._roots.update({note.size: None for _, _, _, note in proofs})
        whole = self._read_entries()
        self._look_for_tiles()
        self._compare_files()
        if whole and self.tree.root() != self.checkpoint.root:
            self.findings.add("F4", "checkpoint", "commits to another root than the entries have; "
                              + self._where(older))
        for name, note in older:
            self._continues(name, note)
        for name, index, hashes, note in proofs:
            self._stands(name, index, hashes, note)

    def _older(self, names):
        older = []
        for name in names:
            try:
                older.append((name, Checkpoint(given_file(name), self._key)))
            except Broken as fault:
                self.findings.add(fault.condition, f"{name!a}", fault.words)
        return older

    def _proofs(self, names):
        proofs = []
        for name in names:
            try:
                proofs.append((name, *read_proof(given_file(name), self._key)))
            except Broken as fault:
                self.findings.add(fault.condition, f"{name!a}", fault.words)
        return proofs

    def _read_entries(self):
        """Every entry under the checkpoint, in order; False if some could not be read."""
        size = self.checkpoint.size
        self.entries = Entries(self.checkpoint.origin, self.findings)
        self._note_root()
        for number in range((size + TILE - 1) // TILE):
            wanted = min(TILE, size - TILE * number)
            path, width = self._export.standing_for("entries", number, wanted)
            if path is None:
                self.findings.add("F1", width, "is missing; no entry after it was read")
                return False
            try:
                bundle = self._export.bundle(path, width)
            except Broken:
                return False  # comparing the files names it
            for entry in bundle[:wanted]:
                self.entries.read(self.tree.size, entry)
                self.tree.append(leaf_hash(entry))
                self._note_root()
        return True

    def _note_root(self):
        if self.tree.size in self._roots:
            self._roots[self.tree.size] = self.tree.root()

    def _look_for_tiles(self):
        level, count = 0, self.checkpoint.size
        while count:
            for number in range((count + TILE - 1) // TILE):
                path, missing = self._export.standing_for(level, number,
                                                          min(TILE, count - TILE * number))
                if path is None:
                    self.findings.add("F1", missing, "is missing")
                    if self.findings.counts["F1"] > LINES_PER_CONDITION:
                        return  # a size that nothing stands behind may be of any length
            level, count = level + 1, count // TILE

    def _compare_files(self):
        """Each file, also those that an older checkpoint left: width, and every hash recomputed."""
        strangers = 0
        for path in self._export.files():
            place = parse_path(path)
            if place is None:
                strangers += path != "checkpoint"
                continue
            level, number, width = place
            try:
                if level == "entries":
                    level, hashes = 0, map(leaf_hash, self._export.bundle(path, width))
                else:
                    hashes = self._export.tile(path, width)
            except Broken as fault:
                self.findings.add(fault.condition, path, fault.words)
                continue
            for i, found in enumerate(hashes):
                # Beyond the checkpoint the tree does not reach, and nothing is believed there (F5).
                expected = self.tree.hash(level, TILE * number + i)
                if expected is not None and found != expected:
                    span = 256 ** level
                    first = (TILE * number + i) * span
                    of = f"entry {first}" if span == 1 else f"entries {first} to {first + span - 1}"
                    self.findings.add("F3", path, f"hash {i}, of {of}, is not that of the entries")
                    break
        if strangers:
            self.findings.remark(f"other files in the folder, not looked at: {strangers}")

    def _where(self, older):
        """As near as kept checkpoints can say which entries are not those that were signed."""
        good = max((note.size for _, note in older if self._roots.get(note.size) == note.root),
                   default=0)
        return f"some entry from {good} to {self.checkpoint.size - 1} was changed" if good else \
            "some entry was changed"

    def _continues(self, name, note):
        where = f"{name!a}"
        if note.size > self.checkpoint.size:
            self.findings.add("G7", where, f"commits to {note.size} entries, and now the log has "
                                           f"{self.checkpoint.size}: it was cut or rolled back")
        elif self._roots[note.size] is None:
            self.findings.add("G7", where, "cannot be compared: the entries could not all be read")
        elif self._roots[note.size] != note.root:
            self.findings.add("G7", where, f"the first {note.size} entries are not those that were "
                                           "signed then: history was written again")
        elif not proves_consistency(note.size, note.root, self.checkpoint.size,
                                    self.checkpoint.root, self._proof_from_tiles(note.size)):
            self.findings.add("G7", where, "the tiles do not prove that the log goes on from it")
        else:
            self.continued.append(note.size)

    def _proof_from_tiles(self, old):
        """From the files, as whoever has no entries must make it; one that proves nothing where they
        do not serve."""
        def hash_at(level, index):
            count = self.checkpoint.size >> 8 * level
            number = index // TILE
            path, width = self._export.standing_for(level, number,
                                                    min(TILE, count - TILE * number))
            if path is None:
                raise Broken("F1", "missing")
            return self._export.tile(path, width)[index % TILE]
        try:
            return Prover(hash_at).consistency(old, 0, self.checkpoint.size)
        except Broken:
            return [b""]

    def _stands(self, name, index, hashes, note):
        where = f"{name!a}"
        leaf = self.tree.hash(0, index)
        if note.size > self.checkpoint.size or self._roots.get(note.size) != note.root:
            self.findings.add("G7", where, "its checkpoint is not one of this log's past")
        elif leaf is None or not proves_inclusion(leaf, index, note.size, note.root, hashes):
            # The root is the checkpoint's, and the entry the log's: neither is the proof's to say.
            self.findings.add("P1", where, f"does not prove entry {index} of this log")
        else:
            self.proved.append(index)


def given_file(name):
    try:
        with open(name, "rb") as file:
            return file.read(LONGEST_NOTE + 1)
    except OSError:
        raise WrongUse(f"{name!a}: cannot be read") from None


def read_proof(data, key):
    """(index, hashes, checkpoint) of one entry's proof, which travels as text."""
    head, gap, note = data.partition(b"\n\n")
    lines = head.decode("utf-8", "replace").split("\n")
    match = re.fullmatch("index (0|[1-9][0-9]*)", lines[1]) if len(lines) > 1 else None
    if not gap or lines[0] != "c2sp.org/tlog-proof@v1" or not match:
        raise Broken("P3", "not a proof of one entry")
    if len(lines) - 2 > LONGEST_PROOF:
        raise Broken("P2", f"more than {LONGEST_PROOF} hashes")
    hashes = [strict_base64(line) for line in lines[2:]]
    if any(h is None or len(h) != HASH for h in hashes):
        raise Broken("P3", "a line that is no hash")
    return int(match[1]), hashes, Checkpoint(note, key)


def report(audit, key):
    checkpoint, entries = audit.checkpoint, audit.entries
    span = f", {entries.first_time} to {entries.last_time}" if entries.first_time else ""
    print(f"log       {checkpoint.origin}\n"
          f"key       {key.id}\n"
          f"size      {checkpoint.size:,} entries{span}\n"
          f"root      {base64.b64encode(checkpoint.root).decode()}\n"
          f"attempts  {entries.attempts:,}\n"
          f"seals     {entries.seals:,}, none opened: that takes the borrower's key (X1)")
    for size in sorted(audit.continued):
        print(f"continued from the checkpoint of {size:,} entries")
    for index in sorted(audit.proved):
        print(f"proved    entry {index:,}")
    if not audit.continued:
        print("no older checkpoint was given: a history written again and signed again would not "
              "be seen; keep this one")


def main(words=None):
    parser = argparse.ArgumentParser(description="Verifies an exported audit log.")
    parser.add_argument("export", metavar="EXPORT_DIR")
    parser.add_argument("--key", required=True, metavar="VERIFIER_KEY",
                        help="log.vkey, or the one line in it")
    parser.add_argument("--since", action="extend", nargs="+", default=[], metavar="CHECKPOINT",
                        help="a checkpoint kept from an earlier visit")
    parser.add_argument("--proof", action="extend", nargs="+", default=[], metavar="PROOF",
                        help="a proof of one entry that somebody was given")
    arguments = parser.parse_args(words)
    try:
        key = VerifierKey.given(arguments.key)
        if not os.path.isdir(arguments.export):
            raise WrongUse(f"{arguments.export!a}: no such folder")
        audit = Audit(arguments.export, key)
        audit.run(arguments.since, arguments.proof)
    except WrongUse as fault:
        print(f"verify.py: {fault}", file=sys.stderr)
        return 2
    for words in audit.findings.remarks[:LINES_PER_CONDITION]:
        print(f"remark    {words}")
    if audit.findings.counts:
        print(audit.findings.text())
        print("NOT verified: " + ", ".join(audit.findings.counts)
              + "; make a copy of all of it before anybody writes there")
        return 1
    report(audit, key)
    print("verified: E1-E13, F1-F5, G1-G6, X2" + (", G7" if audit.continued else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
