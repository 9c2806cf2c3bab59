"""Import store: imports from the first byte that comes to what is told of their rows."""

from __future__ import annotations

import hashlib
import os
import time
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.exc import IntegrityError

from adapters.imports.import_tables import OPEN, contents, imports, opened
from adapters.privacy.key_wrapping import NONCE
from adapters.privacy.master_keys import SIZE
from adapters.privacy.person_keys import PersonKeys
from adapters.settings import Settings
from adapters.storage.databases import writing
from domain.kernel.aggregate import new_id

Row = sa.RowMapping

SILENT = 600
"""Seconds without a byte after which a file that was not sent to its end is thrown away."""

_SECOND = 1_000_000


class Sender(NamedTuple):
    """Whoever sends a file: the actor, for whom they act, in the name of which unit."""

    actor: str
    actor_kind: str
    on_behalf_of: str
    unit: str
    credential: str


class TooManyOpen(Exception):
    """A sender has as many imports that are not at their end as one may have."""


class Overtaken(Exception):
    """Another process has begun the import again, or it has ended: this one is not to go on."""


class ImportStore:
    """All imports of a journal. Each method asks the database, so any process may call it.

    What a file has, and what is told of its rows, is compressed and sealed by a key of the import,
    which stands with those of persons and is destroyed as theirs are.
    """

    def __init__(self, url: str, keys: PersonKeys) -> None:
        """Keep imports in a database."""
        self._engine = opened(url)
        self._keys = keys

    @classmethod
    def of(cls, settings: Settings, keys: PersonKeys) -> ImportStore:
        """Open the imports that the settings name."""
        return cls(settings.imports_url, keys)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def receive(self, sender: Sender, most: int) -> str:
        """Return the id of an import whose file begins to come. Raises `TooManyOpen`."""
        id_, now = new_id(), _now()
        theirs = sa.and_(*(imports.c[name] == getattr(sender, name) for name in _WHO))
        count = sa.select(sa.func.count()).where(theirs, imports.c.state.in_(OPEN))
        self._keys.add({id_: os.urandom(SIZE)})
        with writing(self._engine).begin() as connection:
            full = (connection.scalar(count) or 0) >= most
            if not full:
                row = {"id": id_, "state": "receiving", "sent_us": now, "heard_us": now}
                connection.execute(imports.insert(), row | sender._asdict())
        if full:
            self._keys.destroy({id_: 0})
            raise TooManyOpen
        return id_

    def put(self, id_: str, part: str, number: int, content: bytes) -> None:
        """Keep a piece of a part of an import; what has come of it is heard."""
        seal = self._seal(id_)
        with writing(self._engine).begin() as connection:
            connection.execute(contents.insert(), seal.piece(part, number, content))
            change = imports.update().where(imports.c.id == id_)
            connection.execute(change.values(heard_us=_now()))

    def read(self, id_: str, part: str) -> Iterator[bytes]:
        """Yield the pieces of a part, opened; none when there is none or it is kept no more."""
        seal, number = self._seal(id_), 0
        named = sa.and_(contents.c.id == id_, contents.c.part == part)
        while True:
            query = sa.select(contents.c.content).where(named, contents.c.number == number)
            with self._engine.connect() as connection:
                sealed = connection.scalar(query)
            if sealed is None:
                return
            yield seal.opened(part, number, bytes(sealed))
            number += 1

    def accept(self, id_: str, key: str | None, **known: Any) -> str:
        """Let an import that has come whole wait for its turn; returns its id.

        If its sender has used the key before, it is thrown away, and the id is that of the former.
        """
        change = imports.update().where(imports.c.id == id_)
        try:
            with writing(self._engine).begin() as connection:
                values = {"state": "waiting", "sent_us": _now(), "key": key} | known
                connection.execute(change.values(values))
        except IntegrityError:
            row = self.one(id_)
            assert row is not None
            same = sa.and_(*(imports.c[name] == row[name] for name in _WHO), imports.c.key == key)
            with self._engine.connect() as connection:
                former: str = connection.scalar(sa.select(imports.c.id).where(same)) or id_
            self.drop([id_])
            return former
        return id_

    def drop(self, ids: Iterable[str]) -> None:
        """Throw imports away, as if they had never come."""
        ids = list(ids)
        with writing(self._engine).begin() as connection:
            connection.execute(contents.delete().where(contents.c.id.in_(ids)))
            connection.execute(imports.delete().where(imports.c.id.in_(ids)))
        self._keys.destroy(dict.fromkeys(ids, 0))

    def one(self, id_: str) -> Row | None:
        """Return an import, `None` for one that there is not."""
        with self._engine.connect() as connection:
            query = sa.select(imports).where(imports.c.id == id_)
            return connection.execute(query).mappings().one_or_none()

    def some(self, sender: Sender | None, below: str | None, most: int) -> list[Row]:
        """Return imports, the newest first: those of a sender or all, older than one."""
        query = sa.select(imports).where(imports.c.state != "receiving")
        if sender is not None:
            query = query.where(*(imports.c[name] == getattr(sender, name) for name in _WHO))
        if below is not None:
            query = query.where(imports.c.id < below)
        with self._engine.connect() as connection:
            return list(
                connection.execute(query.order_by(imports.c.id.desc()).limit(most)).mappings()
            )

    def unended(self) -> list[str]:
        """Return the ids of imports that wait or are under way, those sent first first."""
        query = sa.select(imports.c.id).where(imports.c.state.in_(("waiting", "running")))
        with self._engine.connect() as connection:
            return list(connection.scalars(query.order_by(imports.c.id)))

    def begin(self, id_: str, after: int) -> Row | None:
        """Begin an import, again if it was interrupted; `None` when it has ended.

        `after` is the last entry of the operation log, which counts if it is begun for the first
        time. What begins is told by `runs` from what was begun before.
        """
        begun = imports.update().where(
            imports.c.id == id_, imports.c.state.in_(("waiting", "running"))
        )
        c = imports.c
        values = {
            "state": "running",
            "runs": c.runs + 1,
            "after": sa.func.coalesce(c.after, after),
            "started_us": sa.func.coalesce(c.started_us, _now()),
        }
        with writing(self._engine).begin() as connection:
            done = begun.values(values).returning(*imports.c)
            return connection.execute(done).mappings().one_or_none()

    def tell(self, row: Row, **known: Any) -> bool:
        """Say how far a begun import is; returns whether it is to stop. Raises `Overtaken`."""
        with writing(self._engine).begin() as connection:
            told = _of(row).values(known).returning(imports.c.stop)
            stop: bool | None = connection.scalar(told)
        if stop is None:
            raise Overtaken
        return stop

    def end(self, row: Row, state: str, **known: Any) -> None:
        """End a begun import; its file goes. Raises `Overtaken`."""
        with writing(self._engine).begin() as connection:
            ended = _of(row).values({"state": state, "ended_us": _now()} | known)
            if not connection.execute(ended).rowcount:
                raise Overtaken
            self._remove(connection, row["id"], "file", "asked")

    def restate(self, row: Row, part: str, pieces: Iterable[bytes]) -> None:
        """Keep what a part of an import is now, instead of what an interrupted run has kept."""
        with writing(self._engine).begin() as connection:
            self._remove(connection, row["id"], part)
        for number, piece in enumerate(pieces):
            self.put(row["id"], part, number, piece)

    def cancel(self, id_: str) -> None:
        """Have an import end: at once if it waits, after the rows under way if it has begun."""
        waits = imports.update().where(imports.c.id == id_, imports.c.state == "waiting")
        with writing(self._engine).begin() as connection:
            ended = waits.values(state="cancelled", ended_us=_now())
            if connection.execute(ended).rowcount:
                self._remove(connection, id_, "file", "asked")
            stop = imports.update().where(imports.c.id == id_, imports.c.state == "running")
            connection.execute(stop.values(stop=True))

    def tidy(self, days: int) -> None:
        """Throw away what was not sent to its end, and contents that were kept for so many days."""
        now = _now()
        left = sa.select(imports.c.id).where(
            imports.c.state == "receiving", imports.c.heard_us < now - SILENT * _SECOND
        )
        old = sa.select(imports.c.id).where(
            imports.c.kept,
            imports.c.state.not_in(OPEN),
            imports.c.ended_us < now - days * 86_400 * _SECOND,
        )
        with self._engine.connect() as connection:
            gone, ended = list(connection.scalars(left)), list(connection.scalars(old))
        if gone:
            self.drop(gone)
        if ended:
            with writing(self._engine).begin() as connection:
                connection.execute(contents.delete().where(contents.c.id.in_(ended)))
                change = imports.update().where(imports.c.id.in_(ended))
                connection.execute(change.values(kept=False))
            self._keys.destroy(dict.fromkeys(ended, 0))

    def _remove(self, connection: sa.Connection, id_: str, *parts: str) -> None:
        named = sa.and_(contents.c.id == id_, contents.c.part.in_(parts))
        connection.execute(contents.delete().where(named))

    def _seal(self, id_: str) -> _Seal:
        return _Seal(id_, self._keys.get([id_]).get(id_, b""))


