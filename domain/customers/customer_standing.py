"""The standing of a customer: from potential to active, lapsed, won back, suspended, closed."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from domain.kernel.aggregate import Aggregate, RuleViolation, applies, begins, command, starts
from domain.kernel.part import Part
from domain.kernel.types.values import Line, Prose


class State(StrEnum):
    """Where a customer stands with us."""

    POTENTIAL = "potential"
    ENGAGED = "engaged"
    ACTIVE = "active"
    LAPSED = "lapsed"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    MERGED = "merged"


class LapseReason(StrEnum):
    """Why a customer left."""

    PRICE = "price"
    QUALITY = "quality"
    SERVICE = "service"
    COVERAGE = "coverage"
    COMPETITOR_OFFER = "competitor-offer"
    RELOCATION = "relocation"
    MERGER = "merger"
    OUT_OF_BUSINESS = "out-of-business"
    UNKNOWN = "unknown"


class CustomerClosed(RuleViolation):
    """A closed customer is not changed any more."""


class CustomerMerged(RuleViolation):
    """A customer that was merged into another is changed under the other's id."""

    def __init__(self, survivor_id: str) -> None:
        """Refuse, naming the customer as which it lives on."""
        super().__init__(hint=f"It is {survivor_id} now.")


class PotentialRequired(RuleViolation):
    """Only a potential customer is engaged."""


class ProspectRequired(RuleViolation):
    """Only a potential or engaged customer is activated."""


class ServedCustomerRequired(RuleViolation):
    """Only an engaged or active customer is suspended."""


class SuspensionRequired(RuleViolation):
    """Only a suspended customer is resumed."""


class BusinessRequired(RuleViolation):
    """Only an active or suspended customer can lapse."""


class LapseRequired(RuleViolation):
    """Only a lapsed customer is won back."""


class Standing(Part):
    """The states of a customer; every change has a day, and a reason where one is due."""

    class Engaged(Aggregate.Event, to=State.ENGAGED):
        """{who} noted that talks with the customer have begun."""

        on: date | None = None

    class Activated(Aggregate.Event, to=State.ACTIVE):
        """{who} made the customer active, before {was.state}."""

        on: date | None = None

    class Suspended(Aggregate.Event, to=State.SUSPENDED):
        """{who} suspended the customer, because "{reason}"."""

        reason: str
        on: date | None = None

    class Resumed(Aggregate.Event, changes="state"):
        """{who} resumed the customer, which is {state} again."""

        state: State
        on: date | None = None

    class Lapsed(Aggregate.Event, to=State.LAPSED):
        """{who} noted that the customer has lapsed: {reason}[, to {competitor}][, "{note}"]."""

        reason: LapseReason
        competitor: str | None = None
        note: str | None = None
        on: date | None = None

    class WonBack(Aggregate.Event, to=State.ACTIVE):
        """{who} won the customer back[: "{note}"]."""

        note: str | None = None
        on: date | None = None

    class Closed(Aggregate.Event, to=State.CLOSED):
        """{who} closed the file, because "{reason}"."""

        reason: str
        on: date | None = None

    state = begins(State.POTENTIAL, ends=(State.CLOSED, State.MERGED), ended=CustomerClosed)
    suspended_from = starts(lambda: State.POTENTIAL)
    merged_into: str | None = starts(lambda: None)

    def require_open(self) -> None:
        """Refuse when the customer is closed, or was merged into another."""
        if self.now.merged_into is not None:
            raise CustomerMerged(self.now.merged_into)
        if self.state is State.CLOSED:
            raise CustomerClosed

    @command(states=Engaged, only=(State.POTENTIAL, PotentialRequired))
    def engage(self) -> None:
        """Note that the customer and we are in talks."""

    @command(states=Activated, only=(State.POTENTIAL, State.ENGAGED, ProspectRequired))
    def activate(self) -> None:
        """Note that the customer uses our services."""

    @command(states=Suspended, only=(State.ENGAGED, State.ACTIVE, ServedCustomerRequired))
    def suspend(self, reason: Line) -> None:
        """Suspend the customer, for a reason; `resume` brings it back to where it was."""

    @applies(Suspended)
    def _suspended(self) -> None:
        self.suspended_from = self.state

    @command(only=(State.SUSPENDED, SuspensionRequired))
    def resume(self) -> None:
        """Resume a suspended customer in the state that it had before."""
        self.trigger_event(self.Resumed, state=self.suspended_from)

    @command(states=Lapsed, only=(State.ACTIVE, State.SUSPENDED, BusinessRequired))
    def lapse(
        self,
        reason: LapseReason,
        competitor: Line | None = None,
        note: Prose | None = None,
    ) -> None:
        """Note that the customer left us: why, and which competitor gained it."""

    @command(states=WonBack, only=(State.LAPSED, LapseRequired))
    def win_back(self, note: Prose | None = None) -> None:
        """Note that a lapsed customer came back; it is active again."""

    @command(states=Closed)
    def close(self, reason: Line) -> None:
        """Close the customer's file for good, for a reason."""
