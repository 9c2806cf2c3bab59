"""Row read models made anew from the journal, a second of one core: all tables, all indexes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa

from adapters.journal.journal import Journal
from adapters.local.postgres import LocalPostgres
from adapters.storage.databases import connect, writing
from api.cli.rebuild_jobs import batches_of
from projections.kernel.read_model import fold, read_models
from projections.kernel.rows import tables
from projections.kernel.rows.projector import Projector
from projections.kernel.rows.rebuild import rebuild
from projections.kernel.rows.shadow_tables import no_search_for_cycles
from tests.bench.figure import Figure, best
from tests.bench.sample import busy, journal_in, large

GOAL = 100_000
"""Events a second of one core."""

FOLDED = 100_000
RUNS = 3


def measure() -> Iterator[Figure]:
    """Measure with records of two events each and with the demo data's, which have six.

    What counts is the processor time of this process: with PostgreSQL that of the server comes
    besides, as the time on the clock shows. Reading, folds and SQL alone are parts of the whole.
    """
    for path, kind in ((large(), "few events"), (busy(), "demo data")):
        journal = journal_in(path)
        yield from _measured(journal, kind)
        journal.close()


def _measured(journal: Journal, kind: str) -> Iterator[Figure]:
    events = journal.head().position
    reading = best(*(_reading(journal) for _ in range(RUNS)))
    yield Figure(f"{kind}: read and parsed, nothing else", reading, "/s")
    folds = best(*(_folds(journal) for _ in range(RUNS)))
    yield Figure(f"{kind}: folds alone, in memory", folds, "/s")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'rows.db'}"
        title = f"{kind}: {events:,} on SQLite"
        yield from _rates(title, events, lambda: _rebuild(journal, url))
        copied = events / _used(lambda: _copied(url))[0]
        yield Figure(f"{kind}: the tables copied and indexed, by SQL alone", copied, "/s")
        with LocalPostgres(folder / "postgres") as server:
            url = server.create_database("bench")
            title = f"{kind}: {events:,} on PostgreSQL"
            yield from _rates(title, events, lambda: _rebuild(journal, url))


def _rates(title: str, events: int, work: Callable[[], None]) -> Iterator[Figure]:
    core, clock = _used(work)
    yield Figure(title, events / core, "/s", GOAL, "/s goal", at_least=1)
    yield Figure(f"{title}, by the clock", events / clock, "/s")


def _used(work: Callable[[], None]) -> tuple[float, float]:
    """Return the seconds of the processor and of the clock that some work takes."""
    core, clock = time.process_time(), time.perf_counter()
    with no_search_for_cycles():  # as a rebuild has it
        work()
    return time.process_time() - core, time.perf_counter() - clock


def _reading(journal: Journal) -> float:
    """Read events and do nothing with them."""
    after = max(0, journal.head().position - FOLDED)
    count = journal.head().position - after

    def work() -> None:
        for _ in batches_of(journal)(after):
            pass

    return count / _used(work)[0]


def _folds(journal: Journal) -> float:
    """Fold events that are in memory into rows that are in memory."""
    events = journal.read(max(0, journal.head().position - FOLDED), FOLDED)
    models = read_models().values()

    def work() -> None:
        for model in models:
            fold(model, {}, events, keep_versions=False)

    return len(events) / _used(work)[0]


def _rebuild(journal: Journal, url: str) -> None:
    rows = connect(url, "normal")
    Projector(rows).create()
    done = rebuild(rows, read_models(), batches_of(journal))
    assert done.position == journal.head().position
    assert done.parked == 0
    rows.dispose()


def _copied(url: str) -> None:
    """Make all tables once more from those there are, with the same indexes, without Python."""
    rows = writing(connect(url, "normal"))
    for model in read_models().values():
        table = model.table.to_metadata(sa.MetaData(), name=f"{model.name}_again")
        with rows.begin() as connection:
            tables.create_table(connection, table)
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            connection.exec_driver_sql(
                f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {model.name}"
            )
        for statement in tables.index_statements("sqlite", model, table):
            with rows.begin() as connection:
                connection.exec_driver_sql(statement)
    rows.dispose()
