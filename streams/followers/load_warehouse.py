"""Loading: events from the journal into the warehouse, in bulk at first, then as they come."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import structlog
from duckdb import OutOfMemoryException

from adapters.journal.journal import Journal
from adapters.warehouse.warehouse import Warehouse
from projections.kernel.warehouse.loader import WEIGHT
from streams.followers.warehouse_upkeep import Stopped, Upkeep
from streams.kernel.worker import Worker

log = structlog.get_logger(__name__)

AT_ONCE = 20_000
"""Events that are read together, at most."""

BETWEEN_LOADS = 0.2
"""Seconds between two loads when few events come: DuckDB takes many rows as fast as one."""


class JournalLoading:
    """Follows the journal on behalf of the one process that owns the warehouse file."""

    def __init__(self, journal: Journal, warehouse: Warehouse) -> None:
        """Bring the events of a journal into a warehouse."""
        self._journal = journal
        self._warehouse = warehouse
        self._upkeep = Upkeep(journal, warehouse)
        self._at_once = AT_ONCE

    def work(self, worker: Worker) -> None:
        """Load what the journal has and what comes.

        A warehouse that is empty, or further than the journal, of which somebody has put an older
        copy back, is built first. Of one that another version of the code made, or
        whose segments were damaged, what differs is made anew; the old one answers until then.
        """
        try:
            with self._upkeep.beside(worker):
                self._follow(worker)
        except Stopped:
            return

    def _follow(self, worker: Worker) -> None:
        if not self._warehouse.outdated and self._astray():
            self._upkeep.rebuild(worker, None)
        while not worker.stopping:
            if self._warehouse.outdated:
                self._upkeep.rebuild(worker, ())
            began = time.monotonic()
            position = self._warehouse.position()
            rows = self._journal.raw(position, at_once := self._at_once, most=WEIGHT)
            if rows and not self._load(rows):
                continue
            worker.well()
            if len(rows) < at_once:
                # While it keeps up, loading takes a quarter of one processor at most.
                worker.pause(min(max(BETWEEN_LOADS, 3 * (time.monotonic() - began)), 1.0))
                self._journal.wait(self._warehouse.position(), 0.5)

    def _load(self, rows: Sequence[Sequence[Any]]) -> bool:
        """Load events; tell whether they are in.

        What takes more memory than there is was undone: half as many are tried next, then more
        again, a quarter at a time.
        """
        try:
            self._warehouse.load(rows)
        except OutOfMemoryException:
            if len(rows) == 1:
                raise
            self._at_once = len(rows) // 2
            log.warning("warehouse.too_much_at_once", events=len(rows), next=self._at_once)
            return False
        self._at_once = min(self._at_once + self._at_once // 4 + 1, AT_ONCE)
        return True

    def _astray(self) -> bool:
        position, head = self._warehouse.position(), self._journal.head().position
        return position > head or (position == 0 and head > AT_ONCE)
