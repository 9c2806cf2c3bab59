"""The course of a product: planned, on trial, on sale, withdrawn, retired; who offers it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from domain.kernel.aggregate import (
    Aggregate,
    NothingChanged,
    RuleViolation,
    applies,
    begins,
    command,
    starts,
)
from domain.kernel.part import Part
from domain.kernel.types.values import (
    UNIT_CODE,
    Line,
    NearDay,
    PlainUnitCode,
    ProductId,
    Reference,
    UnitCode,
)


class State(StrEnum):
    """Where a product stands."""

    PLANNED = "planned"
    TRIAL = "trial"
    ON_SALE = "on-sale"
    WITHDRAWN = "withdrawn"
    RETIRED = "retired"


ENDS = (State.WITHDRAWN, State.RETIRED)


class OffersRequired(RuleViolation):
    """A product on trial or on sale names the units that offer it."""


class PlannedRequired(RuleViolation):
    """Only a planned product or one on trial is put on sale."""


class WithdrawnStays(RuleViolation):
    """A withdrawn product comes back only as a new one."""


class WithdrawalRequired(RuleViolation):
    """Only a withdrawn product is retired."""


class OtherSuccessor(RuleViolation):
    """Another product takes the place of one that is withdrawn."""


def _distinct(units: list[str]) -> list[str]:
    return sorted(set(units))


Units = Annotated[list[UnitCode], Field(max_length=1000), AfterValidator(_distinct)]
"""Units that offer a product: each with all below it."""

KnownUnits = Annotated[
    list[Annotated[PlainUnitCode, Reference("unit", live=False, claim=UNIT_CODE)]],
    Field(min_length=1, max_length=1000),
    AfterValidator(_distinct),
]
"""Units that have ended among them."""

_OFFERED = (State.TRIAL, State.ON_SALE, OffersRequired)


class ProductCourse(Part):
    """The state of a product, and the units that offer it, each with all below it."""

    class TrialBegun(Aggregate.Event, to=State.TRIAL, changes=("offered_in", "trial_until")):
        """{who} began a trial of the product at {offered_in} until {trial_until}."""

        offered_in: list[str]
        trial_until: date
        on: date | None = None

    class PutOnSale(Aggregate.Event, to=State.ON_SALE, changes="offered_in"):
        """{who} put the product on sale at {offered_in}."""

        offered_in: list[str]
        on: date | None = None

    class ExtendedTo(Aggregate.Event):
        """{who} extended the offer of the product to {units}."""

        units: list[str]
        on: date | None = None

    class EndedIn(Aggregate.Event):
        """{who} ended the offer of the product in {units}, because "{reason}"."""

        units: list[str]
        reason: str
        on: date | None = None

    class Withdrawn(Aggregate.Event, to=State.WITHDRAWN):
        """{who} withdrew the product, because "{reason}"[; {successor_id} takes its place]."""

        reason: str
        successor_id: str | None = None
        on: date | None = None

    class Retired(Aggregate.Event, to=State.RETIRED):
        """{who} retired the product."""

        on: date | None = None

    state = begins(State.PLANNED, ends=ENDS, ended=WithdrawnStays)
    offered_in: Sequence[str] = starts(list)
    trial_until: date | None = starts(lambda: None)
    was_on_sale: bool = starts(bool)

    @command(only=(State.PLANNED, State.TRIAL, PlannedRequired))
    def begin_trial(self, units: Units, until: NearDay) -> None:
        """Begin a trial in some units, or go on with it there, until a day."""
        if not units:
            raise OffersRequired("units")
        if (units, until) == (self.offered_in, self.trial_until):
            raise NothingChanged
        self.trigger_event(self.TrialBegun, offered_in=units, trial_until=until)

    @command(only=(State.PLANNED, State.TRIAL, PlannedRequired))
    def put_on_sale(self, units: Units) -> None:
        """Put the product on sale in some units."""
        if not units:
            raise OffersRequired("units")
        self.trigger_event(self.PutOnSale, offered_in=units)

    @applies(PutOnSale)
    def _put_on_sale(self) -> None:
        self.was_on_sale = True

    @command(only=_OFFERED)
    def extend_to(self, units: Units) -> None:
        """Extend the offer to more units."""
        more = sorted({*units} - {*self.offered_in})
        if not more:
            raise NothingChanged("units")
        self.trigger_event(self.ExtendedTo, units=more)

    @applies(ExtendedTo)
    def _extended_to(self, units: list[str]) -> None:
        self.offered_in = sorted({*self.offered_in, *units})

    @command(only=_OFFERED)
    def end_in(self, units: KnownUnits, reason: Line) -> None:
        """End the offer in some units; at least one still offers the product."""
        fewer = sorted({*units} & {*self.offered_in})
        if not fewer:
            raise NothingChanged("units")
        if len(fewer) == len(self.offered_in):
            raise OffersRequired("units", "Withdraw the product instead.")
        self.trigger_event(self.EndedIn, units=fewer, reason=reason)

    @applies(EndedIn)
    def _ended_in(self, units: list[str]) -> None:
        self.offered_in = [each for each in self.offered_in if each not in units]

    @command
    def withdraw(self, reason: Line, successor_id: ProductId | None = None) -> None:
        """Withdraw the product: nothing new of it is offered; what is in use goes on."""
        if successor_id == self.id:
            raise OtherSuccessor("successor_id")
        self.trigger_event(self.Withdrawn, reason=reason, successor_id=successor_id)

    @applies(Withdrawn)
    def _withdrawn(self) -> None:
        self.offered_in = []

    @command(states=Retired, only=(State.WITHDRAWN, WithdrawalRequired))
    def retire(self) -> None:
        """Retire the withdrawn product: none is in use any more."""
