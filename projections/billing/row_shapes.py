"""Row shapes: what the columns of accounts and bills have that hold lists of objects."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, NotRequired

from typing_extensions import TypedDict

from domain.billing.bill_lines import LineKind

Quantity = Annotated[Decimal, "DECIMAL(22,4)"]
"""A number of up to four decimals, and its type in the warehouse."""


class Holder(TypedDict):
    """Who held an account since a day."""

    since: date
    customer_id: str


class BilledLine(TypedDict):
    """A line of a bill; what nobody said is null."""

    kind: LineKind
    amount: Decimal | None
    product_id: str | None
    product: str | None
    service_number: str | None
    in_service: int | None
    quantity: Quantity | None
    measure: str | None


class PaymentMade(TypedDict):
    """What was paid of a bill on a day, and from when on it was reversed, if it was."""

    reference: str
    amount: Decimal | None
    on: date
    reversed_on: NotRequired[date]


class WrittenOff(TypedDict):
    """What was written off of a bill on a day."""

    amount: Decimal | None
    on: date
