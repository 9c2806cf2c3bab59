"""Analyses: windows over the figures of one measure, one row a record: who has how much of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from projections.kernel.lists.parameters import BadParameter
from projections.kernel.reports.comparing import Comparing, ask_of
from projections.kernel.reports.dimensions import CURRENCY, PERIODS
from projections.kernel.reports.metrics import Metric, metric
from projections.kernel.reports.report_scope import Standpoint
from projections.kernel.reports.result import Result
from projections.kernel.reports.stretches import Question
from projections.kernel.warehouse.facts import quote

PLACE = "place"
"""The column that says in which row of the figures a record is."""

_RANKED = """ranked AS (
    SELECT *, sum({value}) OVER up AS upto, sum({value}) OVER every AS whole,
        row_number() OVER down AS rank, count(*) OVER every AS number, ntile(10) OVER down AS decile
    FROM ({figures}) WHERE {value} > 0 AND {key} IS NOT NULL
    WINDOW every AS (PARTITION BY money), down AS (PARTITION BY money ORDER BY {value} DESC, {key}),
        up AS (down ROWS UNBOUNDED PRECEDING)
)"""


@dataclass(frozen=True, slots=True)
class Analysis:
    """A named analysis.

    `sql` is a query over `ranked`: the records with `value`, `rank` (the greatest first, ties by
    the key), `upto` that rank, the `whole`, their `number` and the `decile`, all within `money`,
    the currency if there is one; where it is `compared`, over `before` too, the same of then. One
    that is `monthly` is over `figures`, one row for each record and month.
    """

    name: str
    title: str
    zh: str
    definition: str
    sql: str
    compared: bool = False
    monthly: bool = False

    def describe(self) -> dict[str, Any]:
        """Return what there is to know of it, as JSON values."""
        return {
            "name": self.name,
            "title": self.title,
            "zh": self.zh,
            "definition": self.definition,
        }


_SHARE = "round(CAST({} AS DOUBLE) / CAST({} AS DOUBLE), 4)"

_FEW, _MOST = "rank = (number + 4) // 5", "upto * 5 >= whole * 4"
"""The last of the first fifth, and those from whom on there are 80 % of all."""

_MOVES = ", ".join(f"count(*) FILTER (now = {n}) AS to_{n}" for n in range(1, 11))

ANALYSES: Mapping[str, Analysis] = MappingProxyType(
    {
        each.name: each
        for each in (
            Analysis(
                "concentration",
                "Concentration: how much of it the few have",
                "集中度（二八分析）",
                "of those with more than nothing, the greatest first: what the first fifth has "
                "(rounded up), how many have 80 % of it, and the Gini coefficient",
                f"""SELECT money, count(*) AS records, any_value(whole) AS total,
                    (count(*) + 4) // 5 AS top_records,
                    {_SHARE.format(f"max(upto) FILTER ({_FEW})", "any_value(whole)")}
                        AS top_share,
                    min(rank) FILTER ({_MOST}) AS records_for_80,
                    {_SHARE.format(f"min(upto) FILTER ({_MOST})", "any_value(whole)")}
                        AS share_of_these,
                    {_SHARE.format(f"min(rank) FILTER ({_MOST})", "count(*)")}
                        AS records_share,
                    round(2 * sum((number + 1 - rank) * CAST({{value}} AS DOUBLE))
                        / (count(*) * CAST(any_value(whole) AS DOUBLE))
                        - (count(*) + 1) / count(*), 4) AS gini
                FROM ranked GROUP BY money ORDER BY money NULLS LAST""",
            ),
            Analysis(
                "deciles",
                "Deciles: ten groups of as many, the greatest first",
                "十分位",
                "of those with more than nothing, ten groups in order; the first ones have one "
                "more where they do not come out even",
                f"""SELECT money, decile, count(*) AS records, sum({{value}}) AS total,
                    {_SHARE.format("sum({value})", "any_value(whole)")} AS share,
                    min({{value}}) AS least, max({{value}}) AS largest
                FROM ranked GROUP BY money, decile ORDER BY money NULLS LAST, decile""",
            ),
            Analysis(
                "decile-moves",
                "Moves between deciles: from those of an earlier period to those of this one",
                "十分位迁移",
                "how many went from a decile to which one; nothing stands for having had nothing "
                "then, `gone` for having nothing now",
                f""", moved AS (
                    SELECT coalesce(a.money, b.money) AS money, a.decile AS now, b.decile AS earlier
                    FROM ranked AS a FULL JOIN before AS b
                    ON a.{{key}} = b.{{key}} AND a.money IS NOT DISTINCT FROM b.money
                )
                SELECT money, earlier AS decile_before, {_MOVES},
                    count(*) FILTER (now IS NULL) AS gone
                FROM (SELECT * FROM moved UNION ALL
                    SELECT money, -1, n FROM (SELECT DISTINCT money FROM moved), range(1, 11) t(n))
                GROUP BY ALL ORDER BY money NULLS LAST, decile_before NULLS LAST""",
                compared=True,
            ),
            Analysis(
                "trend",
                "Trend: month by month, with change, mean and slope",
                "趋势",
                "each month with the change to the one before and that as a share of it; the mean "
                "of the months, and the slope: by how much it grows a month, by least squares",
                """SELECT {columns}, {value} AS value, {value} - lag({value}) OVER later AS change,
                    round(CAST({value} - lag({value}) OVER later AS DOUBLE)
                        / nullif(abs(CAST(lag({value}) OVER later AS DOUBLE)), 0), 4) AS share,
                    round(avg(CAST({value} AS DOUBLE)) OVER every, 2) AS mean,
                    round(regr_slope(CAST({value} AS DOUBLE), datepart('year', day) * 12
                        + datepart('month', day)) OVER every, 4) AS slope
                FROM (SELECT *, CAST(month || '-01' AS DATE) AS day FROM ({figures}))
                WINDOW every AS (PARTITION BY money, {key}), later AS (every ORDER BY month)
                ORDER BY money NULLS LAST, mean DESC, {key} NULLS LAST, month""",
                monthly=True,
            ),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Analysed:
    """What is analysed: a measure that adds up, record by record of one dimension.

    Args:
        analysis: How.
        measure: The measure, by its name among all.
        key: The dimension, of which each value is a record.

    Raises `BadParameter` for a measure that does not add up, and for another dimension.
    """

    analysis: Analysis
    measure: str
    key: str

    def __post_init__(self) -> None:
        """Check what is asked."""
        of = self.metric
        if of.measure.kind != "flow" or not of.measure.single:
            detail = f"{of.name} is a {of.measure.kind}: what is analysed happens and adds up"
            raise BadParameter("measures", detail)
        angle = of.report.dimension(self.key, "by")
        if angle.grain or self.key in (*PERIODS, CURRENCY.name):
            raise BadParameter("by", f"the values of {self.key} are no records beside one another")

    @property
    def metric(self) -> Metric:
        """The measure, in its report. Raises `BadParameter` for one that there is not."""
        return metric(self.measure)

    def figures(
        self,
        cursor: DuckDBPyConnection,
        question: Question,
        comparing: Comparing,
        standpoint: Standpoint,
    ) -> Result:
        """Return the figures that are analysed: the record, the currency, the value.

        Args:
            cursor: A reader of the warehouse.
            question: Of which rows, days and position; not by what.
            comparing: With what, of an analysis that compares.
            standpoint: What is in sight.
        """
        monthly = self.analysis.monthly
        if self.analysis.compared and not comparing.with_:
            raise BadParameter("compare", "name the period before: previous, year-ago or known:")
        if comparing.with_ and (len(comparing.with_) > 1 or not self.analysis.compared):
            raise BadParameter("compare", f"{self.analysis.name} has no such comparison")
        asked = replace(question, by=[self.key, *["month"] * monthly])
        own = replace(comparing, report=self.metric.report, fill=monthly)
        ask = ask_of(cursor, self.metric.report, standpoint)
        return own.run(ask, asked, [self.metric.measure.name])

    def run(self, cursor: DuckDBPyConnection, found: Result) -> pa.Table:
        """Return the analysis of figures."""
        money, query = CURRENCY.name in found.columns, self._query(cursor, found)
        told = f"* RENAME (money AS {CURRENCY.name})" if money else "* EXCLUDE (money)"
        return cursor.sql(f"SELECT {told} FROM ({query})").to_arrow_table()

    def records(self, cursor: DuckDBPyConnection, found: Result) -> pa.Table:
        """Return the records in their order, each with its share, and its place in the figures."""
        money, value = CURRENCY.name in found.columns, quote(self.metric.measure.name)
        columns = [quote(each) for each in found.columns if each.startswith(self.key)]
        told = [*columns, *[f"money AS {CURRENCY.name}"] * money, "rank", "decile"]
        told += [f"{value} AS value", f"{_SHARE.format(value, 'whole')} AS share"]
        told += [f"{_SHARE.format('upto', 'whole')} AS cumulated", PLACE]
        query = f"WITH {self._ranked(cursor, found)} SELECT {', '.join(told)} FROM ranked"
        return cursor.sql(f"{query} ORDER BY money NULLS LAST, rank").to_arrow_table()

    def _query(self, cursor: DuckDBPyConnection, found: Result) -> str:
        names = {"key": quote(self.key), "value": quote(self.metric.measure.name)}
        if self.analysis.monthly:
            own = [each for each in found.columns if each.startswith(self.key)]
            names["columns"] = ", ".join([*map(quote, own), "money", "month"])
            return self.analysis.sql.format(**names, figures=self._figures(cursor, found))
        ranked = self._ranked(cursor, found)
        if self.analysis.compared:
            (name,) = found.compared
            before = self._ranked(cursor, found, f"{self.metric.measure.name}_{name}")
            ranked += f", {before.replace('ranked', 'before', 1)}"
        return f"WITH {ranked} {self.analysis.sql.format(**names)}"

    def _ranked(self, cursor: DuckDBPyConnection, found: Result, value: str = "") -> str:
        return _RANKED.format(
            key=quote(self.key),
            value=quote(value or self.metric.measure.name),
            figures=self._figures(cursor, found),
        )

    def _figures(self, cursor: DuckDBPyConnection, found: Result) -> str:
        place = pa.array(range(found.table.num_rows), pa.int64())
        cursor.register("analysed", found.table.append_column(PLACE, place))
        money = CURRENCY.name if CURRENCY.name in found.columns else "CAST(NULL AS VARCHAR)"
        return f"SELECT *, {money} AS money FROM analysed"
