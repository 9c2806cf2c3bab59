"""Sites as they are now: one row each, with access points, equipment and network."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from domain.customers.sites.site import SiteKind
from domain.kernel.aggregate import Recorded
from domain.kernel.time.effective_day import STATED
from projections.customers.row_shapes import EquipmentAtSite, SiteAccessPoint
from projections.kernel.belonging import Belongs, OfCustomer, Stays
from projections.kernel.columns import COARSE, Day, Id, Json, Text, holds, one_of
from projections.kernel.read_model import ReadModel, Row

sites = ReadModel(
    "sites",
    "site",
    sa.Column("name", Text, nullable=False, default=""),
    sa.Column("kind", Text, nullable=False, default="", info=COARSE | one_of(*SiteKind)),
    sa.Column("address", Text, nullable=False, default=""),
    sa.Column("area", Text, nullable=False, default="", info=COARSE),
    sa.Column("region", Text),
    sa.Column("latitude", sa.Float),
    sa.Column("longitude", sa.Float),
    sa.Column("contact_id", Id),
    sa.Column("opened_on", Day),
    sa.Column("used_since", Day),
    sa.Column("vacated_on", Day),
    sa.Column("reason", Text),
    sa.Column("medium", Json, nullable=False, default=[], info={"list": True}),
    sa.Column("carrier", Json, nullable=False, default=[], info={"list": True}),
    sa.Column(
        "access_points", Json, nullable=False, default={}, info=holds(dict[str, SiteAccessPoint])
    ),
    sa.Column(
        "equipment", Json, nullable=False, default={}, info=holds(dict[str, EquipmentAtSite])
    ),
    sa.Column("topology", Text),
    sa.Column("protocols", Json, nullable=False, default=[], info=holds(list[str])),
    sa.Column("providers", Json, nullable=False, default=[], info=holds(list[str])),
    sa.Column("bandwidth_mbps", sa.Integer),
    sa.Column("document_ids", Json, nullable=False, default=[], info=holds(list[str])),
    order="name",
    indexes=[["customer_id", "state"], ["unit", "name"]],
    sorts=["name", "changed_at"],
    filters=["state", "kind", "unit"],
    search=["name", "address"],
    belongs=Belongs(
        customer=OfCustomer(
            end=Stays("Where a customer is it is, whoever it buys from."),
            shown=("kind", "address", "medium", "carrier"),
        )
    ),
)
"""`access_points` by their codes, `equipment` by its tags; `medium` and `carrier` are those of the
access points, each once. `reason` is why it was vacated."""

sites.dates("opened_on", "site.opened")
sites.dates("used_since", "site.taken-into-use")
sites.dates("vacated_on", "site.vacated")
sites.keeps("site.transferred", "reason")


def _stated(known: dict[str, Any], key: str, event: Recorded) -> dict[str, Any]:
    """Return items by their keys, with what an event states of one of them."""
    told = {n: each for n, each in event.data.items() if each is not None and n != STATED}
    item = {**known.get(told.pop(key), {}), **told}
    for name in (key, "cleared", *(told.get("cleared") or ())):
        item.pop(name, None)
    return {**known, event.data[key]: item}


def _points(points: dict[str, Any]) -> Row:
    medium, carrier = ({e[name] for e in points.values()} for name in ("medium", "carrier"))
    return {"access_points": points, "medium": sorted(medium), "carrier": sorted(carrier)}


@sites.on("site.access-point-added", "site.access-point-corrected")
def _access_point_stated(row: Row, event: Recorded) -> Row:
    return _points(_stated(row["access_points"], "code", event))


@sites.on("site.access-point-removed")
def _access_point_removed(row: Row, event: Recorded) -> Row:
    gone = event.data["code"]
    left = {code: each for code, each in row["access_points"].items() if code != gone}
    return _points(
        {
            code: {n: v for n, v in each.items() if n != "diverse_from" or v != gone}
            for code, each in left.items()
        }
    )


@sites.on("site.equipment-recorded", "site.equipment-corrected")
def _equipment_stated(row: Row, event: Recorded) -> Row:
    return {"equipment": _stated(row["equipment"], "tag", event)}


@sites.on("site.equipment-removed")
def _equipment_removed(row: Row, event: Recorded) -> Row:
    gone = event.data["tag"]
    return {"equipment": {tag: each for tag, each in row["equipment"].items() if tag != gone}}
