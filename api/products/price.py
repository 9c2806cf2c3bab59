"""Prices over HTTP: what a product costs in a unit on a day, with each step of the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Response

from adapters.refusals import RuleBroken
from api.document.answers import answer
from api.document.product_answers import ProductPrice
from api.kernel.access.visibility import See
from api.kernel.reading.as_of import AtMoment
from api.kernel.reading.read_parameters import Day, MinPosition, TheParts, invalid, json_response
from api.kernel.reading.record_then import record_then
from api.products.reading import plans_then
from api.reads.meant import refuse_unknown
from domain.kernel.time.business_day import today
from domain.products.price_parts import Price, PricePart, PriceTooLarge, Unmeasured, price
from domain.products.price_plan import NoPrice
from domain.products.product_attributes import Attribute, AttributeType, misfits
from projections.kernel.columns import json_text
from projections.kernel.read_model import Row
from projections.products.price_plans import price_on
from projections.products.products import products

router = APIRouter(tags=["products"])

Unit = Annotated[str, Query(max_length=64, description="where it is sold: the code of a unit")]
Quantity = Annotated[int, Query(ge=1, le=1_000_000, description="pieces")]
Months = Annotated[int, Query(ge=1, le=120, description="the term")]
Attributes = Annotated[
    str | None,
    Query(
        max_length=10_000,
        description="what is chosen of the product's attributes, by code, as a JSON object",
        examples=['{"bandwidth": 100}'],
    ),
]
On = Annotated[
    Day | None, Query(description="the day, which may be one to come; else that of the moment")
]
Plan = Annotated[
    str | None,
    Query(max_length=64, description="the code of a price plan; else that of the nearest unit"),
]


@router.get(
    "/products/{id}/price",
    operation_id="product.price",
    responses=answer("The price.", ProductPrice),
)
async def price_of(
    id: str,
    parts: TheParts,
    see: See,
    when: AtMoment,
    min_position: MinPosition,
    unit: Unit,
    quantity: Quantity = 1,
    months: Months = 1,
    attributes: Attributes = None,
    on: On = None,
    plan: Plan = None,
) -> Response:
    """Tell what pieces of a product cost a month and once, by which plan and tier, and why.

    The plan is that of the unit, or of the nearest one above it. Without one in force that says a
    price it is refused by the rule `no-price`.
    """
    product, at = await record_then(parts, see, products, id, when, parts.visible, min_position)
    refuse_unknown(see, "unit", unit, "unit")
    chosen = _chosen(product, attributes)
    day = on or when.valid_at or when.day or today()
    above = see.over(unit) if when.now else see.over(unit, *at)
    plans = await plans_then(parts, see, id, at)
    if plan is not None and plan not in {each["code"] for each in plans}:
        raise invalid("plan", f"The product has no price plan {plan!r}.")
    plans = [each for each in plans if plan in (None, each["code"])]
    found: tuple[Row, int, Price] | None = None
    others = list[str]()
    for row, number, told in _nearest(plans, above, day):
        try:
            costs = price(told, quantity, months, chosen)
        except Unmeasured as lacking:
            raise invalid("attributes", f"The price goes by {lacking}: tell its number.") from None
        except PriceTooLarge as large:
            raise RuleBroken(large) from large
        if costs is None:
            continue
        if found is None:
            found = row, number, costs
        else:
            others.append(row["code"])
    if found is None:
        raise RuleBroken(NoPrice(None, f"There is none for {unit} on {day}."))
    row, number, costs = found
    whose = "" if row["unit"] == unit else f", the nearest to {unit}"
    chosen_by = f"Plan {row['code']} of {row['unit']}{whose}: version {number} counts on {day}."
    return json_response(
        {
            "product_id": id,
            "on": day,
            "plan": row["code"],
            "plan_id": row["id"],
            "plan_unit": row["unit"],
            "version": number,
            "currency": row["currency"],
            "quantity": quantity,
            "months": months,
            "monthly": costs.monthly,
            "one_off": costs.one_off,
            "tier": costs.tier,
            "usage": [part.model_dump(mode="json") for part in costs.usage],
            "steps": [chosen_by, *costs.steps],
            "offered": not {*above}.isdisjoint(product["offered_in"]),
            "others": others,
            "position": at.position,
        },
        {"Position": str(at.position)},
    )


def _nearest(
    plans: Sequence[Row], above: Sequence[str], day: date
) -> Iterator[tuple[Row, int, list[PricePart]]]:
    """Yield of each code the plan in force of the nearest unit, with its version, nearest first."""
    heights, seen = {unit: height for height, unit in enumerate(above)}, set[str]()
    within = [each for each in plans if each["unit"] in heights]
    for each in sorted(within, key=lambda row: (heights[row["unit"]], row["code"])):
        version = price_on(each, day)
        if version is not None and each["code"] not in seen:
            seen.add(each["code"])
            yield each, *version


def _chosen(product: Row, attributes: str | None) -> Mapping[str, Decimal]:
    """Return the numbers among what is chosen of attributes. Raises `InvalidParameter`."""
    if attributes is None:
        return {}
    try:
        told: Any = orjson.loads(attributes)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):
        raise invalid("attributes", 'Give a JSON object, as in {"bandwidth": 100}.')
    known = [Attribute.model_validate_json(json_text(each)) for each in product["attributes"]]
    for code, misfit in misfits(known, told):
        if code in told:
            raise invalid("attributes", misfit)
    numbers = [each.code for each in known if each.type is AttributeType.NUMBER]
    return {code: Decimal(str(told[code])) for code in numbers if code in told}
