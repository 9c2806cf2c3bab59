"""Comparisons over HTTP: how a product stands against all its rivals, point by point."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from api.document.answers import answer
from api.document.product_answers import ProductComparison
from api.kernel.access.visibility import See
from api.kernel.reading.as_of import AtMoment
from api.kernel.reading.read_parameters import MinPosition, TheParts, json_response
from api.kernel.reading.record_then import record_then
from domain.products.product_comparison import Verdict
from projections.products.products import products

router = APIRouter(tags=["products"])


@router.get(
    "/products/{id}/comparison",
    operation_id="product.comparison",
    responses=answer("The comparison.", ProductComparison),
)
async def comparison(
    id: str, parts: TheParts, see: See, when: AtMoment, min_position: MinPosition
) -> Response:
    """Tell how a product stands against those of competitors, point by point.

    In each point it has all rivals that were compared in it; of each rival it counts the points in
    which ours is better, equal and worse.
    """
    row, at = await record_then(parts, see, products, id, when, parts.visible, min_position)
    rivals, points = [], dict[str, list[dict[str, Any]]]()
    for each in row["comparisons"]:
        named = {name: each[name] for name in ("competitor", "rival_product")}
        verdicts = [point["verdict"] for point in each["points"]]
        counted = {str(verdict): verdicts.count(verdict) for verdict in Verdict}
        rivals.append({**named, "source": each["source"], **counted})
        for point in each["points"]:
            told = {name: value for name, value in point.items() if name != "attribute"}
            points.setdefault(point["attribute"], []).append({**named, **told})
    attributes = [{"attribute": name, "rivals": told} for name, told in points.items()]
    return json_response(
        {"product_id": id, "rivals": rivals, "attributes": attributes, "position": at.position},
        {"Position": str(at.position)},
    )
