"""Row read models rebuilt by `keyline rebuild` while others read: the switch, and failed reads."""

from __future__ import annotations

import re
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from adapters.databases import connect
from adapters.local_postgres import LocalPostgres
from projections.customers import customers
from tests.api.command_line import keyline
from tests.bench.figure import Figure
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
    waits: list[float] = []
    failed: list[Exception] = []
    done = threading.Event()
    engine = connect(url, "normal")
    table = customers.table
    page = sa.select(table.c.id, table.c.name).order_by(table.c.name, table.c.id).limit(50)

    def read() -> None:
        while not done.is_set():
            began = time.perf_counter()
            try:
                with engine.connect() as connection:
                    assert len(connection.execute(page).all()) == 50
            except Exception as error:
                failed.append(error)
            waits.append(time.perf_counter() - began)

    threads = [threading.Thread(target=read) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    said = keyline(data, "rebuild", rows=url)
    done.set()
    for thread in threads:
        thread.join()
    engine.dispose()
    switched, compared = SWITCHED.search(said.stdout), DIFFER.search(said.stdout)
    assert switched is not None, said.stderr
    assert compared is not None
    assert compared[2] == "0"
    value = float(switched[1].replace(",", ""))
    most = None if goal is None else 1.0
    yield Figure(f"{name}, switch", value, "ms", goal, "ms goal", at_most=most)
    yield Figure(f"{name}, failed of {len(waits):,} reads meanwhile", len(failed), "")
    yield Figure(f"{name}, longest read meanwhile", max(waits) * 1000, "ms")
