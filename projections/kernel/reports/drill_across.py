"""Drilling across: measures of several reports side by side, each aggregated in its own first."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pyarrow as pa
from duckdb import DuckDBPyConnection

from projections.kernel.lists.parameters import BadParameter
from projections.kernel.reports.comparing import Comparing, ask_of
from projections.kernel.reports.dimensions import CURRENCY, Dimension
from projections.kernel.reports.metrics import Metric, metric
from projections.kernel.reports.report import Report
from projections.kernel.reports.report_scope import Standpoint
from projections.kernel.reports.result import Result
from projections.kernel.reports.stretches import Question
from projections.kernel.warehouse.facts import literal, quote

MEASURES = 12
DIMENSIONS = 6
ROWS = 100_000
"""How many of each may be asked for at once."""

TOTAL = "total_over"
"""The column that names the dimensions over which a row is the total."""

_HAVING = re.compile(r"([a-z0-9_.-]+?)(<=|>=|!=|=|<|>)(-?\d{1,15}(?:\.\d{1,6})?)")


@dataclass(frozen=True)
class Across:
    """What is asked of several reports at once, checked: measures by dimensions that all have.

    Of the currency alone not all need to know: what has none stands in the row of the one currency
    of its group, or in a row of its own where there are several.

    Args:
        measures: Names of measures, at least one.
        by: Names of dimensions.
        filters: Names of the filters that are asked for.

    Raises `BadParameter` for too many, and for a dimension that a measure does not have.
    """

    measures: Sequence[str]
    by: Sequence[str]
    filters: Collection[str]

    def __post_init__(self) -> None:
        """Check what is asked."""
        for parameter, names, most in (
            ("measures", self.measures, MEASURES),
            ("by", self.by, DIMENSIONS),
        ):
            if len(set(names)) > most:
                detail = f"these are {len(set(names))}, and at most {most} are told side by side"
                raise BadParameter(parameter, detail)
        if not self.metrics:
            raise BadParameter("measures", "name some; GET /measures has all")
        for name in self.by:
            self._dimension(name, "by")
        for name in self.filters:
            self._dimension(name.removesuffix("_under"), name)

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """The measures, in the order in which they are asked for."""
        return tuple(metric(name) for name in dict.fromkeys(self.measures))

    @cached_property
    def reports(self) -> Mapping[str, Report]:
        """The reports that have them, by name: first those that are of a period always."""
        found = {each.report.name: each.report for each in self.metrics}
        return dict(sorted(found.items(), key=lambda pair: not pair[1].spanning))

    def of(self, report: Report) -> list[str]:
        """Return the names that the measures of a report have in it."""
        return [each.measure.name for each in self.metrics if each.report is report]

    def by_of(self, report: Report, by: Sequence[str]) -> list[str]:
        """Return the dimensions of an answer that a report has: all but, maybe, the currency."""
        return [each.name for each in self.angles(by) if _has(report, each.name)]

    def filters_of(
        self, report: Report, where: Mapping[str, Sequence[str]]
    ) -> dict[str, Sequence[str]]:
        """Return the filters that a report knows: all but, maybe, the currency."""
        return {k: values for k, values in where.items() if _has(report, k.removesuffix("_under"))}

    def angles(self, by: Sequence[str]) -> list[Dimension]:
        """Return the dimensions by which there are rows: with the currency, of amounts."""
        money = any(each.measure.money for each in self.metrics)
        names = dict.fromkeys([*by, *([CURRENCY.name] if money else [])])
        return [self._dimension(each, "by") for each in names]

    def _dimension(self, name: str, parameter: str) -> Dimension:
        """Return a dimension, which is the same for all measures. Raises `BadParameter`."""
        found = dict[str, Dimension]()
        for each in self.metrics:
            angles = {angle.name: angle for angle in each.report.angles()}
            if name in angles:
                found[each.name] = angles[name]
            elif name != CURRENCY.name:
                detail = f"{each.name} has no dimension {name!r}; it has {', '.join(angles)}"
                raise BadParameter(parameter, detail)
        if not found:
            raise BadParameter(parameter, f"none of the measures has a {name}")
        (first, one), *_ = found.items()
        for other, angle in found.items():
            if angle.same != one.same:
                detail = f"{name!r} of {other} is not that of {first}: ask for them one by one"
                raise BadParameter(parameter, detail)
        return one


def _has(report: Report, dimension: str) -> bool:
    return any(each.name == dimension for each in report.angles())


def ask_each(
    cursor: DuckDBPyConnection,
    across: Across,
    question: Question,
    comparing: Comparing,
    standpoint: Standpoint,
) -> dict[str, Result]:
    """Return the figures of each report by its name, compared as one of them would be.

    Where one of them is of a period always, all are of that.
    """
    found = dict[str, Result]()
    for name, report in across.reports.items():
        by, where = across.by_of(report, question.by), across.filters_of(report, question.where)
        ask, of = ask_of(cursor, report, standpoint), across.of(report)
        asked = replace(question, by=by, where=where)
        found[name] = replace(comparing, report=report).run(ask, asked, of)
        if days := found[name].period:
            question = replace(question, first=days[0], last=days[1])
    return found


@dataclass(frozen=True, slots=True)
class Joined:
    """Figures side by side: the rows, and of each report which of its own rows is in them."""

    table: pa.Table
    results: Mapping[str, Result]
    places: Mapping[str, Sequence[int | None]]


def join(
    cursor: DuckDBPyConnection,
    across: Across,
    by: Sequence[str],
    results: Mapping[str, Result],
    having: str = "",
    sort: str = "",
    limit: int | None = None,
) -> Joined:
    """Join the figures of reports in full on the dimensions that they are by.

    Args:
        cursor: A reader of the warehouse.
        across: What was asked.
        by: The dimensions of this answer.
        results: The figures of each report, by its name.
        having: Conditions with commas between, as in `tickets>=5,sales.won=0`.
        sort: Columns with commas between, those with `-` before them downwards.
        limit: How many rows.

    Raises `BadParameter` for a column that there is not, and for too many rows.
    """
    angles = across.angles(by)
    keys = [name for each in angles for name in (each.name, *[f"{each.name}_name"] * bool(each.of))]
    figures = {
        f"{each.name}{end}": (each, end)
        for each in across.metrics
        for end in _ends(results[each.report.name])
    }
    parts, money = list[str](), CURRENCY.name in keys
    bare = {n for n, found in results.items() if money and CURRENCY.name not in found.columns}
    for number, (name, found) in enumerate(results.items()):
        own = {
            f"{e.measure.name}{end}": c for c, (e, end) in figures.items() if e.report.name == name
        }
        table = found.table.rename_columns([own.get(each, each) for each in found.columns])
        place = pa.array(range(table.num_rows), pa.int64())
        cursor.register(f"part_{number}", table.append_column(_at(name), place))
        parts.append(f"SELECT *, {name in bare} AS bare FROM part_{number}")
    shown = [*map(quote, keys)]
    for column, (each, end) in figures.items():
        told = quote(column)
        if each.measure.single and not end.endswith("_share"):
            there = (
                f"alone OR {quote(CURRENCY.name)} IS NULL" if each.report.name in bare else "true"
            )
            told = f"if({there}, coalesce({told}, 0), {told})"
        shown.append(f"{told} AS {quote(column)}")
    shown += (quote(_at(name)) for name in results)
    whole = _union(keys, parts, [*figures, *map(_at, results)])
    query = f"SELECT * FROM (SELECT {', '.join(shown)} FROM ({whole})) {_where(having, figures)}"
    order = _order(sort, keys, [*figures], angles)
    table = cursor.sql(f"{query} {order} LIMIT {min(limit or ROWS + 1, ROWS + 1)}").to_arrow_table()
    if table.num_rows > ROWS:
        ((number,),) = cursor.sql(f"SELECT count(*) FROM ({query})").fetchall()
        detail = f"these are {number:,} rows, and at most {ROWS:,} are told: narrow them, or limit"
        raise BadParameter("by", detail)
    at = {name: table.column(_at(name)).to_pylist() for name in results}
    return Joined(table.drop_columns([*map(_at, results)]), results, at)


def _at(report: str) -> str:
    """Return the column that says in which row of a report's figures these are."""
    return f"at {report}"


