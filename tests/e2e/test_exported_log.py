#!/usr/bin/python3
"""The reader of exported logs believes nothing that does not hash to the checkpoint's root."""

import base64
import json
import pathlib
import struct
import tempfile
import unittest

import exported_log

SIZE = 300  # one full bundle and one partial


def entry(seq):
    return json.dumps({"kind": "log.opened" if seq == 0 else "account.submitted", "log": "x/y",
                       "seq": seq}, separators=(",", ":")).encode()


class AnExport(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)
        self.entries = [entry(seq) for seq in range(SIZE)]
        self.write(self.entries)
        root = exported_log.root_of(self.entries)
        (self.path / "checkpoint").write_text(
            f"x/y\n{SIZE}\n{base64.b64encode(root).decode()}\n\nsignature\n")

    def write(self, entries):
        folder = self.path / "tile" / "entries"
        (folder / "001.p").mkdir(parents=True, exist_ok=True)
        for name, part in (("000", entries[:256]), ("001.p/44", entries[256:])):
            (folder / name).write_bytes(b"".join(struct.pack(">H", len(e)) + e for e in part))

    def refused(self, entries):
        self.write(entries)
        with self.assertRaises(exported_log.LogError):
            exported_log.read(self.path)

    def test_is_read_in_order(self):
        self.assertEqual([e["seq"] for e in exported_log.read(self.path)], list(range(SIZE)))

    def test_with_a_flipped_byte_is_refused(self):
        flipped = self.entries[7].replace(b"account", b"accounT")
        self.refused(self.entries[:7] + [flipped] + self.entries[8:])

    def test_with_two_entries_swapped_is_refused(self):
        swapped = list(self.entries)
        swapped[3], swapped[4] = swapped[4], swapped[3]
        self.refused(swapped)

    def test_with_an_entry_dropped_is_refused(self):
        self.refused(self.entries[:9] + self.entries[10:])

    def test_root_of_small_trees_is_rfc_6962s(self):
        # RFC 6962 section 2.1: leaves 00, 10 and 2021 as in the transparency log's own test data.
        leaves = [b"", b"\x00", b"\x10", b"\x20\x21"]
        self.assertEqual(exported_log.root_of([]).hex()[:16], "e3b0c44298fc1c14")
        self.assertEqual(exported_log.root_of(leaves[:3]).hex(), "aeb6bcfe274b70a14fb067a5e5578264"
                         "db0fa9b51af5e0ba159158f329e06e77")


if __name__ == "__main__":
    unittest.main()
