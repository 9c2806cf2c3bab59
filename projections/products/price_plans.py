"""Price plans as they are now: one row each, with all their versions."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from domain.kernel.time.business_day import recorded_day
from domain.products.price_parts import PricePart
from projections.kernel.belonging import Belongs, Stays
from projections.kernel.columns import CURRENCY, Day, Id, Json, Text, holds, json_text, until
from projections.kernel.ownership import Scope
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.reviews import REVIEW_FOLDS, UNDECIDED
from projections.products.row_shapes import PlanVersion

price_plans = ReadModel(
    "price_plans",
    "price-plan",
    sa.Column("code", Text, nullable=False, default=""),
    sa.Column("product_id", Id, nullable=False, default=""),
    sa.Column("unit", Text, nullable=False, default=""),
    sa.Column("currency", Text, info=CURRENCY),
    sa.Column("counts_from", Day),
    sa.Column("in_force_from", Day, info=until("ended_on", "in_force_on")),
    sa.Column("ended_on", Day),
    sa.Column("close_reason", Text),
    sa.Column("versions", Json, nullable=False, default=[], info=holds(list[PlanVersion])),
    order="code",
    indexes=[["code"], ["product_id", "unit"], ["unit", "code"]],
    search=["code"],
    scope=Scope(public=True),
    belongs=Belongs(stays={"unit": Stays("A unit that has ended counts as its successor.")}),
)
"""`counts_from` is the first day of the latest version, `in_force_from` of the first approved one;
from `ended_on` the plan has no price. On a day the price is that of the latest version approved
whose day has come."""

price_plans.dates("ended_on", "price-plan.ended")


def price_on(row: Row, day: date) -> tuple[int, list[PricePart]] | None:
    """Return which version of a plan is in force on a day, with its parts; `None` if none is."""
    if row["ended_on"] is not None and row["ended_on"] <= day:
        return None
    for each in reversed(row["versions"]):
        if each["approved_on"] and date.fromisoformat(each["valid_from"]) <= day:
            return each["version"], [
                PricePart.model_validate_json(json_text(part)) for part in each["parts"]
            ]
    return None


@price_plans.on("price-plan.ended")
def _ended(row: Row, event: Recorded) -> Row:
    return {"close_reason": event.data["reason"]}


@price_plans.on("price-plan.drafted", "price-plan.version-drafted")
def _drafted(row: Row, event: Recorded) -> Row:
    told = {name: event.data[name] for name in ("valid_from", "parts")}
    drafted = {"version": len(row["versions"]) + 1, **told, "approved_on": None}
    return {
        **price_plans.stated(event),
        **UNDECIDED,
        "counts_from": date.fromisoformat(event.data["valid_from"]),
        "versions": [*row["versions"], drafted],
    }


def _latest(row: Row, told: Row) -> list[Row]:
    """Return the versions, with something told of the latest."""
    *before, last = row["versions"]
    return [*before, last | told]


@price_plans.on("price-plan.draft-revised")
def _draft_revised(row: Row, event: Recorded) -> Row:
    told = {name: value for name, value in event.data.items() if value is not None}
    versions = _latest(row, told)
    return {"counts_from": date.fromisoformat(versions[-1]["valid_from"]), "versions": versions}


def _in_force(row: Row, approved_on: str) -> Row:
    versions = _latest(row, {"approved_on": approved_on})
    first = date.fromisoformat(versions[0]["valid_from"])
    return {"versions": versions, "in_force_from": first}


@price_plans.on("price-plan.approved")
def _approved(row: Row, event: Recorded) -> Row:
    approved = REVIEW_FOLDS["approved"](row, event)
    return {**approved, **_in_force(row, recorded_day(event.time).isoformat())}


@price_plans.on("price-plan.taken-over")
def _taken_over(row: Row, event: Recorded) -> Row:
    return _in_force(row, event.data["approved_on"])
