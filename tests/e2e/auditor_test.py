#!/usr/bin/python3
"""Two readers of one log, written apart: the auditor's in Python, and the program's own.

    auditor_test.py FORBEAR

A real export is made. Both must call it whole. Then it is tampered with, in the twelve ways that
the log is there to show, each time with everything made consistent again that can be without the
key, and both must refuse it for the same reason. Last, the house itself cheats, with its own key:
what no signature can tell must be told by the conditions on entries, or by a checkpoint that
somebody kept.
"""

import base64
import contextlib
import hashlib
import io
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import forged_log
import load
import stubs
from deployment import Deployment, ROOT
from forged_log import Log, Signer, verify

READER = ROOT / "examples" / "auditor" / "verify.py"
DATA = ROOT / "tests" / "engine" / "audit" / "data"
SAMPLE = DATA / "audit-log-sample"
BINARY = None

# A day in a quarter of a second: two waves of reminders, and more entries than one tile holds.
CLOCK, ACCOUNTS, ENOUGH = "2026-03-02T00:00:00Z,x345600", 30, verify.TILE + 10


AS_A_COMMAND = ("/usr/bin/python3", "-B")
WITHOUT_PACKAGES = (*AS_A_COMMAND, "-S")  # none of Debian's, so that nacl is missing


def read_with_python(folder, vkey, since=(), python=None):
    """(exit code, the conditions it names, all it says). Without `python`, in this process: a
    hundred questions are asked here, and starting takes longer than answering."""
    words = [str(folder), "--key", vkey]
    for path in since:
        words += ["--since", str(path)]
    if python:
        done = subprocess.run([*python, READER, *words], capture_output=True, text=True)
        code, said = done.returncode, done.stdout + done.stderr
    else:
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = verify.main(words)
        said = out.getvalue()
    named = re.search(r"^NOT verified: ([A-Z0-9, ]+);", said, re.M)
    return code, named[1].split(", ") if named else [], said


def read_with_the_program(folder, vkey, since=()):
    """(exit code, the condition it names, all it says)."""
    more = [word for path in since for word in ("--since", path)]
    done = subprocess.run([BINARY, "audit", "verify", "--from", folder, "--key", vkey, "--format",
                           "json", *more], capture_output=True, text=True)
    named = re.search(r'"condition":"(\w+)"', done.stdout)
    return done.returncode, named[1] if named else None, done.stdout + done.stderr


