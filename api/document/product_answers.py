"""Answers about products: what one costs on a day and why, and how it stands against rivals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from api.document.answers import Position, Uuid
from projections.products.row_shapes import PlannedPart

Each = Annotated[Decimal | None, Field(description="null where no part of the plan says so")]


class ProductPrice(TypedDict):
    """What pieces of a product cost on a day in a unit: a month, once, by use."""

    product_id: Uuid
    on: date
    plan: Annotated[str, Field(description="the code of the price plan")]
    plan_id: Uuid
    plan_unit: Annotated[str, Field(description="whose plan it is: the unit's, or one's above it")]
    version: Annotated[int, Field(description="the number of the version in force")]
    currency: str
    quantity: int
    months: int
    monthly: Each
    one_off: Each
    tier: Annotated[int | None, Field(description="from which number on its price counts")]
    usage: Annotated[list[PlannedPart], Field(description="what is paid by use")]
    steps: Annotated[list[str], Field(description="how it comes about, in words")]
    offered: Annotated[bool, Field(description="whether the product is offered in the unit")]
    others: Annotated[list[str], Field(description="the codes of other plans that have a price")]
    position: Position


class ComparedRival(TypedDict):
    """A product of a competitor, and what it has in the points of a comparison."""

    competitor: str
    rival_product: str
    source: str
    better: Annotated[int, Field(description="in how many points ours is")]
    equal: int
    worse: int


class ComparedWith(TypedDict):
    """What one rival has in a point, and how ours stands against that."""

    competitor: str
    rival_product: str
    ours: str
    theirs: str
    verdict: str


class ComparedAttribute(TypedDict):
    """One point, with what each rival has that was compared in it."""

    attribute: str
    rivals: list[ComparedWith]


class ProductComparison(TypedDict):
    """How a product stands against those of competitors, point by point."""

    product_id: Uuid
    rivals: list[ComparedRival]
    attributes: list[ComparedAttribute]
    position: Position
