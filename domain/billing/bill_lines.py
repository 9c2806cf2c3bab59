"""The lines of a bill: what was billed of which product, and what that comes to."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.kernel.types.values import Code, Count, Id, Line, Number, Sensitive, Signed, Value


class LineKind(StrEnum):
    """What a line of a bill is for."""

    RECURRING = "recurring"
    USAGE = "usage"
    ONE_OFF = "one-off"
    DISCOUNT = "discount"
    ADJUSTMENT = "adjustment"


class BillLine(Value):
    """A line of a bill; a product may be one that nobody knows here.

    `quantity` is in the unit `measure`, as minutes or GB; `in_service` is how many service numbers
    the line is for.
    """

    kind: LineKind
    amount: Annotated[Signed, Sensitive("revenue")]
    product_id: Id | None = None
    product: Line | None = None
    service_number: Code | None = None
    in_service: Count | None = None
    quantity: Number | None = None
    measure: Line | None = None


Lines = Annotated[list[BillLine], Field(min_length=1, max_length=200)]
"""The lines of one bill."""


def total(lines: list[BillLine]) -> Decimal:
    """Return what lines come to."""
    return sum((each.amount for each in lines), Decimal(0))
