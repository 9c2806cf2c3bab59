"""Reports: measures by dimensions over the warehouse, each defined once and named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any

from duckdb import DuckDBPyConnection, DuckDBPyRelation

from domain.kernel.discovery import declared
from domain.kernel.time.business_day import today
from projections.kernel.lists.list_query import shown_somewhere
from projections.kernel.lists.parameters import BadParameter
from projections.kernel.reports.dimensions import PLACE, PLACES, Dimension, periods
from projections.kernel.reports.filters import condition, refuse_nobodys
from projections.kernel.reports.measures import Measure
from projections.kernel.reports.periods import Span
from projections.kernel.reports.record_names import named
from projections.kernel.reports.report_scope import Standpoint
from projections.kernel.reports.result import Result
from projections.kernel.reports.spans import partial, spans
from projections.kernel.warehouse.facts import quote
from projections.kernel.warehouse.loader import position


@dataclass(frozen=True, slots=True)
class Report:
    """A named report.

    `source` is a query of rows with the `id` of a record of the read model `records`, of the rows
    that are `seen`; `grains` are finer ones by name; `joins` are further tables by name. `on` is
    the day by which periods go, `period` its meaning. A report by unit has the province and the
    local network of the unit as well. `behind` names other records on which it depends what a
    record gives: by the join that brings them in (by nothing, if they always do) the read model,
    and the SQL of the list of their ids. One that is `spanning` has a row for each of the `spans`
    that are asked for, from the day `first` to the day `last`, by which it then goes; if it is
    `monthly`, one for each month, whatever it is asked by. `dated` names read models whose records
    are told as they were on the day of the row, unless they are asked for as they are now: each
    with the SQL of the id of one; `joins` then speak of `on_<model>`. `zh` is the title in Chinese.
    """

    name: str
    title: str
    records: str
    source: str
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    on: str
    period: str
    grains: Mapping[str, str] = field(default_factory=dict)
    joins: Mapping[str, str] = field(default_factory=dict)
    behind: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    spanning: bool = False
    monthly: bool = False
    dated: Mapping[str, str] = field(default_factory=dict)
    zh: str = ""

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
        places = PLACES if placed else ()
        return (*self.dimensions, *places, *periods(self.on, f"of {self.period}"))

    def describe(self) -> dict[str, Any]:
        """Return what there is to ask for, as JSON values."""
        return {
            "name": self.name,
            "title": self.title,
            "zh": self.zh,
            "period": self.period,
            "dimensions": [each.describe() for each in self.angles()],
            "measures": [each.describe() for each in self.measures],
        }


@cache
def reports() -> Mapping[str, Report]:
    """Return every report by name: those that modules of this layer declare."""
    found = declared("projections", Report)
    return {report.name: report for report in sorted(found, key=lambda report: report.name)}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a report, checked: figures by dimensions, of some of its rows, then.

    `joins` are those that the question needs; `split` tells whether rows repeat records;
    `one_currency` whether no more than one is asked for.
    """

    report: Report
    position: int
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    standpoint: Standpoint
    grain: str
    joins: tuple[str, ...]
    conditions: tuple[str, ...]
    values: Mapping[str, Any]
    one_currency: bool
    spans: tuple[Span, ...] = ()

    @property
    def split(self) -> bool:
        """Whether rows repeat records, so that these are not counted by rows."""
        return bool(self.grain)

    @property
    def masked(self) -> tuple[str, ...]:
        """The classes of figures that are left out."""
        sensitive = {each.sensitive for each in self.report.measures}
        left_out = sensitive & self.standpoint.masked
        return tuple(sorted(left_out.difference(self.standpoint.narrowed)))

    def select(
        self,
        cursor: DuckDBPyConnection,
        columns: Iterable[str],
        tail: str = "",
        conditions: Sequence[str] = (),
        values: Mapping[str, Any] = MappingProxyType({}),
    ) -> DuckDBPyRelation:
        """Select from the rows that the question is about; they are called `base`.

        Args:
            cursor: A reader of the warehouse.
            columns: SQL of the columns. As all SQL here it holds names of this code only.
            tail: What follows the conditions, as in `GROUP BY base.id`.
            conditions: Further ones.
            values: The values of their parameters.
        """
        return self.execute(cursor, self.query(columns, tail, conditions), values)

    def query(self, columns: Iterable[str], tail: str = "", conditions: Sequence[str] = ()) -> str:
        """Return the query that `select` runs, to be part of another."""
        source = self.report.grains[self.grain] if self.grain else self.report.source
        known = {**self.report.joins, "place": PLACE}
        joins = " ".join(known[name] for name in self.joins)
        every = [*self.conditions, *conditions]
        where = f"WHERE {' AND '.join(every)}" if every else ""
        return f"SELECT {', '.join(columns)} FROM ({source}) AS base {joins} {where} {tail}"

    def execute(
        self,
        cursor: DuckDBPyConnection,
        query: str,
        values: Mapping[str, Any] = MappingProxyType({}),
    ) -> DuckDBPyRelation:
        """Run a query over what is in sight then."""
        if PLACE in query:
            cursor.register("organisation", self.standpoint.places())
        relations, seen_values = self.standpoint.relations(
            query, self.position, self.spans, self._days()
        )
        return cursor.sql(relations + query, params={**self.values, **values, **seen_values})

    def _days(self) -> Mapping[str, str]:
        """Return the queries of the records that rows name, by read model, with the days."""
        return {
            model: f"SELECT DISTINCT {id_} AS id, {self.report.on} AS day "
            f"FROM ({self.report.source}) AS base"
            for model, id_ in self.report.dated.items()
        }


