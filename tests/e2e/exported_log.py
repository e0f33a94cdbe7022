"""Reads an exported audit log: entries, and whether they are what the checkpoint commits to.

Written from docs/audit-log.md and RFC 6962 alone; shares nothing with the engine. The signature is
checked by `forbear audit verify` and, in docs/audit-log.md, by openssl; here the root is.
"""

import base64
import hashlib
import json
import pathlib
import struct


class LogError(Exception):
    pass


def _path_of(number):
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03d}")
    return "/".join(groups)


def checkpoint(folder):
    """(origin, size, root) as the newest checkpoint says."""
    lines = (pathlib.Path(folder) / "checkpoint").read_text("utf-8").split("\n")
    return lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)


def _bundle(folder, number, width):
    base = pathlib.Path(folder) / "tile" / "entries" / _path_of(number)
    full = base
    partial = base.parent / (base.name + ".p") / str(width)
    data = (full if width == 256 or full.is_file() else partial).read_bytes()
    entries, at = [], 0
    while at < len(data):
        (length,) = struct.unpack_from(">H", data, at)
        entries.append(data[at + 2:at + 2 + length])
        if len(entries[-1]) != length:
            raise LogError(f"bundle {number} ends inside an entry")
        at += 2 + length
    if len(entries) < width:
        raise LogError(f"bundle {number} holds {len(entries)} entries, not {width}")
    return entries[:width]


def root_of(leaves):
    """RFC 6962 root of entry bytes, by peaks."""
    peaks, size = [], 0
    for entry in leaves:
        node, s = hashlib.sha256(b"\x00" + entry).digest(), size
        while s & 1:
            node = hashlib.sha256(b"\x01" + peaks.pop() + node).digest()
            s >>= 1
        peaks.append(node)
        size += 1
    if not peaks:
        return hashlib.sha256(b"").digest()
    root = peaks.pop()
    while peaks:
        root = hashlib.sha256(b"\x01" + peaks.pop() + root).digest()
    return root


def read(folder):
    """All entries under the newest checkpoint, decoded, in order. LogError unless they hash to its
    root."""
    origin, size, root = checkpoint(folder)
    raw = []
    for number in range((size + 255) // 256):
        raw += _bundle(folder, number, min(256, size - 256 * number))
    if root_of(raw) != root:
        raise LogError("the entries are not what the checkpoint commits to")
    entries = [json.loads(entry) for entry in raw]
    for seq, entry in enumerate(entries):
        if entry["seq"] != seq or entry["log"] != origin:
            raise LogError(f"entry {seq} says it is {entry['seq']} of {entry['log']}")
    return entries
