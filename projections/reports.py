"""Reports: measures by dimensions over the warehouse, each defined once and named."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any

from duckdb import DuckDBPyConnection

from projections.facts import literal, quote
from projections.figures import Result
from projections.question import FieldMasked
from projections.standpoint import PLACE, Standpoint
from projections.texts import BadParameter
from projections.warehouse import position

PERIODS = {
    "day": ("Day", "strftime({on}, '%Y-%m-%d')"),
    "month": ("Month", "strftime({on}, '%Y-%m')"),
    "quarter": ("Quarter", "strftime({on}, '%Y-Q') || quarter({on})"),
    "year": ("Year", "strftime({on}, '%Y')"),
}
"""The dimensions that every report with a day has: title and SQL."""

PLACES = {"province": "Province of the unit", "network": "Local network of the unit"}
"""The dimensions that every report by unit has besides."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """An angle to look from: what rows are grouped by and filtered on.

    `sql` speaks of the columns of the report's source as `base.<column>`; `join` names the join,
    and `grain` the finer source, that it needs; `order` gives the values in their own order;
    `within` is, for a list, the SQL of the whole list, so that a filter counts no row twice;
    `tree` marks codes of units: a filter may ask for one and all below it.
    """

    name: str
    title: str
    sql: str
    join: str = ""
    grain: str = ""
    order: tuple[str, ...] = ()
    within: str = ""
    tree: bool = False

    def placed(self) -> Dimension:
        """Return the dimension of units by what has succeeded them."""
        return replace(self, sql="coalesce(place.current, base.unit)", join="place", within="")


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure: `definition` says in words what `sql` computes over a group of rows.

    `{records}` in the SQL counts records, also where a finer grain repeats them. Amounts of money
    are marked: they are never added across currencies. `sensitive` is the class of what it is
    made of, if that may be masked.
    """

    name: str
    title: str
    definition: str
    sql: str
    money: bool = False
    sensitive: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A named report.

    `source` is a query of one row a record, of the rows that are `seen`; `grains` are finer ones
    by name; `joins` are further tables by name. `on` is the day by which periods go, `period` its
    meaning. A report by unit has the province and the local network of the unit as well.
    """

    name: str
    title: str
    source: str
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    on: str
    period: str
    grains: Mapping[str, str] = field(default_factory=dict)
    joins: Mapping[str, str] = field(default_factory=dict)

    def dimension(self, name: str, parameter: str) -> Dimension:
        """Return a dimension by its name; raises `BadParameter` for the parameter naming it."""
        for each in self.angles():
            if each.name == name:
                return each
        names = ", ".join(each.name for each in self.angles())
        raise BadParameter(parameter, f"{self.name} has no dimension {name!r}; it has {names}")

    def angles(self) -> tuple[Dimension, ...]:
        """Return the dimensions with the places above a unit and the periods."""
        placed = any(each.tree and not each.within for each in self.dimensions)
        places = (
            Dimension(name, title, f"place.{name}", join="place") for name, title in PLACES.items()
        )
        periods = (
            Dimension(name, f"{title} of {self.period}", sql.format(on=self.on))
            for name, (title, sql) in PERIODS.items()
        )
        return (*self.dimensions, *(places if placed else ()), *periods)

    def describe(self) -> dict[str, Any]:
        """Return what there is to ask for, as JSON values."""
        return {
            "name": self.name,
            "title": self.title,
            "period": self.period,
            "dimensions": [{"name": each.name, "title": each.title} for each in self.angles()],
            "measures": [
                {"name": each.name, "title": each.title, "definition": each.definition}
                for each in self.measures
            ],
        }


@cache
def reports() -> Mapping[str, Report]:
    """Return every report by name: those that the modules of this package declare."""
    package = importlib.import_module("projections")
    found = (
        value
        for module in pkgutil.iter_modules(package.__path__)
        if module.name.endswith("_reports")
        for value in vars(importlib.import_module(f"projections.{module.name}")).values()
        if isinstance(value, Report)
    )
    return {report.name: report for report in sorted(found, key=lambda report: report.name)}


def run(
    cursor: DuckDBPyConnection,
    name: str,
    by: Sequence[str] = (),
    where: Mapping[str, Sequence[str]] | None = None,
    first: date | None = None,
    last: date | None = None,
    as_of: int | None = None,
    measures: Sequence[str] = (),
    standpoint: Standpoint = Standpoint(),  # noqa: B008
) -> Result:
    """Run a report.

    Args:
        cursor: A reader of the warehouse.
        name: The report. Raises `KeyError` for one that there is not.
        by: The dimensions to group by. The currency comes on top where amounts are asked for.
        where: The values wanted, by dimension; any of them; an empty text stands for no value.
            `<dimension>_under` asks for one unit and all below it.
        first: The first day of the period, by the day that the report goes by.
        last: The last day of the period.
        as_of: The position at which the figures are true; by default, and at most, the present.
        measures: The figures wanted; by default all that are not masked.
        standpoint: What is in sight, and where units count.

    Raises `BadParameter`, and `FieldMasked` for a figure that is masked.
    """
    report = reports()[name]
    now = position(cursor)
    parameters: dict[str, Any] = {"as_of": now if as_of is None else min(as_of, now)}
    chosen = _measures(report, measures, standpoint.masked)
    names = list(dict.fromkeys(by))
    if any(each.money for each in chosen) and "currency" not in names:
        names.append("currency")
    dimensions = [report.dimension(each, "by") for each in names]
    if standpoint.now:
        dimensions = [each.placed() if each.name == "unit" else each for each in dimensions]
    needed = list(dimensions)
    conditions = []
    for index, (key, values) in enumerate((where or {}).items()):
        dimension, condition = _condition(report, key, names, f"filter_{index}", standpoint)
        if key.endswith("_under"):
            below = [standpoint.under(unit) for unit in values]
            if None in below:  # everything is below the top, also what nobody knows
                continue
            values = sorted(frozenset[str]().union(*filter(None, below)))
        conditions.append(condition)
        needed.append(dimension)
        parameters[f"filter_{index}"] = list(values)
    for parameter, day, sign in (("first", first, ">="), ("last", last, "<=")):
        if day is not None:
            conditions.append(f"{report.on} {sign} ${parameter}")
            parameters[parameter] = day
    grain = next((each.grain for each in needed if each.grain), "")
    query = _query(report, grain, needed, dimensions, chosen, conditions)
    if any(each.join == "place" for each in needed):
        cursor.register("organisation", standpoint.places())
    then = parameters.pop("as_of")
    relations, seen_values = standpoint.relations(query, then)
    found = cursor.sql(relations + query, params={**parameters, **seen_values})
    masked = sorted({each.sensitive for each in report.measures} & standpoint.masked)
    return Result(found.to_arrow_table(), then, tuple(masked))


def _measures(report: Report, names: Sequence[str], masked: frozenset[str]) -> list[Measure]:
    known = {each.name: each for each in report.measures}
    for name in names:
        if name not in known:
            there_are = ", ".join(known)
            raise BadParameter("measures", f"{report.name} has no {name!r}; it has {there_are}")
        if known[name].sensitive in masked:
            raise FieldMasked("measures", f"{known[name].sensitive} is masked for you here")
    chosen = [known[name] for name in dict.fromkeys(names)]
    return chosen or [each for each in known.values() if each.sensitive not in masked]


def _condition(
    report: Report, key: str, grouped: Sequence[str], parameter: str, standpoint: Standpoint
) -> tuple[Dimension, str]:
    """Return the dimension that a filter is about and its SQL, with the values as parameter."""
    below = key.endswith("_under")
    dimension = report.dimension(key.removesuffix("_under"), key)
    if below and not dimension.tree:
        raise BadParameter(key, f"there is nothing below a {dimension.name}")
    if standpoint.now and dimension.name == "unit":
        dimension = dimension.placed()
    # Of a list the whole is looked at, so that a record with two of the values counts once.
    whole = dimension.within and dimension.name not in grouped
    found = dimension.within if whole else f"[coalesce({dimension.sql}, '')]"
    test = f"list_has_any({found}, ${parameter}::VARCHAR[])"
    return (replace(dimension, grain="") if whole else dimension), test


def _query(
    report: Report,
    grain: str,
    needed: Sequence[Dimension],
    dimensions: Sequence[Dimension],
    measures: Sequence[Measure],
    conditions: Sequence[str],
) -> str:
    """Return the SQL; it holds names of this code only, every value is a parameter."""
    source = report.grains[grain] if grain else report.source
    records = "count(DISTINCT base.id)" if grain else "count(*)"
    columns = [f"{each.sql} AS {quote(each.name)}" for each in dimensions]
    columns += [f"{each.sql.format(records=records)} AS {quote(each.name)}" for each in measures]
    known = {**report.joins, "place": PLACE}
    joins = " ".join(known[name] for name in dict.fromkeys(e.join for e in needed) if name)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    order = ", ".join(
        f"list_position([{', '.join(map(literal, each.order))}], {quote(each.name)}) NULLS LAST"
        if each.order
        else f"{quote(each.name)} NULLS LAST"
        for each in dimensions
    )
    return (
        f"SELECT {', '.join(columns)} FROM ({source}) AS base {joins} {where} "
        f"GROUP BY {', '.join(str(place + 1) for place in range(len(dimensions))) or '()'} "
        + (f"ORDER BY {order}" if order else "")
    )