def ask(
    cursor: DuckDBPyConnection,
    name: str,
    by: Sequence[str] = (),
    where: Mapping[str, Sequence[str]] | None = None,
    first: date | None = None,
    last: date | None = None,
    as_of: int | None = None,
    measures: Sequence[str] = (),
    standpoint: Standpoint = Standpoint(),  # noqa: B008
) -> Asked:
    """Check what is asked of a report; everything is as for `run`."""
    report = reports()[name]
    now = position(cursor)
    chosen, narrowed = _measures(report, measures, standpoint)
    standpoint = replace(standpoint, narrowed=tuple(sorted({*standpoint.narrowed, *narrowed})))
    names = list(dict.fromkeys(by))
    if any(each.money for each in chosen) and "currency" not in names:
        names.append("currency")
    dimensions = [report.dimension(each, "by") for each in names]
    if standpoint.now:
        dimensions = [each.placed() if each.name == "unit" else each for each in dimensions]
    needed = list(dimensions)
    conditions = []
    given: dict[str, Any] = {}
    for index, (key, values) in enumerate((where or {}).items()):
        dimension, test = condition(report, key, names, f"filter_{index}", standpoint)
        if key.endswith("_under"):
            below = [standpoint.under(unit) for unit in values]
            if None in below:  # everything is below the top, also what nobody knows
                continue
            values = sorted(frozenset[str]().union(*filter(None, below)))
        conditions.append(test)
        needed.append(dimension)
        given[f"filter_{index}"] = list(values)
    if first is not None and last is not None and first > last:
        raise BadParameter("to", "the end is before the begin")
    asked_for: tuple[Span, ...] = ()
    if report.spanning:
        until = standpoint.day or standpoint.valid_at or today()
        of = "month" if report.monthly else None
        asked_for = spans(names, where or {}, first, last, until, of)
    for parameter, day, sign in (("first", first, ">="), ("last", last, "<=")):
        if day is not None and not report.spanning:
            conditions.append(f"{report.on} {sign} ${parameter}")
            given[parameter] = day
    asked = Asked(
        report,
        now if as_of is None else min(as_of, now),
        tuple(dimensions),
        tuple(chosen),
        standpoint,
        next((each.grain for each in needed if each.grain), ""),
        tuple(dict.fromkeys(each.join for each in needed if each.join)),
        tuple(conditions),
        given,
        len(set((where or {}).get("currency", ()))) == 1,
        asked_for,
    )
    for key, values in (where or {}).items():
        refuse_nobodys(cursor, asked, key, values, now)
    return asked


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
    top: int | None = None,
) -> Result:
    """Run a report.

    Args:
        cursor: A reader of the warehouse.
        name: The report. Raises `KeyError` for one that there is not.
        by: The dimensions to group by. The currency comes on top where amounts are asked for.
        where: The values wanted, by dimension; any of them; an empty text stands for no value.
            Records are named by their keys, as they are grouped by.
            `<dimension>_under` asks for one unit and all below it.
        first: The first day of the period, by the day that the report goes by.
        last: The last day of the period. One that is spanning has a period always: see `spans`.
        as_of: The position at which the figures are true; by default, and at most, the present.
        measures: The figures wanted; by default all that are masked in no row in sight. Those that
            are masked in some are of the others.
        standpoint: What is in sight, and where units count.
        top: How many rows, in each currency: those with the greatest of the first measure, by that.

    Raises `BadParameter`, and `FieldMasked` for a figure that is masked in all of them.
    """
    asked = ask(cursor, name, by, where, first, last, as_of, measures, standpoint)
    columns = [f"{each.sql} AS {quote(each.name)}" for each in asked.dimensions]
    columns += [f"{each.sql(split=asked.split)} AS {quote(each.name)}" for each in asked.measures]
    groups = ", ".join(str(place + 1) for place in range(len(asked.dimensions))) or "()"
    figures = asked.query(columns, f"GROUP BY {groups}")
    found = asked.execute(cursor, named(figures, asked.dimensions, asked.measures, top))
    narrowed = asked.standpoint.narrowed
    period = (asked.spans[0][0], asked.spans[-1][1]) if asked.spans else None
    cut = partial(by, asked.spans)
    return Result(found.to_arrow_table(), asked.position, asked.masked, narrowed, period, cut)


def _measures(
    report: Report, names: Sequence[str], standpoint: Standpoint
) -> tuple[list[Measure], tuple[str, ...]]:
    """Return the figures wanted, and the classes of those that are not of all rows in sight."""
    masked, narrowed = standpoint.masked, set[str]()
    known = {each.name: each for each in report.measures}
    for name in names:
        if name not in known:
            there_are = ", ".join(known)
            raise BadParameter("measures", f"{report.name} has no {name!r}; it has {there_are}")
        if standpoint.sight is not None and known[name].sensitive in masked:
            narrowed.add(shown_somewhere(known[name].sensitive, standpoint.sight, "measures"))
    chosen = [known[name] for name in dict.fromkeys(names)]
    chosen = chosen or [each for each in known.values() if each.sensitive not in masked]
    return chosen, tuple(sorted(narrowed))
