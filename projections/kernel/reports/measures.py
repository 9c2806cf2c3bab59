"""Measures: the figures of a report, each with what every record gives to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Addend:
    """What a record gives to a figure: its SQL over the rows of the record.

    `given` is the SQL that tells whether there is any, `total` that of all records together.
    """

    sql: str
    given: str
    total: str


@dataclass(frozen=True, slots=True)
class Part:
    """What a figure is made of: `of`, the SQL of a value, of the rows `where` something holds.

    They are counted, summed, averaged, or handed to a `function` of all of them. A sum is of the
    `type`, by default that of the values. What is averaged belongs to the whole record.
    """

    kind: Literal["count", "sum", "mean", "values"]
    of: str = ""
    where: str = ""
    type: str = ""
    function: str = ""

    def sql(self, *, split: bool) -> str:
        """Return the SQL of the part over a group; records are `split` where rows repeat them."""
        if self.kind == "count":
            return self._where("count(DISTINCT base.id)" if split else "count(*)")
        if self.kind == "sum":
            return self._sum()
        if self.kind == "mean":
            return f"list_avg({self._once()})" if split else self._where(f"avg({self.of})")
        return self._where(self.function.format(self.of))

    def addends(self, name: str, *, split: bool) -> Mapping[str, Addend]:
        """Return what a record gives, by name; the part is called `name`, if it is not alone."""
        here = self.sql(split=split)
        if self.kind == "count":
            return {name or "count": Addend(here, f"{here} > 0", here)}
        if self.kind == "sum":
            return {name or "sum": Addend(here, f"{here} IS NOT NULL", here)}
        number = self._where(f"count({self.of})")
        if self.kind == "mean":
            sum_ = self._sum()
            if split:
                once = self._once()
                sum_, number = self._typed(f"list_sum({once})"), f"coalesce(len({once}), 0)"
            found = {"sum": Addend(sum_, f"{sum_} IS NOT NULL", sum_)}
            return found | {"count": Addend(number, f"{number} > 0", number)}
        known = " AND ".join(filter(None, (self.where, f"{self.of} IS NOT NULL")))
        listed = f"coalesce(list({self.of} ORDER BY {self.of}) FILTER (WHERE {known}), [])"
        return {"values": Addend(listed, f"{number} > 0", number)}

    def told(self, name: str) -> str:
        """Return how the part comes from what records give."""
        if self.kind == "mean":
            return "sum / count"
        return name or (self.function.format("values") if self.kind == "values" else self.kind)

    def _sum(self) -> str:
        return self._typed(self._where(f"sum({self.of})"))

    def _typed(self, sql: str) -> str:
        return f"CAST({sql} AS {self.type})" if self.type else sql

    def _once(self) -> str:
        """Return the SQL of the list of known values, one of each record however often it comes."""
        known = " AND ".join(filter(None, (self.where, f"{self.of} IS NOT NULL")))
        pairs = f"list(DISTINCT row(base.id, {self.of})) FILTER (WHERE {known})"
        return f"map_values(map_from_entries({pairs}))"

    def _where(self, sql: str) -> str:
        return f"{sql} FILTER (WHERE {self.where})" if self.where else sql


def count(where: str = "") -> Part:
    """Count records: a record that a finer grain repeats counts once."""
    return Part("count", where=where)


def total(of: str, type: str = "", where: str = "") -> Part:
    """Sum a value, as far as known."""
    return Part("sum", of, where, type)


def mean(of: str, type: str = "BIGINT", where: str = "") -> Part:
    """Average a value, as far as known; `type` is that of the sum."""
    return Part("mean", of, where, type)


def across(function: str, of: str) -> Part:
    """Have a function, as in `median({})`, of all values that are known."""
    return Part("values", of, function=function)


def amount_each(amount: str, number: str) -> str:
    """Return the SQL of an amount divided by a number, rounded half up to hundredths.

    In whole numbers: `/` makes floating ones of decimals. Nothing where the number is nothing.
    """
    hundredths = f"CAST(CAST({amount} AS DECIMAL(38, 2)) * 100 AS HUGEINT)"
    whole = f"(2 * {hundredths} + {number}) // nullif(2 * {number}, 0)"
    return f"CAST({whole} AS DECIMAL(36, 0)) * CAST(0.01 AS DECIMAL(2, 2))"


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure: `definition` says in words what it is.

    It is made `of` one part, or of counts and sums by name, by a `formula` of SQL. Amounts of money
    are marked: they are never added across currencies. `sensitive` is the class of what it is made
    of, if that may be masked. `zh` is the title in Chinese; `kind` tells whether it happens in a
    period (flow), is so on a day (stock), or is made of totals at whatever it is asked by (ratio);
    `unit` what it is counted in, by default `CNY` of money, which stands for the currency of the
    row, else `count`; `better` whether more of it or less is, if either; `known_as` its name among
    the measures of all reports, where it has one of its own.
    """

    name: str
    title: str
    definition: str
    of: Part | Mapping[str, Part]
    formula: str = "{}"
    money: bool = False
    sensitive: str = ""
    zh: str = ""
    kind: Literal["flow", "stock", "ratio"] = "flow"
    unit: Literal["", "CNY", "count", "share", "hours", "days", "points"] = ""
    better: Literal["", "up", "down"] = ""
    known_as: str = ""

    def describe(self) -> dict[str, Any]:
        """Return what there is to know of it, as JSON values."""
        return {
            "name": self.name,
            "title": self.title,
            "zh": self.zh,
            "definition": self.definition,
            "unit": self.unit or ("CNY" if self.money else "count"),
            "kind": self.kind,
            "better": self.better or None,
            "formula": self.told(),
        }

    @property
    def single(self) -> bool:
        """Whether a record gives one number to the figure."""
        return isinstance(self.of, Part) and self.of.kind in ("count", "sum")

    def sql(self, *, split: bool) -> str:
        """Return the SQL of the figure over a group; records are `split` where rows repeat them."""
        if isinstance(self.of, Part):
            return self.formula.format(self.of.sql(split=split))
        return self.formula.format(**{n: part.sql(split=split) for n, part in self.of.items()})

    def addends(self, *, split: bool) -> Mapping[str, Addend]:
        """Return what a record gives to the figure, by name."""
        if isinstance(self.of, Part):
            return self.of.addends("", split=split)
        found: dict[str, Addend] = {}
        for name, part in self.of.items():
            found |= part.addends(name, split=split)
        return found

    def told(self) -> str:
        """Return how the figure comes from the totals of what records give, as SQL has it."""
        if isinstance(self.of, Part):
            return self.formula.format(self.of.told(""))
        return self.formula.format(**{name: part.told(name) for name, part in self.of.items()})
