"""The stand-alone verifier of events and heads: one file, the standard library and `cryptography`.

    python verifier.py entry PROOF.json KEYS.json
    python verifier.py heads OLD.json NEW.json CONSISTENCY.json KEYS.json

`PROOF.json` is the answer of `GET /proofs/events/<position>` or `/proofs/operations/<number>`,
`CONSISTENCY.json` that of `/proofs/consistency`, each head the answer of `/proofs/head` as it is,
one of the heads in it, or a line of an exported file. `KEYS.json` is the answer of `/proofs/keys`,
fetched at a time when it was trusted. Nothing is asked of the system. What was proved of an entry
is told: when, who, what. The exit status is 0 only when everything holds, else 1.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

COLUMNS = {
    "events": (
        *("position", "stream", "version", "type", "schema", "time_us", "actor", "unit"),
        *("command_id", "on_behalf_of", "cause", "data", "on_behalf_kind", "actor_kind"),
    ),
    "operations": (
        *("number", "time_us", "actor", "on_behalf_of", "unit", "command", "target", "accepted"),
        *("refusal", "status", "detail", "command_id", "digest", "version", "position"),
        *("duration_us", "address", "trace", "credential", "query", "kind", "times"),
        *("on_behalf_kind", "actor_kind", "rows", "targets"),
    ),
}
"""What stands in the leaves of each log, in this order; what is nothing at the end is left out."""


class Refuted(Exception):
    """Something is not as it is claimed to be; the text says what."""


def verify_entry(proof: dict[str, Any], keys: dict[str, str]) -> str:
    """Check that an entry is part of the log whose signed head comes with it.

    Returns in words what was proved. Raises `Refuted`.
    """
    head = _known_head(proof.get("head"), keys)
    leaf = _field(proof, "leaf", str).encode()
    number, size = _field(proof, "number", int), head["size"]
    if _field(proof, "log", str) != head["log"]:
        raise Refuted("The proof and the head are of different logs.")
    if _field(proof, "size", int) != size:
        raise Refuted("The proof does not lead to the head that comes with it.")
    try:
        row = json.loads(leaf)
    except ValueError:
        raise Refuted("The leaf is not JSON.") from None
    if not isinstance(row, list) or not row or row[0] != number:
        raise Refuted(f"The leaf is not that of number {number}.")
    root = _root(_hash(b"\x00" + leaf), number - 1, size, _hashes(proof))
    if root.hex() != head["root"]:
        raise Refuted("The leaf is not part of the signed log.")
    words = f"Number {number} of {head['log']} is one of the {size} signed at {head['time']}."
    return "\n".join([words, *_told(head["log"], row)])


def _told(log: str, row: list[Any]) -> Iterator[str]:
    """Yield in words when an entry was recorded, who did what, and what it says."""
    if log not in COLUMNS:
        raise Refuted(f"There is no log {log!r}.")
    entry = dict.fromkeys(COLUMNS[log]) | dict(zip(COLUMNS[log], row, strict=False))
    time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=_field(entry, "time_us", int))
    who = f"{_who(entry['actor_kind'], entry['actor'])} at {entry['unit']}"
    if entry["on_behalf_of"] is not None:
        who += f", for {_who(entry['on_behalf_kind'], entry['on_behalf_of'])}"
    if log == "events":
        what = f"{entry['type']}, version {entry['version']} of {entry['stream']}"
    else:
        how = "accepted" if entry["accepted"] else f"refused ({entry['refusal']})"
        what = f"{entry['kind']} {entry['command']} {entry['target'] or ''}".rstrip() + f", {how}"
    said = entry["data"] if log == "events" else entry["query"]
    told = {"when": time.isoformat(), "who": who, "what": what, "says": said}
    for name, text in told.items():
        if text is not None:
            yield f"  {name:<5}{''.join(_plain(each) for each in str(text))}"


def _who(kind: Any, id_: Any) -> str:
    return f"{kind} {id_}" if kind else str(id_)


def _plain(character: str) -> str:
    """Return a character as a terminal may show it: texts of entries are anybody's."""
    return character if character.isprintable() else ascii(character)[1:-1]


def verify_heads(
    old: dict[str, Any], new: dict[str, Any], proof: dict[str, Any], keys: dict[str, str]
) -> str:
    """Check that the log of one signed head is the beginning of that of another.

    Returns in words what was proved. Raises `Refuted`.
    """
    log = proof.get("log") or old.get("log") or new.get("log") or "events"
    old, new = (_known_head(_head_of(log, each), keys) for each in (old, new))
    if old["log"] != new["log"]:
        raise Refuted("The heads are of different logs.")
    if old["size"] > new["size"]:
        raise Refuted("The later head has fewer entries: the log was truncated.")
    if old["size"] in (0, new["size"]):
        empty = hashlib.sha256().hexdigest()
        if old["root"] != (new["root"] if old["size"] else empty):
            raise Refuted("The heads contradict each other: the log was rewritten.")
    else:
        if (proof.get("from"), proof.get("to")) != (old["size"], new["size"]):
            raise Refuted("The proof is one for other heads.")
        _check_consistency(old, new, _hashes(proof))
    return (
        f"The {new['size']} of {new['log']} signed at {new['time']} begin with "
        f"the {old['size']} signed at {old['time']}."
    )


