"""The attributes of a product: what is to be chosen of it, and within which bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from domain.kernel.aggregate import Aggregate, NothingChanged, RuleViolation, command
from domain.kernel.types.values import Code, Line, Number, Value
from domain.products.product_course import ProductCourse


class AttributeType(StrEnum):
    """What the values of an attribute are."""

    NUMBER = "number"
    CHOICE = "choice"
    TEXT = "text"
    FLAG = "flag"


class AttributeRange(RuleViolation):
    """The least value of an attribute is not above the most, and a choice has choices."""


class AttributeKept(RuleViolation):
    """An attribute of a product that was on sale is closed to new ones, not removed."""


class AttributeOnce(RuleViolation):
    """The code of an attribute is given once in a product."""


class Attribute(Value):
    """What may be said of a product: a number with bounds, one of some choices, a text, a flag.

    One that is `closed` is not said of new ones any more.
    """

    code: Code
    name: Line
    type: AttributeType
    unit_of_measure: Line | None = None
    least: Number | None = None
    most: Number | None = None
    choices: Annotated[tuple[Line, ...], Field(max_length=200)] = ()
    required: bool = False
    closed: bool = False

    def flaw(self) -> str | None:
        """Return what contradicts itself in it, if anything does."""
        ranged = self.least is not None or self.most is not None
        if ranged and self.type is not AttributeType.NUMBER:
            return f"{self.code} is no number: it has no least and no most."
        if self.least is not None and self.most is not None and self.least > self.most:
            return f"{self.code}: {self.least} is above {self.most}."
        if bool(self.choices) is not (self.type is AttributeType.CHOICE):
            return f"{self.code} is {'a' if not self.choices else 'no'} choice."
        return None

    def misfit(self, value: Any) -> str | None:
        """Return why a value is none of this attribute, if it is not."""
        fits = True
        match self.type:
            case AttributeType.NUMBER:
                number = _number(value)
                if number is None:
                    return f"{self.code} is a number."
                if self.least is not None and number < self.least:
                    return f"{self.code} is {self.least} at least."
                if self.most is not None and number > self.most:
                    return f"{self.code} is {self.most} at most."
            case AttributeType.CHOICE:
                if value not in self.choices:
                    return f"{self.code} is one of {', '.join(self.choices)}."
            case AttributeType.FLAG:
                fits = isinstance(value, bool)
            case AttributeType.TEXT:
                fits = isinstance(value, str)
        return None if fits else f"{self.code} is a {self.type}."


Attributes = Annotated[list[Attribute], Field(max_length=100)]
"""The attributes of a product."""


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def misfits(attributes: Sequence[Attribute], told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is told of a new piece that its product's attributes do not allow.

    That is the code of an attribute, and why: there is none, it is closed, its value is out of
    bounds; or it is required and not told.
    """
    known = {each.code: each for each in attributes}
    for code, value in told.items():
        if code not in known:
            yield code, f"The product has no attribute {code}."
        elif known[code].closed:
            yield code, f"{code} is closed to new ones."
        elif (misfit := known[code].misfit(value)) is not None:
            yield code, misfit
    for code, each in known.items():
        if each.required and not each.closed and code not in told:
            yield code, f"{code} is required."


def require_sound(attributes: Sequence[Attribute]) -> None:
    """Refuse attributes that contradict themselves or one another."""
    for flaw in filter(None, (each.flaw() for each in attributes)):
        raise AttributeRange("attributes", flaw)
    if len({each.code for each in attributes}) < len(attributes):
        raise AttributeOnce("attributes")


class ProductAttributes(ProductCourse):
    """What may be said of each piece of a product."""

    class AttributesRevised(Aggregate.Event, changes="attributes"):
        """{who} revised the attributes of the product: {attributes}."""

        attributes: list[Attribute]
        on: date | None = None

    attributes: list[Attribute]

    @command
    def revise_attributes(self, attributes: Attributes) -> None:
        """Revise what may be said of the product: all its attributes, with those that are closed.

        What has been on sale keeps each of its attributes, of the same type.
        """
        if attributes == self.attributes:
            raise NothingChanged("attributes")
        require_sound(attributes)
        kept = {(each.code, each.type) for each in attributes}
        if self.was_on_sale and not kept.issuperset((e.code, e.type) for e in self.attributes):
            raise AttributeKept("attributes")
        self.trigger_event(self.AttributesRevised, attributes=attributes)
