#!/usr/bin/python3
"""scripts/demo.sh ends with exit 0 and its report, and what it leaves behind can be looked at.

    test_demo.py FORBEAR
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import exported_log
from deployment import ROOT

BINARY = None


class TheDemo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="forbear-demo-")
        cls.demo = pathlib.Path(cls.folder.name) / "demo"
        cls.done = subprocess.run(
            [ROOT / "scripts" / "demo.sh"], capture_output=True, text=True,
            env={**os.environ, "FORBEAR_BIN": BINARY, "FORBEAR_DEMO_DIR": str(cls.demo)})
        cls.said = cls.done.stdout

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_ends_well(self):
        self.assertEqual(self.done.returncode, 0, self.said + self.done.stderr)
        self.assertIn("\nverified\n", self.said)

    def test_takes_in_every_debt_and_refuses_those_who_owe_nothing(self):
        records = [json.loads(line) for line in open(self.demo / "answers.jsonl")]
        self.assertEqual(len(records), 6_818 + 89)
        for record in records:
            owes = int(record["item"]["account"]["balance"]["minor_units"]) > 0
            self.assertEqual(owes, "error" not in record["answer"],
                             record["item"]["account"]["external_id"])
        refused = [r["answer"]["error"] for r in records if "error" in r["answer"]]
        self.assertEqual(len(refused), 1_689 + 4)
        for error in refused:
            self.assertEqual([v["field"] for v in error["violations"]][:1],
                             ["submission.account.balance.minor_units"], error)

    def test_reports_contacts_what_was_held_back_and_why_and_what_comes_next(self):
        for wanted in (r"accepted +5,214 ", r"refused +1,693", r"Contacts sent", r"  2026-03-02 ",
                       r"Held back, by rule", r"house\.dispute", r"tw\.outsourcing16\S+ +\S",
                       r"15 USC 1692c", r"Next openings\n  2026-03", r"size \d+ entries",
                       r"root \S{44}", r" 0 violations"):
            self.assertRegex(self.said, wanted)

    def test_leaves_the_database_the_key_the_export_and_the_outbox(self):
        for name in ("forbear.db", "log.vkey", "export/checkpoint", "keys/log.vkey"):
            self.assertTrue((self.demo / name).is_file(), name)
        sent = [f for f in (self.demo / "outbox").rglob("*") if f.is_file()]
        self.assertGreater(len(sent), 1_000)

    def test_every_decision_is_the_same_when_made_again(self):
        done = subprocess.run([BINARY, "audit", "replay", "--data", self.demo, "--keys",
                               self.demo / "keys", "--policies", ROOT / "policies"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr)
        self.assertIn("every decision is the same when made again", done.stdout)
        counts = dict(re.findall(r"^(decisions|same) +(\d+)$", done.stdout, re.M))
        self.assertGreater(int(counts["decisions"]), 1_000)
        self.assertEqual(counts["decisions"], counts["same"])

    def test_no_personal_data_stands_in_the_log_or_the_operations_log(self):
        log = json.dumps(exported_log.read(self.demo / "export"), ensure_ascii=False)
        log += (self.demo / "operations.log").read_text("utf-8")
        self.assertIsNone(re.search(r"Made Street|example\.com|\+886|\+1\d{10}", log))
        # Whole words, so that five thousand people can be looked for at once.
        words = set(re.findall(r"[\w.@+-]+", log))
        for record in map(json.loads, open(self.demo / "answers.jsonl")):
            borrower = record["item"]["borrower"]
            self.assertNotIn(record["item"]["account"]["external_id"], words)
            self.assertNotIn(borrower["external_id"], words)
            for point in borrower["contact_points"]:
                self.assertNotIn(point["value"].lstrip("+"), words)


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    unittest.main(verbosity=2)
