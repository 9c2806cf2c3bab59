"""Durable one-event appends through the journal, against raw single-row inserts."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from adapters.journal.group_commit import Writer
from adapters.journal.journal import Journal
from adapters.local.postgres import LocalPostgres
from adapters.storage.databases import connect, writing
from domain.kernel.aggregate import new_id
from tests.adapters.appending import Append, noted, origin
from tests.bench.figure import Figure, rate

CLIENTS = 16


def measure() -> Iterator[Figure]:
    """Measure both databases with 1, 64 and 512 appends in flight."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _database("SQLite", f"sqlite:///{folder}/journal.db")
        with LocalPostgres(Path(folder) / "postgres") as server:
            server.create_database("bench")
            yield from _database("PostgreSQL", server.url("bench"))


def _database(name: str, url: str) -> Iterator[Figure]:
    raw = _raw(url, 4000)
    journal = Journal(url)
    journal.create()
    for in_flight, count in ((1, 1000), (64, 30_000), (512, 60_000)):
        writer = Writer(journal)
        writer.start()
        value = rate(count, lambda w=writer, n=in_flight, c=count: _appends(w, n, c))  # type: ignore[misc]
        writer.stop()
        yield Figure(
            f"{name}, {in_flight} in flight",
            value,
            "/s",
            raw,
            f"/s raw, {CLIENTS} clients",
            at_least=1.5 if in_flight == 64 else None,
        )
    journal.close()


def _appends(writer: Writer, in_flight: int, count: int) -> None:
    came_from = origin()
    waiting: deque[Future[Any]] = deque()
    for _ in range(count):
        if len(waiting) == in_flight:
            waiting.popleft().result()
        waiting.append(writer.submit(Append([noted(new_id(), 1)], came_from)))
    for answer in waiting:
        answer.result()


def _raw(url: str, count: int) -> float:
    """Insert single rows of the same size from several clients, each its own commit."""
    engine = connect(url, "full", CLIENTS)
    row = sa.Table("raw", sa.MetaData(), sa.Column("id", sa.Text), sa.Column("data", sa.Text))
    row.create(engine)
    statement = str(row.insert().compile(engine))
    text = "x" * 150

    def client(_: int) -> None:
        with writing(engine).connect() as connection:
            for _ in range(count // CLIENTS):
                connection.exec_driver_sql(
                    statement,
                    (new_id(), text) if "?" in statement else {"id": new_id(), "data": text},
                )
                connection.commit()

    def clients() -> None:
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(client, range(CLIENTS)))

    measured = rate(count, clients)
    engine.dispose()
    return measured
