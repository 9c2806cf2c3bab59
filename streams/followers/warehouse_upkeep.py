"""Upkeep of the warehouse: sealing and proving old history, rebuilds and checks asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import structlog

from adapters.journal.journal import Journal
from adapters.warehouse.rebuild_requests import RebuildRequests, State, Work
from adapters.warehouse.segments import SEGMENT
from adapters.warehouse.warehouse import Remade, Warehouse
from projections.kernel.findings import Report
from projections.kernel.rows.shadow_tables import Progress
from projections.kernel.warehouse.loader import WEIGHT
from streams.kernel.worker import Worker

log = structlog.get_logger(__name__)

AT_ONCE = 20_000
"""Events that are read together."""

EVERY = 0.5
LATER = 30.0
"""Seconds between two looks for something to do, and after a failure."""


class Stopped(Exception):
    """The work is to end before a rebuild is through."""


class Upkeep:
    """What is done beside loading, in a thread of its own, by the process that owns the file."""

    def __init__(self, journal: Journal, warehouse: Warehouse, size: int = SEGMENT) -> None:
        """Look after a warehouse; `size` is how many events are sealed together."""
        self._journal = journal
        self._warehouse = warehouse
        self._size = size
        self._requests = RebuildRequests(warehouse.path)

    @contextmanager
    def beside(self, worker: Worker) -> Iterator[None]:
        """Do it beside the block, until the block ends or the worker is to stop."""
        done = threading.Event()
        thread = threading.Thread(
            target=self._work, args=(worker, done), name="upkeep", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def rebuild(
        self,
        worker: Worker,
        names: Collection[str] | None,
        done: threading.Event | None = None,
        state: State | None = None,
    ) -> Remade:
        """Make some histories or the facts, or all, anew. Raises `Stopped`."""
        log.info("warehouse.rebuild", names=names or "all", because=self._warehouse.outdated)
        reached = self._telling(worker, done, state)
        remade = self._warehouse.rebuild(self._source(worker, done), reached, names)
        log.info(
            "warehouse.rebuilt",
            position=remade.position,
            sealed=remade.sealed,
            compared=sum(remade.compared.rows.values()),
            switch_ms=round(remade.switch * 1000, 2),
        )
        if remade.compared.differ:
            log.warning(
                "warehouse.differed",
                rows=remade.compared.differ,
                examples=remade.compared.examples,
            )
        return remade

    def check(self, worker: Worker, done: threading.Event, state: State) -> Report:
        """Compare the warehouse with the journal, while it answers. Raises `Stopped`."""
        log.info("warehouse.check")
        reached = self._telling(worker, done, state)
        report = self._warehouse.check(self._source(worker, done), reached)
        if report.differ:
            log.warning("warehouse.differs", rows=report.differ)
        return report

    def _telling(
        self, worker: Worker, done: threading.Event | None, state: State | None
    ) -> Progress:
        def reached(position: int) -> None:
            _going(worker, done)
            if state is not None:
                state.position = position
                self._requests.tell(state)

        return reached

    def _work(self, worker: Worker, done: threading.Event) -> None:
        if faults := self._warehouse.inspect():
            log.warning("warehouse.damaged", segments=faults)
        pause = EVERY
        while not done.wait(pause):
            try:
                if request := self._requests.taken():
                    self._serve(worker, done, *request)
                else:
                    self._seal(worker, done)
                worker.beside, pause = None, EVERY
            except Stopped:
                return
            except Exception as error:
                log.exception("upkeep.failed")
                worker.beside = f"its upkeep fails: {type(error).__name__}: {error}"
                pause = LATER

    def _serve(
        self,
        worker: Worker,
        done: threading.Event,
        state: State,
        work: Work,
        names: list[str] | None,
    ) -> None:
        try:
            if work == "check":
                state.outcome = {"report": asdict(self.check(worker, done, state))}
            else:
                state.outcome = told(self.rebuild(worker, names, done, state))
        except Stopped:
            state.error = "the server was stopped"
            raise
        except Exception as error:
            log.exception("warehouse.work_failed", work=work)
            state.error = f"{type(error).__name__}: {error}"
        finally:
            self._requests.tell(state)

    def _seal(self, worker: Worker, done: threading.Event) -> None:
        if self._warehouse.outdated:
            return
        segments = self._warehouse.segments
        if self._warehouse.position() - segments.last() < self._size:
            return
        read = self._source(worker, done, gently=True)
        for segment in segments.seal(
            read, self._warehouse.position(), size=self._size, least=self._size
        ):
            log.info("segment.sealed", first=segment.first, last=segment.last)

    def _source(self, worker: Worker, done: threading.Event | None, gently: bool = False) -> Any:
        """Return the journal as a source; gently leaves half of the time to others."""

        def read(after: int) -> Iterator[Sequence[Any]]:
            began = time.monotonic()
            while rows := self._journal.raw(after, AT_ONCE, most=WEIGHT):
                _going(worker, done)
                yield rows
                after = rows[-1][0]
                if gently:
                    worker.pause(min(time.monotonic() - began, 1.0))
                    began = time.monotonic()

        return read


def _going(worker: Worker, done: threading.Event | None) -> None:
    if worker.stopping or (done is not None and done.is_set()):
        raise Stopped


def told(remade: Remade) -> dict[str, object]:
    """Return what a rebuild did, for people and files."""
    return {
        "position": remade.position,
        "made": remade.made,
        "sealed": remade.sealed,
        "compared": sum(remade.compared.rows.values()),
        "differ": remade.compared.differ,
        "examples": remade.compared.examples,
        "switch_ms": round(remade.switch * 1000, 3),
    }
