"""Comparisons: the figures of a report beside those of an earlier period, or of what was known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from projections.kernel.lists.parameters import BadParameter
from projections.kernel.reports.dimensions import PERIODS, Dimension
from projections.kernel.reports.periods import Move
from projections.kernel.reports.report import Report, run
from projections.kernel.reports.report_scope import Standpoint
from projections.kernel.reports.result import Compared, Result
from projections.kernel.reports.stretches import Question, Stretch

MOST = 100_000
"""Rows of an answer, with those of periods without any: more than that is a file."""

Row = dict[str, Any]

Ask = Callable[[Question, Sequence[str]], Result]
"""Asks a question for some measures; for none of them: for all."""


def ask_of(
    cursor: DuckDBPyConnection, report: Report, standpoint: Standpoint, top: int | None = None
) -> Ask:
    """Return what asks a report by a reader of the warehouse; everything is as for `run`."""

    def ask(asked: Question, of: Sequence[str]) -> Result:
        days = asked.first, asked.last, asked.position
        return run(cursor, report.name, asked.by, asked.where, *days, of, standpoint, top)

    return ask


@dataclass(frozen=True, slots=True)
class Comparing:
    """How figures are compared: with which others, up to the same day, and without gaps.

    Args:
        report: The report.
        with_: Names of comparisons, `previous`, `year-ago` or `known`.
        known: The position that `known` speaks of.
        to_date: Whether the period that has not ended yet is compared up to the day that the
            earlier one had come to.
        fill: Whether periods without rows get some.
        day: The day that is asked about, in the period that has not ended.
    """

    report: Report
    with_: Sequence[str]
    known: int | None
    to_date: bool
    fill: bool
    day: date

    def run(self, ask: Ask, question: Question, measures: Sequence[str]) -> Result:
        """Return the figures with those that they are compared with.

        Raises `BadParameter` where there is no period that an earlier one could be found to.
        """
        try:
            return self._run(ask, question, measures)
        except OverflowError as error:
            detail = "there are no days so early, or so late"
            raise BadParameter("compare", detail) from error

    def _run(self, ask: Ask, question: Question, measures: Sequence[str]) -> Result:
        asked = Stretch(question, self.day)
        own = asked.until_today() if self.to_date else question
        found = ask(own, measures)
        if not self.with_ and not self.fill:
            return found
        if self.fill and asked.unit is None:
            raise BadParameter("fill", "there is no period among `by`")
        if found.period:
            asked = Stretch(
                replace(question, first=found.period[0], last=found.period[1]), self.day
            )
        chosen = [each for each in self.report.measures if each.name in found.columns]
        names = [each.name for each in chosen]
        dimensions = found.columns[: len(found.columns) - len(names)]
        angles = [each for each in self.report.angles() if each.name in dimensions]
        keys = [each.name for each in angles if each.name not in PERIODS]
        rows = {_key(row, keys, asked.unit): row for row in found.table.to_pylist()}
        empty = {each.name: 0 if each.single else None for each in chosen}
        latest = asked.latest(key[0] for key in rows if key[0]) if asked.unit else ""
        others = dict[str, dict[tuple[Any, ...], Compared]]()
        for name in self.with_:
            here = others[name.replace("-", "_")] = {}
            for move, each in self._against(name, asked):
                for row in ask(each, names).table.to_pylist():
                    for placed in _placed(row, asked, move, latest):
                        key = _key(placed, keys, asked.unit)
                        here[key] = row, each
                        rows.setdefault(key, {**placed, **empty})
        if self.fill:
            self._fill(rows, asked, keys, empty)
        ordered = sorted(rows.items(), key=lambda each: _rank(each[1], angles))
        table = pa.Table.from_pylist([row for _, row in ordered], schema=found.table.schema)
        beside = {name: [other.get(key) for key, _ in ordered] for name, other in others.items()}
        for name, pairs in beside.items():
            table = _append(table, name, names, [each[0] if each else empty for each in pairs])
        return replace(found, table=table, compared=beside)

    def _against(self, name: str, asked: Stretch) -> Iterator[tuple[Move, Question]]:
        if name == "known":
            same = asked.until_today() if self.to_date else asked.question
            yield Move(), replace(same, position=self.known)
            return
        move = asked.year_ago() if name == "year-ago" else asked.previous()
        for each in asked.moved(move, self.to_date):
            yield move, each

    def _fill(
        self,
        rows: dict[tuple[Any, ...], Row],
        asked: Stretch,
        keys: Sequence[str],
        empty: Mapping[str, Any],
    ) -> None:
        groups = {key[1:]: row for key, row in rows.items()} or ({(): {}} if not keys else {})
        periods = asked.periods([key[0] for key in rows if key[0]], MOST)
        if len(groups) * len(periods) > MOST:
            detail = f"at most {MOST} rows, with those of periods without any"
            raise BadParameter("fill", detail)
        for group, row in groups.items():
            for text in periods:
                rows.setdefault((text, *group), {**row, **empty, **asked.named(text)})


def _placed(row: Row, asked: Stretch, move: Move, latest: str) -> Iterator[Row]:
    """Yield a row that is compared at the periods that it is compared with."""
    if asked.unit is None or move == Move() or row[asked.unit] is None:
        yield row
        return
    for text in move.sources(asked.unit, row[asked.unit]):
        if text <= latest:
            yield {**row, **asked.named(text)}


def _key(row: Row, keys: Sequence[str], unit: str | None) -> tuple[Any, ...]:
    return (row[unit] if unit else None, *(row[each] for each in keys))


def _rank(row: Row, angles: Sequence[Dimension]) -> list[tuple[bool, Any]]:
    """Return by what a row is ordered: as the database orders those of a report."""
    found = list[tuple[bool, Any]]()
    for each in angles:
        columns = [f"{each.name}_name"] * bool(each.of) + [each.name]
        for value in map(row.get, columns):
            placed = each.order.index(value) if value in each.order else value
            found.append((value is None, "" if value is None else placed))
    return found


def _append(
    table: pa.Table, name: str, measures: Sequence[str], beside: Sequence[Mapping[str, Any]]
) -> pa.Table:
    """Return the table with columns for what the measures are compared with."""
    for measure in measures:
        type_ = table.schema.field(measure).type
        others = [row[measure] for row in beside]
        values = table.column(measure).to_pylist()
        pairs = list(zip(values, others, strict=True))
        changes = [None if a is None or b is None else _less(a, b) for a, b in pairs]
        shares = [
            None if change is None or not base else round(float(change / abs(base)), 4)
            for change, (_, base) in zip(changes, pairs, strict=True)
        ]
        table = table.append_column(f"{measure}_{name}", pa.array(others, type_))
        table = table.append_column(f"{measure}_{name}_change", pa.array(changes, type_))
        table = table.append_column(f"{measure}_{name}_share", pa.array(shares, pa.float64()))
    return table


def _less(value: Any, other: Any) -> Any:
    return round(value - other, 4) if isinstance(value, float) else value - other