class TwoReaders(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.count = 0

    def written(self, log):
        self.count += 1
        folder = self.folder / str(self.count)
        folder.mkdir()
        return log.write(folder)

    def verified(self, folder, vkey, since=()):
        for read in (read_with_python, read_with_the_program):
            code, _, said = read(folder, vkey, since)
            self.assertEqual(code, 0, said)

    def refused(self, folder, vkey, condition, place="", since=(), only=True):
        """Both refuse it for `condition` and name `place`; with `only`, for nothing else."""
        code, named, said = read_with_python(folder, vkey, since)
        self.assertEqual(code, 1, said)
        self.assertIn(condition, named, said)
        if only:
            self.assertEqual(named, [condition], said)
        code, program_named, program_said = read_with_the_program(folder, vkey, since)
        self.assertEqual((code, program_named), (1, condition), program_said + said)
        for text in (said, program_said):
            self.assertIn(place, text)


    def check_a_proof(self, export, vkey, log, seq):
        proof, entry = self.folder / "proof", self.folder / "entry"

        def program(*words):
            done = subprocess.run([BINARY, "audit", "proof", "--key", vkey, *words],
                                  capture_output=True, text=True)
            return done.returncode, done.stdout, done.stderr

        def reader():
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                code = verify.main([str(export), "--key", vkey, "--proof", str(proof)])
            return code, out.getvalue()
        check = ("--check", proof, "--entry-bytes", entry)
        code, _, said = program("--entry", str(seq), "--from", export, "--out", proof,
                                "--entry-out", entry)
        self.assertEqual(code, 0, said)
        self.assertEqual(entry.read_bytes(), log.raw[seq])
        code, said, _ = program(*check)
        self.assertEqual((code, said.splitlines()[-1]), (0, "proved"))
        code, said = reader()
        self.assertEqual(code, 0, said)
        self.assertIn(f"proved    entry {seq:,}", said)
        # Another entry's bytes, and the same proof for another place.
        entry.write_bytes(log.raw[seq - 1])
        code, _, said = program(*check)
        self.assertEqual(code, 1)
        self.assertIn("audit proof: P1: ", said)
        proof.write_bytes(proof.read_bytes().replace(b"index %d\n" % seq,
                                                     b"index %d\n" % (seq - 1)))
        self.assertEqual(program(*check)[0], 1)
        code, said = reader()
        self.assertEqual(code, 1)
        self.assertIn("P1: ", said)


class ARealLog(TwoReaders):
    """What `audit export` wrote of a deployment that contacted people."""

    @classmethod
    def setUpClass(cls):
        cls.house = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="forbear-auditor-"))
        house = pathlib.Path(cls.house)
        cls.kept = []
        with Deployment(house, BINARY, clock=CLOCK) as deployment:
            deployment.start()
            load.Ledger().submit(deployment.addresses["lender"],
                                 [load.account(n) for n in range(ACCOUNTS)], stubs.load())
            cls._keep_checkpoints(deployment.export / "checkpoint", house)
            deployment.stop()
            # Not the folder that `serve` keeps: what an auditor asks for later, from the store.
            cls.export = house / "asked-for"
            deployment.run("audit", "export", cls.export, "--data", deployment.data)
            cls.vkey = deployment.vkey.read_text("utf-8").strip()
            cls.signer = Signer.of_file(deployment.keys / "log.key")
        cls.log = Log.read(cls.export)
        cls.newest = house / "newest"
        cls.newest.write_bytes(cls.log.note)
        # Somebody who may call himself as he likes, and has not the house's key.
        cls.forger = Signer(cls.signer.name, b"not the key of this house, by 32")

    @classmethod
    def _keep_checkpoints(cls, path, house):
        """As auditors do: each one that was published, until the log is long enough."""
        until, size = time.monotonic() + 30, 0
        while size < ENOUGH:
            if time.monotonic() > until:
                raise AssertionError(f"only {size} entries after 30 seconds")
            note = path.read_bytes() if path.is_file() else b"\n0\n"
            newer = int(note.split(b"\n")[1])
            if newer > size:
                size = newer
                cls.kept.append(house / f"kept-{size}")
                cls.kept[-1].write_bytes(note)
            time.sleep(0.02)

    @staticmethod
    def size_of(checkpoint):
        return int(checkpoint.read_bytes().split(b"\n")[1])

    def entry_of_kind(self, kind, after=0):
        return next(seq for seq, entry in enumerate(self.log.decoded())
                    if entry["kind"] == kind and seq > after)

    def refused_without_the_key(self, log, condition, place=""):
        """A log that agrees with itself in everything but the signature, under each head that can
        be had: the true one, a fitting one under the old signature, one signed by a forger."""
        self.refused(self.written(log), self.vkey, condition, place)
        self.refused(self.written(log.with_head_edited()), self.vkey, "G2")
        forged = self.written(log.signed_by(self.forger))
        self.refused(forged, self.vkey, "G2")
        self.verified(forged, self.forger.vkey)  # so nothing else is wrong with it
        # And if the house signed it: whoever kept a checkpoint sees it.
        self.refused(self.written(log.signed_by(self.signer)), self.vkey, "G7",
                     since=[self.newest])

    def test_both_call_it_whole_and_a_continuation_of_what_was_kept(self):
        self.assertGreater(len(self.kept), 1)
        self.verified(self.export, self.vkey)
        self.verified(self.export, self.vkey, self.kept)
        code, _, said = read_with_python(self.export, self.vkey, self.kept, AS_A_COMMAND)
        self.assertEqual(code, 0)
        self.assertIn(f"{len(self.log.raw):,} entries", said)
        self.assertEqual(said.count("continued from"), len(self.kept))

    def test_the_reader_does_with_openssl_what_it_does_with_nacl(self):
        for key, code, named in ((self.vkey, 0, []), (self.forger.vkey, 1, ["G2"])):
            for python in (AS_A_COMMAND, WITHOUT_PACKAGES):
                self.assertEqual(read_with_python(self.export, key, (), python)[:2], (code, named))
        edited = self.written(Log(self.log.raw, forged_log.with_other_body(
            self.log.note, self.log.body().replace(b"\n", b"\n1", 1))))
        for python in (AS_A_COMMAND, WITHOUT_PACKAGES):
            self.assertEqual(read_with_python(edited, self.vkey, (), python)[:2], (1, ["G2"]))

    def test_neither_says_what_an_entry_holds(self):
        said = "a_word_that_must_not_be_told with spaces"
        seq = self.entry_of_kind("account.submitted")

        def change(entries):
            entries[seq]["data"]["note"] = said
            return entries
        folder = self.written(self.log.changed(change).signed_by(self.signer))
        for read in (read_with_python, read_with_the_program):
            self.assertNotIn("must_not_be_told", read(folder, self.vkey)[2])
        self.refused(folder, self.vkey, "E11", f"entry {seq}")

    def test_hashes_beyond_the_checkpoint_are_no_error(self):
        folder = self.written(self.log)
        forged_log.put(folder, 0, 7, verify.TILE, bytes(verify.TILE * verify.HASH))
        self.verified(folder, self.vkey)
        # As long as each is as wide as its path says.
        forged_log.put(folder, 0, 7, verify.TILE, bytes(verify.TILE * verify.HASH - 1))
        self.refused(folder, self.vkey, "F2", "tile/0/007")

    def test_an_id_without_a_letter_is_no_telephone_number(self):
        seq = self.entry_of_kind("account.submitted")
        for digits, condition in ((32, None), (31, "E11"), (33, "E11")):
            def change(entries):
                entries[seq]["data"]["more"] = "1" * digits
                return entries
            folder = self.written(self.log.changed(change).signed_by(self.signer))
            if condition:
                self.refused(folder, self.vkey, condition, f"entry {seq}")
            else:
                self.verified(folder, self.vkey)

    def test_nothing_is_sealed_with_an_erased_key(self):
        seq = self.entry_of_kind("attempt.settled")
        kid, nonce = ("A" * letters for letters in (43, 32))
        seal = {"alg": "xchacha20poly1305", "ct": "A" * 107, "kid": kid, "n": nonce}
        for kind in ("borrower.erase_started", "borrower.erased"):
            def change(entries):
                entries[2] = {**entries[2], "kind": kind, "data": {"kids": [kid]}}
                entries[seq] = {**entries[seq], "seal": seal}
                return entries
            folder = self.written(self.log.changed(change).signed_by(self.signer))
            self.refused(folder, self.vkey, "X2", f"entry {seq}")

    def test_one_entry_is_proved_by_the_program_and_checked_by_both(self):
        self.check_a_proof(self.export, self.vkey, self.log,
                           self.entry_of_kind("attempt.settled"))

    def test_wrong_use_is_neither_verified_nor_tampered_with(self):
        for folder, key in ((self.folder / "none", self.vkey), (self.export, "no key"),
                            (self.export, self.vkey.replace(self.signer.id.hex(), "00000000"))):
            for read in (read_with_python, read_with_the_program):
                self.assertEqual(read(folder, key)[0], 2)
        self.assertEqual(read_with_python(self.export, self.vkey, [self.folder / "none"])[0], 2)
        code = subprocess.run([*AS_A_COMMAND, READER], capture_output=True).returncode
        self.assertEqual(code, 2)

    # The twelve.

    def test_a_flipped_bit_in_an_entry(self):
        seq = self.entry_of_kind("decision.allowed")
        at = re.search(rb'"history_events":\d+', self.log.raw[seq]).end() - 1
        flipped = bytearray(self.log.raw[seq])
        flipped[at] ^= 1  # a digit of a count; still valid in every other way
        log = Log([*self.log.raw[:seq], bytes(flipped), *self.log.raw[seq + 1:]], self.log.note)
        # As it happens on a disk: the tile above it tells which entry.
        folder = self.written(self.log)
        shutil.rmtree(folder / "tile" / "entries")
        shutil.copytree(self.written(log) / "tile" / "entries", folder / "tile" / "entries")
        self.refused(folder, self.vkey, "F3", f"tile/0/{verify.path_of(seq // verify.TILE)}",
                     only=False)
        self.assertIn(f"of entry {seq},", read_with_python(folder, self.vkey)[2])
        self.refused_without_the_key(log, "F4", "checkpoint")

    def test_a_deleted_entry(self):
        seq = self.entry_of_kind("attempt.settled")
        log = self.log.changed(lambda entries: forged_log.renumbered(
            entries[:seq] + entries[seq + 1:]))
        self.refused_without_the_key(log, "F1", f"tile/entries/001.p/{len(log.raw) + 1 - 256}")

    def test_an_inserted_entry(self):
        seq = self.entry_of_kind("account.submitted")

        def change(entries):
            extra = {**entries[seq], "id": "f" * 32}
            del extra["seal"]  # whoever has no key copies none that opens, and one nonce twice is E13
            return forged_log.renumbered(entries[:seq] + [extra] + entries[seq:])
        longer = self.log.changed(change)
        self.refused_without_the_key(longer, "F1", f"tile/entries/001.p/{len(self.log.raw) - 256}")
        # The last one pushed out, so that the number of entries is the one that was signed.
        self.refused_without_the_key(Log(longer.raw[:-1], longer.note), "F4", "checkpoint")

    def test_reordered_entries(self):
        seq = self.entry_of_kind("decision.allowed")

        def change(entries):
            one, other = entries[seq], entries[seq - 1]
            one["time"] = other["time"] = min(one["time"], other["time"])
            entries[seq - 1], entries[seq] = one, other
            return forged_log.renumbered(entries)
        self.refused_without_the_key(self.log.changed(change), "F4", "checkpoint")

    def test_a_truncated_export(self):
        folder = self.written(self.log)
        last = len(self.log.raw) - verify.TILE
        (folder / "tile" / "entries" / "001.p" / str(last)).unlink()
        self.refused(folder, self.vkey, "F1", f"tile/entries/001.p/{last}")
        short = self.written(self.log)
        path = short / "tile" / "entries" / "001.p" / str(last)
        path.write_bytes(path.read_bytes()[:-1])
        self.refused(short, self.vkey, "F2", f"tile/entries/001.p/{last}")
        self.refused_without_the_key(Log(self.log.raw[:-1], self.log.note), "F1",
                                     f"tile/entries/001.p/{last}")

    def test_a_rollback_to_an_older_checkpoint(self):
        older = self.kept[0]
        folder = self.written(Log(self.log.raw[:self.size_of(older)], older.read_bytes()))
        # It was true once. Nothing but memory outside the house can tell that it is old.
        self.verified(folder, self.vkey)
        self.refused(folder, self.vkey, "G7", "newest", since=[self.newest])
        self.refused(folder, self.vkey, "G7", self.kept[1].name, since=self.kept[:2])

    def test_a_fork_signed_again(self):
        kept = next(path for path in self.kept if self.size_of(path) > 3 * ACCOUNTS)
        fork_at = self.size_of(kept) - 10
        fork = self.log.changed(lambda entries: entries[:fork_at] + [
            {**entry, "node": "another"} for entry in entries[fork_at:]])
        self.refused(self.written(fork.signed_by(self.forger)), self.vkey, "G2")
        signed = self.written(fork.signed_by(self.signer))
        self.verified(signed, self.vkey)
        self.refused(signed, self.vkey, "G7", kept.name, since=[self.kept[0], kept])
        # Both signatures on one head: the house's own still has to be of this head.
        both = Log(fork.raw, fork.with_head_edited().note
                   + self.forger.signature_line(fork.body()))
        self.refused(self.written(both), self.vkey, "G2")

    def test_a_swapped_seal(self):
        # Nothing is sealed by this deployment; the sample log has seals, and its key is known.
        vkey = (SAMPLE / "vkey").read_text("utf-8").strip()
        signer = Signer("audit.example/forbear", bytes(range(32)))
        self.assertEqual(signer.vkey, vkey)
        log = Log.read(SAMPLE)
        sealed = [seq for seq, entry in enumerate(log.decoded()) if "seal" in entry]
        one, other = sealed[:2]

        def swap(entries):
            entries[one]["seal"], entries[other]["seal"] = (entries[other]["seal"],
                                                            entries[one]["seal"])
            return entries

        def copy(entries):
            entries[other]["seal"] = entries[one]["seal"]
            return entries
        swapped = log.changed(swap)
        self.refused(self.written(swapped), vkey, "F4", "checkpoint")
        self.refused(self.written(swapped.with_head_edited()), vkey, "G2")
        # Signed by the house it verifies: that a seal opens in no other entry takes the borrower's
        # key to see. An older checkpoint tells it without any.
        signed = self.written(swapped.signed_by(signer))
        self.verified(signed, vkey)
        self.refused(signed, vkey, "G7", "checkpoint.200", since=[SAMPLE / "checkpoint.200"])
        self.refused(self.written(log.changed(copy).signed_by(signer)), vkey, "E13",
                     f"entry {other}")

    def test_a_swapped_key(self):
        self.refused(self.export, self.forger.vkey, "G2")
        stranger = Signer("other.example/forbear", b"k" * 32)
        self.refused(self.export, stranger.vkey, "G2")
        # The whole house under another name, signed by that name.
        body = forged_log.body_of(stranger.name, len(self.log.raw), self.log.tree().root())
        renamed = self.written(Log(self.log.raw, stranger.note(body)))
        self.refused(renamed, self.vkey, "G2")
        self.refused(renamed, stranger.vkey, "E4", "entry 0")

    def test_a_forged_checkpoint(self):
        size = len(self.log.raw)
        for body in (forged_log.body_of(self.log.origin, size - 1, self.log.tree().root()),
                     forged_log.body_of(self.log.origin, size, bytes(32)),
                     self.log.body() + b"one line more\n"):
            note = forged_log.with_other_body(self.log.note, body)
            self.refused(self.written(Log(self.log.raw, note)), self.vkey, "G2", "checkpoint")
        claimed = self.forger.note(self.log.body(), claimed_id=self.signer.id)
        self.refused(self.written(Log(self.log.raw, claimed)), self.vkey, "G2", "checkpoint")
        unsigned = self.log.note.partition(b"\n\n")[0] + b"\n\n"
        self.refused(self.written(Log(self.log.raw, unsigned)), self.vkey, "G2", "checkpoint")
        # Forms that even the house's signature does not make right.
        root = base64.b64encode(self.log.tree().root()).decode()
        for condition, body in (("G3", f"{self.log.origin}x\n{size}\n{root}\n"),
                                ("G4", f"{self.log.origin}\n0{size}\n{root}\n"),
                                ("G5", f"{self.log.origin}\n{size}\n{root[:-4]}\n"),
                                ("G6", f"{self.log.origin}\n{size}\n{root}\nmore\n")):
            note = self.signer.note(body.encode())
            self.refused(self.written(Log(self.log.raw, note)), self.vkey, condition, "checkpoint")
        self.refused(self.written(Log(self.log.raw, self.log.note.replace(b"\n", b"\r\n"))),
                     self.vkey, "G1", "checkpoint")

    def test_a_tile_of_another_tree(self):
        folder = self.written(self.log)
        shutil.copy(SAMPLE / "tile" / "0" / "000", folder / "tile" / "0" / "000")
        self.refused(folder, self.vkey, "F3", "tile/0/000")
        # Above it, and one that an older checkpoint left and nobody needs any more.
        folder = self.written(self.log)
        shutil.copy(SAMPLE / "tile" / "1" / "000.p" / "1", folder / "tile" / "1" / "000.p" / "1")
        self.refused(folder, self.vkey, "F3", "tile/1/000.p/1")
        folder = self.written(self.log)
        forged_log.put(folder, 0, 0, 9, bytes(9 * verify.HASH))
        self.refused(folder, self.vkey, "F3", "tile/0/000.p/9")

    def test_a_time_that_goes_back_and_a_wrong_number(self):
        seq = self.entry_of_kind("attempt.settled")
        for name, value, condition in (("time", "2026-01-01T00:00:00Z", "E7"),
                                       ("seq", seq + 1, "E5")):
            log = self.log.changed(lambda entries: entries[:seq] + [{**entries[seq], name: value}]
                                   + entries[seq + 1:])
            folder = self.written(log)
            self.refused(folder, self.vkey, "F4", only=False)
            self.assertIn(f"{condition}: entry {seq}:", read_with_python(folder, self.vkey)[2])
            self.refused(self.written(log.with_head_edited()), self.vkey, "G2")
            self.refused(self.written(log.signed_by(self.signer)), self.vkey, condition,
                         f"entry {seq}")

    # The house cheats.

    def test_what_the_house_signs_must_keep_every_condition_on_entries(self):
        seq = self.entry_of_kind("account.submitted")
        settled = self.entry_of_kind("attempt.settled")

        def too_long(entry):
            entry["data"]["more"] = ["x" * 100] * 200
            return entry

        def with_space(entry):
            return forged_log.encode(entry).replace(b":", b": ", 1)

        def with_phone(entry):
            entry["data"]["more"] = [{"deep": "+15550100123"}]
            return entry
        cases = (
            ("E1", seq, with_space), ("E2", seq, too_long),
            ("E3", seq, lambda e: {**e, "extra": 1}), ("E3", seq, lambda e: {**e, "ref": "x"}),
            ("E4", seq, lambda e: {**e, "v": True}), ("E4", seq, lambda e: {**e, "log": "x/y"}),
            ("E6", seq, lambda e: {**e, "id": self.log.decoded()[1]["id"]}),
            ("E6", seq, lambda e: {**e, "id": "F" * 32}),
            ("E7", seq, lambda e: {**e, "time": e["time"].replace("Z", ".0Z")}),
            ("E8", seq, lambda e: {**e, "kind": "log.opened"}),
            ("E8", 0, lambda e: {**e, "kind": "log.started"}),
            ("E9", seq, lambda e: {**e, "actor": {"id": "x", "kind": "robot"}}),
            ("E10", seq, lambda e: {**e, "tseq": e["tseq"] + 1}),
            ("E10", seq, lambda e: {**e, "borrower": "B" * 32}),
            ("E11", seq, with_phone),
            ("E12", seq, lambda e: {**e, "kind": "attempt.settled"}),
            ("E12", settled, lambda e: {**e, "kind": "attempt.resolved"}),
            ("E12", settled, lambda e: {**e, "kind": "attempt.waved_through"}),
            ("E13", seq, lambda e: {**e, "seal": {"alg": "none"}}))
        for condition, at, change in cases:
            with self.subTest(condition=condition):
                log = self.log.changed(
                    lambda entries: [*entries[:at], change(entries[at]), *entries[at + 1:]])
                self.refused(self.written(log.signed_by(self.signer)), self.vkey, condition,
                             f"entry {at}", only=condition not in ("E7", "E10"))