def _head_of(log: Any, told: dict[str, Any]) -> Any:
    """Return the head of a log: what was told, or what an answer of `/proofs/head` has of it."""
    if "signature" in told or not isinstance(log, str) or log not in told:
        return told
    return told[log].get("head") if isinstance(told[log], dict) else None


def _known_head(head: Any, keys: dict[str, str]) -> dict[str, Any]:
    """Check the signature of a head."""
    if not isinstance(head, dict):
        raise Refuted("There is no signed head.")
    for name in ("log", "root", "time", "key", "signature"):
        _field(head, name, str)
    if _field(head, "size", int) < 0:
        raise Refuted("The size of a head is below 0.")
    fields = [head[name] for name in ("log", "size", "root", "time", "key")]
    statement = "".join(f"{field}\n" for field in ("keyline head 1", *fields)).encode()
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(keys[head["key"]]))
        key.verify(base64.b64decode(head["signature"]), statement)
    except KeyError:
        raise Refuted(f"The key {head['key']} is not among those given.") from None
    except (InvalidSignature, ValueError):
        raise Refuted(f"The signature of the head at {head['size']} is forged.") from None
    return head


def _field(content: Any, name: str, kind: type) -> Any:
    value = content.get(name) if isinstance(content, dict) else None
    if type(value) is not kind:
        raise Refuted(f"There is no usable {name!r}.")
    return value


def _hashes(proof: dict[str, Any]) -> list[bytes]:
    try:
        found = [bytes.fromhex(each) for each in _field(proof, "hashes", list)]
    except (TypeError, ValueError):
        raise Refuted("The hashes of the proof are not hexadecimal.") from None
    if any(len(each) != 32 for each in found):
        raise Refuted("A hash of the proof does not have 32 bytes.")
    return found


def _hash(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _root(leaf: bytes, index: int, size: int, hashes: list[bytes]) -> bytes:
    """Return the root to which a proof of inclusion leads (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise Refuted(f"Number {index + 1} is not among the {size} that were signed.")
    at, last, root = index, size - 1, leaf
    for sibling in hashes:
        if last == 0:
            raise Refuted("The proof is too long.")
        if at & 1 or at == last:
            root = _hash(b"\x01" + sibling + root)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            root = _hash(b"\x01" + root + sibling)
        at, last = at >> 1, last >> 1
    if last:
        raise Refuted("The proof is too short.")
    return root


def _check_consistency(old: dict[str, Any], new: dict[str, Any], hashes: list[bytes]) -> None:
    """Check a proof that one log begins another (RFC 9162, 2.1.4.2)."""
    if old["size"] & (old["size"] - 1) == 0:
        hashes = [bytes.fromhex(old["root"]), *hashes]
    if not hashes:
        raise Refuted("The proof is too short.")
    at, last = old["size"] - 1, new["size"] - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = hashes[0]
    for each in hashes[1:]:
        if last == 0:
            raise Refuted("The proof is too long.")
        if at & 1 or at == last:
            before, after = _hash(b"\x01" + each + before), _hash(b"\x01" + each + after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = _hash(b"\x01" + after + each)
        at, last = at >> 1, last >> 1
    if last:
        raise Refuted("The proof is too short.")
    if (before.hex(), after.hex()) != (old["root"], new["root"]):
        raise Refuted("The heads contradict each other: the log was rewritten.")


def keys_of(content: Any) -> dict[str, str]:
    """Return the public keys of an answer of `/proofs/keys`, by their ids. Raises `Refuted`."""
    found = {}
    for each in _field(content, "items", list):
        public = _field(each, "public", str)
        try:
            found[hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16]] = public
        except ValueError:
            raise Refuted("A key is not hexadecimal.") from None
    return found


def main(arguments: list[str]) -> int:
    """Verify the files named on the command line; return the exit status."""
    command, *paths = arguments or [""]
    if len(paths) != {"entry": 2, "heads": 4}.get(command):
        sys.stderr.write(__doc__ or "")
        return 2
    try:
        contents = [_read(path) for path in paths]
        keys = keys_of(contents.pop())
        if command == "entry":
            words = verify_entry(contents[0], keys)
        else:
            words = verify_heads(contents[0], contents[1], contents[2], keys)
    except Refuted as refuted:
        sys.stdout.write(f"REFUTED: {refuted}\n")
        return 1
    sys.stdout.write(f"PROVED: {words}\n")
    return 0


def _read(path: str) -> Any:
    try:
        content = json.loads(Path(path).read_bytes())
        json.dumps(content, ensure_ascii=False).encode()  # half a character is no text
    except (OSError, ValueError, RecursionError) as error:
        raise Refuted(f"{path} cannot be read: {error}.") from None
    if not isinstance(content, dict):
        raise Refuted(f"{path} is not a JSON object.")
    return content


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
