"""The handling of a service ticket: who owns it where, what was done, and what it waits for."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from domain.kernel.aggregate import NothingChanged, RuleViolation, applies, command
from domain.kernel.part import Part
from domain.kernel.types.values import EmployeeCode, Line, Moment, Prose, UnitCode
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


class OwnerRequired(RuleViolation):
    """A ticket is accepted or handed over only after it was assigned to an owner."""


class AcceptanceRequired(RuleViolation):
    """A ticket waits for its customer or is resolved only after its owner accepted it."""


class TicketClosed(RuleViolation):
    """A ticket that was closed or withdrawn goes to nobody else."""


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
        level: HandlingLevel
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
    level: HandlingLevel
    status: Status
    owner: str | None
    escalation: int

    @property
    def course(self) -> object:
        """Where the ticket stands, with whom, and how far it was escalated."""
        return (self.status, self.owner, self.escalation)

    def start(self, unit: str, level: HandlingLevel) -> None:
        """Begin open and without an owner."""
        self.unit = unit
        self.level = level
        self.status = Status.OPEN
        self.owner = None
        self.escalation = 0

    def require_unresolved(self) -> None:
        """Refuse work on a ticket that needs none."""
        if self.status not in UNRESOLVED:
            raise UnresolvedRequired

    def require_workable(self) -> None:
        """Refuse work on a ticket that needs none or waits for its customer."""
        self.require_unresolved()
        if self.status is Status.WAITING:
            raise WaitingForCustomer

    @command
    def assign(self, owner: EmployeeCode, at: Moment | None = None) -> None:
        """Assign the ticket to an owner, who has to accept it."""
        self.require_workable()
        if owner == self.owner:
            raise NothingChanged("owner")
        self.trigger_event(self.Assigned, owner=owner, at=at)

    @applies(Assigned)
    def _assigned(self, owner: str) -> None:
        self.owner = owner
        self.status = Status.ASSIGNED

    @command
    def accept(self, at: Moment | None = None) -> None:
        """Accept the ticket as its owner and begin to work on it."""
        self.require_workable()
        if self.owner is None:
            raise OwnerRequired
        if self.status is Status.IN_PROGRESS:
            raise NothingChanged
        self.trigger_event(self.Accepted, owner=self.owner, at=at)

    @applies(Accepted)
    def _accepted(self) -> None:
        self.status = Status.IN_PROGRESS

    @command(rises=True)
    def transfer(
        self,
        unit: UnitCode,
        reason: Line,
        level: HandlingLevel | None = None,
        at: Moment | None = None,
    ) -> None:
        """Transfer the ticket to another unit or level, where it awaits a new owner."""
        self.require_workable()
        level = level or self.level
        if (unit, level) == (self.unit, self.level):
            raise NothingChanged("unit")
        self.trigger_event(self.Transferred, unit=unit, level=level, reason=reason, at=at)

    @applies(Transferred)
    def _transferred(self, unit: str, level: HandlingLevel) -> None:
        self.unit = unit
        self.level = level
        self.owner = None
        self.status = Status.OPEN

    @command
    def record_progress(self, note: Prose, at: Moment | None = None) -> None:
        """Record what was done or found out."""
        self.require_unresolved()
        self.trigger_event(self.ProgressRecorded, note=note, at=at)

    @command
    def wait(self, awaited: Line, at: Moment | None = None) -> None:
        """Wait for the customer, for what is `awaited`; the clock stands still until `resume`."""
        self.require_workable()
        if self.status is not Status.IN_PROGRESS:
            raise AcceptanceRequired
        self.trigger_event(self.WaitBegun, awaited=awaited, at=at)

    @applies(WaitBegun)
    def _wait_begun(self) -> None:
        self.status = Status.WAITING

    @command
    def resume(self, at: Moment | None = None) -> None:
        """Resume work: the customer did its part."""
        self.require_unresolved()
        if self.status is not Status.WAITING:
            raise WaitRequired
        self.trigger_event(self.Resumed, at=at)

    @applies(Resumed)
    def _resumed(self) -> None:
        self.status = Status.IN_PROGRESS

    @command
    def escalate(
        self, reason: Line, to: EmployeeCode | None = None, at: Moment | None = None
    ) -> None:
        """Escalate the ticket one step further, for a reason, to a superior if one is named."""
        self.require_unresolved()
        self.trigger_event(
            self.Escalated, escalation=self.now.escalation + 1, reason=reason, to=to, at=at
        )

    @applies(Escalated)
    def _escalated(self, escalation: int) -> None:
        self.escalation = escalation

    def _require_alive(self) -> None:
        if self.status in (Status.CLOSED, Status.WITHDRAWN):
            raise TicketClosed

    @command
    def hand_over(self, owner: EmployeeCode, reason: Line, at: Moment | None = None) -> None:
        """Hand the ticket to another owner as it stands, waiting or in progress."""
        self._require_alive()
        if self.owner is None:
            raise OwnerRequired
        if owner == self.owner:
            raise NothingChanged("owner")
        self.trigger_event(self.HandedOver, owner=owner, reason=reason, at=at)

    @applies(HandedOver)
    def _handed_over(self, owner: str) -> None:
        self.owner = owner

    @command
    def rehome(self, unit: UnitCode, reason: Line, at: Moment | None = None) -> None:
        """Put the ticket under another unit as it stands, because its own was merged or closed."""
        self._require_alive()
        if unit == self.unit:
            raise NothingChanged("unit")
        self.trigger_event(self.Rehomed, unit=unit, reason=reason, at=at)

    @applies(Rehomed)
    def _rehomed(self, unit: str) -> None:
        self.unit = unit
