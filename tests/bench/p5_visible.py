"""From save to visible in one process: when the rows have a command, against its commit."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from adapters.commands.bootstrap import lay
from adapters.commands.executor import Call
from adapters.settings import Settings
from api.kernel.process import Parts
from domain.kernel.aggregate import Origin, new_id
from tests.bench.figure import Figure, percentile

LOADS = {1: 2000, 16: 6000}
"""Commands, by how many are under way at a time."""


def measure() -> Iterator[Figure]:
    """Measure with one command at a time, then with some at once."""
    with tempfile.TemporaryDirectory() as folder:
        parts = Parts(Settings(data=Path(folder), admin_key="a-key-for-benches-only"))
        parts.executor.start()
        lay(parts.executor)
        for worker in parts.workers:
            worker.start()
        try:
            for at_once, count in LOADS.items():
                yield from _figures(parts, at_once, count)
        finally:
            for worker in parts.workers:
                worker.halt()
            for worker in parts.workers:
                worker.stop()
            parts.executor.stop()
            parts.rows.dispose()
            parts.journal.close()


def _figures(parts: Parts, at_once: int, count: int) -> Iterator[Figure]:
    with ThreadPoolExecutor(at_once) as pool:
        times = list(pool.map(lambda number: _save(parts, number), range(count)))
    commits, visibles = ([each[i] * 1000 for each in times] for i in (0, 1))
    for percent in (50, 99):
        yield Figure(
            f"{at_once} at a time, p{percent}",
            percentile(visibles, percent),
            "ms",
            percentile(commits, percent),
            "ms to commit",
            at_most=2 if percent == 99 else None,
        )


def _save(parts: Parts, number: int) -> tuple[float, float]:
    """Register a customer; return the seconds until it was durable, and until it was visible."""
    call = Call(
        "customer.register",
        None,
        {"name": f"客户 {number}", "unit": "group"},
        Origin("bench", "gd", new_id()),
    )
    began = time.perf_counter()
    answer = parts.executor.execute(call)
    committed = time.perf_counter()
    assert parts.projector.wait(answer.position, timeout=30)
    return committed - began, time.perf_counter() - began
