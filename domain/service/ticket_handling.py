"""The handling of a service ticket: who owns it where, what was done, and what it waits for."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar

from domain.kernel.aggregate import (
    NothingChanged,
    RuleViolation,
    applies,
    begins,
    command,
    deadline,
    starts,
)
from domain.kernel.part import Part
from domain.kernel.types.values import EmployeeCode, Line, Moment, Prose, TermMoment, UnitCode
from domain.service.ticket_clock import Run
from domain.service.ticket_step import Step


class Status(StrEnum):
    """Where a ticket stands."""

    OPEN = "open"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in-progress"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CONFIRMED = "confirmed"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class HandlingLevel(StrEnum):
    """The level of the organisation that works on a ticket."""

    LOCAL = "local"
    PROVINCE = "province"
    GROUP = "group"


UNRESOLVED = (Status.OPEN, Status.ASSIGNED, Status.IN_PROGRESS, Status.WAITING)  # needs work


class UnresolvedRequired(RuleViolation):
    """A ticket that is resolved, closed or withdrawn is worked on only after it is reopened."""


class WaitingForCustomer(RuleViolation):
    """A ticket that waits for its customer is resumed before others take it over or resolve it."""


class WaitRequired(RuleViolation):
    """Only a ticket that waits for its customer is resumed."""


class WaitReversed(RuleViolation):
    """A wait ends after it begins."""


class OwnerRequired(RuleViolation):
    """A ticket is accepted or handed over only after it was assigned to an owner."""


class AcceptanceRequired(RuleViolation):
    """A ticket waits for its customer or is resolved only after its owner accepted it."""


class TicketClosed(RuleViolation):
    """A ticket that was closed or withdrawn goes to nobody else."""


UNFINISHED = (*UNRESOLVED, UnresolvedRequired)
WORKABLE = (
    *UNFINISHED,
    *(each for each in Status if each is not Status.WAITING),
    WaitingForCustomer,
)
ACCEPTED = (*WORKABLE, Status.IN_PROGRESS, AcceptanceRequired)
ALIVE = (*UNRESOLVED, Status.RESOLVED, Status.CONFIRMED, TicketClosed)
"""The states that steps are for, each with the rule told in any other."""


class Handling(Part):
    """The work on a ticket. `at` is when a step really took place, where not as it is stated."""

    class Assigned(Step, to=Status.ASSIGNED, changes="owner"):
        """{who} assigned the ticket to {owner}[, before {was.owner}]."""

        owner: str
        at: datetime | None = None

    class Accepted(Step, to=Status.IN_PROGRESS):
        """{who} accepted the ticket, which {owner} owns."""

        owner: str
        at: datetime | None = None

    class Transferred(Step, to=Status.OPEN, changes=("unit", "level")):
        """{who} transferred the ticket to {unit}, level {level}, because "{reason}"."""

        unit: str
        level: HandlingLevel
        reason: str
        at: datetime | None = None

    class ProgressRecorded(Step):
        """{who} recorded progress: "{note}"."""

        note: str
        at: datetime | None = None

    class WaitBegun(Step, to=Status.WAITING):
        """{who} began to wait for "{awaited}"[, until {until}]."""

        runs: ClassVar[Run | None] = Run.WAITING
        awaited: str
        at: datetime | None = None
        until: datetime | None = None

    class Resumed(Step, to=Status.IN_PROGRESS):
        """{who} resumed work on the ticket[, as it was to wait until {due_at}]."""

        runs: ClassVar[Run | None] = Run.RUNNING
        at: datetime | None = None
        due_at: datetime | None = None

    class Escalated(Step, changes="escalation"):
        """{who} escalated the ticket to {escalation}[, {to}], because "{reason}"."""

        escalation: int
        reason: str
        to: str | None = None
        at: datetime | None = None

    class HandedOver(Step, changes="owner"):
        """{who} handed the ticket over[ from {was.owner}] to {owner}, because "{reason}"."""

        owner: str
        reason: str
        at: datetime | None = None

    class Rehomed(Step, changes="unit"):
        """{who} moved the ticket[ from {was.unit}] to {unit}, because "{reason}"."""

        unit: str
        reason: str
        at: datetime | None = None

    status = begins(Status.OPEN, ends=(Status.CLOSED, Status.WITHDRAWN))
    unit: str
    level: HandlingLevel
    owner: str | None = starts(lambda: None)
    escalation = starts(int)
    wait_until: datetime | None = starts(lambda: None)

    @property
    def course(self) -> object:
        """Where the ticket stands, with whom, and how far it was escalated."""
        return (self.status, self.owner, self.escalation)

    @command(states=Assigned, only=WORKABLE)
    def assign(self, owner: EmployeeCode, at: Moment | None = None) -> None:
        """Assign the ticket to an owner, who has to accept it."""

    @command(only=WORKABLE)
    def accept(self, at: Moment | None = None) -> None:
        """Accept the ticket as its owner and begin to work on it."""
        if self.owner is None:
            raise OwnerRequired
        if self.status is Status.IN_PROGRESS:
            raise NothingChanged
        self.trigger_event(self.Accepted, owner=self.owner, at=at)

    @command(only=WORKABLE, rises=True)
    def transfer(
        self,
        unit: UnitCode,
        reason: Line,
        level: HandlingLevel | None = None,
        at: Moment | None = None,
    ) -> None:
        """Transfer the ticket to another unit or level, where it awaits a new owner."""
        level = level or self.level
        if (unit, level) == (self.unit, self.level):
            raise NothingChanged("unit")
        self.trigger_event(self.Transferred, unit=unit, level=level, reason=reason, at=at)

    @applies(Transferred)
    def _transferred(self) -> None:
        self.owner = None

    @command(states=ProgressRecorded, only=UNFINISHED)
    def record_progress(self, note: Prose, at: Moment | None = None) -> None:
        """Record what was done or found out."""

    @command(only=ACCEPTED)
    def wait(
        self, awaited: Line, at: Moment | None = None, until: TermMoment | None = None
    ) -> None:
        """Wait for the customer, for what is `awaited`; the clock stands still until `resume`.

        Work goes on by itself at the moment `until`, if one is given.
        """
        if until is not None and until <= (at or datetime.now(UTC)):
            raise WaitReversed("until")
        self.trigger_event(self.WaitBegun, awaited=awaited, at=at, until=until)

    @applies(WaitBegun)
    def _wait_begun(self, until: datetime | None) -> None:
        self.wait_until = until

    @command(states=Resumed, only=(*UNFINISHED, Status.WAITING, WaitRequired))
    def resume(self, at: Moment | None = None) -> None:
        """Resume work: the customer did its part."""

    @deadline(at="wait_until", states=Resumed, only=(Status.WAITING, WaitRequired))
    def end_wait(self, at: Moment | None = None) -> None:
        """Resume work, as the wait was to last until `due_at` and still is."""

    @applies(Resumed)
    def _resumed(self) -> None:
        self.wait_until = None

    @command(only=UNFINISHED)
    def escalate(
        self, reason: Line, to: EmployeeCode | None = None, at: Moment | None = None
    ) -> None:
        """Escalate the ticket one step further, for a reason, to a superior if one is named."""
        self.trigger_event(
            self.Escalated, escalation=self.now.escalation + 1, reason=reason, to=to, at=at
        )

    @command(only=ALIVE)
    def hand_over(self, owner: EmployeeCode, reason: Line, at: Moment | None = None) -> None:
        """Hand the ticket to another owner as it stands, waiting or in progress."""
        if self.owner is None:
            raise OwnerRequired
        if owner == self.owner:
            raise NothingChanged("owner")
        self.trigger_event(self.HandedOver, owner=owner, reason=reason, at=at)

    @command(states=Rehomed, only=ALIVE)
    def rehome(self, unit: UnitCode, reason: Line, at: Moment | None = None) -> None:
        """Put the ticket under another unit as it stands, because its own was merged or closed."""
