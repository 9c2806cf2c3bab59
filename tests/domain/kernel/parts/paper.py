"""A paper: as little as can be reviewed, known to the program only while a test is about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from domain.kernel import aggregate as kernel
from domain.kernel.aggregate import Aggregate, begins, command, discover, starts
from domain.kernel.commands import commands, every_command
from domain.kernel.parts.in_unit import InUnit
from domain.kernel.parts.reviewed import DraftRequired, Reviewed
from domain.kernel.parts.reviewed_amendments import ReviewedAmendments
from domain.kernel.registry import Registry
from domain.kernel.types.authority import Limits
from domain.kernel.types.decided import Decided
from domain.kernel.types.values import Amount, Currency, Id, UnitCode
from domain.permissions import permission


class Status(StrEnum):
    DRAFTED = "drafted"
    SUBMITTED = "submitted"
    APPROVED = "approved"


ByValue = Annotated[Limits, Decided("contract-value", "value", "currency")]

ByChange = Annotated[Limits, Decided("contract-value", "change", "currency")]

BUSINESS, kernel.registry = kernel.registry, Registry()


class Paper(InUnit, Reviewed[ByValue], ReviewedAmendments[ByChange], Aggregate):
    """Something of a value that is approved, and so are its amendments."""

    status = begins(Status.DRAFTED)
    value: Decimal
    currency: str

    class Drafted(Aggregate.Created, changes=("unit", "value", "currency")):
        """{who} drafted the paper."""

        unit: str
        value: Decimal
        currency: str

    class Revised(Aggregate.Event, changes="value"):
        """{who} revised the paper."""

        value: Decimal

    class AmendmentDrafted(Aggregate.Event):
        """{who} drafted an amendment."""

        amendment_id: str
        value: Decimal

        def apply(self, aggregate: Any) -> None:
            """Keep it."""
            aggregate.proposed[self.amendment_id] = self.value

    proposed: dict[str, Decimal] = starts(dict)

    def change(self, amendment_id: str) -> Decimal:
        """What an amendment changes."""
        return self.proposed.get(amendment_id, Decimal())

    @classmethod
    @command(states=Drafted)
    def draft(cls, unit: UnitCode, value: Amount, currency: Currency = "CNY") -> None:
        """Draft a paper."""

    @command(states=Revised, only=(Status.DRAFTED, DraftRequired))
    def revise(self, value: Amount) -> None:
        """Give the draft another value."""

    @command(states=AmendmentDrafted)
    def draft_amendment(self, amendment_id: Id, value: Amount) -> None:
        """Draft an amendment."""


kernel.registry = BUSINESS


@contextmanager
def papers() -> Iterator[None]:
    """Let papers be a kind of record."""
    known = discover()
    before = (known.aggregates, known.events, known.owners)
    known.aggregates = {**known.aggregates}
    known.events, known.owners = {**known.events}, {**known.owners}
    known.add(Paper)
    _forget()
    try:
        yield
    finally:
        known.aggregates, known.events, known.owners = before
        _forget()


def _forget() -> None:
    for each in (commands, every_command, permission.permissions, permission.rooms):
        each.cache_clear()
    permission._matched.cache_clear()
