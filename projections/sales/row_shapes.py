"""Row shapes: what the columns of sales and contracts have that hold lists and objects."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, NotRequired

from typing_extensions import TypedDict


class SoldLine(TypedDict):
    """A product of a sale: so many of it, at a fee a month and once, for so many months."""

    product: str
    product_id: NotRequired[str | None]
    quantity: int
    monthly: Decimal | None
    one_off: Decimal | None
    months: NotRequired[int | None]


class StageStay(TypedDict):
    """A stage in which a sale was, from one day to another."""

    stage: str
    to: date | None
    days: int | None


class AgreedLine(TypedDict):
    """A product of a contract: so many of it, at a fee a month and once."""

    id: str
    product: str
    quantity: int
    monthly: Decimal | None
    one_off: Decimal | None
    to: date | None


class Fee(TypedDict):
    """A fee a month, from a day."""

    monthly: Decimal | None


class ProductValue(TypedDict):
    """What a product is worth in a contract."""

    product: str
    value: Decimal | None
    fees: list[Fee]


class DraftedAmendment(TypedDict):
    """A change of a contract that was drafted, with what became of it."""

    id: str
    status: str
    since: date | None
    end_lines: list[dict[str, Any]]
    new_lines: list[AgreedLine]
    ends_on: date | None
    clauses: str | None
    checksum: str | None
    value_change: Decimal | None
    signed_on: date | None
    document_id: str | None


class DuePayment(TypedDict):
    """What is to be paid, until when, and what was."""

    id: str
    amount: Decimal | None
    due_on: date
    paid: Decimal | None
    fell_due: bool
