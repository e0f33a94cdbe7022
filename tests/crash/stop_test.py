#!/usr/bin/python3
"""How serve starts, stops and bears a bad day: SIGTERM in the middle of a stream, two servers on one
directory, a wrong or missing policies directory, a full disk.

    stop_test.py FORBEAR FULL_DISK_LIBRARY
"""

import datetime
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import grpc

import crash_test
import exported_log
import load
import sealed_facts
import stubs
from deployment import Deployment, Failed

BINARY = LIBRARY = None
CLOCK = "2026-03-02T00:00:00Z,x60"


class ADeployment(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="forbear-stop-")
        self.addCleanup(self.folder.cleanup)
        self.house = Deployment(self.folder.name, BINARY, clock=CLOCK)
        self.addCleanup(self.house.kill)
        self.api = stubs.load()

    def lender(self):
        channel = grpc.insecure_channel(self.house.addresses["lender"])
        self.addCleanup(channel.close)
        return channel

    def wait_for(self, what, seconds=30):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if what():
                return
            time.sleep(0.02)
        self.fail("waited in vain")


class Stopping(ADeployment):
    def test_sigterm_in_the_middle_of_a_stream_loses_nothing_that_was_acknowledged(self):
        self.house.start()
        ledger, broke = load.Ledger(), []
        source = (load.account(n) for n in crash_test.numbers())

        def slowly():
            for item in source:
                yield item
                time.sleep(0.001)

        stream = threading.Thread(target=lambda: broke.append(
            ledger.submit(self.house.addresses["lender"], slowly(), self.api)))
        stream.start()
        self.wait_for(lambda: len(ledger.records) >= 200)
        self.house.stop()  # must exit 0
        stream.join(30)
        self.assertFalse(stream.is_alive(), "the stream was left hanging")
        self.assertEqual(broke[0].code(), grpc.StatusCode.UNAVAILABLE,
                         "the stream says that it ended early")

        self.house.start()
        again, known = load.Ledger(), ledger.acknowledged()
        self.assertIsNone(again.submit(self.house.addresses["lender"],
                                       iter(list(ledger.sent.values())), self.api))
        for external, answer in known.items():
            found = again.acknowledged()[external]
            self.assertEqual(found["account_id"], answer["account_id"])
            self.assertEqual(found["change"], "CHANGE_MADE_UNCHANGED")
        self.assertEqual(set(again.acknowledged()), set(ledger.sent), "the others land now")
        self.house.stop()
        self.assertEqual(crash_test.check_log(self.house, again), [])

    def test_a_repeat_gets_the_first_answer_also_after_a_restart(self):
        self.house.start()
        request = self.api.account.SubmitAccountRequest(request_id="once")
        load.lender.json_format.ParseDict(load.account(1), request.submission)
        first = self.api.account.AccountServiceStub(self.lender()).SubmitAccount(request)
        self.house.stop()
        self.house.start()
        service = self.api.account.AccountServiceStub(self.lender())
        self.assertEqual(service.SubmitAccount(request), first)
        load.lender.json_format.ParseDict(load.account(2), request.submission)
        with self.assertRaises(grpc.RpcError) as caught:
            service.SubmitAccount(request)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.ALREADY_EXISTS)


class Keys(ADeployment):
    def test_a_key_of_forty_days_is_turned_and_what_it_sealed_still_opens(self):
        self.house.start()
        ledger = load.Ledger()
        ledger.submit(self.house.addresses["lender"], [load.account(n) for n in range(20)], self.api)
        self.house.stop()
        (before,) = (self.house.keys / "kek").glob("kek-*.key")
        # The key was made on the day of this run, whatever the deployment's clock says.
        for days in (40, 42):  # a day between for copies
            later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
            self.house.clock = f"{later:%Y-%m-%dT%H:%M:%SZ},x60"
            self.house.write_config()
            self.house.start()
            self.house.stop()
        (now,) = (self.house.keys / "kek").glob("kek-*.key")
        self.assertNotEqual(now.name, before.name)
        entries = exported_log.read(self.house.export)
        self.assertEqual([e["kind"] for e in entries if e["kind"].startswith("kek.")],
                         ["kek.rotated", "kek.destroyed"])
        told = sealed_facts.of_deployment(entries, self.house.data, self.house.keys)
        self.assertEqual(sum("account" in entry["facts"] for entry in told), 20)

    def test_without_its_keys_it_does_not_start_and_destroys_nothing(self):
        self.house.start()
        load.Ledger().submit(self.house.addresses["lender"], [load.account(1)], self.api)
        self.house.stop()
        key_store = self.house.data / "keys.db"
        kept = key_store.read_bytes()
        (self.house.keys / "kek").rename(self.house.folder / "elsewhere")
        self.refused("kek")
        self.assertEqual(key_store.read_bytes(), kept)
        (self.house.keys / "kek").rmdir()  # an empty one was made
        (self.house.folder / "elsewhere").rename(self.house.keys / "kek")
        key_store.rename(self.house.folder / "keys.db")
        self.refused("keys.db")
        self.assertFalse(key_store.exists(), "none was made in its place")
        replay = self.house.run("audit", "replay", "--data", self.house.data, "--keys",
                                self.house.keys, "--policies", self.house.policies, expect=None)
        self.assertEqual(replay.returncode, 2)
        self.assertFalse(key_store.exists())
        # Another deployment's: it opens nothing of this one.
        other = Deployment(self.house.folder / "other", BINARY, clock=CLOCK)
        self.addCleanup(other.kill)
        other.start()
        other.stop()
        shutil.copy(other.data / "keys.db", key_store)
        self.refused("lacks the keys of 1 borrowers")
        (self.house.folder / "keys.db").rename(key_store)
        self.house.start()

    def refused(self, word):
        with self.assertRaises(Failed) as caught:
            self.house.start()
        self.assertRegex(str(caught.exception), r"exit [12]\b")
        self.assertIn(word, str(caught.exception))


