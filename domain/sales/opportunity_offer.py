"""The offer of a sale: products with quantities and prices, the amount, the expected close."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from domain.kernel.aggregate import Aggregate, NothingChanged, RuleViolation, applies, command
from domain.kernel.types.values import (
    LARGEST,
    Amount,
    Line,
    NearDay,
    ProductId,
    Sensitive,
    Value,
    Worth,
)
from domain.sales.opportunity_end import SalesEnd


class ProductLine(Value):
    """A product of an offer: `quantity` of it, each at a fee a month and a fee once.

    It is what the text says, and a product of the catalogue where it names one.
    """

    product: Line
    product_id: Annotated[ProductId | None, Field(exclude_if=lambda id_: id_ is None)] = None
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    monthly: Annotated[Amount, Sensitive("amount")] = Decimal(0)
    one_off: Annotated[Amount, Sensitive("amount")] = Decimal(0)
    months: Annotated[int, Field(ge=1, le=120)] = 12


Lines = Annotated[list[ProductLine], Field(min_length=1, max_length=200)]
"""The product lines of an offer."""


class CloseBeforeOpening(RuleViolation):
    """A sale is not expected to close before the day on which it was opened."""


class AmountTooLarge(RuleViolation):
    """The lines of an offer come to no more than 9,999,999,999,999,999.99."""


def amount_of(lines: Iterable[ProductLine]) -> Decimal:
    """Return what the lines come to over their months, in the currency of the offer."""
    return sum(
        (line.quantity * (line.one_off + line.monthly * line.months) for line in lines), Decimal(0)
    )


class Offer(SalesEnd):
    """What is offered to the customer, for how much, and when it is expected to be signed."""

    class LinesRevised(Aggregate.Event):
        """{who} revised the product lines, {lines} now[, worth {amount} {currency}]."""

        lines: list[ProductLine]
        amount: Worth
        on: date | None = None

    class AmountRevised(Aggregate.Event):
        """{who} revised the amount[ from {was.amount}][ to {amount}][, because "{reason}"]."""

        amount: Worth
        reason: str | None = None
        on: date | None = None

    class ExpectedCloseRevised(Aggregate.Event, changes="expected_close"):
        """{who} expects the close on {expected_close}[, because "{reason}"].

        [Before it was {was.expected_close}.]
        """

        expected_close: date
        reason: str | None = None
        on: date | None = None

    lines: list[ProductLine]
    expected_close: date | None

    @command
    def revise_lines(self, lines: Lines) -> None:
        """Replace the product lines; the amount becomes what they come to."""
        amount = amount_of(lines)
        if lines == self.lines and amount == self.amount:
            raise NothingChanged("lines")
        if amount > LARGEST:
            raise AmountTooLarge("lines")
        self.trigger_event(self.LinesRevised, lines=lines, amount=amount)

    @applies(LinesRevised)
    def _lines_revised(self, lines: list[ProductLine], amount: Decimal) -> None:
        self.lines = lines
        self.expect(amount)

    @command
    def revise_amount(self, amount: Amount, reason: Line | None = None) -> None:
        """State the expected amount, whatever the lines come to."""
        if amount == self.amount:
            raise NothingChanged("amount")
        self.trigger_event(self.AmountRevised, amount=amount, reason=reason)

    @applies(AmountRevised)
    def _amount_revised(self, amount: Decimal) -> None:
        self.expect(amount)

    @command
    def revise_expected_close(self, expected_close: NearDay, reason: Line | None = None) -> None:
        """State on which day the sale is now expected to close."""
        if expected_close == self.expected_close:
            raise NothingChanged("expected_close")
        if self.begun and expected_close < self.begun:
            raise CloseBeforeOpening("expected_close")
        self.trigger_event(self.ExpectedCloseRevised, expected_close=expected_close, reason=reason)
