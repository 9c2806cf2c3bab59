"""The standing of a customer: from potential to active, lapsed, won back, suspended, closed."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from domain.kernel import Aggregate, RuleViolation, applies, command
from domain.part import Part
from domain.values import Day, Line, Prose


class State(StrEnum):
    """Where a customer stands with us."""

    POTENTIAL = "potential"
    ENGAGED = "engaged"
    ACTIVE = "active"
    LAPSED = "lapsed"
    SUSPENDED = "suspended"
    CLOSED = "closed"


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


class StateBackdated(RuleViolation):
    """A change of state is not dated before the one that preceded it."""


class Standing(Part):
    """The states of a customer; every change has a day, and a reason where one is due."""

    class Engaged(Aggregate.Event):
        on: date | None = None

    class Activated(Aggregate.Event):
        on: date | None = None

    class Suspended(Aggregate.Event):
        reason: str
        on: date | None = None

    class Resumed(Aggregate.Event):
        state: State
        on: date | None = None

    class Lapsed(Aggregate.Event):
        reason: LapseReason
        competitor: str | None = None
        note: str | None = None
        on: date | None = None

    class WonBack(Aggregate.Event):
        note: str | None = None
        on: date | None = None

    class Closed(Aggregate.Event):
        reason: str
        on: date | None = None

    state: State
    suspended_from: State
    state_on: date | None

    def start(self, on: date | None) -> None:
        """Begin as a potential customer, on a day if one is stated."""
        self.state = State.POTENTIAL
        self.suspended_from = State.POTENTIAL
        self.state_on = on

    def require_open(self) -> None:
        """Refuse when the customer is closed."""
        if self.state is State.CLOSED:
            raise CustomerClosed

    def require_move(self, on: date | None) -> None:
        """Refuse a change of state of a closed customer, or one dated before the last."""
        self.require_open()
        if on and self.state_on and on < self.state_on:
            raise StateBackdated("on")

    def _enter(self, state: State, on: date | None) -> None:
        self.state = state
        self.state_on = on or self.state_on

    @command
    def engage(self, on: Day | None = None) -> None:
        """Note that the customer and we are in talks, since the day `on`."""
        self.require_move(on)
        if self.state is not State.POTENTIAL:
            raise PotentialRequired
        self.trigger_event(self.Engaged, on=on)

    @applies(Engaged)
    def _engaged(self, on: date | None) -> None:
        self._enter(State.ENGAGED, on)

    @command
    def activate(self, on: Day | None = None) -> None:
        """Note that the customer uses our services, since the day `on`."""
        self.require_move(on)
        if self.state not in (State.POTENTIAL, State.ENGAGED):
            raise ProspectRequired
        self.trigger_event(self.Activated, on=on)

    @applies(Activated)
    def _activated(self, on: date | None) -> None:
        self._enter(State.ACTIVE, on)

    @command
    def suspend(self, reason: Line, on: Day | None = None) -> None:
        """Suspend the customer, for a reason; `resume` brings it back to where it was."""
        self.require_move(on)
        if self.state not in (State.ENGAGED, State.ACTIVE):
            raise ServedCustomerRequired
        self.trigger_event(self.Suspended, reason=reason, on=on)

    @applies(Suspended)
    def _suspended(self, on: date | None) -> None:
        self.suspended_from = self.state
        self._enter(State.SUSPENDED, on)

    @command
    def resume(self, on: Day | None = None) -> None:
        """Resume a suspended customer in the state that it had before."""
        self.require_move(on)
        if self.state is not State.SUSPENDED:
            raise SuspensionRequired
        self.trigger_event(self.Resumed, state=self.suspended_from, on=on)

    @applies(Resumed)
    def _resumed(self, state: State, on: date | None) -> None:
        self._enter(state, on)

    @command
    def lapse(
        self,
        reason: LapseReason,
        competitor: Line | None = None,
        note: Prose | None = None,
        on: Day | None = None,
    ) -> None:
        """Note that the customer left us: why, and which competitor gained it."""
        self.require_move(on)
        if self.state not in (State.ACTIVE, State.SUSPENDED):
            raise BusinessRequired
        self.trigger_event(self.Lapsed, reason=reason, competitor=competitor, note=note, on=on)

    @applies(Lapsed)
    def _lapsed(self, on: date | None) -> None:
        self._enter(State.LAPSED, on)

    @command
    def win_back(self, note: Prose | None = None, on: Day | None = None) -> None:
        """Note that a lapsed customer came back; it is active again."""
        self.require_move(on)
        if self.state is not State.LAPSED:
            raise LapseRequired
        self.trigger_event(self.WonBack, note=note, on=on)

    @applies(WonBack)
    def _won_back(self, on: date | None) -> None:
        self._enter(State.ACTIVE, on)

    @command
    def close(self, reason: Line, on: Day | None = None) -> None:
        """Close the customer's file for good, for a reason."""
        self.require_move(on)
        self.trigger_event(self.Closed, reason=reason, on=on)

    @applies(Closed)
    def _closed(self, on: date | None) -> None:
        self._enter(State.CLOSED, on)
