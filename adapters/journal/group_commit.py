"""The writer: one thread that puts all waiting units of work into one commit."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Protocol

import structlog
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from adapters.journal.journal import Journal
from adapters.journal.operation_entries import Repeat
from adapters.journal.unit_of_work import Transaction
from adapters.refusals import Overloaded, Unavailable

log = structlog.get_logger(__name__)

PATIENCE = 0.005
"""Seconds that a commit waits at most for as many units as the one before had."""

IN_ONE_COMMIT = 512
"""Units of work that share a commit at most: past this, a commit gets no cheaper per unit."""

SHARE = 0.01
"""Seconds of work in a commit that units of requests of many take, about: others wait for them.

What the disk and other processes take besides is not counted: smaller commits would be no help."""

LEAST = 4
"""Units of requests of many that have a place in a commit beside others, or if they take long."""


class Unit(Protocol):
    """A unit of work: its effects are on the transaction alone, so that it can be run again."""

    def needs(self) -> Iterable[str]:
        """Return the ids of the records that it will read."""

    def codes(self) -> Iterable[tuple[str, str]]:
        """Return the (rule, code) pairs by which it will find others."""

    def repeats(self) -> Iterable[Repeat]:
        """Return the command ids that it will look up, each with its actor."""

    def waits(self, transaction: Transaction) -> bool:
        """Tell whether what the transaction holds has to be committed first."""

    def run(self, transaction: Transaction) -> Any:
        """Do the work and return the answer; raise to undo this unit alone."""

    def refused(self, transaction: Transaction, error: Exception) -> None:
        """Note in the transaction, after the unit was undone, that it was refused."""


Reply = Future[Any] | asyncio.Future[Any]
"""Where the answer to a unit of work goes: to a thread that waits, or to a task."""


class Writer:
    """Group commit: what has queued up while one commit ran goes into the next, together."""

    def __init__(self, journal: Journal, capacity: int = 4096) -> None:
        """Write to a journal; refuse work when `capacity` units are waiting."""
        self._journal = journal
        self._capacity = capacity
        self._waiting: deque[tuple[Unit, Reply]] = deque()
        self._many: deque[tuple[Unit, Reply]] = deque()
        """Units of requests of many, which leave room for others."""
        self._share = LEAST
        """How many of them go into one commit."""
        self._wanted = 1
        self._bell = threading.Event()
        self._ringing = False
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._stopped = False
        self.commits = 0
        self.units = 0

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is waiting, then end."""
        self._stopped = True
        self._ring()
        self._thread.join()

    @property
    def waiting(self) -> int:
        """How many units of work are waiting."""
        return len(self._waiting) + len(self._many)

    @property
    def _ready(self) -> int:
        return len(self._waiting) + min(len(self._many), self._share)

    def submit(self, unit: Unit) -> Future[Any]:
        """Queue a unit of work; its future has the answer once it is durable.

        Raises `Overloaded` at once when too many are waiting.
        """
        future: Future[Any] = Future()
        self.enqueue(unit, future)
        return future

    def enqueue(self, unit: Unit, reply: Reply, *, many: bool = False) -> None:
        """Queue a unit of work whose answer goes to `reply`, as `submit` does.

        Those of requests of `many` are done in their order, and may be overtaken by others.
        """
        if self._stopped:
            raise Unavailable("The server is stopping.")
        if self.waiting >= self._capacity:
            raise Overloaded("Too many commands are waiting; try again shortly.")
        (self._many if many else self._waiting).append((unit, reply))
        if not isinstance(reply, asyncio.Future):
            self._ring()
        elif not self._ringing:
            # Once the loop has read what else has arrived: it then goes into the same commit, and
            # the two threads do not contend for the interpreter meanwhile.
            self._ringing = True
            reply.get_loop().call_soon(self._ring)

    def _ring(self) -> None:
        self._ringing = False
        if self._ready >= self._wanted or self._stopped:
            self._bell.set()

    def _work(self) -> None:
        expected, took = 1, 0.0
        while not self._stopped or self.waiting:
            self._await(1, None)
            # Those who were answered last will be back at once if they are at it in earnest: a
            # commit for all of them costs little more than a commit for the quickest.
            self._await(expected, min(took, PATIENCE))
            alone = min(len(self._waiting), IN_ONE_COMMIT)
            share = LEAST if alone else self._share
            many = min(len(self._many), share, max(IN_ONE_COMMIT - alone, LEAST))
            work = [self._waiting.popleft() for _ in range(alone)]
            work += [self._many.popleft() for _ in range(many)]
            if not work:
                continue
            began, worked = time.perf_counter(), time.thread_time()
            while work:
                work = work[self._commit(work) :]
            took, worked = time.perf_counter() - began, time.thread_time() - worked
            if alone + many >= LEAST:
                self._share = max(LEAST, int(SHARE / worked * (alone + many)))
            expected = min(alone + self._ready, IN_ONE_COMMIT)

    def _await(self, count: int, timeout: float | None) -> None:
        """Sleep until so many units are waiting, the time is over, or the writer is to end."""
        self._wanted = count
        self._bell.clear()
        if self._ready < count and not self._stopped:
            self._bell.wait(timeout)

    def _commit(self, work: Sequence[tuple[Unit, Reply]]) -> int:
        """Do the first of these units in one commit. Returns how many were done."""
        try:
            outcomes = self._run(work)
        except IntegrityError as error:
            # Something wrote beside the head lock. One by one, only the unit that clashes fails.
            if len(work) > 1:
                return sum(self._commit([item]) for item in work)
            outcomes = [_unavailable(error)]
        except Exception as error:
            log.exception("journal.commit_failed", units=len(work))
            outcomes = [_unavailable(error)] * len(work)
            time.sleep(0.05)  # a full disk or a lost database is not to be asked in a tight loop
        else:
            self.commits += 1
            self.units += len(outcomes)
        _answer([(reply, outcome) for (_, reply), outcome in zip(work, outcomes, strict=False)])
        return len(outcomes)

    def _run(self, work: Sequence[tuple[Unit, Reply]]) -> list[Any]:
        outcomes: list[Any] = []
        with self._journal.transaction() as transaction:
            transaction.prefetch(
                (stream for unit, _ in work for stream in unit.needs()),
                (code for unit, _ in work for code in unit.codes()),
            )
            transaction.operations.remember(key for unit, _ in work for key in unit.repeats())
            for unit, _ in work:
                if unit.waits(transaction):
                    break
                transaction.begin_unit()
                try:
                    outcomes.append(unit.run(transaction))
                except SQLAlchemyError:
                    raise
                except Exception as error:
                    transaction.undo_unit()
                    unit.refused(transaction, error)
                    outcomes.append(error)
                transaction.end_unit()
        return outcomes


def _answer(outcomes: Sequence[tuple[Reply, Any]]) -> None:
    """Hand out the outcomes of a commit; an event loop is woken once for all of its tasks."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Reply, Any]]] = {}
    for reply, outcome in outcomes:
        if isinstance(reply, asyncio.Future):
            by_loop.setdefault(reply.get_loop(), []).append((reply, outcome))
        else:
            _settle([(reply, outcome)])
    for loop, part in by_loop.items():
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, part)


def _settle(outcomes: Sequence[tuple[Reply, Any]]) -> None:
    for reply, outcome in outcomes:
        if reply.done():  # given up by the one who asked
            continue
        if isinstance(outcome, Exception):
            reply.set_exception(outcome)
        else:
            reply.set_result(outcome)


def _unavailable(error: Exception) -> Unavailable:
    cause = type(error).__name__ if isinstance(error, OperationalError) else "error"
    return Unavailable(f"The journal cannot be written now ({cause}); nothing was acknowledged.")
