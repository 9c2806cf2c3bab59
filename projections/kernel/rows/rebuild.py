"""Rebuilding read models from the journal while the old ones answer, then a switch."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from projections.kernel.read_model import Histories, ReadModel
from projections.kernel.rows import skipped as passing
from projections.kernel.rows import tables
from projections.kernel.rows.checking import differences, reached_by
from projections.kernel.rows.locks import swap_lock
from projections.kernel.rows.parking_lot import park
from projections.kernel.rows.projector import JOURNAL
from projections.kernel.rows.shadow_tables import (
    Batches,
    Progress,
    Shadow,
    Shadows,
    no_search_for_cycles,
)
from projections.kernel.rows.tables import fingerprints, parked, positions

_NEAR = 2_000
"""How many events may be left for the time when nobody else can write."""


_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many new rows were compared with those in use.

    Of those that differ, the number and some ids by read model, where there are any.
    """

    rows: int
    differ: Mapping[str, int]
    examples: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild made: how far it went, and how many events it could not apply.

    Those that operators have decided to go on without are not `parked` but `passed`. Beside that,
    how the new rows compare with those that were in use, and the seconds of the `switch`, for which
    readers may have waited.
    """

    position: int
    parked: int
    passed: int
    compared: Comparison
    switch: float


def stale(engine: sa.Engine, models: Mapping[str, ReadModel]) -> list[str]:
    """Return the names of the read models whose tables were made by other code, or are missing."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(fingerprints.name):
            return list(models)
        found = {row.model: row.fingerprint for row in connection.execute(sa.select(fingerprints))}
    return [name for name, model in models.items() if found.get(name) != model.fingerprint]


def reached(engine: sa.Engine, model: ReadModel) -> int:
    """Return the position up to which the rows of a model are there; 0 if other code made them."""
    if stale(engine, {model.name: model}):
        return 0
    least = sa.select(sa.func.min(positions.c.position)).where(positions.c.model == model.name)
    with engine.connect() as connection:
        return connection.scalar(least) or 0


def rebuild(
    engine: sa.Engine,
    models: Mapping[str, ReadModel],
    batches: Batches,
    progress: Progress | None = None,
    histories: Histories | None = None,
) -> Rebuilt:
    """Fold the whole journal into new tables, and put them in the place of those in use.

    Those in use answer and are kept up to date meanwhile, and are compared with the new ones row
    by row: what differs is told, and the new are used, since the journal is what is true. At the
    end, in one short transaction, other writers of rows wait while the last events are folded and
    the new tables take over.

    Args:
        engine: The row database.
        models: What to rebuild.
        batches: The journal.
        progress: Told each position that was reached.
        histories: Gives the history of a record of which something was recorded late.
    """
    engine = engine.execution_options(writes=True)
    with engine.begin() as connection:
        tables.books.create_all(connection)
    shadows = Shadows(engine, models, batches, progress, histories=histories)
    _drop_former(engine, models)  # of a rebuild that was killed
    shadows.create()
    with no_search_for_cycles():
        shadows.follow()
        shadows.index()
        while shadows.follow() > _NEAR:
            shadows.flush()
        shadows.flush()
    compared = _compared_with_those_in_use(engine, shadows)
    with engine.begin() as connection:
        swap_lock(connection)
        shadows.follow(connection)
        for shadow in shadows.each:
            shadow.settle(connection)
            shadow.flush_in(connection)
            _keep_books(connection, shadow, shadows.position)
        new = {shadow.table.name: shadow.model for shadow in shadows.each}
        since = tables.take_over(connection, new)
    switch = time.perf_counter() - since
    _drop_former(engine, models)
    parked = sum(len(shadow.parked) for shadow in shadows.each)
    passed = sum(len(shadow.passed) for shadow in shadows.each)
    return Rebuilt(shadows.position, parked, passed, compared, switch)


def _drop_former(engine: sa.Engine, models: Mapping[str, ReadModel]) -> None:
    for model in models.values():
        tables.drop_former(engine, model)


def _compared_with_those_in_use(engine: sa.Engine, shadows: Shadows) -> Comparison:
    models = {shadow.model.name: shadow.model for shadow in shadows.each}
    other_code = stale(engine, models)
    reached = reached_by(engine, models)
    compared, counts, examples = 0, dict[str, int](), dict[str, list[str]]()
    with engine.execution_options(writes=False).connect() as connection:
        for shadow in shadows.each:
            name, upto = shadow.model.name, reached.get(shadow.model.name, 0)
            if not sa.inspect(connection).has_table(name):
                continue
            shared = None
            if name in other_code:
                shared = {each["name"] for each in sa.inspect(connection).get_columns(name)}
            differ = differences(shadow, upto, shadows.position, shared)
            rows = sa.select(sa.func.count()).where(shadow.table.c.position <= upto)
            compared += connection.scalar(rows) or 0
            if count := connection.scalar(
                sa.select(sa.func.count()).select_from(differ.subquery())
            ):
                counts[name] = count
                found = connection.scalars(differ.order_by("id").limit(_EXAMPLES))
                examples[name] = list(found)
    return Comparison(compared, counts, examples)


def _keep_books(connection: sa.Connection, shadow: Shadow, position: int) -> None:
    name = shadow.model.name
    tables.record_fingerprint(connection, shadow.model)
    connection.execute(parked.delete().where(parked.c.model == name))
    if shadow.parked:
        park(connection, name, shadow.parked.values())
    passing.keep(connection, name, frozenset(shadow.passed))
    connection.execute(
        positions.update()
        .where(positions.c.model == name, positions.c.source == JOURNAL)
        .values(position=position)
    )
