"""What a product takes and promises: resources of the network, and the quality that is offered."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.kernel.aggregate import Aggregate, NothingChanged, applies, command, keyed, starts
from domain.kernel.part import Part
from domain.kernel.types.values import CalendarCode, Code, Number


class Per(StrEnum):
    """For what a resource is needed."""

    PIECE = "piece"
    SITE = "site"
    END = "end"


@dataclasses.dataclass(frozen=True, slots=True)
class Needed:
    """How many of a resource are needed."""

    quantity: int


@dataclasses.dataclass(frozen=True, slots=True)
class Sla:
    """The target of what is measured, by which working calendar."""

    target: Decimal
    calendar: str


class ProductTerms(Part):
    """What the network needs for a product, and what service the product comes with."""

    class ResourceRequired(Aggregate.Event):
        """{who} noted that the product takes {quantity} {kind} a {per}."""

        kind: str
        quantity: int
        per: Per
        on: date | None = None

    class SlaOffered(Aggregate.Event, puts="sla"):
        """{who} offered {measure} of {target} with the product, by the calendar {calendar}."""

        measure: str
        target: Decimal
        calendar: str
        on: date | None = None

    resources: dict[tuple[str, Per], Needed] = starts(dict)
    sla: dict[str, Sla] = keyed("measure", Sla)

    @command
    def require_resource(
        self, kind: Code, quantity: Annotated[int, Field(ge=0, le=1_000_000)], per: Per
    ) -> None:
        """Note how many of a resource a piece, a site or an end takes; 0 when it takes none."""
        if self.resources.get((kind, per), Needed(0)).quantity == quantity:
            raise NothingChanged("quantity")
        self.trigger_event(self.ResourceRequired, kind=kind, quantity=quantity, per=per)

    @applies(ResourceRequired)
    def _resource_required(self, kind: str, quantity: int, per: Per) -> None:
        self.resources[kind, Per(per)] = Needed(quantity)
        if not quantity:
            del self.resources[kind, Per(per)]

    @command
    def offer_sla(self, measure: Code, target: Number, calendar: CalendarCode) -> None:
        """Offer a quality of service: what is measured, its target, by which working calendar."""
        if self.sla.get(measure) == Sla(target, calendar):
            raise NothingChanged("target")
        self.trigger_event(self.SlaOffered, measure=measure, target=target, calendar=calendar)
