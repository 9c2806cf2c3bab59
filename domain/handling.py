"""The handling of a service ticket: who owns it where, what was done, and what it waits for."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from domain.kernel import NothingChanged, RuleViolation, applies, command
from domain.part import Part
from domain.step import Step
from domain.values import EmployeeCode, Line, Moment, Prose, UnitCode


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


class Level(StrEnum):
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


class OwnerRequired(RuleViolation):
    """A ticket is accepted or handed over only after it was assigned to an owner."""


class AcceptanceRequired(RuleViolation):
    """A ticket waits for its customer or is resolved only after its owner accepted it."""


class TicketClosed(RuleViolation):
    """A ticket that was closed or withdrawn goes to nobody else."""


class TicketBackdated(RuleViolation):
    """A step of a ticket is not timed before the one that preceded it."""


class Handling(Part):
    """The work on a ticket. `at` is when a step really took place, where not as it is stated."""

    class Assigned(Step):
        """{who} assigned the ticket to {owner}[, before {was.owner}]."""

        owner: str
        at: datetime | None = None

    class Accepted(Step):
        """{who} accepted the ticket, which {owner} owns."""

        owner: str
        at: datetime | None = None

    class Transferred(Step):
        """{who} transferred the ticket to {unit}, level {level}, because "{reason}"."""

        unit: str
        level: Level
        reason: str
        at: datetime | None = None

    class ProgressRecorded(Step):
        """{who} recorded progress: "{note}"."""

        note: str
        at: datetime | None = None

    class WaitBegun(Step):
        """{who} began to wait for "{awaited}"."""

        awaited: str
        at: datetime | None = None

    class Resumed(Step):
        """{who} resumed work on the ticket."""

        at: datetime | None = None

    class Escalated(Step):
        """{who} escalated the ticket to {escalation}[, {to}], because "{reason}"."""

        escalation: int
        reason: str
        to: str | None = None
        at: datetime | None = None

    class HandedOver(Step):
        """{who} handed the ticket over[ from {was.owner}] to {owner}, because "{reason}"."""

        owner: str
        reason: str
        at: datetime | None = None

    class Rehomed(Step):
        """{who} moved the ticket[ from {was.unit}] to {unit}, because "{reason}"."""

        unit: str
        reason: str
        at: datetime | None = None

    unit: str
    level: Level
    status: Status
    owner: str | None
    escalation: int
    step_at: datetime | None

    @property
    def course(self) -> object:
        """Where the ticket stands, with whom, and how far it was escalated."""
        return (self.status, self.owner, self.escalation)

    def start(self, unit: str, level: Level, at: datetime | None) -> None:
        """Begin open and without an owner, at a moment if one is stated."""
        self.unit = unit
        self.level = level
        self.status = Status.OPEN
        self.owner = None
        self.escalation = 0
        self.step_at = at

    def require_order(self, at: datetime | None) -> None:
        """Refuse a step that is timed before the last one."""
        if at and self.step_at and at < self.step_at:
            raise TicketBackdated("at")

    def require_unresolved(self, at: datetime | None) -> None:
        """Refuse work on a ticket that needs none, or that is timed before the last step."""
        if self.status not in UNRESOLVED:
            raise UnresolvedRequired
        self.require_order(at)

    def require_workable(self, at: datetime | None) -> None:
        """Refuse work on a ticket that needs none or waits for its customer."""
        self.require_unresolved(at)
        if self.status is Status.WAITING:
            raise WaitingForCustomer

    def step(self, status: Status, at: datetime | None) -> None:
        """Enter a state, at a moment if one is stated."""
        self.status = status
        self.step_at = at or self.step_at

    @command
    def assign(self, owner: EmployeeCode, at: Moment | None = None) -> None:
        """Assign the ticket to an owner, who has to accept it."""
        self.require_workable(at)
        if owner == self.owner:
            raise NothingChanged("owner")
        self.trigger_event(self.Assigned, owner=owner, at=at)

    @applies(Assigned)
    def _assigned(self, owner: str, at: datetime | None) -> None:
        self.owner = owner
        self.step(Status.ASSIGNED, at)

    @command
    def accept(self, at: Moment | None = None) -> None:
        """Accept the ticket as its owner and begin to work on it."""
        self.require_workable(at)
        if self.owner is None:
            raise OwnerRequired
        if self.status is Status.IN_PROGRESS:
            raise NothingChanged
        self.trigger_event(self.Accepted, owner=self.owner, at=at)

    @applies(Accepted)
    def _accepted(self, at: datetime | None) -> None:
        self.step(Status.IN_PROGRESS, at)

    @command(rises=True)
    def transfer(
        self,
        unit: UnitCode,
        reason: Line,
        level: Level | None = None,
        at: Moment | None = None,
    ) -> None:
        """Transfer the ticket to another unit or level, where it awaits a new owner."""
        self.require_workable(at)
        level = level or self.level
        if (unit, level) == (self.unit, self.level):
            raise NothingChanged("unit")
        self.trigger_event(self.Transferred, unit=unit, level=level, reason=reason, at=at)

    @applies(Transferred)
    def _transferred(self, unit: str, level: Level, at: datetime | None) -> None:
        self.unit = unit
        self.level = level
        self.owner = None
        self.step(Status.OPEN, at)

    @command
    def record_progress(self, note: Prose, at: Moment | None = None) -> None:
        """Record what was done or found out."""
        self.require_unresolved(at)
        self.trigger_event(self.ProgressRecorded, note=note, at=at)

    @applies(ProgressRecorded)
    def _progress_recorded(self, at: datetime | None) -> None:
        self.step(self.status, at)

    @command
    def wait(self, awaited: Line, at: Moment | None = None) -> None:
        """Wait for the customer, for what is `awaited`; the clock stands still until `resume`."""
        self.require_workable(at)
        if self.status is not Status.IN_PROGRESS:
            raise AcceptanceRequired
        self.trigger_event(self.WaitBegun, awaited=awaited, at=at)

    @applies(WaitBegun)
    def _wait_begun(self, at: datetime | None) -> None:
        self.step(Status.WAITING, at)

    @command
    def resume(self, at: Moment | None = None) -> None:
        """Resume work: the customer did its part."""
        self.require_unresolved(at)
        if self.status is not Status.WAITING:
            raise WaitRequired
        self.trigger_event(self.Resumed, at=at)

    @applies(Resumed)
    def _resumed(self, at: datetime | None) -> None:
        self.step(Status.IN_PROGRESS, at)

    @command
    def escalate(
        self, reason: Line, to: EmployeeCode | None = None, at: Moment | None = None
    ) -> None:
        """Escalate the ticket one step further, for a reason, to a superior if one is named."""
        self.require_unresolved(at)
        self.trigger_event(
            self.Escalated, escalation=self.now.escalation + 1, reason=reason, to=to, at=at
        )

    @applies(Escalated)
    def _escalated(self, escalation: int, at: datetime | None) -> None:
        self.escalation = escalation
        self.step(self.status, at)

    def _require_alive(self, at: datetime | None) -> None:
        if self.status in (Status.CLOSED, Status.WITHDRAWN):
            raise TicketClosed
        self.require_order(at)

    @command
    def hand_over(self, owner: EmployeeCode, reason: Line, at: Moment | None = None) -> None:
        """Hand the ticket to another owner as it stands, waiting or in progress."""
        self._require_alive(at)
        if self.owner is None:
            raise OwnerRequired
        if owner == self.owner:
            raise NothingChanged("owner")
        self.trigger_event(self.HandedOver, owner=owner, reason=reason, at=at)

    @applies(HandedOver)
    def _handed_over(self, owner: str, at: datetime | None) -> None:
        self.owner = owner
        self.step(self.status, at)

    @command
    def rehome(self, unit: UnitCode, reason: Line, at: Moment | None = None) -> None:
        """Put the ticket under another unit as it stands, because its own was merged or closed."""
        self._require_alive(at)
        if unit == self.unit:
            raise NothingChanged("unit")
        self.trigger_event(self.Rehomed, unit=unit, reason=reason, at=at)

    @applies(Rehomed)
    def _rehomed(self, unit: str, at: datetime | None) -> None:
        self.unit = unit
        self.step(self.status, at)
