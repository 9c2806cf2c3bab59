"""How long a server takes to start on a large journal, and how much memory it takes."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from adapters.warehouse.warehouse import Warehouse
from tests.bench.figure import Figure
from tests.bench.sample import journal_in, large, raw_batches, with_rows
from tests.bench.served import KEY, Served, served

RUNS = 3
READS = ("/customers?limit=50", "/opportunities?limit=50&sort=-amount", "/events?limit=50")


def measure() -> Iterator[Figure]:
    """Measure against a server that has nothing in its journal."""
    with tempfile.TemporaryDirectory() as empty:
        path = with_rows(large())
        journal = journal_in(path)
        events = journal.head().position
        warehouse = Warehouse(path / "warehouse.duckdb")
        warehouse.rebuild(lambda after: raw_batches(journal, after))
        warehouse.close()
        journal.close()
        full, none = [], []
        for _ in range(RUNS):
            none.append(_start(Path(empty)))
            full.append(_start(path))
    for index, (name, unit) in enumerate(
        (
            ("until it listens", "s"),
            ("until it is ready", "s"),
            ("memory when ready", "MB"),
            ("memory after some reads", "MB"),
        )
    ):
        value, limit = (statistics.median(run[index] for run in runs) for runs in (full, none))
        yield Figure(f"{events:,} events, {name}", value, unit, limit, f"{unit} without events")


def _start(path: Path) -> tuple[float, float, float, float]:
    """Return the seconds until a server listens and until it is ready, and its memory in MB."""
    began = time.perf_counter()
    with served("keyline", path) as server:
        _until_ready(server)
        ready = time.perf_counter() - began
        memory = server.memory
        with httpx.Client(headers={"Authorization": f"Bearer {KEY}"}, timeout=60) as client:
            for read in READS:
                client.get(server.address + read).raise_for_status()
        return server.seconds, ready, memory, server.memory


def _until_ready(server: Served) -> None:
    deadline = time.monotonic() + 120
    while httpx.get(f"{server.address}/readyz").status_code != 200:
        assert time.monotonic() < deadline, "the server was not ready in time"
        time.sleep(0.05)
