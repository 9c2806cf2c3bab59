"""Timekeeping: runs the deadlines when their instants have come, each exactly once in effect."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

import structlog

from adapters.commands.bootstrap import ROOT
from adapters.commands.executor import Executor
from adapters.journal.history_queries import at
from adapters.journal.journal import Journal
from adapters.refusals import Unavailable
from adapters.storage.leases import Lease
from domain.kernel.aggregate import Origin
from domain.kernel.commands import every_command
from domain.kernel.time.due import DUE
from domain.kernel.time.effective_day import TIMED, as_day
from projections.kernel.read_model import Parked
from projections.kernel.rows.projector import Projector
from streams.kernel.command_dispatch import Asked, fulfil
from streams.kernel.deadline import Deadline, deadlines
from streams.kernel.due_rows import Due, DueRows, Key
from streams.kernel.policy import Wish
from streams.kernel.worker import Worker, alone

log = structlog.get_logger(__name__)

AT_ONCE = 1000
"""Rows that are asked for together."""

BETWEEN_LOOKS = 1.0
"""Seconds between two looks at whether the rows have moved, while nothing is due sooner."""

LONGEST = 5.0
"""Seconds after which clock and rows are looked at in any case: somebody may have set the clock,
and one read model may be ahead of others."""

SHORTEST = 0.01
"""Seconds of the shortest rest, however soon something is due: clocks may stand still."""


class Timekeeping:
    """Gives the commands that deadlines wish for when the clock of the journal has come to them.

    One process at a time does it. The id of each command follows from deadline, record and
    instant, so that whoever repeats the work after a crash executes nothing twice.
    """

    def __init__(
        self,
        journal: Journal,
        executor: Executor,
        projector: Projector,
        chosen: Mapping[str, Deadline] | None = None,
        clock: Callable[[], datetime] | None = None,
        lease_seconds: float = 10,
    ) -> None:
        """Keep all deadlines or those chosen, by the clock of the journal unless told another.

        The projector's rows are those that are due; somebody else keeps them up to date.
        """
        self.lease = Lease(journal.engine, "deadlines", seconds=lease_seconds)
        self._journal = journal
        self._executor = executor
        self._projector = projector
        self._clock = clock or journal.now
        every = deadlines() if chosen is None else chosen
        self.rows = DueRows(projector.engine, every.values())
        self._worker: Worker | None = None

    def overdue(self) -> float:
        """Return for how many seconds the first of what is due has been so; 0 when nothing is."""
        now = self._clock()
        oldest = self.rows.oldest(now)
        return 0.0 if oldest is None else (now - oldest).total_seconds()

    def work(self, worker: Worker) -> None:
        """Keep the deadlines while this process has the lease, stand by while another has it."""
        self._worker = worker
        try:
            alone(worker, self.lease, lambda: self._follow(worker))
        finally:
            self._worker = None

    def _follow(self, worker: Worker) -> None:
        seen, looked, soon = -1, 0.0, 0.0  # by this machine's clock: it costs nothing to ask
        while not worker.stopping:
            position, began = self._projector.position(), time.monotonic()
            if position != seen or began >= min(soon, looked + LONGEST):
                now = self._clock()
                self.rows.heal()
                try:
                    if self.answer(now):
                        worker.well()
                        continue
                except Unavailable:
                    if self._stopping():
                        return
                    raise
                following = self.rows.following(now)
                left = math.inf if following is None else (following - now).total_seconds()
                seen, looked, soon = position, began, began + left
            worker.well()
            if self.lease.due:
                self.lease.renew()
            left = min(BETWEEN_LOOKS, soon - time.monotonic())
            worker.pause(max(left, SHORTEST))

    def answer(self, now: datetime) -> int:
        """Give the commands of the first rows that are due; returns how many rows that were.

        Raises `Unavailable` or `Overloaded` when they are to be asked for again later.
        """
        batch = self.rows.due(now, AT_ONCE)
        if not batch:
            return 0
        failed = self._give(batch, self._between)
        # The rows may have been older than their records. What is due as before when they have
        # caught up is so although it was answered.
        self._until_rows_reach(self._journal.head().position)
        self.rows.settle(batch, failed)
        return len(batch)

    def retry(self, model: str, stream: str) -> int:
        """Give the commands again that failed for a record; returns how many events are left.

        Those that were passed over, too.
        """
        batch = self.rows.of(model, stream, self._clock())
        # It needs no lease: whoever else does the same gives the commands the same ids.
        failed = self._give(batch, lambda: None)
        self.rows.settle(batch, failed)
        if not failed:
            self.rows.forget(model, stream)
        return len(failed)

    def skip(self, model: str, stream: str) -> int:
        """Go on without the commands that failed for a record, until it is due another time."""
        self.rows.pass_over(model, stream)
        return 0

    def _give(self, batch: Sequence[Due], between: Callable[[], None]) -> Mapping[Key, Parked]:
        """Give the commands for some rows; return the last events of those for which they failed.

        With the reason: it is what made the row due.
        """
        faults: dict[Key, Exception] = {}
        given: dict[str, Key] = {}
        asked = self._asked(batch, given, faults)
        for id_, error in fulfil(self._executor, asked, between).items():
            faults.setdefault(given[id_], error)
        failed = [due for due in batch if due.key in faults]
        found = at(self._journal, [due.row["position"] for due in failed])
        last = {event.position: event for event in found}
        aside: dict[Key, Parked] = {}
        for due in failed:
            error = faults[due.key]
            reason = f"{type(error).__name__}: {error}"
            told = {"deadline": due.deadline.name, "stream": due.row["id"]}
            log.warning("deadline.failed", **told, error=reason)
            aside[due.key] = Parked(last[due.row["position"]], reason)
        return aside

    def _asked(
        self, batch: Sequence[Due], given: dict[str, Key], faults: dict[Key, Exception]
    ) -> Iterator[Asked]:
        for due in batch:
            try:
                asked = [(_stated(due, wish), _origin(due, wish)) for wish in _wishes(due)]
            except Exception as error:
                faults[due.key] = error
                continue
            given |= {origin.command_id: due.key for _, origin in asked}
            yield from asked

    def _until_rows_reach(self, position: int) -> None:
        while not self._projector.wait(position, 1.0):
            if self._worker is not None:
                self._worker.unwell(f"waits for the rows to reach position {position}")
            self._between()

    def _stopping(self) -> bool:
        return self._worker is not None and self._worker.stopping

    def _between(self) -> None:
        if self._worker is None:
            return  # it needs no lease: whoever else does the same gives the commands the same ids
        if self._stopping():
            raise Unavailable("The server is stopping.")
        if self.lease.due:
            self.lease.renew()


def command_id(due: Due, wish: Wish) -> str:
    """Return the id of a command: the same whoever gives it, and however often."""
    at, deadline, stream = due.key
    return f"{deadline}/{stream}/{at.isoformat()}/{wish.name}"


def _wishes(due: Due) -> Sequence[Wish]:
    return list(due.deadline.decide(due.row))


def _origin(due: Due, wish: Wish) -> Origin:
    unit = due.row.get(due.deadline.rows.scope.unit or "")
    return Origin(
        actor=due.deadline.name,
        actor_kind="deadline",
        unit=unit if isinstance(unit, str) and unit else ROOT,
        command_id=command_id(due, wish),
    )


def _stated(due: Due, wish: Wish) -> Wish:
    """Return the wish with the instant, and the day or the moment that it is true from."""
    command, told = every_command().get(wish.command), dict[str, str]()
    if command is not None and DUE in command.body.model_fields:
        told[DUE] = due.at.isoformat()
    if command is not None and command.dated is not None:
        told[command.dated] = (
            due.at.isoformat() if command.dated == TIMED else as_day(due.at).isoformat()
        )
    return Wish(wish.command, wish.id, {**told, **(wish.made(()) or {})}, wish.key)