class _Seal:
    """Seals what an import has by its key; each piece is bound to its place."""

    def __init__(self, id_: str, key: bytes) -> None:
        self._id = id_
        self._cipher = AESGCM(key) if key else None

    def piece(self, part: str, number: int, content: bytes) -> dict[str, Any]:
        """Return the row of a piece."""
        assert self._cipher is not None
        nonce = os.urandom(NONCE)
        packed = zlib.compress(content, 1)
        sealed = nonce + self._cipher.encrypt(nonce, packed, self._place(part, number))
        return {"id": self._id, "part": part, "number": number, "content": sealed}

    def opened(self, part: str, number: int, sealed: bytes) -> bytes:
        """Return what a piece has, nothing when its key is gone."""
        if self._cipher is None:
            return b""
        place = self._place(part, number)
        return zlib.decompress(self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], place))

    def _place(self, part: str, number: int) -> bytes:
        return f"{self._id}/{part}/{number}".encode()


_WHO = ("actor_kind", "actor", "on_behalf_of")
"""By what senders are told apart."""


def _of(row: Row) -> sa.Update:
    """Return the change of an import that only its last run may make."""
    return imports.update().where(
        imports.c.id == row["id"], imports.c.runs == row["runs"], imports.c.state == "running"
    )


def _now() -> int:
    return time.time_ns() // 1000


def digest_of(text: bytes) -> str:
    """Return what tells wishes apart."""
    return hashlib.sha256(text).hexdigest()
