"""Bundles: products that are made of others, each so many times."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Annotated

from pydantic import Field

from domain.kernel.aggregate import (
    Aggregate,
    NothingChanged,
    RuleViolation,
    command,
    keyed,
)
from domain.kernel.part import Part
from domain.kernel.types.values import Id, ProductId, Reference, attribute

Times = Annotated[int, Field(ge=0, le=1_000_000)]


class BundleRequired(RuleViolation):
    """Only a bundle has components."""


class SingleProductRequired(RuleViolation):
    """A bundle is made of single products."""


class ComponentRange(RuleViolation):
    """A component comes at least as often as its least and at most as its most."""


class ComponentRequired(RuleViolation):
    """Only a component that the bundle has is removed from it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Component:
    """How often a product comes in a bundle: at least, at most, as a rule."""

    least: int
    most: int
    usual: int


class ProductBundle(Part):
    """What a bundle is made of."""

    needs = ("bundle",)

    class ComponentAdded(Aggregate.Event, puts="components"):
        """{who} made {product_id} a component, {usual} times as a rule."""

        product_id: str
        least: int
        most: int
        usual: int
        on: date | None = None

    class ComponentRemoved(Aggregate.Event, drops="components"):
        """{who} removed the component {product_id}."""

        product_id: str
        on: date | None = None

    bundle: bool
    components: dict[str, Component] = keyed("product_id", Component, ComponentRequired)

    @property
    def single(self) -> bool:
        """Whether it may be a component of a bundle: it is none itself."""
        return not self.bundle

    @command
    def add_component(
        self,
        product_id: ProductId,
        least: Times,
        most: Times,
        usual: Times,
        single: Annotated[bool | None, attribute("product", "product_id", "single")],
    ) -> None:
        """Add a component, or say anew how often it comes: at least, at most, as a rule."""
        if not self.bundle:
            raise BundleRequired
        if not single or product_id == self.id:
            raise SingleProductRequired("product_id")
        if not least <= usual <= most or not most:
            raise ComponentRange("usual" if least <= most else "least")
        if self.components.get(product_id) == Component(least, most, usual):
            raise NothingChanged
        self.trigger_event(
            self.ComponentAdded, product_id=product_id, least=least, most=most, usual=usual
        )

    @command(states=ComponentRemoved)
    def remove_component(self, product_id: Annotated[Id, Reference("product", live=False)]) -> None:
        """Remove a component from the bundle."""
