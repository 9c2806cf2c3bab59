"""The chronicle: whole histories of some records, events by position, positions by time."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from adapters.journal.journal import Journal, recorded
from adapters.storage.instants import EPOCH, instant
from adapters.storage.journal_tables import events
from domain.kernel.aggregate import Recorded
from projections.kernel.visibility.owner_index import among

_LONG = 5_000
"""From how many positions on a stretch of the journal is long."""

_BEHIND = 2_000_000
"""Microseconds that the journal's clock may be behind that of whoever asks."""


def histories(
    journal: Journal, streams: Collection[str], upto: int | None = None
) -> dict[str, list[Recorded]]:
    """Return the events of each of some records, oldest first, up to a position if one is given."""
    dialect = journal.engine.dialect.name
    query = sa.select(events).where(among(events.c.stream, streams, dialect))
    if upto is not None:
        query = query.where(events.c.position <= upto)
    found: dict[str, list[Recorded]] = {}
    with journal.engine.connect() as connection:
        for row in connection.execute(query.order_by(events.c.stream, events.c.version)):
            found.setdefault(row.stream, []).append(recorded(row))
    return found


def counted(journal: Journal, streams: Collection[str], after: int, upto: int) -> dict[str, int]:
    """Return how many events records have behind a position, up to another, of those with any."""
    stream = events.c.stream
    query = (
        sa.select(stream, sa.func.count())
        .where(among(stream, streams, journal.engine.dialect.name))
        .where(events.c.position > after, events.c.position <= upto)
        .group_by(stream)
    )
    with journal.engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def at(journal: Journal, positions: Collection[int]) -> list[Recorded]:
    """Return the events at some positions, oldest first."""
    query = sa.select(events).where(events.c.position.in_(positions)).order_by(events.c.position)
    with journal.engine.connect() as connection:
        return [recorded(row) for row in connection.execute(query)]


def any_between(journal: Journal, kinds: Collection[str], after: int, upto: int) -> bool:
    """Tell whether something happened to records of some kinds behind a position, up to another.

    A long stretch is not looked through: it is taken for one with such events.
    """
    if upto - after > _LONG:
        return True
    query = sa.select(events.c.type).where(events.c.position > after, events.c.position <= upto)
    with journal.engine.connect() as connection:
        return any(type_.partition(".")[0] in kinds for type_ in connection.scalars(query))


def position_at(journal: Journal, when: datetime) -> int:
    """Return the last position recorded by an instant that has passed, for good; 0 if none.

    What is being written just then is waited for, and the instant too if it is about to pass.
    """
    time_us = (when - EPOCH) // (instant(1) - EPOCH)
    if journal.head().time < when:
        left = time_us - _next(journal)
        if 0 <= left <= _BEHIND:
            time.sleep((left + 1) / 1_000_000)
            _next(journal)
    query = (
        sa.select(events.c.position)
        .where(events.c.time_us <= time_us)
        .order_by(events.c.time_us.desc(), events.c.position.desc())
        .limit(1)
    )
    with journal.engine.connect() as connection:
        return connection.scalar(query) or 0


def _next(journal: Journal) -> int:
    """Return a time, in microseconds, before which nothing will be recorded any more."""
    with journal.transaction() as transaction:
        return transaction.time_us
