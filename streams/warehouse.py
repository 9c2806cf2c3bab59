"""Loading: events from the journal into the warehouse, in bulk at first, then as they come."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import structlog

from adapters.journal import Journal
from adapters.warehouse import Warehouse
from streams.worker import Worker

log = structlog.get_logger(__name__)

AT_ONCE = 20_000
"""Events that are read together."""

BETWEEN_LOADS = 0.2
"""Seconds between two loads when few events come: DuckDB takes many rows as fast as one."""


class _Stopped(Exception):
    """The work is to end before a rebuild is through."""


class JournalLoading:
    """Follows the journal on behalf of the one process that owns the warehouse file."""

    def __init__(self, journal: Journal, warehouse: Warehouse) -> None:
        """Bring the events of a journal into a warehouse."""
        self._journal = journal
        self._warehouse = warehouse

    def work(self, worker: Worker) -> None:
        """Load what the journal has and what comes.

        A warehouse that is empty, or that another version of the code made, is built anew first;
        the old one answers until then.
        """
        if self._warehouse.outdated or self._behind():
            try:
                self._rebuild(worker)
            except _Stopped:
                return
        while not worker.stopping:
            began = time.monotonic()
            position = self._warehouse.position()
            rows = self._journal.raw(position, AT_ONCE)
            if rows:
                self._warehouse.load(rows)
            worker.well()
            if len(rows) < AT_ONCE:
                # While it keeps up, loading takes a quarter of one processor at most.
                worker.pause(min(max(BETWEEN_LOADS, 3 * (time.monotonic() - began)), 1.0))
                self._journal.wait(self._warehouse.position(), 0.5)

    def _behind(self) -> bool:
        return self._warehouse.position() == 0 and self._journal.head().position > AT_ONCE

    def _rebuild(self, worker: Worker) -> None:
        log.info("warehouse.rebuild", because=self._warehouse.outdated or "empty")

        def read(after: int) -> Iterator[Sequence[Any]]:
            while rows := self._journal.raw(after, AT_ONCE):
                if worker.stopping:
                    raise _Stopped
                yield rows
                after = rows[-1][0]

        self._warehouse.rebuild(read)
        log.info("warehouse.rebuilt", position=self._warehouse.position())
