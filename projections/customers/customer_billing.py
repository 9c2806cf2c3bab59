"""What a customer was billed in twelve months, by product, and what of its bills is overdue."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from typing_extensions import TypedDict

from projections.kernel.read_model import Row

COLUMNS = ("month", "currency", "lines", "state", "remaining", "overdue_from")
"""What is read of each bill."""

CANCELLED = "cancelled"


class BilledProduct(TypedDict):
    """What was billed for a month of one product, in one currency; null where that is masked."""

    month: str
    product_id: str | None
    product: str | None
    currency: str
    amount: Decimal | None


class Arrears(TypedDict):
    """What is overdue in one currency: how many bills, and since which day the oldest of them."""

    currency: str
    bills: int
    since: date
    amount: Decimal | None


def first_month(day: date) -> str:
    """Return the first of the twelve months that end with that of a day."""
    year, month = (day.year, 1) if day.month == 12 else (day.year - 1, day.month + 1)
    return f"{year}-{month:02}"


def asked(bill: Any, day: date, ended: Iterable[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a bill is of the twelve months to a day, or still to be paid."""
    recent = sa.and_(bill.month >= first_month(day), bill.state != CANCELLED)
    return sa.or_(recent, bill.state.not_in([*ended]))


def billed(bills: Iterable[Row], day: date) -> list[BilledProduct]:
    """Add up the lines of bills by month, product and currency."""
    first, found = first_month(day), dict[tuple[Any, ...], Decimal | None]()
    for bill in bills:
        if bill["month"] < first or bill["state"] == CANCELLED:
            continue
        for line in bill["lines"]:
            key = (bill["month"], line.get("product_id"), line.get("product"), bill["currency"])
            found[key] = _sum(found.get(key, Decimal(0)), line["amount"])
    names = ("month", "product_id", "product", "currency")
    in_turn = sorted(found.items(), key=lambda each: [part or "" for part in each[0]])
    return [{**dict(zip(names, key, strict=True)), "amount": sum_} for key, sum_ in in_turn]  # type: ignore[typeddict-item]


def arrears(bills: Iterable[Row], day: date) -> list[Arrears]:
    """Add up what is overdue on a day, by currency, of bills that are still to be paid."""
    found = dict[str, Arrears]()
    for bill in bills:
        since = bill["overdue_from"]
        if since is None or since > day:
            continue
        currency = bill["currency"]
        so_far = found.get(currency) or Arrears(
            currency=currency, bills=0, since=since, amount=Decimal(0)
        )
        found[currency] = Arrears(
            currency=currency,
            bills=so_far["bills"] + 1,
            since=min(so_far["since"], since),
            amount=_sum(so_far["amount"], bill["remaining"]),
        )
    return [found[currency] for currency in sorted(found)]


def _sum(sum_: Decimal | None, amount: Any) -> Decimal | None:
    """Return a sum with one more, nothing where one of them is masked."""
    return None if sum_ is None or amount is None else sum_ + Decimal(amount)
