"""The feed: events after a position, all or some of them, in bounded pieces."""

from __future__ import annotations

import dataclasses

import sqlalchemy as sa

from adapters.journal.journal import Journal, recorded
from adapters.storage.journal_tables import events
from domain.kernel.aggregate import Recorded

STRIDE = 20_000
"""Positions that one call passes over at most when few events are wanted."""


@dataclasses.dataclass(frozen=True, slots=True)
class Filter:
    """Which events are wanted: of an aggregate, of one record, of some types (commas between).

    All that is given has to hold.
    """

    aggregate: str | None = None
    stream: str | None = None
    type: str | None = None

    def given(self) -> dict[str, str]:
        """Return what is given, by name."""
        return {n: v for n, v in dataclasses.asdict(self).items() if v is not None}


def feed(
    journal: Journal, after: int, limit: int, wanted: Filter | None = None
) -> tuple[list[Recorded], int]:
    """Return wanted events after a position, oldest first, and the position to go on from.

    All events up to that position were looked at; there may be more right behind it.
    """
    if wanted is None or not wanted.given():
        found = journal.read(after, limit)
        return found, found[-1].position if found else after
    until = min(after + STRIDE, journal.head().position)
    query = (
        sa.select(events)
        .where(events.c.position > after, events.c.position <= until)
        .order_by(events.c.position)
        .limit(limit)
    )
    if wanted.aggregate is not None:
        query = query.where(events.c.type.startswith(f"{wanted.aggregate}.", autoescape=True))
    if wanted.stream is not None:
        query = query.where(events.c.stream == wanted.stream)
    if wanted.type is not None:
        query = query.where(events.c.type.in_(wanted.type.split(",")))
    with journal.engine.connect() as connection:
        found = [recorded(row) for row in connection.execute(query)]
    return found, found[-1].position if len(found) == limit else max(after, until)
