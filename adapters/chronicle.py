"""The chronicle: whole histories of some records, and events by their positions."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from adapters.journal import Journal, recorded
from adapters.journal_tables import events
from domain.kernel import Recorded
from projections.owned import among

_LONG = 5_000
"""From how many positions on a stretch of the journal is long."""


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