class Starting(ADeployment):
    def test_a_second_server_on_one_directory_leaves_and_says_who_holds_it(self):
        self.house.start()
        second = Deployment(self.house.folder / "second", BINARY, clock=CLOCK)
        second.data = self.house.data
        second.write_config()
        self.addCleanup(second.kill)
        with self.assertRaises(Failed) as caught:
            second.start()
        self.assertIn(str(self.house.process.pid), str(caught.exception))
        ledger = load.Ledger()
        self.assertIsNone(ledger.submit(self.house.addresses["lender"], [load.account(1)],
                                        self.api), "the first goes on")

    def refuses(self, policies, word):
        self.house.policies = policies
        self.house.write_config()
        with self.assertRaises(Failed) as caught:
            self.house.start()
        self.assertRegex(str(caught.exception), r"exit [12]\b")
        self.assertIn(word, str(caught.exception))
        self.assertFalse((self.house.data / "forbear.db").exists(), "no store was made")

    def test_without_a_policies_directory_it_does_not_start(self):
        self.refuses(self.house.folder / "nowhere", "nowhere")

    def test_with_a_policies_directory_that_holds_no_pack_it_does_not_start(self):
        empty = self.house.folder / "empty"
        empty.mkdir()
        self.refuses(empty, "empty")

    def test_with_a_pack_that_is_wrong_it_does_not_start_and_names_the_line(self):
        wrong = self.house.folder / "wrong"
        wrong.mkdir()
        (wrong / "xa.yaml").write_text("pack: xa\njurisdiction: XA\nrulez: []\n")
        self.refuses(wrong, "xa.yaml")


class AFullDisk(ADeployment):
    def test_refuses_writes_goes_on_reading_and_loses_nothing(self):
        full = self.house.folder / "full"
        os.environ.update(LD_PRELOAD=LIBRARY, FULL_DISK_UNDER=str(self.house.data),
                          FULL_DISK_WHEN=str(full))
        try:
            self.house.start()
        finally:
            for name in ("LD_PRELOAD", "FULL_DISK_UNDER", "FULL_DISK_WHEN"):
                del os.environ[name]
        ledger, address = load.Ledger(), self.house.addresses["lender"]
        self.assertIsNone(ledger.submit(address, map(load.account, range(100)), self.api))
        known = ledger.acknowledged()
        self.assertEqual(len(known), 100)

        full.touch()
        service = self.api.account.AccountServiceStub(self.lender())
        request = self.api.account.SubmitAccountRequest(request_id="while-full")
        load.lender.json_format.ParseDict(load.account(100), request.submission)
        with self.assertRaises(grpc.RpcError) as caught:
            service.SubmitAccount(request)
        self.assertIn(caught.exception.code(), (grpc.StatusCode.UNAVAILABLE,
                                                grpc.StatusCode.RESOURCE_EXHAUSTED))
        status = self.api.operations.OperationsServiceStub(self.lender()).GetStatus(
            self.api.operations.GetStatusRequest())
        self.assertTrue(status.writes_refused)
        for external, answer in known.items():
            found = service.GetAccount(self.api.account.GetAccountRequest(external_id=external))
            self.assertEqual(found.account.id, answer["account_id"], "reads go on")

        full.unlink()

        def accepted():
            try:
                return service.SubmitAccount(request)
            except grpc.RpcError as error:
                self.assertIn(error.code(), (grpc.StatusCode.UNAVAILABLE,
                                             grpc.StatusCode.RESOURCE_EXHAUSTED))
                return None

        self.wait_for(accepted)
        ledger.submit(address, [load.account(100)], self.api)
        self.house.stop()
        self.assertEqual(crash_test.check_log(self.house, ledger), [])


if __name__ == "__main__":
    BINARY, LIBRARY = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
