"""Opens the seals of a log with the deployment's own keys: written from docs/audit-log.md alone.

What is known of a borrower stands in the log encrypted under that borrower's data key, and the data
keys stand in `keys.db` wrapped under the key of `kek/`. Whoever holds both reads everything; whoever
holds the log alone reads nothing of it.
"""

import base64
import hmac
import json
import pathlib
import sqlite3

from nacl import bindings


class SealError(Exception):
    pass


def _text(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _raw(text):
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _text(raw) != text:
        raise SealError("not the one spelling of these bytes")
    return raw


def _lines(*parts):
    return "".join(f"{part}\n" for part in parts).encode()


def _derived(key, label):
    return hmac.digest(key, label.encode(), "sha256")


def _open(ciphertext, place, nonce, key):
    try:
        return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(ciphertext, place, nonce, key)
    except Exception as problem:
        raise SealError("does not open") from problem


class Keys:
    """The data keys of a deployment that has stopped, by borrower."""

    def __init__(self, key_store, kek_folder):
        keks = {path.name.removeprefix("kek-").removesuffix(".key"):
                bytes.fromhex(path.read_text().strip())
                for path in pathlib.Path(kek_folder).glob("kek-*.key")}
        self.data_keys = {}
        connection = sqlite3.connect(f"file:{key_store}?mode=ro", uri=True)
        columns = [row[1] for row in connection.execute("PRAGMA table_info(wrapped_key)")]
        for row in connection.execute("SELECT * FROM wrapped_key"):
            one = dict(zip(columns, row))
            borrower, kid = one["borrower"].hex(), _text(one["kid"])
            place = _lines("forbear/wrap/v1", one["tenant"], borrower, kid, one["kek_id"])
            key = _open(one["wrapped"][24:], place, one["wrapped"][:24], keks[one["kek_id"]])
            if _text(_derived(key, "forbear/kid/v1")) != kid:
                raise SealError(f"the key of {borrower} is not the one that is named")
            self.data_keys[borrower] = (kid, _derived(key, "forbear/enc/v1"))
        connection.close()

    def facts(self, entry):
        """What the entry's seal holds; {} where it has none, None where the key is gone."""
        seal = entry.get("seal")
        if seal is None:
            return {}
        kid, key = self.data_keys.get(entry["borrower"], (None, None))
        if kid != seal["kid"] or seal["alg"] != "xchacha20poly1305":
            return None
        place = _lines("forbear/seal/v1", entry["log"], entry["id"], entry["kind"], kid)
        padded = _open(_raw(seal["ct"]), place, _raw(seal["n"]), key)
        end = padded.rstrip(b"\0")
        if len(padded) % 64 or not end.endswith(b"\x80"):
            raise SealError("is not padded")
        return json.loads(end[:-1])


def opened(entries, keys):
    """The entries with `facts`. What was split over several entries stands whole in the last."""
    parts = {}
    for entry in entries:
        facts = keys.facts(entry)
        if facts is None:
            raise SealError(f"entry {entry['seq']}: its key is gone")
        data = entry.get("data", {})
        if "parts" in data and "borrower" in facts:
            whole = parts.setdefault(entry["borrower"], {})
            for name, value in facts["borrower"].items():
                whole[name] = whole[name] + value if name in whole else value
            facts = {}
            if data["part"] == data["parts"]:
                facts = {"borrower": parts.pop(entry["borrower"])}
        yield {**entry, "facts": facts}


def of_deployment(entries, data, keys):
    """The entries of a deployment that has stopped: `data` and `keys` are its folders."""
    return list(opened(entries, Keys(pathlib.Path(data) / "keys.db", pathlib.Path(keys) / "kek")))
