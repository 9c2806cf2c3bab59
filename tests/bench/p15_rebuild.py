"""The warehouse remade while it is read: facts from segments, the switch, the longest wait."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

from adapters.journal.journal import Journal
from adapters.warehouse.warehouse import Warehouse
from tests.bench.figure import Figure, best, rate
from tests.bench.readers import reading
from tests.bench.sample import journal_in, large, raw_batches

GOAL = 3_000_000
"""Facts a second from segments, on two cores."""

RUNS = 3
READERS = 3


def measure() -> Iterator[Figure]:
    """Measure sealing, facts from segments beside a bare scan, and readers during switches."""
    journal = journal_in(large())
    events = journal.head().position
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder) / "warehouse.duckdb", {})
        warehouse.rebuild(lambda after: raw_batches(journal, after))
        sealed = rate(events, lambda: _seal(warehouse, journal))
        yield Figure(f"sealing {events:,} events", sealed, "/s")
        segments = [each.folder for each in warehouse.segments.all()]
        scan = best(*(rate(events, lambda: _scan(segments)) for _ in range(RUNS)))
        yield Figure("bare scan of the segments, all columns", scan, "/s")
        compared = rate(events, lambda: _rebuild(warehouse, journal))
        yield Figure("facts remade and compared row by row", compared, "/s", scan, "/s scanned")
        facts = best(*(rate(events, lambda: _rebuild(warehouse, journal)) for _ in range(RUNS)))
        yield Figure("facts remade from segments", facts, "/s", GOAL, "/s goal", at_least=1)
        yield from _switches(warehouse, journal)
        warehouse.close()
    journal.close()


def _seal(warehouse: Warehouse, journal: Journal) -> None:
    upto = journal.head().position
    list(warehouse.segments.seal(lambda after: raw_batches(journal, after), upto, least=1))


def _scan(folders: list[Path]) -> None:
    """Read every value of every file with nothing but DuckDB."""
    names = {file.name for folder in folders for file in folder.glob("*.parquet")}
    with duckdb.connect(config={"threads": 2}) as connection:
        for name in names:
            files = [str(folder / name) for folder in folders if (folder / name).exists()]
            connection.execute(
                "SELECT count(*), bit_xor(hash(t)) FROM read_parquet(?) t", [files]
            ).fetchall()


def _rebuild(warehouse: Warehouse, journal: Journal) -> float:
    remade = warehouse.rebuild(lambda after: raw_batches(journal, after))
    assert remade.compared.differ == {}
    return remade.switch


def _switches(warehouse: Warehouse, journal: Journal) -> Iterator[Figure]:
    """Rebuild under readers that never stop."""

    def read() -> None:
        with warehouse.reader() as cursor:
            cursor.execute("SELECT max(position) FROM store.progress").fetchall()

    with reading(read, READERS) as reads:
        switches = [_rebuild(warehouse, journal) * 1000 for _ in range(RUNS)]
    yield Figure("switch, longest", max(switches), "ms", 5, "ms goal", at_most=1)
    yield from reads.figures("switch")
