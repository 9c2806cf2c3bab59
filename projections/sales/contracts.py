"""Contracts as they are now: one row each, with the monthly fee of every day as far as known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from domain.kernel.time.business_day import begin_of, recorded_day
from domain.kernel.types.values import LARGEST
from domain.sales.contract_amendment import Amendment
from domain.sales.contract_terms import ContractLine, Terms
from projections.kernel.belonging import Belongs, OfCustomer, Stays
from projections.kernel.columns import (
    COARSE,
    CURRENCY,
    Day,
    Id,
    Instant,
    Json,
    Money,
    Text,
    json_text,
)
from projections.kernel.payload_values import day, day_of, moment_of, money
from projections.kernel.read_model import ReadModel, Row
from projections.sales.contract_products import by_product, fees_of
from projections.sales.contract_watch import terms_of, unpaid, watch_of

_AMOUNT = {"sensitive": "amount"}


def _masked(*fields: str) -> dict[str, Any]:
    """Mark a column of JSON with the fields in it that are amounts."""
    return {"sensitive": dict.fromkeys(fields, "amount")}


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
    sa.Column("currency", Text, info=CURRENCY),
    sa.Column("value", Money, info=_AMOUNT),
    sa.Column("renewal", Text, info=COARSE),
    sa.Column("renewal_months", sa.Integer),
    sa.Column("renewals", sa.Integer, nullable=False, default=0),
    sa.Column("notice_days", sa.Integer),
    sa.Column("notice_day", Day),
    sa.Column("payment_days", sa.Integer),
    sa.Column("payment_due_on", Day),
    sa.Column("paid", Money, nullable=False, default=Decimal(0), info=_AMOUNT),
    sa.Column("penalty", Money, info=_AMOUNT),
    sa.Column("close_reason", Text),
    sa.Column("lost_to", Text),
    sa.Column("clauses", Text),
    sa.Column("document_id", Id),
    sa.Column("checksum", Text),
    sa.Column("lines", Json, nullable=False, default=[], info=_masked("monthly", "one_off")),
    sa.Column("suspensions", Json, nullable=False, default=[]),
    sa.Column("fees", Json, nullable=False, default=[], info=_masked("monthly")),
    sa.Column("products", Json, nullable=False, default=[], info={"list": True}),
    sa.Column("by_product", Json, nullable=False, default=[], info=_masked("value", "monthly")),
    sa.Column(
        "amendments",
        Json,
        nullable=False,
        default=[],
        info=_masked("monthly", "one_off", "value_change"),
    ),
    sa.Column("payments", Json, nullable=False, default=[], info=_masked("amount", "paid")),
    sa.Column("told_since", Day),
    sa.Column("reminded", Json, nullable=False, default={}),
    sa.Column("due_at", Instant),
    order="last_day",
    indexes=[
        ["customer_id", "status"],
        ["unit", "last_day"],
        ["manager", "last_day"],
        ["due_at"],
        ["opportunity_id"],
    ],
    sorts=["last_day", "changed_at", "value"],
    filters=["status", "renewal", "unit"],
    search=["number", "title"],
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
day with which a notice or a termination ends it. It is in force from `starts_on` to `last_day`,
whether or not its status says so yet. `value` is what its months come to, `payment_due_on` when the
first payment is due that was not made in whole. At `due_at` something is to be noted of it:
`note_contracts` does."""

contracts.dates("signed_on", "contract.signed")


def _settled(row: Row, event: Recorded, changes: Row, terms: Terms | None = None) -> Row:
    """Return the changes with all that follows from them, from new terms if there are any."""
    changes = {**changes, **contracts.state_after(event.type)}
    if terms is not None:
        told = terms.model_dump(mode="json")
        value = min(terms.value, LARGEST)
        parts = by_product(terms, value)
        changes = {
            **changes,
            "ends_on": terms.ends_on,
            "cut_on": terms.cut,
            "last_day": terms.last_day,
            "lines": told["lines"],
            "suspensions": told["suspensions"],
            "fees": fees_of(terms),
            "value": value,
            "by_product": parts,
            "products": [each["product"] for each in parts],
        }
    after = {**row, **changes}
    watch = watch_of(after)
    open_ = [date.fromisoformat(each["due_on"]) for each in unpaid(after, True)]
    following = min((due.day for due in watch.ahead()), default=None)
    return {
        **changes,
        "notice_day": None if watch.notice_days is None else watch.notice_day,
        "payment_due_on": min(open_, default=None),
        "due_at": None if following is None else begin_of(following),
    }


