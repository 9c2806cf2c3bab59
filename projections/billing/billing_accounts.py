"""Billing accounts as they are now: one row each, with the customer who holds it."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.billing.row_shapes import Holder
from projections.kernel.belonging import Belongs, OfCustomer, Stays
from projections.kernel.columns import CURRENCY, Day, Id, Json, Text, holds
from projections.kernel.payload_values import day_of
from projections.kernel.read_model import ReadModel, Row

billing_accounts = ReadModel(
    "billing_accounts",
    "billing-account",
    sa.Column("account_number", Text, nullable=False, default=""),
    sa.Column("currency", Text, info=CURRENCY),
    sa.Column("arrangement_id", Id),
    sa.Column("opened_on", Day),
    sa.Column("holders", Json, nullable=False, default=[], info=holds(list[Holder])),
    sa.Column("closed_on", Day),
    sa.Column("close_reason", Text),
    order="account_number",
    indexes=[["customer_id", "account_number"], ["unit", "account_number"]],
    sorts=["account_number", "changed_at"],
    filters=["state", "unit"],
    search=["account_number"],
    belongs=Belongs(
        customer=OfCustomer(
            end=Stays("What was billed stays to be paid."), shown=("account_number", "currency")
        )
    ),
)
"""One without a `customer_id` is held by nobody yet; `holders` says who held it since which day,
the first one from its beginning."""

billing_accounts.dates("opened_on", "billing-account.opened")
billing_accounts.dates("closed_on", "billing-account.closed")
billing_accounts.becomes("arrangement_id", {"billing-account.left": None})


@billing_accounts.on("billing-account.opened")
def _opened(row: Row, event: Recorded) -> Row:
    told = billing_accounts.stated(event)
    first = {"since": date.min.isoformat(), "customer_id": told["customer_id"]}
    return {**told, "holders": [first] if told["customer_id"] else []}


@billing_accounts.on("billing-account.assigned", "billing-account.reassigned")
def _given(row: Row, event: Recorded) -> Row:
    told = billing_accounts.stated(event)
    held = {"since": day_of(event).isoformat(), "customer_id": told["customer_id"]}
    return {**told, "holders": [*row["holders"], held]}


@billing_accounts.on("billing-account.customer-named")
def _named(row: Row, event: Recorded) -> Row:
    *before, last = row["holders"] or [{"since": date.min.isoformat()}]
    return {
        "customer_id": event.data["customer_id"],
        "holders": [*before, {**last, "customer_id": event.data["customer_id"]}],
    }


@billing_accounts.on("billing-account.closed")
def _closed(row: Row, event: Recorded) -> Row:
    return {"close_reason": event.data["reason"]}
