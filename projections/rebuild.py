"""Rebuilding read models from the journal while the old ones answer, then a switch; comparing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from projections import tables
from projections.kernel import Histories, ReadModel
from projections.runner import JOURNAL, park, swap_lock
from projections.shadow import Batches, Progress, Shadow, Shadows
from projections.tables import fingerprints, parked, positions

_NEAR = 2_000
"""How many events may be left for the time when nobody else can write."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild made: how far it went, and how many events it could not apply."""

    position: int
    parked: int


def stale(engine: sa.Engine, models: Mapping[str, ReadModel]) -> list[str]:
    """Return the names of the read models whose tables were made by other code, or are missing."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(fingerprints.name):
            return list(models)
        found = {row.model: row.fingerprint for row in connection.execute(sa.select(fingerprints))}
    return [name for name, model in models.items() if found.get(name) != model.fingerprint]


def rebuild(
    engine: sa.Engine,
    models: Mapping[str, ReadModel],
    batches: Batches,
    progress: Progress | None = None,
    histories: Histories | None = None,
) -> Rebuilt:
    """Fold the whole journal into new tables, and put them in the place of those in use.

    Those in use answer and are kept up to date meanwhile. At the end, in one short transaction,
    other writers of rows wait while the last events are folded and the new tables take over.

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
    shadows.create()
    shadows.follow()
    shadows.index()
    while shadows.follow() > _NEAR:
        shadows.flush()
    shadows.flush()
    with engine.begin() as connection:
        swap_lock(connection)
        shadows.follow(connection)
        for shadow in shadows.each:
            shadow.flush_in(connection)
            tables.replace(connection, shadow.model, shadow.table.name)
            _keep_books(connection, shadow, shadows.position)
    return Rebuilt(shadows.position, sum(len(shadow.parked) for shadow in shadows.each))


def _keep_books(connection: sa.Connection, shadow: Shadow, position: int) -> None:
    name = shadow.model.name
    tables.record_fingerprint(connection, shadow.model)
    connection.execute(parked.delete().where(parked.c.model == name))
    if shadow.parked:
        park(connection, name, shadow.parked.values())
    connection.execute(
        positions.update()
        .where(positions.c.model == name, positions.c.source == JOURNAL)
        .where(positions.c.position < position)
        .values(position=position)
    )


def compare(
    engine: sa.Engine,
    models: Mapping[str, ReadModel],
    batches: Batches,
    progress: Progress | None = None,
    most: int = 1000,
    histories: Histories | None = None,
) -> dict[str, list[str]]:
    """Fold the whole journal into fresh tables, compare them with those in use, and drop them.

    Rows that differ only because those in use have not come so far, or were kept up meanwhile,
    do not count. Returns, for each model, the ids of up to `most` rows that differ.
    """
    least = sa.func.min(positions.c.position).label("least")
    query = sa.select(positions.c.model, least).group_by(positions.c.model)
    with engine.connect() as connection:
        reached = {row.model: row.least for row in connection.execute(query)}
    shadows = Shadows(engine, models, batches, progress, "check", histories)
    shadows.create()
    try:
        shadows.follow()
        shadows.flush()
        with engine.connect() as connection:
            return {
                shadow.model.name: _differences(
                    connection, shadow, reached.get(shadow.model.name, 0), shadows.position, most
                )
                for shadow in shadows.each
            }
    finally:
        shadows.drop()


def _differences(
    connection: sa.Connection, shadow: Shadow, reached: int, folded: int, most: int
) -> list[str]:
    """Return ids of rows that are not the same, of what was done up to both positions."""
    used, fresh = shadow.model.table, shadow.table
    differs = sa.or_(
        used.c.id.is_(None),
        *(used.c[column.name].is_distinct_from(column) for column in fresh.columns),
    )
    changed = (
        sa.select(fresh.c.id.label("id"))
        .select_from(fresh.outerjoin(used, used.c.id == fresh.c.id))
        .where(differs, fresh.c.position <= reached)
        .where(sa.func.coalesce(used.c.position, 0) <= folded)
    )
    made_up = (
        sa.select(used.c.id.label("id"))
        .select_from(used.outerjoin(fresh, used.c.id == fresh.c.id))
        .where(fresh.c.id.is_(None), used.c.position <= folded)
    )
    return list(connection.scalars(changed.union(made_up).order_by("id").limit(most)).all())
