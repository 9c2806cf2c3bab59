"""Products as they are now: one row each, with what they consist of and how they compare."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.kernel.belonging import Belongs, Stays
from projections.kernel.columns import COARSE, REACHES_BELOW, Day, Id, Json, Text, holds
from projections.kernel.ownership import Scope
from projections.kernel.read_model import ReadModel, Row
from projections.products.row_shapes import (
    BundledComponent,
    NeededResource,
    OfferedAttribute,
    OfferedSla,
    Rival,
)

products = ReadModel(
    "products",
    "product",
    sa.Column("code", Text, nullable=False, default=""),
    sa.Column("name", Text, nullable=False, default=""),
    sa.Column("english_name", Text),
    sa.Column("category", Text, nullable=False, default=""),
    sa.Column("unit", Text, nullable=False, default=""),
    sa.Column("bundle", sa.Boolean, nullable=False, default=False),
    sa.Column("ends", Text, info=COARSE),
    sa.Column("lead_time_wd", sa.Integer),
    sa.Column("description", Text),
    sa.Column("attributes", Json, nullable=False, default=[], info=holds(list[OfferedAttribute])),
    sa.Column("offered_in", Json, nullable=False, default=[], info=REACHES_BELOW),
    sa.Column("trial_until", Day),
    sa.Column("planned_on", Day),
    sa.Column("on_sale_on", Day),
    sa.Column("withdrawn_on", Day),
    sa.Column("close_reason", Text),
    sa.Column("successor_id", Id),
    sa.Column("components", Json, nullable=False, default=[], info=holds(list[BundledComponent])),
    sa.Column("resources", Json, nullable=False, default=[], info=holds(list[NeededResource])),
    sa.Column("sla", Json, nullable=False, default=[], info=holds(list[OfferedSla])),
    sa.Column("comparisons", Json, nullable=False, default=[], info=holds(list[Rival])),
    order="code",
    indexes=[["code"], ["category", "code"], ["state", "code"]],
    search=["code", "name", "english_name"],
    scope=Scope(public=True),
    belongs=Belongs(
        stays={
            "unit": Stays("A unit that has ended counts as its successor."),
            "units": Stays("Who offers a product is said one by one; a merge says it too."),
        },
    ),
)
"""It is `offered_in` units with all below them, while it is on trial, until `trial_until`, or on
sale. `close_reason` is that of its withdrawal, after which `successor_id` takes its place."""

products.dates("planned_on", "product.planned")
products.dates("on_sale_on", "product.put-on-sale")
products.dates("withdrawn_on", "product.withdrawn")
products.becomes("offered_in", {"product.withdrawn": []})


@products.on("product.extended-to")
def _extended_to(row: Row, event: Recorded) -> Row:
    return {"offered_in": sorted({*row["offered_in"], *event.data["units"]})}


@products.on("product.ended-in")
def _ended_in(row: Row, event: Recorded) -> Row:
    return {"offered_in": [e for e in row["offered_in"] if e not in event.data["units"]]}


@products.on("product.withdrawn")
def _withdrawn(row: Row, event: Recorded) -> Row:
    return {**products.stated(event), "close_reason": event.data["reason"]}


def _with(known: Sequence[Row], told: Row, *key: str) -> list[Row]:
    """Return parts with one more, in the place of the one of the same key if there is one."""
    named = tuple(told[name] for name in key)
    others = [each for each in known if tuple(each[name] for name in key) != named]
    return sorted([*others, told], key=lambda each: [each[name] for name in key])


def _part(event: Recorded) -> Row:
    return {name: value for name, value in event.data.items() if name != "on"}


@products.on("product.component-added")
def _component_added(row: Row, event: Recorded) -> Row:
    return {"components": _with(row["components"], _part(event), "product_id")}


@products.on("product.component-removed")
def _component_removed(row: Row, event: Recorded) -> Row:
    removed = event.data["product_id"]
    return {"components": [e for e in row["components"] if e["product_id"] != removed]}


@products.on("product.resource-required")
def _resource_required(row: Row, event: Recorded) -> Row:
    every = _with(row["resources"], _part(event), "kind", "per")
    return {"resources": [each for each in every if each["quantity"]]}


@products.on("product.sla-offered")
def _sla_offered(row: Row, event: Recorded) -> Row:
    return {"sla": _with(row["sla"], _part(event), "measure")}


@products.on("product.compared")
def _compared(row: Row, event: Recorded) -> Row:
    told = _part(event)
    return {"comparisons": _with(row["comparisons"], told, "competitor", "rival_product")}
