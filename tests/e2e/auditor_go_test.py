#!/usr/bin/python3
"""A third opinion: Go's own code for transparency logs, and a shell, on the sample log.

    auditor_go_test.py

examples/auditor/go is compiled with Debian's Go and Debian's golang.org/x/mod; nothing is fetched.
It and the auditor's Python must find the same leaf, the same root and the same proofs, and the shell's
way of following one entry must end there as well. What was tampered with all must refuse.
"""

import base64
import os
import pathlib
import subprocess
import tempfile
import unittest

import forged_log
from deployment import ROOT
from forged_log import Log, Signer, verify

SAMPLE = ROOT / "tests" / "engine" / "audit" / "data" / "audit-log-sample"
AUDITOR = ROOT / "examples" / "auditor"
# The ends of the full tile, the partial one, and something in between; the shell takes its time.
ENTRIES = (0, 41, 255, 256, 258)
ENTRIES_FOR_THE_SHELL = (41, 258)


class ThreeOpinions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.program = cls.folder / "verify"
        # As Debian builds Go programs: packages out of /usr/share/gocode, no modules, no network.
        subprocess.run(["go", "build", "-o", cls.program, AUDITOR / "go" / "main.go"], check=True,
                       env={**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode",
                            "GOFLAGS": "", "GOPROXY": "off", "GOCACHE": str(cls.folder / "cache")})
        cls.log = Log.read(SAMPLE)

    def written(self, log):
        return log.write(pathlib.Path(tempfile.mkdtemp(dir=self.folder)))

    def go(self, folder, seq, key=SAMPLE / "vkey"):
        done = subprocess.run([self.program, folder, key, str(seq)], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def shell(self, folder, seq):
        done = subprocess.run([AUDITOR / "inclusion.sh", folder, str(seq)], capture_output=True,
                              text=True)
        return done.returncode, done.stdout + done.stderr

    def test_agree_on_leaf_root_and_proof(self):
        tree = self.log.tree()
        prover = verify.Prover(tree.hash)
        for seq in ENTRIES:
            leaf, proof = tree.hash(0, seq), prover.inclusion(seq, 0, tree.size)
            code, said = self.go(SAMPLE, seq)
            self.assertEqual(code, 0, said)
            found = [line.split()[-1] for line in said.splitlines()]
            self.assertEqual([base64.b64decode(word) for word in found[1:-1]],
                             [tree.root(), leaf, *proof])
            if seq not in ENTRIES_FOR_THE_SHELL:
                continue
            code, said = self.shell(SAMPLE, seq)
            self.assertEqual(code, 0, said)
            found = [line.split()[-1] for line in said.splitlines()]
            self.assertEqual([bytes.fromhex(word) for word in found[:-1]],
                             [leaf, *proof, tree.root()])

    def test_an_entry_that_was_changed(self):
        log = self.log.changed(lambda entries: [*entries[:41], {**entries[41], "node": "another"},
                                                *entries[42:]])
        folder = self.written(log)
        code, said = self.go(folder, 41)
        self.assertEqual(code, 1)
        self.assertIn("root: the entries have another one", said)
        code, said = self.shell(folder, 41)
        self.assertEqual(code, 1)
        self.assertIn("NOT verified", said)

    def test_a_tile_of_another_tree_proves_nothing(self):
        folder = self.written(self.log)
        forged_log.put(folder, 0, 0, verify.TILE, bytes(verify.TILE * verify.HASH))
        self.assertIn("proof of entry 41", self.go(folder, 41)[1])
        self.assertEqual((self.go(folder, 41)[0], self.shell(folder, 41)[0]), (1, 1))

    def test_a_bundle_that_was_cut(self):
        folder = self.written(self.log)
        path = folder / "tile" / "entries" / "001.p" / "3"
        path.write_bytes(path.read_bytes()[:-1])
        self.assertIn("ends inside an entry", self.go(folder, 0)[1])

    def test_a_checkpoint_of_another_key(self):
        forger = Signer("audit.example/forbear", b"not the key of this house, by 32")
        folder = self.written(self.log.signed_by(forger))
        code, said = self.go(folder, 0)
        self.assertEqual((code, "checkpoint:" in said), (1, True), said)
        key = folder / "key"
        key.write_text(forger.vkey + "\n", "utf-8")
        self.assertEqual(self.go(folder, 0, key)[0], 0)

    def test_wrong_use(self):
        self.assertEqual(self.go(SAMPLE, "x")[0], 2)
        self.assertEqual(self.go(SAMPLE, 0, SAMPLE / "none")[0], 2)
        self.assertEqual(self.shell(SAMPLE, 259)[0], 2)
        self.assertEqual(self.shell(SAMPLE / "none", 0)[0], 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
