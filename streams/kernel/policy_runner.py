"""Reactions: runs the policies on the events of the journal, each exactly once in effect."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from adapters.commands.executor import Executor
from adapters.journal.journal import Journal, recorded
from adapters.refusals import Overloaded, Unavailable
from adapters.storage.checkpoints import Checkpoint
from adapters.storage.journal_tables import events
from adapters.storage.leases import Lease, LeaseLost
from domain.kernel.aggregate import Recorded
from domain.kernel.envelope import Unreadable, UnreadableEvent
from projections.kernel.parking_lot import Lot, in_rows
from projections.kernel.read_model import Parked
from projections.kernel.rows.projector import Projector
from streams.kernel.command_dispatch import fulfil, in_answer
from streams.kernel.policy import Facts, Policy, policies
from streams.kernel.worker import Worker, alone

log = structlog.get_logger(__name__)

PREFIX = "policy:"
"""Stands before the name of a policy among the places that have put events aside."""

AT_ONCE = 500
"""Events that are looked at together."""

BETWEEN_LOOKS = 0.05
"""Seconds between two looks for events that concern a policy: few do, so each look has many."""

BETWEEN_CHECKPOINTS = 5.0
"""Seconds between two checkpoints while no event concerns a policy."""


class Reactions:
    """Answers events with the commands that the policies ask for.

    One process at a time does it. The id of each command follows from policy, event and record,
    so that whoever repeats the work after a crash executes nothing twice: the executor knows what
    it has done.
    """

    def __init__(
        self,
        journal: Journal,
        executor: Executor,
        projector: Projector,
        chosen: Mapping[str, Policy] | None = None,
        lease_seconds: float = 10,
    ) -> None:
        """Answer the events of a journal by all policies or those chosen.

        The projector's rows are what policies look at; somebody else keeps them up to date.
        """
        self.lease = Lease(journal.engine, "react", seconds=lease_seconds)
        self.checkpoint = Checkpoint(journal.engine, "react", self.lease)
        self._journal = journal
        self._executor = executor
        self._projector = projector
        self._policies = policies() if chosen is None else chosen
        self._stopping: Callable[[], bool] = lambda: False
        self._types = {type_ for policy in self._policies.values() for type_ in policy.on}

    def work(self, worker: Worker) -> None:
        """React while this process has the lease, stand by while another one has it."""
        self._stopping = lambda: worker.stopping
        try:
            alone(worker, self.lease, lambda: self._follow(worker))
        finally:
            self._stopping = lambda: False

    def _follow(self, worker: Worker) -> None:
        done = saved = self.checkpoint.get()
        saved_at = time.monotonic()
        while not worker.stopping:
            found, upto = self._concerned(done)
            for event in found:
                try:
                    if not self._answer(worker, event):
                        return
                except Unavailable:
                    if self._stopping():
                        return
                    raise
                done = event.position
                self.checkpoint.set(done)
                saved, saved_at = done, time.monotonic()
            worker.well()
            if not found:
                done = upto
                worker.pause(BETWEEN_LOOKS)
                self._journal.wait(done, 0.5)
            if done > saved and time.monotonic() > saved_at + BETWEEN_CHECKPOINTS:
                self.checkpoint.set(done)
                saved, saved_at = done, time.monotonic()
            elif self.lease.due:
                self.lease.renew()
        if done > saved:
            self.checkpoint.set(done)

    def _concerned(self, after: int) -> tuple[Sequence[Recorded], int]:
        """Return the next events that concern a policy, and the position up to where we looked."""
        upto = self._journal.head().position
        query = (
            sa.select(events)
            .where(events.c.position > after, events.c.position <= upto)
            .where(events.c.type.in_(self._types))
            .order_by(events.c.position)
            .limit(AT_ONCE)
        )
        with self._journal.engine.connect() as connection:
            return [recorded(row) for row in connection.execute(query)], upto

    def _answer(self, worker: Worker, event: Recorded) -> bool:
        """Do what the policies ask for; `False` when the worker is to stop before that is done."""
        while not self._projector.wait(event.position, 1.0):
            if worker.stopping:
                return False
            worker.unwell(f"waits for the rows to reach position {event.position}")
            self.lease.renew()
        for policy in self._policies.values():
            if event.type not in policy.on:
                continue
            with self._lot(policy) as lot:
                waits = any(each.version < event.version for each in lot.queue(event.stream))
            if waits:
                self._park(policy, event, "an earlier event of the record waits")
            else:
                self._attempt(policy, event)
        return True

    def retry(self, model: str, stream: str) -> int:
        """Answer the events of a record that a policy has put aside; returns how many are left.

        Those that were passed over, too. Raises `KeyError` when there is no such policy.
        """
        policy = self._policies[model.removeprefix(PREFIX)]
        with self._lot(policy, writes=True) as lot:
            lot.take_back(stream)
        return self._again(policy, stream)

    def skip(self, model: str, stream: str) -> int:
        """Pass over the first event of a record that a policy has put aside; answer the others."""
        policy = self._policies[model.removeprefix(PREFIX)]
        with self._lot(policy, writes=True) as lot:
            for event in lot.queue(stream)[:1]:
                lot.pass_over(event)
        return self._again(policy, stream)

    def _again(self, policy: Policy, stream: str) -> int:
        with self._lot(policy) as lot:
            queue = lot.queue(stream)
        for number, event in enumerate(queue):
            # It needs no lease: whoever else answers the event gives its commands the same ids.
            if not self._attempt(policy, event, between=lambda: None):
                return len(queue) - number
            with self._lot(policy, writes=True) as lot:
                lot.unpark([event])
        return 0

    @contextmanager
    def _lot(self, policy: Policy, *, writes: bool = False) -> Iterator[Lot]:
        """Give what a policy has put aside: it stands beside what no row could take.

        An event behind a parked one, of the same record and for the same policy, waits for it.
        """
        with self._projector.engine.execution_options(writes=writes).begin() as connection:
            yield Lot(in_rows(connection), PREFIX + policy.name)

    def _park(self, policy: Policy, event: Recorded, reason: str) -> None:
        with self._lot(policy, writes=True) as lot:
            lot.park([Parked(event, reason)])

    def _attempt(
        self, policy: Policy, event: Recorded, between: Callable[[], None] | None = None
    ) -> bool:
        """Answer an event, or put it aside when it is to blame; `False` then."""
        try:
            if isinstance(event.data, Unreadable):
                raise UnreadableEvent(event.data.error)
            self._execute(policy, event, between or self._between)
        except (Unavailable, Overloaded, SQLAlchemyError, LeaseLost):
            raise  # not now: the whole event is answered again, shortly, by us or somebody else
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            log.warning("policy.postponed", policy=policy.name, stream=event.stream, error=reason)
            self._park(policy, event, reason)
            return False
        return True

    def _execute(self, policy: Policy, event: Recorded, between: Callable[[], None]) -> None:
        facts: Facts = []
        if policy.facts is not None:
            rows = self._projector.engine.execution_options(writes=False)
            with rows.connect() as connection:
                facts = [dict(row) for row in connection.execute(policy.facts(event)).mappings()]
        if policy.recorded is not None:
            with self._journal.engine.connect() as connection:
                query = policy.recorded(event, facts)
                facts += [dict(row) for row in connection.execute(query).mappings()]
        wishes = policy.decide(event, facts)
        for error in fulfil(self._executor, in_answer(policy, event, wishes), between).values():
            raise error

    def _between(self) -> None:
        if self._stopping():
            raise Unavailable("The server is stopping.")
        if self.lease.due:
            self.lease.renew()
