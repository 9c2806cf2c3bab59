"""Readers that never pause while something else goes on: how long they waited, what failed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.bench.figure import Figure


@dataclass(slots=True)
class Reads:
    """What became of the reads: the seconds that each took, and the errors of those that failed."""

    waits: list[float] = field(default_factory=list)
    failed: list[Exception] = field(default_factory=list)

    def figures(self, name: str) -> Iterator[Figure]:
        """Yield how many failed, and the longest."""
        yield Figure(f"{name}, failed of {len(self.waits):,} reads meanwhile", len(self.failed), "")
        yield Figure(f"{name}, longest read meanwhile", max(self.waits) * 1000, "ms")


@contextmanager
def reading(read: Callable[[], object], readers: int) -> Iterator[Reads]:
    """Let so many threads read again and again for as long as the context lasts."""
    reads = Reads()
    done = threading.Event()

    def go_on() -> None:
        while not done.is_set():
            began = time.perf_counter()
            try:
                read()
            except Exception as error:
                reads.failed.append(error)
            reads.waits.append(time.perf_counter() - began)

    threads = [threading.Thread(target=go_on) for _ in range(readers)]
    for thread in threads:
        thread.start()
    try:
        yield reads
    finally:
        done.set()
        for thread in threads:
            thread.join()
