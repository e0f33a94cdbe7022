"""Audit logs as a forger would leave them: entries changed, then hashes, tiles and head made anew.

Whoever has no key can still make everything below the signature agree with itself; whoever has the
house's key can sign what never was. Both are played here, so that the verifiers can be asked.
"""

import base64
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

from deployment import ROOT

sys.path.insert(0, str(ROOT / "examples" / "auditor"))
import verify  # noqa: E402  the auditor's reader, of which only hashing and paths are used here


class Signer:
    """An Ed25519 key with a name, as a log's head is signed with."""

    def __init__(self, name, seed):
        self.name, self._seed = name, seed
        # The fixed beginning of an Ed25519 private key in DER (RFC 8410), then the seed.
        self._private = bytes.fromhex("302e020100300506032b657004220420") + seed
        public = self._openssl("pkey", "-pubout", "-inform", "DER", "-outform", "DER",
                               stdin=self._private)[-32:]
        body = b"\x01" + public
        self.id = hashlib.sha256(name.encode() + b"\n" + body).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base64.b64encode(body).decode()}"

    @classmethod
    def of_file(cls, path):
        """The house's own: `PRIVATE+KEY+<name>+<key id>+<base64(0x01 || seed)>`."""
        name, _, key = pathlib.Path(path).read_text("utf-8").strip().split("+", 4)[2:]
        return cls(name, base64.b64decode(key)[1:])

    @staticmethod
    def _openssl(*arguments, stdin=None):
        return subprocess.run(["openssl", *map(str, arguments)], input=stdin, capture_output=True,
                              check=True).stdout

    def signature_line(self, body, claimed_id=None):
        with tempfile.TemporaryDirectory() as folder:
            key, message = pathlib.Path(folder) / "key", pathlib.Path(folder) / "body"
            key.write_bytes(self._private)
            message.write_bytes(body)
            signature = self._openssl("pkeyutl", "-sign", "-keyform", "DER", "-inkey", key,
                                      "-rawin", "-in", message)
        text = base64.b64encode((claimed_id or self.id) + signature).decode()
        return f"\u2014 {self.name} {text}\n".encode()

    def note(self, body, **how):
        return body + b"\n" + self.signature_line(body, **how)


def body_of(origin, size, root):
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()


def with_other_body(note, body):
    """The best that can be done without a key: a head that fits, under the old signature."""
    return body + b"\n" + note.partition(b"\n\n")[2]


def encode(entry):
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def renumbered(entries):
    """Decoded entries with `seq` and `tseq` dense again, as if they had always been these."""
    counts, result = {}, []
    for seq, entry in enumerate(entries):
        entry = {**entry, "seq": seq}
        if "tenant" in entry:
            entry["tseq"] = counts.get(entry["tenant"], 0)
            counts[entry["tenant"]] = entry["tseq"] + 1
        result.append(entry)
    return result


class Log:
    """An export in memory: the entries' bytes and the head."""

    def __init__(self, raw, note):
        self.raw, self.note = list(raw), note

    @classmethod
    def read(cls, folder):
        export = verify.Export(folder)
        note = (pathlib.Path(folder) / "checkpoint").read_bytes()
        size, raw = int(note.split(b"\n")[1]), []
        for number in range((size + verify.TILE - 1) // verify.TILE):
            wanted = min(verify.TILE, size - verify.TILE * number)
            raw += export.bundle(*export.standing_for("entries", number, wanted))[:wanted]
        return cls(raw, note)

    @property
    def origin(self):
        return self.note.split(b"\n")[0].decode()

    def decoded(self):
        return [json.loads(data) for data in self.raw]

    def body(self):
        return body_of(self.origin, len(self.raw), self.tree().root())

    def tree(self):
        tree = verify.Tree()
        for data in self.raw:
            tree.append(verify.leaf_hash(data))
        return tree

    def changed(self, change):
        """Another log: `change` gets the decoded entries and gives those to be written instead,
        decoded or as bytes. The head stays."""
        return Log([e if isinstance(e, bytes) else encode(e) for e in change(self.decoded())],
                   self.note)

    def signed_by(self, signer):
        return Log(self.raw, signer.note(self.body()))

    def with_head_edited(self):
        return Log(self.raw, with_other_body(self.note, self.body()))

    def write(self, folder):
        """Every file anew, so that all below the head agrees with itself."""
        folder, tree = pathlib.Path(folder), self.tree()
        for number in range((len(self.raw) + verify.TILE - 1) // verify.TILE):
            part = self.raw[verify.TILE * number:verify.TILE * (number + 1)]
            put(folder, "entries", number, len(part),
                b"".join(len(e).to_bytes(2, "big") + e for e in part))
        for level, hashes in enumerate(tree.levels):
            full = verify.TILE * verify.HASH
            for number in range((len(hashes) + full - 1) // full):
                part = bytes(hashes[full * number:full * (number + 1)])
                put(folder, level, number, len(part) // verify.HASH, part)
        (folder / "checkpoint").write_bytes(self.note)
        return folder


def put(folder, kind, number, width, data):
    path = folder / "tile" / str(kind) / verify.path_of(number)
    if width < verify.TILE:
        path = path.parent / f"{path.name}.p" / str(width)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
