"""Bills as they are now: one row each, with lines, payments and what remains."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from domain.billing.bill import Outcome
from domain.billing.bill_payments import BillState, standing
from domain.kernel.aggregate import Recorded
from projections.billing.row_shapes import BilledLine, PaymentMade, WrittenOff
from projections.kernel.belonging import Belongs, OfCustomer, Stays
from projections.kernel.columns import (
    COARSE,
    CURRENCY,
    DERIVED,
    MONTH,
    Day,
    Id,
    Json,
    Money,
    Text,
    holds,
    one_of,
    reported,
    until,
)
from projections.kernel.ownership import Scope
from projections.kernel.payload_values import day_of
from projections.kernel.read_model import ReadModel, Row

_REVENUE = {"sensitive": "revenue"}
_AMOUNTS: dict[str, Any] = {"sensitive": {"amount": "revenue"}}

bills = ReadModel(
    "bills",
    "bill",
    sa.Column(
        *("state", Text), nullable=False, default="received", info=COARSE | one_of(*BillState)
    ),
    sa.Column("account_number", Text, nullable=False, default=""),
    sa.Column("month", Text, nullable=False, default="", info=MONTH),
    sa.Column("source", Text, nullable=False, default=""),
    sa.Column("customer_id", Id),
    sa.Column("unit", Text),
    sa.Column("issued_on", Day),
    sa.Column("due_on", Day),
    sa.Column("overdue_from", Day, info=until("settled_on", "overdue_on", "overdue") | DERIVED),
    sa.Column("settled_on", Day),
    sa.Column("amount", Money, info=_REVENUE),
    sa.Column("currency", Text, info=CURRENCY),
    sa.Column("paid", Money, nullable=False, default=Decimal(0), info=_REVENUE | DERIVED),
    sa.Column("written_off", Money, nullable=False, default=Decimal(0), info=_REVENUE | DERIVED),
    sa.Column("remaining", Money, nullable=False, default=Decimal(0), info=_REVENUE | DERIVED),
    sa.Column("corrections", sa.Integer, nullable=False, default=0),
    sa.Column("close_reason", Text),
    sa.Column("disputed", Json, nullable=False, default=[], info=holds(list[int])),
    sa.Column("dispute_reason", Text),
    sa.Column("outcome", Text, info=COARSE | one_of(*Outcome)),
    sa.Column(
        "lines", Json, nullable=False, default=[], info=_AMOUNTS | reported(list[BilledLine])
    ),
    sa.Column(
        "payments", Json, nullable=False, default=[], info=_AMOUNTS | reported(list[PaymentMade])
    ),
    sa.Column(
        "write_offs", Json, nullable=False, default=[], info=_AMOUNTS | reported(list[WrittenOff])
    ),
    order="-month",
    indexes=[
        ["customer_id", "month"],
        ["unit", "month"],
        ["account_number", "month"],
        ["due_on", "settled_on"],
    ],
    sorts=["month", "due_on", "changed_at"],
    filters=["state", "unit"],
    apart={"unmatched": {"customer_id": ""}},
    scope=Scope("unit", through=("customer_id", "customers")),
    belongs=Belongs(
        customer=OfCustomer(
            name=Stays("It is whoever's the account is."),
            in_any_state=True,
            end=Stays("What was billed stays to be paid."),
            shown=("account_number", "month", "due_on", "amount", "remaining", "currency"),
            finds=("overdue",),
        ),
        ended=("paid", "written-off", "cancelled"),
    ),
)
"""One without a `customer_id` is of an account that nobody holds. It is overdue from the day
`overdue_from` until the day `settled_on`, on which nothing remained to be paid; both are compared
with the day asked for, so that nothing need happen for a bill to be overdue. `close_reason` is why
it was corrected, cancelled or written off last."""

bills.counts("corrections", "bill.corrected")


def _settled(row: Row, event: Recorded, changes: Row) -> Row:
    """Return what changes, with the state and the sums that follow from it."""
    after = {**row, **changes}
    paid = sum((Decimal(e["amount"]) for e in after["payments"] if "reversed_on" not in e), _NONE)
    written_off = sum((Decimal(each["amount"]) for each in after["write_offs"]), _NONE)
    state = standing(after["amount"], paid, written_off)
    settled = state in (BillState.PAID, BillState.WRITTEN_OFF)
    known = row["settled_on"]
    changes |= {
        "state": str(state),
        "paid": paid,
        "written_off": written_off,
        "remaining": after["amount"] - paid - written_off,
        "settled_on": (known or _day(event)) if settled else None,
    }
    return changes


_NONE = Decimal(0)


def _day(event: Recorded) -> date:
    return day_of(event, "issued_on" if event.type == "bill.received" else "on")


@bills.on("bill.received")
def _received(row: Row, event: Recorded) -> Row:
    told = bills.stated(event)
    told["overdue_from"] = told["due_on"] + timedelta(1)
    return _settled(row, event, told)


@bills.on("bill.corrected")
def _corrected(row: Row, event: Recorded) -> Row:
    told = bills.stated(event)
    return _settled(row, event, {**told, "close_reason": event.data["reason"]})


@bills.on("bill.payment-recorded")
def _paid(row: Row, event: Recorded) -> Row:
    made = {each: event.data[each] for each in ("reference", "amount")}
    made["on"] = _day(event).isoformat()
    return _settled(row, event, {"payments": [*row["payments"], made]})


@bills.on("bill.payment-reversed")
def _reversed(row: Row, event: Recorded) -> Row:
    day, its = {"reversed_on": _day(event).isoformat()}, event.data["reference"]
    payments = [
        {**each, **day} if each["reference"] == its and "reversed_on" not in each else each
        for each in row["payments"]
    ]
    return _settled(row, event, {"payments": payments})


@bills.on("bill.written-off")
def _written_off(row: Row, event: Recorded) -> Row:
    made = {"amount": event.data["amount"], "on": _day(event).isoformat()}
    reason = {"close_reason": event.data["reason"]}
    return _settled(row, event, {"write_offs": [*row["write_offs"], made], **reason})


@bills.on("bill.disputed")
def _disputed(row: Row, event: Recorded) -> Row:
    return {"disputed": event.data["lines"], "dispute_reason": event.data["reason"]}


@bills.on("bill.dispute-settled")
def _dispute_settled(row: Row, event: Recorded) -> Row:
    return {"disputed": [], "outcome": event.data["outcome"]}


@bills.on("bill.cancelled")
def _cancelled(row: Row, event: Recorded) -> Row:
    return {
        "state": "cancelled",
        "remaining": _NONE,
        "settled_on": _day(event),
        "close_reason": event.data["reason"],
    }
