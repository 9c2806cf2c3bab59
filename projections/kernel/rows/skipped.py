"""Passing over: which events operators have decided to go on without; the decisions stay.

An event is tried first, each time that its row is folded anew: only one that still cannot be folded
is passed over, so that a mended program heals what was decided before.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.kernel.columns import Instant
from projections.kernel.fold import Passes
from projections.kernel.rows.tables import parked, passed_over

Key = tuple[str, int]
"""An event of a read model: its stream and version."""


def decided(connection: sa.Connection, model: str) -> frozenset[Key]:
    """Return which events of a read model operators have decided to pass over."""
    query = sa.select(passed_over.c.stream, passed_over.c.version)
    found = connection.execute(query.where(passed_over.c.model == model))
    return frozenset((row.stream, row.version) for row in found)


def passes(connection: sa.Connection, model: str) -> Passes:
    """Return what tells whether an event is passed over; it asks the database each time."""

    def told(event: Recorded) -> bool:
        query = sa.select(passed_over.c.version).where(*_is(passed_over, model, event))
        return connection.scalar(query) is not None

    return told


def passes_by(rows: sa.Engine, model: str) -> Passes:
    """Return the same for who seldom asks: it takes a connection only then, to any database."""

    def told(event: Recorded) -> bool:
        with rows.connect() as connection:
            there = sa.inspect(connection).has_table(passed_over.name)
            return there and passes(connection, model)(event)

    return told


def pass_over(connection: sa.Connection, model: str, event: Recorded) -> None:
    """Decide to go on without an event that is parked."""
    names = [each.name for each in parked.columns if each.name != "parked_at"]
    found = sa.select(*(parked.c[each] for each in names), sa.literal(datetime.now(UTC), Instant()))
    found = found.where(*_is(parked, model, event))
    connection.execute(passed_over.insert().from_select([*names, "passed_at"], found))


def take_back(connection: sa.Connection, model: str, stream: str) -> int:
    """Forget what was decided about a record; return how many events it was about."""
    mine = (passed_over.c.model == model, passed_over.c.stream == stream)
    return connection.execute(passed_over.delete().where(*mine)).rowcount


def keep(connection: sa.Connection, model: str, used: frozenset[Key]) -> None:
    """Forget the decisions about events of a read model that are not passed over any more."""
    for stream, version in decided(connection, model) - used:
        gone = passed_over.delete().where(passed_over.c.model == model)
        connection.execute(
            gone.where(passed_over.c.stream == stream, passed_over.c.version == version)
        )


def _is(table: sa.Table, model: str, event: Recorded) -> list[Any]:
    key = {"model": model, "stream": event.stream, "version": event.version}
    return [table.c[name] == value for name, value in key.items()]
