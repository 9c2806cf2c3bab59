"""Rebuilding read models from the journal while the old ones answer, then a switch."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from projections.kernel.listed import Listed
from projections.kernel.parking_lot import Lot, in_rows
from projections.kernel.read_model import Histories, ReadModel
from projections.kernel.rows import tables
from projections.kernel.rows.checking import differences, reached_by
from projections.kernel.rows.locks import swap_lock
from projections.kernel.rows.projector import JOURNAL
from projections.kernel.rows.shadow_tables import (
    Batches,
    Progress,
    Shadow,
    Shadows,
    no_search_for_cycles,
)
from projections.kernel.rows.summarising import Fresh
from projections.kernel.rows.summarising import differences as of_summary
from projections.kernel.rows.tables import fingerprints, positions
from projections.kernel.summary import Summary, summaries

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


def stale(engine: sa.Engine, models: Mapping[str, Listed]) -> list[str]:
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
    wanted: Mapping[str, Listed],
    batches: Batches,
    progress: Progress | None = None,
    histories: Histories | None = None,
) -> Rebuilt:
    """Fold the whole journal into new tables, and put them in the place of those in use.

    Summaries are made of the new rows, also those that are not named but made of such.

    Those in use answer and are kept up to date meanwhile, and are compared with the new ones row
    by row: what differs is told, and the new are used, since the journal is what is true. At the
    end, in one short transaction, other writers of rows wait while the last events are folded and
    the new tables take over.

    Args:
        engine: The row database.
        wanted: What to rebuild.
        batches: The journal.
        progress: Told each position that was reached.
        histories: Gives the history of a record of which something was recorded late.
    """
    engine = engine.execution_options(writes=True)
    with engine.begin() as connection:
        tables.create_books(connection)
    models = {name: each for name, each in wanted.items() if isinstance(each, ReadModel)}
    shadows = Shadows(engine, models, batches, progress, histories=histories)
    fresh = Fresh(engine, _made(engine, wanted), shadows)
    new = {each.table.name: each.model for each in shadows.each} | fresh.new
    _drop_former(engine, new.values())  # of a rebuild that was killed
    shadows.create()
    with no_search_for_cycles():
        shadows.follow()
        shadows.index()
        while shadows.follow() > _NEAR:
            shadows.flush()
        shadows.flush()
    fresh.make()
    compared = _compared_with_those_in_use(engine, shadows, fresh)
    with engine.begin() as connection:
        swap_lock(connection)
        shadows.follow(connection)
        for shadow in shadows.each:
            shadow.settle(connection)
            shadow.flush_in(connection)
            _keep_books(connection, shadow, shadows.position)
        fresh.settle(connection)
        since = tables.take_over(connection, new)
    switch = time.perf_counter() - since
    _drop_former(engine, new.values())
    parked = sum(len(shadow.parked) for shadow in shadows.each)
    passed = sum(len(shadow.passed) for shadow in shadows.each)
    position = shadows.position or min(reached_by(engine, _behind(wanted)).values(), default=0)
    return Rebuilt(position, parked, passed, compared, switch)


def _made(engine: sa.Engine, wanted: Mapping[str, Listed]) -> list[Summary]:
    """Return the summaries wanted, and those that are made of what is, where the rest is there."""
    made = [each for each in summaries().values() if not wanted.keys().isdisjoint(each.of)]
    asked = [each for each in wanted.values() if isinstance(each, Summary)]
    rest = {each.name: each for summary in made for each in summary.sources}
    missing = stale(engine, {name: rest[name] for name in rest.keys() - wanted.keys()})
    made = [each for each in made if set(missing).isdisjoint(each.of)]
    return list(dict.fromkeys([*asked, *made]))


def _behind(wanted: Mapping[str, Listed]) -> list[str]:
    return [name for each in wanted.values() if isinstance(each, Summary) for name in each.of]


def _drop_former(engine: sa.Engine, models: Iterable[Listed]) -> None:
    for model in models:
        tables.drop_former(engine, model)


def _compared_with_those_in_use(engine: sa.Engine, shadows: Shadows, fresh: Fresh) -> Comparison:
    models = {shadow.model.name: shadow.model for shadow in shadows.each}
    other_code = stale(engine, models)
    reached = reached_by(engine, models)
    compared, counts, examples = 0, dict[str, int](), dict[str, list[str]]()
    with engine.execution_options(writes=False).connect() as connection:

        def tell(name: str, differ: sa.Select[Any] | sa.CompoundSelect[Any]) -> None:
            count = sa.select(sa.func.count()).select_from(differ.subquery())
            if found := connection.scalar(count):
                counts[name] = found
                ids = connection.scalars(differ.order_by("id").limit(_EXAMPLES))
                examples[name] = list(ids)

        for shadow in shadows.each:
            name, upto = shadow.model.name, reached.get(shadow.model.name, 0)
            if not sa.inspect(connection).has_table(name):
                continue
            shared = None
            if name in other_code:
                shared = {each["name"] for each in sa.inspect(connection).get_columns(name)}
            tell(name, differences(shadow, upto, shadows.position, shared))
            rows = sa.select(sa.func.count()).where(shadow.table.c.position <= upto)
            compared += connection.scalar(rows) or 0
        for summary in fresh.summaries:
            used = {each.name: each for each in (summary, *summary.sources)}
            if not stale(engine, used):
                tell(summary.name, of_summary(summary))
                rows = sa.select(sa.func.count()).select_from(summary.table)
                compared += connection.scalar(rows) or 0
    return Comparison(compared, counts, examples)


def _keep_books(connection: sa.Connection, shadow: Shadow, position: int) -> None:
    name = shadow.model.name
    tables.record_fingerprint(connection, shadow.model)
    Lot(in_rows(connection), name).renew(shadow.parked.values(), shadow.passed)
    connection.execute(
        positions.update()
        .where(positions.c.model == name, positions.c.source == JOURNAL)
        .values(position=position)
    )
