"""Row read models rebuilt by `keyline rebuild` while others read: the switch, and failed reads."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from adapters.local.postgres import LocalPostgres
from adapters.storage.databases import connect
from projections.customers.customers import customers
from tests.api.command_line import keyline
from tests.bench.figure import Figure
from tests.bench.readers import reading
from tests.bench.sample import journal_in, large, with_rows

READERS = 2
SWITCHED = re.compile(r"switched in ([\d.,]+) ms")
DIFFER = re.compile(r"Compared ([\d,]+) rows with those in use: ([\d,]+) differ")


def measure() -> Iterator[Figure]:
    """Measure on both databases; with SQLite a switch is a commit, for which no reader waits."""
    path = with_rows(large())
    journal = journal_in(path)
    events = journal.head().position
    journal.close()
    yield from _rebuilt(f"SQLite, {events:,} events", path, f"sqlite:///{path / 'rows.db'}", None)
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalPostgres(Path(folder) / "postgres") as server,
    ):
        url = server.create_database("bench")
        keyline(path, "rebuild", rows=url)  # there is something to read now
        yield from _rebuilt("PostgreSQL, same events", path, url, 5.0)


def _rebuilt(name: str, data: Path, url: str, goal: float | None) -> Iterator[Figure]:
    engine = connect(url, "normal")
    table = customers.table
    page = sa.select(table.c.id, table.c.name).order_by(table.c.name, table.c.id).limit(50)

    def read() -> None:
        with engine.connect() as connection:
            assert len(connection.execute(page).all()) == 50

    with reading(read, READERS) as reads:
        said = keyline(data, "rebuild", rows=url)
    engine.dispose()
    switched, compared = SWITCHED.search(said.stdout), DIFFER.search(said.stdout)
    assert switched is not None, said.stderr
    assert compared is not None
    assert compared[2] == "0"
    value = float(switched[1].replace(",", ""))
    most = None if goal is None else 1.0
    yield Figure(f"{name}, switch", value, "ms", goal, "ms goal", at_most=most)
    yield from reads.figures(name)
