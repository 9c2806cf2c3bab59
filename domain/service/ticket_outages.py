"""Outages: from when to when a product in use was lost to the customer, as a ticket has it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from domain.kernel.aggregate import Aggregate, NothingChanged, RuleViolation, command, starts
from domain.kernel.part import Part
from domain.kernel.types.values import Id, Line, Moment, Reference, Value

Lost = Annotated[Id, Reference("product-in-use", live=False)]


class OutageReversed(RuleViolation):
    """A service is restored after it was lost."""


class OutageRequired(RuleViolation):
    """Only an outage that was recorded is ended or corrected."""


class Outage(Value):
    """A stretch in which a product in use was lost; it lasts while it has no end."""

    product_in_use_id: str
    since: datetime
    until: datetime | None


class Outages(Part):
    """What was lost to the customer. An outage is known by its product and when it began."""

    class OutageRecorded(Aggregate.Event):
        """{who} recorded an outage of {product_in_use_id} from {since}[ to {until}]."""

        product_in_use_id: str
        since: datetime
        until: datetime | None

        def apply(self, aggregate: Any) -> None:
            """Add it."""
            aggregate.outages = (*aggregate.outages, _outage(self))

    class ServiceRestored(Aggregate.Event):
        """{who} noted that {product_in_use_id}, lost since {since}, was restored at {until}."""

        product_in_use_id: str
        since: datetime
        until: datetime

        def apply(self, aggregate: Any) -> None:
            """End it."""
            aggregate.outages = _with(aggregate.outages, self.since, _outage(self))

    class OutageCorrected(Aggregate.Event):
        """{who} corrected the outage of {product_in_use_id} from {recorded}, because "{reason}".

        It lasted from {since}[ to {until}].
        """

        product_in_use_id: str
        recorded: datetime
        since: datetime
        until: datetime | None
        reason: str

        def apply(self, aggregate: Any) -> None:
            """Put the stretch right."""
            aggregate.outages = _with(aggregate.outages, self.recorded, _outage(self))

    outages: tuple[Outage, ...] = starts(tuple)

    @command
    def record_outage(
        self, product_in_use_id: Lost, from_: Moment, to: Moment | None = None
    ) -> None:
        """Record that a product in use was lost from a moment on, and until when if it is known."""
        _require_order(from_, to, "to")
        if self._outage(product_in_use_id, from_):
            raise NothingChanged("from")
        told = {"product_in_use_id": product_in_use_id, "since": from_, "until": to}
        self.trigger_event(self.OutageRecorded, **told)

    @command
    def restore_service(self, product_in_use_id: Lost, at: Moment) -> None:
        """Note at which moment a product in use was restored whose outage lasts."""
        lasting = [o for o in self._of(product_in_use_id) if o.until is None]
        if not lasting:
            raise OutageRequired("product_in_use_id")
        _require_order(lasting[-1].since, at, "at")
        told = {"product_in_use_id": product_in_use_id, "since": lasting[-1].since, "until": at}
        self.trigger_event(self.ServiceRestored, **told)

    @command
    def correct_outage(
        self,
        product_in_use_id: Lost,
        recorded: Moment,
        from_: Moment,
        reason: Line,
        to: Moment | None = None,
    ) -> None:
        """Correct when an outage, `recorded` as from some moment, began and ended."""
        _require_order(from_, to, "to")
        known = self._outage(product_in_use_id, recorded)
        if known is None:
            raise OutageRequired("recorded")
        if (known.since, known.until) == (from_, to):
            raise NothingChanged("from")
        told = {"product_in_use_id": product_in_use_id, "since": from_, "until": to}
        self.trigger_event(self.OutageCorrected, recorded=recorded, reason=reason, **told)

    def _of(self, product: str) -> list[Outage]:
        return [each for each in self.outages if each.product_in_use_id == product]

    def _outage(self, product: str, since: datetime) -> Outage | None:
        return next((each for each in self._of(product) if each.since == since), None)


def _outage(fact: Any) -> Outage:
    return Outage(product_in_use_id=fact.product_in_use_id, since=fact.since, until=fact.until)


def _with(outages: tuple[Outage, ...], since: datetime, told: Outage) -> tuple[Outage, ...]:
    """Return outages with one, of the same product and begun then, told otherwise."""
    here = (told.product_in_use_id, since)
    return tuple(told if (o.product_in_use_id, o.since) == here else o for o in outages)


def _require_order(since: datetime, until: datetime | None, field: str) -> None:
    if until is not None and until <= since:
        raise OutageReversed(field)
