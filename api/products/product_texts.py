"""Product texts over HTTP: what open sales call products of the catalogue, and which they mean."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field
from typing_extensions import TypedDict

from api.document.answers import Position, Uuid, answer
from api.kernel.access.visibility import See
from api.kernel.process import Parts
from api.kernel.reading.as_of import present
from api.kernel.reading.read_parameters import MinPosition, TheParts, json_response, reach
from api.kernel.reading.told import tell
from domain.products.product_course import ENDS
from projections.kernel.lists.list_query import question
from projections.kernel.lists.listing import Listing
from projections.kernel.visibility.visibility import Sight
from projections.products.product_match import Catalogue
from projections.products.products import products
from projections.sales.opportunities import opportunities

router = APIRouter(tags=["products"])

_SALES, _PRODUCTS = Listing(opportunities), Listing(products)

PAGE, PAGES = 1000, 20
"""Rows of a page, and pages of open sales that are looked at: a bound, not to ask for ever."""

NAMED = 100
"""Sales that are named for each text."""


class MeantProduct(TypedDict):
    """A product that a text may mean."""

    product_id: Uuid
    code: str
    name: str
    exact: Annotated[bool, Field(description="whether it is called so")]


class ProductText(TypedDict):
    """What lines of open sales call a product that they do not name."""

    text: str
    lines: int
    opportunities: Annotated[list[Uuid], Field(description=f"the first {NAMED} with such lines")]
    suggestion: MeantProduct | None


class ProductTexts(TypedDict):
    """Texts without a product, the most frequent first."""

    items: list[ProductText]
    complete: Annotated[bool, Field(description="whether all open sales in sight were looked at")]
    position: Position


@router.get(
    "/product-texts",
    operation_id="product.texts",
    responses=answer("The texts.", ProductTexts),
)
async def product_texts(parts: TheParts, see: See, min_position: MinPosition) -> Response:
    """Tell what lines of open sales in sight call products without naming one of the catalogue.

    With each text comes the product that it is likely to mean. A line names it by `product_id` in
    `opportunity.revise-lines`; what was written before stays as it was.
    """
    sales = see.need(f"{opportunities.aggregate}.read")
    offers = see.need(f"{products.aggregate}.read")
    await reach(parts.visible, min_position)
    told, headers = await see.ask(_texts, parts, sales, offers)
    return json_response(told, headers)


def _texts(parts: Parts, sales: Sight, offers: Sight) -> tuple[dict[str, Any], Any]:
    found = dict[str, list[str]]()
    with present(parts, opportunities.aggregate, products.aggregate) as now:
        fields = "id,code,name,english_name,state"
        asked = question(products, {}, select=fields, limit=PAGE, sight=offers)
        rows = _PRODUCTS.page(now.connection, asked).items
        asked = question(
            opportunities, {"status": "open"}, select="id,lines", limit=PAGE, sight=sales
        )
        after, ids = None, list[str]()
        for _ in range(PAGES):
            page = _SALES.page(now.connection, asked, after)
            ids += page.ids
            for row in page.items:
                for line in row["lines"]:
                    if line.get("product_id") is None:
                        found.setdefault(line["product"], []).append(row["id"])
            if (after := page.next) is None:
                break
    tell(ids=ids)
    catalogue = Catalogue(row for row in rows if row["state"] not in ENDS)
    items = [
        {
            "text": text,
            "lines": len(named),
            "opportunities": list(dict.fromkeys(named))[:NAMED],
            "suggestion": _suggestion(catalogue, text),
        }
        for text, named in sorted(found.items(), key=lambda each: (-len(each[1]), each[0]))
    ]
    return {"items": items, "complete": after is None, "position": now.position}, now.headers


def _suggestion(catalogue: Catalogue, text: str) -> dict[str, Any] | None:
    match = catalogue.match(text)
    if match is None:
        return None
    row = match.product
    return {
        "product_id": row["id"],
        "code": row["code"],
        "name": row["name"],
        "exact": match.exact,
    }
