"""Row shapes: what the columns of products and price plans have that hold lists."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from typing_extensions import TypedDict


class OfferedAttribute(TypedDict):
    """What may be said of a product: one that is `closed` not of new ones."""

    code: str
    name: str
    type: str
    unit_of_measure: str | None
    least: Decimal | None
    most: Decimal | None
    choices: list[str]
    required: bool
    closed: bool


class BundledComponent(TypedDict):
    """How often a product comes in a bundle."""

    product_id: str
    least: int
    most: int
    usual: int


class NeededResource(TypedDict):
    """How many of a resource a piece of a product takes, a site or an end."""

    kind: str
    quantity: int
    per: str


class OfferedSla(TypedDict):
    """What is measured of a product's service, its target, by which calendar."""

    measure: str
    target: Decimal
    calendar: str


class ComparedPoint(TypedDict):
    """One point of a comparison."""

    attribute: str
    ours: str
    theirs: str
    verdict: str


class Rival(TypedDict):
    """A competitor's product with which one was compared, by what source."""

    competitor: str
    rival_product: str
    points: list[ComparedPoint]
    source: str


class PriceTier(TypedDict):
    """A price from a number on, stated or as per cent off the last stated."""

    price: Decimal | None
    percent_off: Decimal | None


class PlannedPart(TypedDict):
    """What is paid each month, once or by use, by tiers."""

    kind: str
    measure: str | None
    tiers: list[PriceTier]
    tiering: str
    months_at_least: int | None


class PlanVersion(TypedDict):
    """The prices of a plan from a day on, and when they were approved, if they were."""

    version: int
    valid_from: date
    parts: list[PlannedPart]
    approved_on: date | None
