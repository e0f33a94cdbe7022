#!/usr/bin/env python3
"""The packs and the scenarios as people meet them: what the program prints and exits with.

Usage: program_test.py FORBEAR POLICIES SCENARIOS
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

FORBEAR, POLICIES, SCENARIOS = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
del sys.argv[1:]


def run(*arguments):
    done = subprocess.run([FORBEAR, *map(str, arguments)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


class Program(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.policies = self.folder / "policies"
        shutil.copytree(POLICIES, self.policies)
        for path in [self.policies, *self.policies.rglob("*")]:
            path.chmod(path.stat().st_mode | 0o200)

    def spoil(self, file, find, put):
        path = self.policies / file
        text = path.read_text(encoding="utf-8")
        self.assertIn(find, text)
        path.write_text(text.replace(find, put, 1), encoding="utf-8")

    def scenario(self, name, find=None, put=""):
        text = (SCENARIOS / "official-examples.yaml").read_text(encoding="utf-8")
        first = text.index("- id: regf.6b1-2.i.reply_once\n")
        text = text[first : text.index("\n- id: ", first + 1) + 1]
        if find is not None:
            self.assertIn(find, text)
            text = text.replace(find, put, 1)
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def test_lint_names_the_file_the_line_and_the_column(self):
        rows = [
            ("a wrong key", "tw/tw.yaml", "    contact_hours:\n", "    contact_hour:\n",
             r"tw/tw\.yaml:\d+:5: unknown key `contact_hour`; did you mean `contact_hours`\?"),
            ("a duplicate id", "tw/tw.yaml", "  - id: tw.outsourcing14.third-party", "  - id: tw.outsourcing14.contact-hours",
             r"tw/tw\.yaml:\d+:9: rule `tw\.outsourcing14\.contact-hours` stands twice, first in line \d+"),
            ("an empty window", "tw/tw.yaml", "to: '22:00'", "to: '07:00'",
             r"tw/tw\.yaml:\d+:17: an empty window"),
            ("a rule that never denies", "tw/tw.yaml", "exceptions: [{when: {consent: {covers: hours}}}]", "exceptions: [{when: {}}]",
             r"tw/tw\.yaml:\d+:18: an exception that always holds, so rule `tw\.outsourcing14\.contact-hours` never denies"),
            ("no citation", "house.yaml", "    cites: [{text: 'House rule: nobody writes to the dead'}]\n", "",
             r"house\.yaml:\d+:5: rule `house\.death` has no citation; add `cites`"),
            ("a fact that no rule encodes", "us/us.yaml", "  - {fact: us.fdcpa.postdated-payments, why: about deposits}\n", "",
             r"us/us\.yaml:\d+:1: fact `us\.fdcpa\.postdated-payments` is in no rule's `facts` and not in `not_rules`"),
            ("a zone that is none", "places/us.yaml", "US-AL: [America/Chicago]", "US-AL: [America/Chikago]",
             r"places: `US-AL`: unknown time zone `America/Chikago`"),
        ]
        for why, file, find, put, says in rows:
            with self.subTest(why):
                before = (self.policies / file).read_bytes()
                self.spoil(file, find, put)
                code, _, err = run("policy", "lint", self.policies)
                self.assertEqual(code, 1, err)
                self.assertRegex(err, "(?m)^forbear: .*" + says)
                (self.policies / file).write_bytes(before)

    def test_lint_wants_a_passing_and_a_failing_scenario_for_each_rule(self):
        path = self.policies / "tw/tw.scenarios.yaml"
        path.write_text("[]\n", encoding="utf-8")
        code, _, err = run("policy", "lint", self.policies)
        self.assertEqual(code, 1)
        self.assertIn("no scenario beside the pack fails on rule `tw.outsourcing14.contact-hours`", err)
        self.assertIn("no scenario beside the pack passes rule `tw.outsourcing14.contact-hours`", err)

    def test_a_scenario_notices_a_minute_of_the_law(self):
        self.spoil("tw/tw.yaml", "to: '22:00'", "to: '23:59'")
        code, out, _ = run("policy", "test", self.policies)
        self.assertEqual(code, 1)
        self.assertRegex(out.splitlines()[-1], r"^\d+ passed, [1-9]\d* failed")

    def test_a_directory_that_is_none_is_wrong_use(self):
        for command in ("lint", "test"):
            code, _, err = run("policy", command, self.folder / "nowhere")
            self.assertEqual(code, 2)
            self.assertRegex(err, "^forbear: no policies directory `.*`; ")

    def test_output_for_programs_is_json(self):
        code, out, _ = run("policy", "lint", self.policies, "--format", "json")
        self.assertEqual((code, json.loads(out)["faults"]), (0, []))
        code, out, _ = run("policy", "test", self.policies, "--format", "json")
        self.assertEqual((code, json.loads(out)["failed"]), (0, 0))
        code, out, _ = run("conformance", self.scenario("one.yaml"), "--policies", POLICIES, "--format", "json")
        self.assertEqual((code, json.loads(out)["passed"]), (0, 1))

    def test_the_last_line_counts_and_the_others_explain(self):
        code, out, _ = run("conformance", SCENARIOS / "official-examples.yaml", SCENARIOS / "other-duties.yaml",
                           "--policies", POLICIES)
        *lines, last = out.splitlines()
        counts = re.fullmatch(r"(\d+) passed, 0 failed, (\d+) skipped", last)
        self.assertEqual(code, 0)
        self.assertIsNotNone(counts, last)
        self.assertGreaterEqual(int(counts[1]), 184)
        self.assertEqual(len(lines), int(counts[2]))
        for line in lines:
            self.assertRegex(line, r"^[\w.-]+: skipped: (no pack for [A-Z-]+|\w+ is not decided here)$")

    def test_a_disagreement_is_one_line_and_exit_one(self):
        path = self.scenario("one.yaml", "answer: allow", "answer: never")
        code, out, _ = run("conformance", path, "--policies", POLICIES)
        self.assertEqual(code, 1)
        self.assertRegex(out.splitlines()[0], r"^[\w.-]+: expected never, got allowed; no rule denies$")
        self.assertEqual(out.splitlines()[-1], "0 passed, 1 failed")

    def test_a_file_that_does_not_fit_is_said_and_nothing_is_run(self):
        good = self.scenario("good.yaml")
        bad = self.scenario("bad.yaml", "  why: ", "  wy: ")
        code, out, err = run("conformance", bad, "--policies", POLICIES)
        self.assertEqual((code, out), (2, ""))
        self.assertRegex(err, r"(?m)^forbear: .*bad\.yaml:\d+:3: unknown key `wy`; did you mean `why`\?")
        twice = self.scenario("twice.yaml")
        code, out, err = run("conformance", good, twice, "--policies", POLICIES)
        self.assertEqual((code, out), (2, ""))
        self.assertRegex(err, r"^forbear: .*twice\.yaml:1:\d+: scenario `.*` stands also in .*good\.yaml")
        code, out, err = run("conformance", self.folder / "nowhere.yaml", "--policies", POLICIES)
        self.assertEqual((code, out), (2, ""))
        self.assertRegex(err, "^forbear: cannot read `")


if __name__ == "__main__":
    unittest.main(verbosity=1)
