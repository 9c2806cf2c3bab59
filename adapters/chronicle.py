"""The chronicle: whole histories of some records, and events by their positions."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from adapters.journal import Journal, recorded
from adapters.journal_tables import events
from domain.kernel import Recorded
from projections.owned import among


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
