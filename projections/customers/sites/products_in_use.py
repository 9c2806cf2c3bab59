"""Products in use as they are now: one row each, with what was used since which day."""

from __future__ import annotations

import sqlalchemy as sa

from domain.customers.sites.product_in_use_course import SuspensionReason, UseState
from domain.kernel.aggregate import Recorded
from domain.kernel.time.effective_day import effective_day
from projections.customers.row_shapes import UseStep
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
    one_of,
    within,
)
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.todo import Todo

_AMOUNT = {"sensitive": "amount"}

products_in_use = ReadModel(
    "products_in_use",
    "product-in-use",
    sa.Column("product_id", Id),
    sa.Column("product_name", Text),
    sa.Column("plan", Text),
    sa.Column("site_id", Id),
    sa.Column("far_site_id", Id),
    sa.Column("service_number", Text),
    sa.Column("account_number", Text),
    sa.Column("quantity", sa.Integer, nullable=False, default=1),
    sa.Column("attributes", Json, nullable=False, default={}, info=holds(dict[str, bool | str])),
    sa.Column("monthly_fee", Money, info=_AMOUNT),
    sa.Column("one_off", Money, info=_AMOUNT),
    sa.Column("currency", Text, info=CURRENCY),
    sa.Column("order_id", Id),
    sa.Column("contract_number", Text),
    sa.Column("activated_on", Day),
    sa.Column("suspended_for", Text, info=COARSE | one_of(*SuspensionReason)),
    sa.Column("changed_on", Day),
    sa.Column("ceased_on", Day, info=within("ceased_in")),
    sa.Column("close_reason", Text),
    sa.Column("lost_to", Text),
    sa.Column(
        "steps",
        Json,
        nullable=False,
        default=[],
        info={"sensitive": {"monthly_fee": "amount"}} | holds(list[UseStep]),
    ),
    order="-activated_on",
    indexes=[
        ["customer_id", "state"],
        ["unit", "activated_on"],
        ["product_id", "state"],
        ["site_id"],
        ["service_number"],
        ["account_number"],
    ],
    sorts=["activated_on", "ceased_on", "changed_at", "monthly_fee"],
    filters=["state", "unit"],
    search=["product_name", "service_number"],
    belongs=Belongs(
        customer=OfCustomer(
            end=Stays("What a customer still uses is ceased one by one."),
            shown=(
                *("product_id", "product_name", "site_id", "far_site_id", "service_number"),
                *("quantity", "monthly_fee", "currency"),
            ),
        )
    ),
    todos=[
        Todo(
            command="product-in-use.cease",
            text="Decide what becomes of what is in use ({service_number}), as the file of its "
            "customer was closed",
            when={"state": ",".join(each for each in UseState if each is not UseState.CEASED)},
            at="unit",
            since="customer_closed_on",
            due="customer_closed_on",
        )
    ],
)
"""`monthly_fee` is that of all its pieces together. `steps` has the quantity and the fee from each
day on which one of them changed. `close_reason` is why it was ceased, `lost_to` the competitor
that gained it."""

products_in_use.dates("changed_on", "product-in-use.changed", "product-in-use.relocated")
products_in_use.dates("activated_on", "product-in-use.activated")
products_in_use.dates("ceased_on", "product-in-use.ceased")
products_in_use.becomes("suspended_for", {"product-in-use.resumed": None})


def _step(row: Row, event: Recorded, told: Row) -> list[Row]:
    """Return the steps with one more, from the day of an event on."""
    fee = told["monthly_fee"]
    step = {
        "from": effective_day(event.type, event.data, event.time).isoformat(),
        "quantity": told["quantity"],
        "monthly_fee": None if fee is None else str(fee),
    }
    return [*row["steps"], step]


@products_in_use.on("product-in-use.installed")
def _installed(row: Row, event: Recorded) -> Row:
    told = products_in_use.stated(event)
    state = "pending" if event.data["activated_on"] is None else "active"
    return {**told, "state": state, "steps": _step(row, event, {**row, **told})}


@products_in_use.on("product-in-use.changed")
def _changed(row: Row, event: Recorded) -> Row:
    told = products_in_use.stated(event)
    same = told.keys().isdisjoint(("quantity", "monthly_fee"))
    return told if same else {**told, "steps": _step(row, event, {**row, **told})}


@products_in_use.on("product-in-use.suspended")
def _suspended(row: Row, event: Recorded) -> Row:
    return {"suspended_for": event.data["reason"]}


@products_in_use.on("product-in-use.ceased")
def _ceased(row: Row, event: Recorded) -> Row:
    data = event.data
    return {"close_reason": data["reason"], "lost_to": data["competitor"], "suspended_for": None}
