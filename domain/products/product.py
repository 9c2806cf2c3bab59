"""Products: what the operator offers, from the plan to its withdrawal."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.kernel.aggregate import Aggregate, NothingChanged, RuleViolation, command
from domain.kernel.time.correction import Fields, corrected, correction
from domain.kernel.types.values import Code, Line, Prose, UnitCode
from domain.products.product_attributes import (
    Attribute,
    Attributes,
    ProductAttributes,
    require_sound,
)
from domain.products.product_bundle import ProductBundle
from domain.products.product_comparison import ProductComparison
from domain.products.product_terms import ProductTerms

LeadTime = Annotated[int, Field(ge=0, le=1000)]
"""Working days from the order to the delivery."""


class Ends(StrEnum):
    """How many sites a piece of a product is at: none, one, or two that it joins."""

    NONE = "none"
    ONE = "one"
    TWO = "two"


class ProductCodeTaken(RuleViolation):
    """The code of a product is given once."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outline(Fields):
    """What a product is."""

    name: str | None = None
    category: str | None = None
    ends: Ends | None = None
    lead_time_wd: int | None = None
    english_name: str | None = None
    description: str | None = None


class Product(ProductAttributes, ProductBundle, ProductTerms, ProductComparison, Aggregate):
    """What the operator offers: one product, or a bundle of several."""

    titles = {
        "attributes": "属性",
        "bundle": "套餐",
        "category": "类别",
        "english_name": "英文名称",
        "ends": "端点数",
        "lead_time_wd": "交付工作日",
        "offered_in": "销售单位",
    }

    class Planned(Outline, Aggregate.Created):
        """{who} planned the product "{name}" ({code}) of the category {category}."""

        code: str
        unit: str
        attributes: list[Attribute]
        bundle: bool
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep what it is."""
            for name in ("code", "unit", "attributes", "bundle"):
                setattr(aggregate, name, getattr(self, name))
            aggregate.outline = Outline.among(vars(self))

    class Corrected(Outline, Aggregate.Event):
        """{who} corrected the product: {changes}."""

        cleared: tuple[str, ...] = ()
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep what it is now."""
            aggregate.outline = corrected(aggregate.outline, vars(self), self.cleared)

    code: str
    unit: str
    outline: dict[str, Any]

    @classmethod
    @command
    def plan(
        cls,
        code: Code,
        name: Line,
        category: Line,
        unit: UnitCode,
        attributes: Attributes,
        ends: Ends,
        lead_time_wd: LeadTime | None = None,
        bundle: bool = False,
        english_name: Line | None = None,
        description: Prose | None = None,
    ) -> Product:
        """Plan a product, or a `bundle` of several: its attributes, and how many ends it has."""
        require_sound(attributes)
        return cls._create(
            cls.Planned,
            code=code,
            unit=unit,
            attributes=attributes,
            bundle=bundle,
            **Outline.among(locals()),
        )

    @property
    def claims(self) -> Mapping[type[RuleViolation], str]:
        """The code of the product, for ever."""
        return {ProductCodeTaken: self.code}

    @property
    def ends(self) -> Ends:
        """How many sites a piece of it is at."""
        return Ends(self.outline["ends"])

    @command(always=True)
    def correct(
        self,
        name: Line | None = None,
        category: Line | None = None,
        ends: Ends | None = None,
        lead_time_wd: LeadTime | None = None,
        english_name: Line | None = None,
        description: Prose | None = None,
        clear: list[Literal["lead_time_wd", "english_name", "description"]] | None = None,
    ) -> None:
        """Correct what is said of the product: what is given changes, `clear` empties fields."""
        changes = correction(self.outline, Outline.among(locals()), clear or ())
        if not changes:
            raise NothingChanged
        self.trigger_event(self.Corrected, **changes)
