"""Ratios: figures of several reports, one measure by another, each added up in its own first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from domain.kernel.discovery import declared
from projections.kernel.reports.dimensions import CURRENCY
from projections.kernel.reports.measures import amount_each
from projections.kernel.warehouse.facts import quote

if TYPE_CHECKING:
    from projections.kernel.reports.metrics import Metric

PLACE = "place"
"""The column that says in which row of the figures of a report one is."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A measure by another one.

    `above` and `below` are their names among all measures. Each is added up in its own report by
    whatever is asked for, and only then is one divided by the other: a total is made of totals,
    and there is nothing where there is nothing below. `over` names the dimensions that the one
    below does not have: it is taken over all of them, the same beside each value of the other.
    `definition`, `zh`, `money`, `unit` and `better` are as those of a measure.
    """

    name: str
    title: str
    definition: str
    above: str
    below: str
    over: tuple[str, ...] = ()
    money: bool = False
    zh: str = ""
    unit: Literal["CNY", "count", "share"] = "share"
    better: Literal["", "up", "down"] = ""

    @property
    def formula(self) -> str:
        """How it comes from the two figures, in words."""
        return f"{self.above} / {self.below}"

    def sql(self, above: str, below: str) -> str:
        """Return the SQL of the ratio of two figures: of amounts to the hundredth."""
        if self.money:
            return amount_each(above, below)
        return f"round(CAST({above} AS DOUBLE) / nullif({below}, 0), 4)"


@cache
def ratios() -> Mapping[str, Ratio]:
    """Return every ratio by name: those that modules of this layer declare."""
    found = declared("projections", Ratio)
    return {each.name: each for each in sorted(found, key=lambda each: each.name)}


@dataclass(frozen=True, slots=True)
class Part:
    """The figures of one report: its table, the keys of the answer that it has, and lacks."""

    report: str
    table: str
    keys: Sequence[str]
    lacks: frozenset[str]
    plain: Sequence[Metric]
    ratios: bool

    @property
    def at(self) -> str:
        """The column that says in which row of the figures these are."""
        return f"at {self.report}"

    @property
    def bare(self) -> bool:
        """Whether it lacks the currency alone."""
        return self.lacks == {CURRENCY.name}

    @property
    def whole(self) -> bool:
        """Whether it has rows of the answer: else its figures are beside those of others."""
        return self.bare or not self.lacks

    def of(self, column: str) -> str:
        """Return the SQL of a column that is beside the rows, for a ratio."""
        return f"{quote(self.report)}.{quote(column)}"

    def rows(self, ends: Sequence[str]) -> str:
        """Return the query of its rows."""
        told = [*map(quote, self.keys), f"{PLACE} AS {quote(self.at)}", f"{self.bare} AS bare"]
        told += (
            f"{quote(f'{each.measure.name}{end}')} AS {quote(f'{each.name}{end}')}"
            for each in self.plain
            for end in ends
        )
        return f"SELECT {', '.join(told)} FROM {self.table}"

    def beside(self) -> str:
        """Return the join that brings its figures beside the rows."""
        same = (f"{self.of(each)} IS NOT DISTINCT FROM rows.{quote(each)}" for each in self.keys)
        return f"LEFT JOIN {self.table} AS {quote(self.report)} ON {' AND '.join(same) or 'true'}"


def ratio_of(ratio: Ratio, of: tuple[Metric, Metric], found: Mapping[str, Part], end: str) -> str:
    """Return the SQL of a ratio, or of how it is compared, from the parts that are beside rows.

    Args:
        ratio: The ratio.
        of: The measures above and below.
        found: The figures of their reports, by the names of these.
        end: How the column ends: with what it is compared.
    """
    above, _ = of

    def figure(end: str) -> str:
        over, under = (found[m.report.name].of(f"{m.measure.name}{end}") for m in of)
        return ratio.sql(f"coalesce({over}, 0)" if above.measure.single else over, under)

    then = end.removesuffix("_change").removesuffix("_share")
    change = f"{figure('')} - {figure(then)}"
    if end.endswith("_change"):
        return f"round({change}, 4)"
    if end.endswith("_share"):
        base = f"abs(CAST({figure(then)} AS DOUBLE))"
        return f"round(CAST({change} AS DOUBLE) / nullif({base}, 0), 4)"
    return figure(end)
