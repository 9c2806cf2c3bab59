"""Drilling across: measures of several reports side by side, each aggregated in its own first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pyarrow as pa
from duckdb import DuckDBPyConnection

from projections.kernel.lists.parameters import BadParameter
from projections.kernel.reports.comparing import Comparing, ask_of
from projections.kernel.reports.dimensions import CURRENCY, Dimension
from projections.kernel.reports.filters import having_of
from projections.kernel.reports.metrics import Metric, metric, parts
from projections.kernel.reports.ratios import PLACE, Part, Ratio, ratio_of, ratios
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
    def asked(self) -> tuple[Metric | Ratio, ...]:
        """The measures and ratios, in the order in which they are asked for."""
        names = dict.fromkeys(self.measures)
        return tuple(ratios().get(name) or metric(name) for name in names)

    @cached_property
    def plain(self) -> tuple[Metric, ...]:
        """The measures that are asked for themselves."""
        return tuple(each for each in self.asked if isinstance(each, Metric))

    @cached_property
    def parts(self) -> Mapping[str, tuple[Metric, Metric]]:
        """The measures above and below of the ratios, by the names of these."""
        return {each.name: parts(each) for each in self.asked if isinstance(each, Ratio)}

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """All measures that it takes, those that ratios are made of behind the others."""
        return (*self.plain, *(part for pair in self.parts.values() for part in pair))

    @cached_property
    def reports(self) -> Mapping[str, Report]:
        """The reports that have them, by name: first those that are of a period always."""
        found = {each.report.name: each.report for each in self.metrics}
        return dict(sorted(found.items(), key=lambda pair: not pair[1].spanning))

    def of(self, report: Report) -> list[str]:
        """Return the names that the measures of a report have in it."""
        return list(
            dict.fromkeys(each.measure.name for each in self.metrics if each.report is report)
        )

    def narrowed(self, report: Report, standpoint: Standpoint) -> tuple[str, ...]:
        """Return the classes that both parts of a ratio have to show, if one of them is masked."""
        classes = {
            each.measure.sensitive
            for pair in self.parts.values()
            for each in pair
            if report in (pair[0].report, pair[1].report)
        }
        return tuple(sorted(classes & standpoint.masked))

    def by_of(self, report: Report, by: Sequence[str]) -> list[str]:
        """Return the dimensions of an answer that a report has.

        All but the currency, maybe, and those that a measure below others is taken over.
        """
        return [each.name for each in self.angles(by) if _has(report, each.name)]

    def filters_of(
        self, report: Report, where: Mapping[str, Sequence[str]]
    ) -> dict[str, Sequence[str]]:
        """Return the filters that a report knows, as the dimensions that it has."""
        return {k: values for k, values in where.items() if _has(report, k.removesuffix("_under"))}

    def angles(self, by: Sequence[str]) -> list[Dimension]:
        """Return the dimensions by which there are rows: with the currency, of amounts."""
        money = any(each.measure.money for each in self.metrics)
        names = dict.fromkeys([*by, *([CURRENCY.name] if money else [])])
        return [self._dimension(each, "by") for each in names]

    def _dimension(self, name: str, parameter: str) -> Dimension:
        """Return a dimension, which is the same for all measures. Raises `BadParameter`."""
        needed = [(each.name, each, False) for each in self.plain]
        for of, (above, below) in self.parts.items():
            needed += [(of, above, False), (of, below, name in ratios()[of].over)]
        found = list[tuple[str, Dimension]]()
        for asked, each, over in needed:
            angles = {angle.name: angle for angle in each.report.angles()}
            if name in angles:
                found.append((asked, angles[name]))
            elif name != CURRENCY.name and not over:
                part = "it" if asked == each.name else f"{each.name}, of which it is made,"
                detail = f"{asked} has no dimension {name!r}; {part} has {', '.join(angles)}"
                raise BadParameter(parameter, detail)
        if not found:
            raise BadParameter(parameter, f"none of the measures has a {name}")
        (first, one), *_ = found
        for other, angle in found:
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
        here = replace(standpoint, narrowed=across.narrowed(report, standpoint))
        ask, of = ask_of(cursor, report, here), across.of(report)
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
    found = dict[str, Part]()
    for number, (name, result) in enumerate(results.items()):
        table, has = f"part_{number}", [each for each in keys if each in result.columns]
        place = pa.array(range(result.table.num_rows), pa.int64())
        cursor.register(table, result.table.append_column(PLACE, place))
        plain = [each for each in across.plain if each.report.name == name]
        divided = any(each.report.name == name for pair in across.parts.values() for each in pair)
        lacks = frozenset(each.name for each in angles).difference(has)
        found[name] = Part(name, table, has, lacks, plain, divided)
    ends = _ends(next(iter(results.values())))
    there = f"(rows.alone OR rows.{quote(CURRENCY.name)} IS NOT NULL)"
    there = there if any(each.bare for each in found.values()) else "true"
    columns = {
        f"{each.name}{end}": _told(across, found, each, end, there)
        for each in across.asked
        for end in ends
    }
    shown = [f"rows.{quote(each)}" for each in keys]
    shown += (f"{sql} AS {quote(name)}" for name, sql in columns.items())
    for part in found.values():
        at = [f"rows.{quote(part.at)}"] * part.whole + [part.of(PLACE)] * part.ratios
        shown.append(f"coalesce({', '.join(at)}) AS {quote(part.at)}")
    wholes = [each for each in found.values() if each.whole]
    held = [f"{each.name}{end}" for part in wholes for each in part.plain for end in ends]
    held += (each.at for each in wholes)
    source = f"({_union(keys, [each.rows(ends) for each in wholes], held)}) AS rows "
    source += " ".join(each.beside() for each in found.values() if each.ratios)
    own = any(each.bare and each.plain for each in found.values())
    source += "" if own else f" WHERE {there}"
    query = f"SELECT * FROM (SELECT {', '.join(shown)} FROM {source}) {having_of(having, columns)}"
    order = _order(sort, keys, [*columns], angles)
    table = cursor.sql(f"{query} {order} LIMIT {min(limit or ROWS + 1, ROWS + 1)}").to_arrow_table()
    if table.num_rows > ROWS:
        ((number,),) = cursor.sql(f"SELECT count(*) FROM ({query})").fetchall()
        detail = f"these are {number:,} rows, and at most {ROWS:,} are told: narrow them, or limit"
        raise BadParameter("by", detail)
    ats = {name: part.at for name, part in found.items()}
    places = {name: table.column(at).to_pylist() for name, at in ats.items()}
    return Joined(table.drop_columns([*ats.values()]), results, places)


def _ends(found: Result) -> list[str]:
    """Return how the columns of a measure end: with what it is compared."""
    return ["", *(f"_{name}{end}" for name in found.compared for end in ("", "_change", "_share"))]


def _told(
    across: Across, found: Mapping[str, Part], of: Metric | Ratio, end: str, there: str
) -> str:
    """Return the SQL of a column: nothing is 0 of counts and sums, a ratio only `there`."""
    if isinstance(of, Metric):
        told = f"rows.{quote(f'{of.name}{end}')}"
        if not of.measure.single or end.endswith("_share"):
            return told
        zero = f"coalesce({told}, 0)"
        money = f"rows.{quote(CURRENCY.name)}"
        bare = found[of.report.name].bare
        return f"if(rows.alone OR {money} IS NULL, {zero}, {told})" if bare else zero
    told = ratio_of(of, across.parts[of.name], found, end)
    return f"if({there}, {told}, NULL)"


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