def _ends(found: Result) -> list[str]:
    """Return how the columns of a measure end: with what it is compared."""
    return ["", *(f"_{name}{end}" for name in found.compared for end in ("", "_change", "_share"))]


def _union(keys: Sequence[str], parts: Sequence[str], columns: Sequence[str]) -> str:
    """Return the query with one row for each of the keys, and whether it is `alone` but for money.

    What has no currency is put into the row of the one currency, if its group has one only.
    """
    every = " UNION ALL BY NAME ".join(parts)
    group = ", ".join(quote(each) for each in keys if each != CURRENCY.name)
    within = f"PARTITION BY {group}" if group else ""
    if CURRENCY.name in keys:
        money = quote(CURRENCY.name)
        one = f"min({money}) OVER part = max({money}) OVER part"
        placed = f"if(bare AND {one}, min({money}) OVER part, {money})"
        every = f"SELECT * REPLACE ({placed} AS {money}) FROM ({every}) WINDOW part AS ({within})"
    told = [*map(quote, keys), *(f"any_value({quote(c)}) AS {quote(c)}" for c in columns)]
    grouped = (
        f"SELECT {', '.join(told)} FROM ({every}) GROUP BY {', '.join(map(quote, keys)) or '()'}"
    )
    return f"SELECT *, count(*) OVER ({within}) = 1 AS alone FROM ({grouped})"


def _where(having: str, columns: Collection[str]) -> str:
    tests = list[str]()
    for each in filter(None, having.split(",")):
        found = _HAVING.fullmatch(each.strip())
        if found is None or found[1] not in columns:
            detail = f"{each[:100]!r} is no column of figures, sign and number, as in tickets>=5"
            raise BadParameter("having", f"{detail}; there are {', '.join(columns)}")
        tests.append(f"CAST({quote(found[1])} AS DOUBLE) {found[2]} {found[3]}")
    return f"WHERE {' AND '.join(tests)}" if tests else ""


def _order(
    sort: str, keys: Sequence[str], figures: Sequence[str], angles: Sequence[Dimension]
) -> str:
    order = list[str]()
    for each in filter(None, sort.split(",")):
        name = each.removeprefix("-")
        if name not in (*keys, *figures):
            detail = f"there is no column {name[:100]!r}; there are {', '.join((*keys, *figures))}"
            raise BadParameter("sort", detail)
        order.append(f"{quote(name)} {'DESC' if each.startswith('-') else 'ASC'} NULLS LAST")
    for angle in angles:
        if angle.of:
            order.append(f"{quote(f'{angle.name}_name')} NULLS LAST")
        listed = ", ".join(map(literal, angle.order))
        column = quote(angle.name)
        order.append(f"{f'list_position([{listed}], {column})' if listed else column} NULLS LAST")
    return f"ORDER BY {', '.join(order)}" if order else ""
