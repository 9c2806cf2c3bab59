"""Comparisons: how a product stands against those of competitors, point by point."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.kernel.aggregate import Aggregate, NothingChanged, applies, command, starts
from domain.kernel.part import Part
from domain.kernel.types.values import Line, Value


class Verdict(StrEnum):
    """How ours stands against theirs."""

    BETTER = "better"
    EQUAL = "equal"
    WORSE = "worse"


class Point(Value):
    """One point of a comparison: what it is about, what ours has and theirs, how ours stands."""

    attribute: Line
    ours: Line
    theirs: Line
    verdict: Verdict


Points = Annotated[list[Point], Field(min_length=1, max_length=100)]
"""The points of a comparison."""


class ProductComparison(Part):
    """How a product stands against products of competitors."""

    class Compared(Aggregate.Event):
        """{who} compared the product with {rival_product} of {competitor} ({source}): {points}."""

        competitor: str
        rival_product: str
        points: list[Point]
        source: str
        on: date | None = None

    compared: dict[tuple[str, str], tuple[list[Point], str]] = starts(dict)

    @command
    def compare(self, competitor: Line, rival_product: Line, points: Points, source: Line) -> None:
        """Compare the product with one of a competitor, instead of what was said of it before."""
        if self.compared.get((competitor, rival_product)) == (points, source):
            raise NothingChanged("points")
        self.trigger_event(
            self.Compared,
            competitor=competitor,
            rival_product=rival_product,
            points=points,
            source=source,
        )

    @applies(Compared)
    def _compared(
        self, competitor: str, rival_product: str, points: list[Point], source: str
    ) -> None:
        self.compared[competitor, rival_product] = (points, source)