def _agreed(row: Row, event: Recorded, changes: Row, terms: Terms) -> Row:
    """Return the changes with terms from which on it is told when they near their end."""
    changes = {**changes, "told_since": recorded_day(event.time)}
    return _settled(row, event, changes, terms)


@contracts.on("contract.drafted", "contract.revised")
def _drafted(row: Row, event: Recorded) -> Row:
    changes = contracts.stated(event)
    return _agreed(row, event, changes, terms_of({**row, **changes}))


@contracts.on("contract.signed")
def _signed(row: Row, event: Recorded) -> Row:
    return _agreed(row, event, contracts.stated(event), terms_of(row))


@contracts.on("contract.took-effect", "contract.expired", "contract.voided")
def _noted(row: Row, event: Recorded) -> Row:
    reason = event.data.get("reason")
    return _settled(row, event, {} if reason is None else {"close_reason": reason})


@contracts.on("contract.suspended")
def _suspended(row: Row, event: Recorded) -> Row:
    return _settled(row, event, {}, terms_of(row).suspend(day_of(event)))


@contracts.on("contract.resumed")
def _resumed(row: Row, event: Recorded) -> Row:
    return _settled(row, event, {}, terms_of(row).resume(day_of(event)))


@contracts.on("contract.notice-given")
def _notice_given(row: Row, event: Recorded) -> Row:
    return _settled(row, event, {}, _cut(row, event.data["for_day"]))


@contracts.on("contract.notice-withdrawn")
def _notice_withdrawn(row: Row, event: Recorded) -> Row:
    return _agreed(row, event, {}, _cut(row, None))


@contracts.on("contract.renewed")
def _renewed(row: Row, event: Recorded) -> Row:
    data = event.data
    ends_on, lines = date.fromisoformat(data["ends_on"]), data["lines"]
    changes = {"renewals": row["renewals"] + 1}
    terms = terms_of(row).renewed(ends_on, None if lines is None else _lines(lines))
    return _agreed(row, event, changes, terms)


@contracts.on("contract.terminated")
def _terminated(row: Row, event: Recorded) -> Row:
    data = event.data
    changes = {
        "close_reason": data["reason"],
        "lost_to": data["competitor"],
        "penalty": money(data["penalty"]),
    }
    return _settled(row, event, changes, _cut(row, data["last_day"]))


def _cut(row: Row, last: str | None) -> Terms:
    return terms_of(row).model_copy(update={"cut": day(last)})


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
    return _agreed(row, event, changes, amendment.to(terms_of(row)))


@contracts.on("contract.payments-scheduled")
def _payments_scheduled(row: Row, event: Recorded) -> Row:
    known = {each["id"]: each for each in row["payments"]}
    payments = []
    for item in event.data["items"]:
        before = known.get(item["id"], {"paid": "0", "fell_due": False, "due_on": None})
        fell_due = before["fell_due"] and before["due_on"] == item["due_on"]
        payments.append({**item, "paid": before["paid"], "fell_due": fell_due})
    return _settled(row, event, {"payments": payments})


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
    return _settled(row, event, {"payments": payments, "paid": paid})


@contracts.on("contract.payment-fell-due")
def _payment_fell_due(row: Row, event: Recorded) -> Row:
    item = event.data["item"]
    payments = [{**e, "fell_due": e["fell_due"] or e["id"] == item} for e in row["payments"]]
    return _settled(row, event, {"payments": payments})


@contracts.on("contract.end-neared")
def _end_neared(row: Row, event: Recorded) -> Row:
    told = recorded_day(moment_of(event, "due_at")).isoformat()
    return _settled(row, event, {"reminded": {**row["reminded"], event.data["of"]: told}})
