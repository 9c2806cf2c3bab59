"""Contracts as they are now: one row each, with the monthly fee of every day as far as known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from domain.kernel.time.business_day import recorded_day
from domain.kernel.types.values import LARGEST
from domain.sales.contract_amendment import Amendment
from domain.sales.contract_terms import ContractLine, Terms
from projections.kernel.belonging import Belongs, OfCustomer, Stays
from projections.kernel.columns import (
    COARSE,
    CURRENCY,
    Day,
    Id,
    Json,
    Money,
    Text,
    holds,
    json_text,
)
from projections.kernel.payload_values import day, day_of, moment_of, money
from projections.kernel.read_model import ReadModel, Row
from projections.sales.contract_products import by_product, fees_of
from projections.sales.contract_todos import CONTRACT_TODOS
from projections.sales.row_shapes import AgreedLine, DraftedAmendment, DuePayment, Fee, ProductValue

_AMOUNT = {"sensitive": "amount"}


def _of(shape: Any, *fields: str) -> dict[str, Any]:
    """Mark a column of JSON with the fields in it that are amounts."""
    return {"sensitive": dict.fromkeys(fields, "amount")} | holds(list[shape])


contracts = ReadModel(
    "contracts",
    "contract",
    sa.Column("number", Text),
    sa.Column("title", Text, nullable=False, default=""),
    sa.Column("opportunity_id", Id),
    sa.Column("quote_id", Id),
    sa.Column("quote_version", sa.Integer),
    sa.Column("replaces_id", Id),
    sa.Column("starts_on", Day),
    sa.Column("ends_on", Day),
    sa.Column("cut_on", Day),
    sa.Column("last_day", Day),
    sa.Column("signed_on", Day),
    sa.Column("taken_over", sa.Boolean, nullable=False, default=False),
    sa.Column("currency", Text, info=CURRENCY),
    sa.Column("value", Money, info=_AMOUNT),
    sa.Column("renewal", Text, info=COARSE),
    sa.Column("renewal_months", sa.Integer),
    sa.Column("renewals", sa.Integer, nullable=False, default=0),
    sa.Column("former_ends", Json, nullable=False, default=[], info=holds(list[date])),
    sa.Column("notice_days", sa.Integer),
    sa.Column("notice_day", Day),
    sa.Column("payment_days", sa.Integer),
    sa.Column("payment_due_on", Day),
    sa.Column("falls_due_on", Day),
    sa.Column("paid", Money, nullable=False, default=Decimal(0), info=_AMOUNT),
    sa.Column("penalty", Money, info=_AMOUNT),
    sa.Column("close_reason", Text),
    sa.Column("lost_to", Text),
    sa.Column("clauses", Text),
    sa.Column("document_id", Id),
    sa.Column("checksum", Text),
    sa.Column(
        "lines", Json, nullable=False, default=[], info=_of(AgreedLine, "monthly", "one_off")
    ),
    sa.Column("suspensions", Json, nullable=False, default=[]),
    sa.Column("fees", Json, nullable=False, default=[], info=_of(Fee, "monthly")),
    sa.Column("products", Json, nullable=False, default=[], info={"list": True}),
    sa.Column(
        "by_product", Json, nullable=False, default=[], info=_of(ProductValue, "value", "monthly")
    ),
    sa.Column(
        "amendments",
        Json,
        nullable=False,
        default=[],
        info=_of(DraftedAmendment, "monthly", "one_off", "value_change"),
    ),
    sa.Column("payments", Json, nullable=False, default=[], info=_of(DuePayment, "amount", "paid")),
    sa.Column("told_until", Day),
    order="last_day",
    indexes=[
        ["customer_id", "status"],
        ["unit", "last_day"],
        ["manager", "last_day"],
        ["manager", "notice_day"],
        ["manager", "payment_due_on"],
        ["manager", "customer_closed_on"],
        ["opportunity_id"],
    ],
    sorts=["last_day", "changed_at", "value"],
    filters=["status", "renewal", "unit"],
    search=["number", "title"],
    todos=CONTRACT_TODOS,
    belongs=Belongs(
        customer=OfCustomer(
            end=Stays("A contract binds a customer who leaves; it is ended by a decision.")
        ),
        stays={"ours": Stays("Who signed stays named.")},
    ),
)
"""`fees` are the days from which another monthly fee holds, with that fee, as far as known: on a
day it is that of the last one before; `by_product` has each product's part of them and of the
value. `last_day` is the last on which the contract is in force, by its term or by `cut_on`, the
day with which a notice or a termination ends it; `former_ends` are those of terms after which it
was renewed. It is in force from `starts_on` to `last_day`, whether or not its status says so yet.
`notice_day` is the last for a notice, while none was given. `value` is what its months come to,
`payment_due_on` when the first payment is due that was not made in whole, `falls_due_on` the first
of these of which that is not noted yet; of what nears it was told `told_until` a day. What was
`taken_over` was signed before it was entered, and not approved here. On `customer_closed_on` the
file of its customer was closed, unless it was given another one since."""

contracts.dates("signed_on", "contract.signed")
contracts.becomes("taken_over", {"contract.taken-over": True})


@contracts.on("contract.voided")
def _voided(row: Row, event: Recorded) -> Row:
    return {"close_reason": event.data["reason"]}


def terms_of(row: Row) -> Terms:
    """Return the terms of a contract, as its row has them."""
    return Terms.model_validate_json(json_text({name: row[name] for name in Terms.model_fields}))


def _settled(row: Row, terms: Terms, changes: Row | None = None) -> Row:
    """Return changes with all that follows from terms."""
    changes = changes or {}
    told = terms.model_dump(mode="json")
    steps = terms.steps()
    value = min(terms.worth(steps), LARGEST)
    parts = by_product(terms, steps, value)
    return {
        **changes,
        "ends_on": terms.ends_on,
        "cut_on": terms.cut_on,
        "last_day": terms.last_day,
        "notice_day": terms.notice_day({**row, **changes}["notice_days"]),
        "lines": told["lines"],
        "suspensions": told["suspensions"],
        "fees": fees_of(steps),
        "value": value,
        "by_product": parts,
        "products": [each["product"] for each in parts],
    }


def _agreed(row: Row, day: date, terms: Terms, changes: Row | None = None) -> Row:
    """Return changes with terms of whose end it is told after a day."""
    return _settled(row, terms, changes) | _told(row, day)


def _told(row: Row, day: date) -> Row:
    return {"told_until": max(row["told_until"] or date.min, day)}


@contracts.on("contract.drafted", "contract.revised")
def _drafted(row: Row, event: Recorded) -> Row:
    changes = contracts.stated(event)
    return _agreed(row, recorded_day(event.time), terms_of({**row, **changes}), changes)


@contracts.on("contract.signed", "contract.taken-over")
def _signed(row: Row, event: Recorded) -> Row:
    return {**contracts.stated(event), **_told(row, recorded_day(event.time))}


@contracts.on("contract.suspended")
def _suspended(row: Row, event: Recorded) -> Row:
    return _settled(row, terms_of(row).suspend(day_of(event)))


@contracts.on("contract.resumed")
def _resumed(row: Row, event: Recorded) -> Row:
    return _settled(row, terms_of(row).resume(day_of(event)))


@contracts.on("contract.notice-given")
def _notice_given(row: Row, event: Recorded) -> Row:
    return _settled(row, _cut(row, event.data["for_day"]))


@contracts.on("contract.notice-withdrawn")
def _notice_withdrawn(row: Row, event: Recorded) -> Row:
    return _agreed(row, recorded_day(event.time), _cut(row, None))


@contracts.on("contract.renewed")
def _renewed(row: Row, event: Recorded) -> Row:
    data = event.data
    ends_on, lines = date.fromisoformat(data["ends_on"]), data["lines"]
    terms = terms_of(row).renewed(ends_on, None if lines is None else _lines(lines))
    told_until = day(data["notice_day"]) or recorded_day(event.time)
    former = [*row["former_ends"], row["ends_on"].isoformat()]
    changes = {"renewals": row["renewals"] + 1, "former_ends": former}
    return _agreed(row, told_until, terms, changes)


@contracts.on("contract.terminated")
def _terminated(row: Row, event: Recorded) -> Row:
    data = event.data
    changes = {
        "close_reason": data["reason"],
        "lost_to": data["competitor"],
        "penalty": money(data["penalty"]),
    }
    return _settled(row, _cut(row, data["last_day"]), changes)


def _cut(row: Row, last: str | None) -> Terms:
    return terms_of(row).model_copy(update={"cut_on": day(last)})


def _lines(told: Iterable[Row]) -> list[ContractLine]:
    return [ContractLine.model_validate_json(json_text(each)) for each in told]


@contracts.on("contract.amendment-drafted")
def _amendment_drafted(row: Row, event: Recorded) -> Row:
    told = {"id": event.data["amendment_id"], "status": "drafted", **event.data}
    del told["amendment_id"]
    return {"amendments": [*row["amendments"], told]}


_REVIEWED = {
    "contract.amendment-submitted": "submitted",
    "contract.amendment-approved": "approved",
    "contract.amendment-passed-on": "submitted",
    "contract.amendment-sent-back": "drafted",
    "contract.amendment-taken-back": "drafted",
    "contract.amendment-dropped": "dropped",
}


@contracts.on(*_REVIEWED)
def _amendment_reviewed(row: Row, event: Recorded) -> Row:
    return _amended(row, event, {"status": _REVIEWED[event.type]})


def _amended(row: Row, event: Recorded, told: Row) -> Row:
    """Return the amendments, with something told of the one of an event."""
    id_ = event.data["amendment_id"]
    return {"amendments": [e | told if e["id"] == id_ else e for e in row["amendments"]]}


@contracts.on("contract.amendment-signed")
def _amendment_signed(row: Row, event: Recorded) -> Row:
    data, signed = event.data, day_of(event, "signed_on").isoformat()
    (told,) = (each for each in row["amendments"] if each["id"] == data["amendment_id"])
    amendment = Amendment.model_validate_json(
        json_text({name: told[name] for name in Amendment.model_fields})
    )
    signing = {"status": "signed", "signed_on": signed, "document_id": data["document_id"]}
    clauses = {} if told["clauses"] is None else {"clauses": told["clauses"]}
    changes = _amended(row, event, signing) | clauses
    return _agreed(row, recorded_day(event.time), amendment.to(terms_of(row)), changes)


def _paid(payments: list[Row]) -> Row:
    """Return payments, and when the first of those not made in whole is due, and falls due."""
    unpaid = [each for each in payments if Decimal(each["paid"]) < Decimal(each["amount"])]
    days = [date.fromisoformat(each["due_on"]) for each in unpaid]
    ahead = [due for due, each in zip(days, unpaid, strict=True) if not each["fell_due"]]
    return {
        "payments": payments,
        "payment_due_on": min(days, default=None),
        "falls_due_on": min(ahead, default=None),
    }


@contracts.on("contract.payments-scheduled")
def _payments_scheduled(row: Row, event: Recorded) -> Row:
    known = {each["id"]: each for each in row["payments"]}
    payments = []
    for item in event.data["items"]:
        before = known.get(item["id"], {"paid": "0", "fell_due": False, "due_on": None})
        fell_due = before["fell_due"] and before["due_on"] == item["due_on"]
        payments.append({**item, "paid": before["paid"], "fell_due": fell_due})
    return _paid(payments)


@contracts.on("contract.payment-recorded")
def _payment_recorded(row: Row, event: Recorded) -> Row:
    amount = Decimal(event.data["amount"])
    payments = [
        {**each, "paid": str(Decimal(each["paid"]) + amount)}
        if each["id"] == event.data["item"]
        else each
        for each in row["payments"]
    ]
    paid = min(row["paid"] + amount, LARGEST)
    return {**_paid(payments), "paid": paid}


@contracts.on("contract.payment-fell-due")
def _payment_fell_due(row: Row, event: Recorded) -> Row:
    item = event.data["item"]
    payments = [{**e, "fell_due": e["fell_due"] or e["id"] == item} for e in row["payments"]]
    return _paid(payments)


@contracts.on("contract.end-neared")
def _end_neared(row: Row, event: Recorded) -> Row:
    return _told(row, recorded_day(moment_of(event, "due_at")))
