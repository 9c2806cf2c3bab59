"""The warehouse made anew from the journal, against a bare fetch of the journal's rows."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from adapters.journal.journal import Journal
from adapters.warehouse.warehouse import Warehouse
from projections.kernel.read_model import ReadModel, read_models
from tests.bench.figure import Figure, best, rate
from tests.bench.sample import journal_in, large, raw_batches

RUNS = 3


def measure() -> Iterator[Figure]:
    """Measure facts alone, then facts with the histories of all rows."""
    journal = journal_in(large())
    events = journal.head().position
    bare, facts = [], []
    for _ in range(RUNS):
        bare.append(rate(events, _fetch))
        facts.append(rate(events, lambda: _build(journal, {})))
    limit = best(*bare)
    name = f"facts of {events:,} events"
    yield Figure(name, best(*facts), "/s", limit, "/s fetched", at_least=0.6)
    every = rate(events, lambda: _build(journal, dict(read_models())))
    yield Figure("facts and row histories", every, "/s", limit, "/s fetched")
    journal.close()


def _fetch() -> None:
    """Read all rows with nothing but the driver."""
    connection = sqlite3.connect(large() / "journal.db")
    cursor = connection.execute("SELECT * FROM events ORDER BY position")
    while cursor.fetchmany(20_000):
        pass
    connection.close()


def _build(journal: Journal, models: dict[str, ReadModel]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder) / "warehouse.duckdb", models)
        warehouse.rebuild(lambda after: raw_batches(journal, after))
        assert warehouse.position() == journal.head().position
        warehouse.close()
