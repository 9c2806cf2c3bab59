"""The course of a contract: drafted, approved, signed, in force, suspended, ended."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from domain.kernel.aggregate import Aggregate, RuleViolation, applies, begins, command, starts
from domain.kernel.part import Part
from domain.kernel.time.business_day import today
from domain.kernel.time.effective_day import day_of
from domain.kernel.types.values import Line
from domain.sales.contract_terms import Terms


class Status(StrEnum):
    """Where a contract stands."""

    DRAFTED = "drafted"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    SIGNED = "signed"
    IN_FORCE = "in-force"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    TERMINATED = "terminated"
    VOID = "void"


UNSIGNED = (Status.DRAFTED, Status.SUBMITTED, Status.APPROVED)
RUNNING = (Status.SIGNED, Status.IN_FORCE, Status.SUSPENDED)
ENDS = (Status.EXPIRED, Status.TERMINATED, Status.VOID)


class SignedStands(RuleViolation):
    """What was signed is changed by an amendment."""


class SignatureRequired(RuleViolation):
    """Only a contract that was signed is amended, given notice of and paid for."""


class InForceRequired(RuleViolation):
    """Only a contract in force is suspended, renewed or terminated."""


class SuspendedRequired(RuleViolation):
    """Only a suspended contract is resumed."""


class ContractEnded(RuleViolation):
    """A contract that has expired, was terminated or is void stands."""


SIGNED = (*RUNNING, SignatureRequired)
"""The states that a command is for which needs a signature, with its rule."""


class ContractCourse(Part):
    """The state of a contract, its terms, and when it was suspended."""

    class Suspended(Aggregate.Event, to=Status.SUSPENDED):
        """{who} suspended the contract, because "{reason}"."""

        reason: str
        on: date | None = None

    class Resumed(Aggregate.Event, to=Status.IN_FORCE):
        """{who} resumed the contract, because "{reason}"."""

        reason: str
        on: date | None = None

    class Voided(Aggregate.Event, to=Status.VOID):
        """{who} declared the contract void before its signature, because "{reason}"."""

        reason: str
        on: date | None = None

    status = begins(Status.DRAFTED, ends=ENDS, ended=ContractEnded)
    terms: Terms
    told_until: date = starts(lambda: date.min)

    def agree(self, terms: Terms, day: date) -> None:
        """Take over terms, of whose end it is told after a day."""
        self.terms, self.told_until = terms, max(self.told_until, day)

    def require_in_force(self) -> None:
        """Refuse when it is not in force today, whether or not that was noted yet."""
        day, first = today(), self.terms.starts_on
        begun = self.status in RUNNING and (self.status is not Status.SIGNED or first <= day)
        if not begun or self.terms.last_day < day:
            raise InForceRequired

    @command(only=(Status.SIGNED, Status.IN_FORCE, InForceRequired))
    def suspend(self, reason: Line) -> None:
        """Suspend the contract: no monthly fee is due until it is resumed."""
        self.require_in_force()
        self.trigger_event(self.Suspended, reason=reason)

    @applies(Suspended)
    def _suspended(self, on: date | None, timestamp: datetime) -> None:
        self.terms = self.terms.suspend(day_of(on, timestamp))

    @command(states=Resumed, only=(Status.SUSPENDED, SuspendedRequired))
    def resume(self, reason: Line) -> None:
        """Resume the suspended contract."""

    @applies(Resumed)
    def _resumed(self, on: date | None, timestamp: datetime) -> None:
        self.terms = self.terms.resume(day_of(on, timestamp))

    @command(states=Voided, only=(*UNSIGNED, SignedStands))
    def void(self, reason: Line) -> None:
        """Declare the contract void before it is signed."""
