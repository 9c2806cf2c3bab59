"""Signed heads: what a Merkle log was at a time, signed with Ed25519, kept and exported."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy.exc import IntegrityError

from adapters.proofs.merkle_store import LOGS, frontier
from adapters.settings import SettingsError
from adapters.storage.databases import writing
from adapters.storage.journal_tables import journal_tables

heads = sa.Table(
    "heads",
    journal_tables,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("log", sa.String(20), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("root", sa.String(64), nullable=False),
    sa.Column("time", sa.String(27), nullable=False),
    sa.Column("key", sa.String(16), nullable=False),
    sa.Column("signature", sa.String(88), nullable=False),
    sa.Column("published", sa.Boolean, nullable=False, default=False),
    sa.UniqueConstraint("log", "size"),
)
"""Every head that was signed; `published`: the broker has it, if there is one."""

head_keys = sa.Table(
    "head_keys",
    journal_tables,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("public", sa.String(64), nullable=False),
    sa.Column("since", sa.String(27), nullable=False),
)
"""The public keys of all that ever signed here, as hexadecimal of their 32 bytes."""


class BadHead(Exception):
    """A head is not one that was signed with a known key."""


class Head(NamedTuple):
    """The size and root (hexadecimal) of a log at a time (RFC 3339), and who says so."""

    log: str
    size: int
    root: str
    time: str
    key: str
    signature: str

    def statement(self) -> bytes:
        """Return what is signed: a line for each field, after one that names the form."""
        fields = ("keyline head 1", self.log, self.size, self.root, self.time, self.key)
        return "".join(f"{field}\n" for field in fields).encode()

    def check(self, keys: dict[str, str]) -> None:
        """Check the signature against public keys by their ids. Raises `BadHead`."""
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(keys[self.key]))
            key.verify(base64.b64decode(self.signature), self.statement())
        except KeyError:
            raise BadHead(f"The key {self.key} is not known.") from None
        except (InvalidSignature, ValueError):
            raise BadHead(f"The signature of the head at {self.size} is forged.") from None


_FIELDS = [heads.c[name] for name in Head._fields]


def signed(connection: sa.Connection, log: str | None = None) -> list[Head]:
    """Return the heads that were signed of one log or of all, oldest first."""
    query = sa.select(*_FIELDS).order_by(heads.c.number)
    if log is not None:
        query = query.where(heads.c.log == log)
    return [Head(*row) for row in connection.execute(query)]


def latest(connection: sa.Connection, log: str) -> Head | None:
    """Return the head of a log that has the most leaves."""
    query = sa.select(*_FIELDS).where(heads.c.log == log).order_by(heads.c.size.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else Head(*row)


def public_keys(connection: sa.Connection) -> dict[str, str]:
    """Return the public keys (hexadecimal) by their ids."""
    query = sa.select(head_keys.c.id, head_keys.c.public).order_by(head_keys.c.since)
    return {row.id: row.public for row in connection.execute(query)}


def key_id(public: bytes) -> str:
    """Return the id of a public key: the beginning of its SHA-256, in hexadecimal."""
    return hashlib.sha256(public).hexdigest()[:16]


def read_heads(path: Path) -> list[Head]:
    """Read heads that were exported. Raises `BadHead` for a line that is none, or without any."""
    if not (found := _read(path.name, path.read_bytes())):
        raise BadHead(f"{path.name} has no heads.")
    return found


def _read(name: str, content: bytes) -> list[Head]:
    found = []
    for number, line in enumerate(content.splitlines(), 1):
        try:
            given: dict[str, Any] = orjson.loads(line)
            head = Head(*(given[name] for name in Head._fields))
            if type(head.size) is not int or not all(isinstance(each, str) for each in head[2:]):
                raise TypeError
            if head.log not in LOGS or head.size < 0:
                raise ValueError
        except (ValueError, KeyError, TypeError, IndexError):
            raise BadHead(f"{name}, line {number}, is not a head.") from None
        found.append(head)
    return found


class Signer:
    """Signs the heads of a journal with a key that is kept apart from it."""

    def __init__(self, engine: sa.Engine, key_file: Path) -> None:
        """Use the key of a file, 32 bytes in hexadecimal; make one if there is no such file.

        Raises `SettingsError` for a file that cannot be used.
        """
        self._engine = engine
        self._key = _load(key_file)
        public = self._key.public_key().public_bytes_raw()
        self.id = key_id(public)
        row = {"id": self.id, "public": public.hex(), "since": _now()}
        try:
            with writing(engine).begin() as connection:
                if self.id not in public_keys(connection):
                    connection.execute(head_keys.insert(), row)
        except IntegrityError:
            return  # another process has noted the same key right now

    def sign(self) -> list[Head]:
        """Sign the head of each log that has grown since it was signed last; return these."""
        found = []
        for log in LOGS.values():
            with self._engine.connect() as connection:
                tree, last = frontier(connection, log), latest(connection, log.name)
            if tree.size <= (last.size if last else 0):
                continue
            unsigned = Head(log.name, tree.size, tree.root().hex(), _now(), self.id, "")
            signature = base64.b64encode(self._key.sign(unsigned.statement())).decode()
            head = unsigned._replace(signature=signature)
            try:
                with writing(self._engine).begin() as connection:
                    connection.execute(heads.insert(), head._asdict())
            except IntegrityError:
                continue  # another process has signed this one
            found.append(head)
        return found


def export(engine: sa.Engine, path: Path) -> int:
    """Append to a file the heads that it does not have yet, a line of JSON each; return how many.

    The file belongs elsewhere, too: what was once carried away cannot be rewritten any more.
    """
    content = path.read_bytes() if path.exists() else b""
    whole = content[: content.rfind(b"\n") + 1]  # a line that was cut short is written again
    there = set(_read(path.name, whole))
    with engine.connect() as connection:
        new = [head for head in signed(connection) if head not in there]
    with path.open("ab") as file:
        file.truncate(len(whole))
        file.writelines(orjson.dumps(head._asdict()) + b"\n" for head in new)
    return len(new)


def unpublished(connection: sa.Connection) -> Sequence[Head]:
    """Return the heads that the broker does not have yet, oldest first."""
    query = sa.select(*_FIELDS).where(~heads.c.published).order_by(heads.c.number)
    return [Head(*row) for row in connection.execute(query)]


def mark_published(engine: sa.Engine, sent: Iterable[Head]) -> None:
    """Note that the broker has acknowledged these heads."""
    with writing(engine).begin() as connection:
        for head in sent:
            which = sa.and_(heads.c.log == head.log, heads.c.size == head.size)
            connection.execute(heads.update().where(which).values(published=True))


def _load(path: Path) -> Ed25519PrivateKey:
    try:
        if not path.exists():
            secret = Ed25519PrivateKey.generate().private_bytes_raw().hex()
            beside = path.with_name(f"{path.name}.{os.getpid()}")
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secret + "\n")
            with suppress(FileExistsError):  # another process of ours was first
                os.link(beside, path)
            beside.unlink()
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text().strip()))
    except (OSError, ValueError) as error:
        raise SettingsError(f"The key for heads, {path}, cannot be used: {error}.") from error


def _now() -> str:
    seconds, rest = divmod(time.time_ns() // 1000, 1_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:06d}Z"