class TheVectors(unittest.TestCase):
    """What two independent programs computed, and what every reader must refuse."""

    @classmethod
    def setUpClass(cls):
        cls.vectors = json.loads((DATA / "audit-log-vectors.json").read_text("utf-8"))
        cls.key = verify.VerifierKey(cls.vectors["notes"]["log_key"]["vkey"])

    @staticmethod
    def tree_of(size, leaf):
        tree = verify.Tree()
        for i in range(size):
            tree.append(verify.leaf_hash(leaf(i)))
        return tree

    def small(self, size):
        leaves = [bytes.fromhex(leaf["data"]) for leaf in self.vectors["leaves"]]
        return self.tree_of(size, leaves.__getitem__)

    @staticmethod
    def hashes(texts):
        return [bytes.fromhex(text) for text in texts]

    def test_leaves_and_roots(self):
        for leaf in self.vectors["leaves"]:
            self.assertEqual(verify.leaf_hash(bytes.fromhex(leaf["data"])).hex(), leaf["leaf_hash"])
        for root in self.vectors["roots"]:
            self.assertEqual(self.small(root["size"]).root().hex(), root["root"])

    def test_proofs_are_made_and_believed(self):
        for case in self.vectors["inclusion"]:
            tree = self.small(case["size"])
            proof = verify.Prover(tree.hash).inclusion(case["index"], 0, case["size"])
            self.assertEqual([h.hex() for h in proof], case["proof"])
            self.assertTrue(verify.proves_inclusion(tree.hash(0, case["index"]), case["index"],
                                                    case["size"], tree.root(), proof))
        for case in self.vectors["consistency"]:
            tree = self.small(case["new"])
            proof = verify.Prover(tree.hash).consistency(case["old"], 0, case["new"])
            self.assertEqual([h.hex() for h in proof], case["proof"])
            self.assertTrue(verify.proves_consistency(
                case["old"], self.small(case["old"]).root(), case["new"], tree.root(), proof))

    def test_false_proofs_are_refused(self):
        for case in self.vectors["refuse"]:
            proof = self.hashes(case["proof"])
            with self.subTest(case["why"]):
                if case["type"] == "inclusion":
                    self.assertFalse(verify.proves_inclusion(
                        bytes.fromhex(case["leaf_hash"]), case["index"], case["size"],
                        bytes.fromhex(case["root"]), proof))
                else:
                    self.assertFalse(verify.proves_consistency(
                        case["old"], bytes.fromhex(case["old_root"]), case["new"],
                        bytes.fromhex(case["new_root"]), proof))

    def test_a_proof_of_more_than_63_hashes_is_refused_unread(self):
        self.assertFalse(verify.proves_inclusion(bytes(32), 0, 1 << 70, bytes(32),
                                                 [bytes(32)] * 64))
        with self.assertRaises(verify.Broken) as caught:
            verify.read_proof(b"c2sp.org/tlog-proof@v1\nindex 0" + b"\nx" * 64 + b"\n\n", self.key)
        self.assertEqual(caught.exception.condition, "P2")

    def test_a_proof_travels_as_text(self):
        case = self.vectors["proof_file"]
        index, proof, note = verify.read_proof(case["text"].encode(), self.key)
        leaf = verify.leaf_hash(bytes.fromhex(case["leaf"]))
        self.assertEqual((index, note.size), (case["index"], 8))
        self.assertTrue(verify.proves_inclusion(leaf, index, note.size, note.root, proof))

    def test_large_trees_and_the_digests_of_their_files(self):
        large = self.vectors["large"]
        # The largest one, and those on both sides of where a tile is full.
        for case in large["trees"]:
            if case["size"] not in (255, 256, 257, 512, 70_000):
                continue
            size, leaf = case["size"], lambda i: f"entry-{i}".encode()
            tree = self.tree_of(size, leaf)
            self.assertEqual(tree.root().hex(), case["root"])
            note = f"x\n{size}\n".encode()
            with tempfile.TemporaryDirectory() as folder:
                folder = Log([leaf(i) for i in range(size)], note).write(folder)
                digests = {True: hashlib.sha256(), False: hashlib.sha256()}
                for path in sorted(verify.Export(folder).files()):
                    if path != "checkpoint":
                        self.assertIsNotNone(verify.parse_path(path), path)
                        digest = digests[path.startswith("tile/entries/")]
                        digest.update(hashlib.sha256(path.encode()).digest())
                        digest.update(hashlib.sha256((folder / path).read_bytes()).digest())
            self.assertEqual(digests[False].hexdigest(), case["tiles_digest"])
            self.assertEqual(digests[True].hexdigest(), case["bundles_digest"])
        prover = verify.Prover(tree.hash)
        for case in large["inclusion"]:
            if case["size"] == size:
                self.assertEqual([h.hex() for h in prover.inclusion(case["index"], 0, size)],
                                 case["proof"])

    def test_paths(self):
        for case in self.vectors["tile_paths"]:
            self.assertEqual(verify.parse_path(case["path"]), (0, case["n"], case["width"]))
        for path in ("tile/0/00", "tile/00/000", "tile/64/000", "tile/0/x000/000", "tile/0/000.p/0",
                     "tile/0/000.p/256", "tile/0/000.p/08", "tile/0/1000", "tile/0/001/000"):
            self.assertIsNone(verify.parse_path(path), path)

    def test_checkpoints(self):
        notes = self.vectors["notes"]
        for name in ("checkpoint_8", "checkpoint_0", "checkpoint_8_cosigned"):
            note = verify.Checkpoint(notes[name].encode(), self.key)
            self.assertEqual(note.root.hex(), self.vectors["roots"][note.size]["root"])
        for case in notes["refuse"]:
            with self.subTest(case["why"]), self.assertRaises(verify.Broken):
                verify.Checkpoint(case["note"].encode(), self.key)

    def test_canonical_json(self):
        for case in self.vectors["cj1"]["encode"]:
            self.assertEqual(verify.read_cj1(bytes.fromhex(case["canonical_hex"])), case["json"])
        for case in self.vectors["cj1"]["refuse_hex"]:
            with self.subTest(case["why"]), self.assertRaises(verify.Broken):
                verify.read_cj1(bytes.fromhex(case["hex"]))

    def test_a_sealed_entry(self):
        case = self.vectors["sealing"]
        self.assertEqual(verify.leaf_hash(case["entry"].encode()).hex(), case["entry_leaf_hash"])
        findings = verify.Findings()
        verify.Entries(case["log"], findings).read(41, case["entry"].encode())
        # Its tenant's forty entries before it are all that it lacks.
        self.assertEqual(sorted(findings.counts), ["E10"], findings.text())


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    unittest.main(verbosity=2)
