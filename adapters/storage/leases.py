"""Leases: work that only one process does at a time, with a successor when it dies."""

from __future__ import annotations

import os
import socket
import time

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from adapters.storage.databases import writing
from adapters.storage.instants import now_us
from adapters.storage.journal_tables import leases
from domain.kernel.aggregate import new_id


class LeaseLost(Exception):
    """Another process has taken over; what was being done must not go on."""


def me() -> str:
    """Return a name for one holder that no other holder has, and that tells where it runs."""
    return f"{socket.gethostname()[:40]}/{os.getpid()}/{new_id()}"


class Lease:
    """The right to do a named piece of work until a time in the future.

    The clock is the database's where it has one of its own, so that machines need not agree.
    """

    def __init__(
        self, engine: sa.Engine, name: str, holder: str | None = None, seconds: float = 10
    ) -> None:
        """Describe the lease `name`; each grant of it lasts `seconds` unless it is renewed."""
        self.name = name
        self.holder = holder or me()
        self.seconds = seconds
        self._engine = writing(engine)
        self._renewed = 0.0

    def acquire(self) -> bool:
        """Take the lease if it is free, has run out or is ours already; say whether we have it."""
        with self._engine.begin() as connection:
            now, began = now_us(connection), time.monotonic()
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            grant = {"holder": self.holder, "until_us": self._until(now)}
            take = dialect.insert(leases).values(name=self.name, **grant)
            take = take.on_conflict_do_update(
                index_elements=[leases.c.name],
                set_=grant,
                where=sa.or_(leases.c.holder == self.holder, leases.c.until_us < now),
            )
            taken = connection.scalar(take.returning(leases.c.holder)) is not None
        if taken:
            self._renewed = began
        return taken

    def renew(self) -> None:
        """Extend the lease. Raises `LeaseLost` when somebody else has it."""
        with self._engine.begin() as connection:
            self.hold(connection)

    def hold(self, connection: sa.Connection) -> None:
        """Extend the lease within a transaction, so that what it writes is written by the holder.

        Nobody can take the lease before that transaction ends. Raises `LeaseLost` when somebody
        else has it.
        """
        now, began = now_us(connection), time.monotonic()
        extend = leases.update().where(self._mine).values(until_us=self._until(now))
        if connection.execute(extend).rowcount == 0:
            raise LeaseLost(f"The lease {self.name!r} is no longer held by {self.holder}.")
        self._renewed = began

    @property
    def due(self) -> bool:
        """Whether a third of the time is over, so that it should be renewed."""
        return time.monotonic() > self._renewed + self.seconds / 3

    def release(self) -> None:
        """Give the lease back, so that a successor need not wait."""
        with self._engine.begin() as connection:
            connection.execute(leases.delete().where(self._mine))

    @property
    def _mine(self) -> sa.ColumnElement[bool]:
        return sa.and_(leases.c.name == self.name, leases.c.holder == self.holder)

    @classmethod
    def held(cls, engine: sa.Engine, beginning: str) -> set[str]:
        """Return the names of the leases that somebody has now and that begin so."""
        named = leases.c.name.startswith(beginning, autoescape=True)
        with engine.connect() as connection:
            query = sa.select(leases.c.name).where(named, leases.c.until_us >= now_us(connection))
            return set(connection.scalars(query))

    def _until(self, now_us: int) -> int:
        return now_us + int(self.seconds * 1_000_000)
