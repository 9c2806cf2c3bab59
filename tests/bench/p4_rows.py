"""Row read models made anew from the journal: all tables with all their indexes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from adapters.databases import connect
from adapters.journal import Journal
from adapters.local_postgres import LocalPostgres
from api.rebuilding import batches_of
from projections.kernel import fold, read_models
from projections.rebuild import rebuild
from projections.runner import Projector
from tests.bench.figure import Figure, best, rate
from tests.bench.sample import journal_in, large

GOAL = 100_000
"""Events a second."""

FOLDED = 100_000
RUNS = 3


def measure() -> Iterator[Figure]:
    """Measure the folds alone, then whole rebuilds on both databases."""
    journal = journal_in(large())
    events = journal.head().position
    folds = best(*(_folds(journal) for _ in range(RUNS)))
    yield Figure("folds alone, in memory", folds, "/s", GOAL, "/s goal", at_least=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        value = rate(events, lambda: _rebuild(journal, f"sqlite:///{folder / 'rows.db'}"))
        yield Figure(f"SQLite, {events:,} events", value, "/s", GOAL, "/s goal", at_least=1)
        with LocalPostgres(folder / "postgres") as server:
            url = server.create_database("bench")
            value = rate(events, lambda: _rebuild(journal, url))
            yield Figure("PostgreSQL, same events", value, "/s", GOAL, "/s goal", at_least=1)
    journal.close()


def _folds(journal: Journal) -> float:
    """Fold events that are in memory into rows that are in memory."""
    events = journal.read(max(0, journal.head().position - FOLDED), FOLDED)
    models = read_models().values()

    def work() -> None:
        for model in models:
            fold(model, {}, events, keep_versions=False)

    return rate(len(events), work)


def _rebuild(journal: Journal, url: str) -> None:
    rows = connect(url, "normal")
    Projector(rows).create()
    done = rebuild(rows, read_models(), batches_of(journal))
    assert done.position == journal.head().position
    assert done.parked == 0
    rows.dispose()
