"""The journal: every event in commit order, on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from adapters.journal.aggregate_cache import Cache
from adapters.journal.recorded_actors import with_kinds
from adapters.journal.unit_of_work import Transaction
from adapters.privacy.field_encryption import erased_by
from adapters.privacy.person_keys import PersonKeys
from adapters.storage.databases import connect, fetched, writing
from adapters.storage.instants import instant, now_us
from adapters.storage.journal_tables import events, head
from adapters.storage.migrations import bring_up_to_date
from adapters.storage.zones import count_as_stated
from domain.kernel.aggregate import Recorded, discover, from_stored
from domain.kernel.time.business_day import ZONE

log = structlog.get_logger(__name__)

POLL = {"sqlite": 0.2, "postgresql": 0.02}
"""Seconds between looks at the head for what other processes have appended.

A SQLite journal seldom has other writers than the process itself, whose appends wake at once."""

_DATA = list(events.c.keys()).index("data")


class Head(NamedTuple):
    """How far the journal has come."""

    position: int
    operation: int
    time: datetime


class Journal:
    """The append-only log of events.

    Positions are gapless and in commit order: all writers, of this and of other processes, take
    the lock of the one row of `head` first, so what a transaction reads is the latest there is.
    """

    def __init__(self, url: str, cache_size: int = 20_000, keys: PersonKeys | None = None) -> None:
        """Open the journal at a SQLAlchemy URL; keep up to `cache_size` aggregates in memory.

        With the `keys` of persons what is personal is sealed before it is hashed and stored;
        without them it is refused.
        """
        discover()
        self.engine = connect(url, "full")
        self.keys = keys
        self._cache = Cache(cache_size)
        self._writing = threading.Lock()
        self._appended = threading.Condition()
        self._watchers: list[Callable[[Sequence[Sequence[Any]]], None]] = []
        self._position = 0
        self._poll = POLL[self.engine.dialect.name]

    @property
    def digest_key(self) -> bytes:
        """What digests of what clients send are made with, so that nobody else can try guesses."""
        return b"" if self.keys is None else self.keys.digest_key

    def create(self, zone: str = ZONE) -> None:
        """Make the tables that are not there yet, and migrate older ones.

        From now on this process counts days as the journal states, which has to be in `zone`.
        Raises `NewerJournal` when the program is older than the journal, and `OtherZone`.
        """
        bring_up_to_date(self.engine, zone)
        with self.engine.connect() as connection:
            count_as_stated(connection)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open a transaction under the head lock; it commits when the block ends.

        When the block or the commit raises, nothing was written, or (when the database went away
        during the commit) it is not known: look the command id up again.
        """
        with self._writing:
            try:
                with writing(self.engine).begin() as connection:
                    transaction = Transaction(connection, self._cache, keys=self.keys)
                    yield transaction
                    transaction.flush()
            except BaseException:
                self._cache.clear()
                raise
            self._cache.position = transaction.position
            self._cache.pack()
            self._forget(transaction.appended)
            if transaction.appended:
                for watcher in self._watchers:
                    watcher(transaction.appended)
        self.heard(transaction.position)

    def _forget(self, rows: Sequence[Sequence[Any]]) -> None:
        """Destroy the keys of persons who were erased just now, before that is acknowledged."""
        erased = erased_by(rows)
        if erased and self.keys is not None:
            try:
                self.keys.destroy(erased)
            except SQLAlchemyError:
                # It is recorded, and followed until it is done; the event cannot be taken back.
                log.exception("erasure.waiting", persons=len(erased))

    def watch(self, watcher: Callable[[Sequence[Sequence[Any]]], None]) -> None:
        """Call a function, right after each commit of this process, with the rows of its events."""
        self._watchers.append(watcher)

    def head(self) -> Head:
        """Return the last position, operation number and time."""
        with self.engine.connect() as connection:
            row = connection.execute(sa.select(head)).one()
        return Head(row.position, row.operation, instant(row.time_us))

    def now(self) -> datetime:
        """Return the time that an event would have if it was recorded now.

        By PostgreSQL's clock where that has the journal, and never before the last event.
        """
        with self.engine.connect() as connection:
            last = connection.execute(sa.select(head.c.time_us)).scalar_one()
            return instant(max(now_us(connection), last + 1))

    def heard(self, position: int) -> None:
        """Note that somebody has appended up to a position, and wake those who wait for it."""
        if position > self._position:
            with self._appended:
                self._position = max(position, self._position)
                self._appended.notify_all()

    @property
    def appended(self) -> int:
        """The last position that this process appended or heard of; there may be more."""
        return self._position

    def wait(self, after: int, timeout: float) -> int:
        """Wait until there is an event after a position, for at most `timeout` seconds.

        Returns the last position. What this process appends or hears of wakes it at once, what
        others append within `POLL` seconds.
        """
        deadline = time.monotonic() + timeout
        while True:
            if self._position > after:
                return self._position
            position = self.head().position
            left = deadline - time.monotonic()
            if position > after or left <= 0:
                return position
            with self._appended:
                self._appended.wait_for(lambda: self._position > after, min(self._poll, left))

    def raw(
        self, after: int, limit: int, upto: int | None = None, most: int | None = None
    ) -> Sequence[Sequence[Any]]:
        """Return rows of `events` after a position, oldest first, all with the kinds of actors.

        No more than `limit`, up to the position `upto`, and no more once their payloads have
        `most` characters together.
        """
        query = sa.select(events).where(events.c.position > after)
        if upto is not None:
            query = query.where(events.c.position <= upto)
        with self.engine.connect() as connection:
            query = query.order_by(events.c.position).limit(limit)
            # Plain tuples of the driver: every event goes this way to each of its readers, and
            # objects made of rows would take as long as all the rest.
            if most is None:
                driver: Any = connection.execute(query).cursor
                rows: list[tuple[Any, ...]] = driver.fetchall()
            else:
                rows = fetched(connection, query, most, _DATA)
            return [row if row[-1] is not None else with_kinds(row) for row in rows]

    def read(self, after: int, limit: int = 1000, upto: int | None = None) -> list[Recorded]:
        """Return events after a position, oldest first."""
        return [recorded(row) for row in self.raw(after, limit, upto)]

    def history(self, stream: str, upto: int | None = None) -> list[Recorded]:
        """Return the events of one record, oldest first, up to a position if one is given."""
        query = sa.select(events).where(events.c.stream == stream).order_by(events.c.version)
        if upto is not None:
            query = query.where(events.c.position <= upto)
        with self.engine.connect() as connection:
            return [recorded(row) for row in connection.execute(query)]


def recorded(row: Sequence[Any]) -> Recorded:
    """Return a row of `events` as an event, its payload brought to the current schema."""
    # By position, which takes half the time: this is done for every event that anyone reads.
    row = row if row[-1] is not None else with_kinds(row)
    at, stream, version, type_, schema, us, actor, unit, call, behalf, cause, data, had, did = row
    time, payload = instant(us), from_stored(type_, schema, data)
    # fmt: off
    return Recorded(
        at, stream, version, type_, schema, time,
        actor, unit, call, behalf, cause, payload, had, did,
    )
    # fmt: on
