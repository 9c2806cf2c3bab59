"""Explaining: the records behind the figures of a report, and what each gives to every figure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from projections.kernel.lists.parameters import BadParameter
from projections.kernel.read_model import Row, read_models
from projections.kernel.reports.measures import Addend, Measure
from projections.kernel.reports.record_names import label_of
from projections.kernel.reports.report import Asked
from projections.kernel.reports.report_scope import seen
from projections.kernel.warehouse.facts import quote


class Explanation:
    """What is behind one row of a report: that of all that was asked for."""

    def __init__(self, cursor: DuckDBPyConnection, asked: Asked) -> None:
        """Explain what was asked without dimensions; the row's values are conditions of it.

        Raises `BadParameter` if amounts of several currencies would be added.
        """
        if any(each.money for each in asked.measures) and not asked.one_currency:
            detail = "amounts are added in one currency only: name it, or other measures"
            raise BadParameter("currency", detail)
        self._cursor = cursor
        self._asked = asked
        self._addends: list[tuple[Measure, str, Addend]] = [
            (measure, label, addend)
            for measure in asked.measures
            for label, addend in measure.addends(split=asked.split).items()
        ]
        joined = {"", *asked.joins}
        self._behind: dict[str, list[str]] = {}
        for join, (model, ids) in asked.report.behind.items():
            if join in joined:
                self._behind.setdefault(model, []).append(f"any_value({ids})")
        self.columns = [_column(measure, label) for measure, label, _ in self._addends]
        """The numbers that records give, by the names of their columns in `table`."""
        self.behind = [*self._behind]
        """The read models of other records on which it depends what a record gives."""

    def figures(self) -> list[dict[str, Any]]:
        """Return each figure of the row, how it comes from the totals of what records give."""
        measures, split = self._asked.measures, self._asked.split
        columns = [f"{each.sql(split=split)} AS {quote(each.name)}" for each in measures]
        columns += [
            f"{addend.total} AS {quote(f'{measure.name} {label}')}"
            for measure, label, addend in self._addends
        ]
        (row,) = self._asked.select(self._cursor, columns).fetchall()
        found = {
            measure.name: {
                "measure": measure.name,
                "figure": figure,
                "formula": measure.told(),
                "totals": dict[str, Any](),
            }
            for measure, figure in zip(measures, row, strict=False)
        }
        for (measure, label, _), value in zip(self._addends, row[len(measures) :], strict=True):
            # Of values there is no total but their number.
            found[measure.name]["totals"]["count" if label == "values" else label] = value
        return list(found.values())

    def page(self, limit: int, after: str | None = None) -> list[Row]:
        """Return records by id, at most so many, that come after one.

        Each with its `title`, the day `on` which it counts, its `contributions` by measure, and
        what is `behind` it: by read model and id, and what it is called, `None` out of sight.
        """
        conditions = [] if after is None else ["base.id > $after"]
        given = {} if after is None else {"after": after}
        tail = f"{self._grouped()} LIMIT {int(limit)}"
        found = self._asked.select(self._cursor, self._selected(), tail, conditions, given)
        rows = [self._shown(row) for row in found.fetchall()]
        titles = self._titles(each for row in rows for each in row["behind"])
        return [
            row | {"behind": [(*each, titles.get(each)) for each in row["behind"]]} for row in rows
        ]

    def _titles(self, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """Return what records in sight are called, by read model and id."""
        by_model: dict[str, set[str]] = {}
        for model, id_ in wanted:
            by_model.setdefault(model, set()).add(id_)
        found: dict[tuple[str, str], str] = {}
        asked = replace(self._asked, values={})
        for name, ids in by_model.items():
            label = label_of(read_models()[name])
            query = f"SELECT id, {label} FROM {seen(name)} WHERE list_contains($ids, id)"
            values = {"ids": sorted(ids)}
            titles = asked.execute(self._cursor, query, values).fetchall()
            found |= {(name, id_): title for id_, title in titles}
        return found

    def table(self, at_once: int) -> pa.RecordBatchReader:
        """Return all records by id, some rows at a time.

        `id`, `title`, the day `first_on`, `behind <model>`, and `columns`.
        """
        found = self._asked.select(self._cursor, self._selected(), self._grouped())
        return found.to_arrow_reader(at_once)

    def _selected(self) -> Iterator[str]:
        report = self._asked.report
        yield "base.id AS id"
        yield f"any_value(base.{label_of(read_models()[report.records])}) AS title"
        yield f"min({report.on}) AS first_on"
        for model, (first, *more) in self._behind.items():
            ids = f"list_distinct(list_concat({', '.join([first, *more])}))" if more else first
            yield f"{ids} AS {quote(f'behind {model}')}"
        for column, (_, _, addend) in zip(self.columns, self._addends, strict=True):
            yield f"{addend.sql} AS {quote(column)}"

    def _grouped(self) -> str:
        given = " OR ".join(addend.given for _, _, addend in self._addends)
        return f"GROUP BY base.id HAVING {given} ORDER BY base.id"

    def _shown(self, row: tuple[Any, ...]) -> Row:
        id_, title, on, *values = row
        behind = [
            (model, each)
            for model, ids in zip(self.behind, values, strict=False)
            for each in ids or ()
            if each is not None
        ]
        contributions: dict[str, Any] = {}
        for (measure, label, _), value in zip(
            self._addends, values[len(self.behind) :], strict=True
        ):
            if measure.single:
                contributions[measure.name] = value
            else:
                contributions.setdefault(measure.name, {})[label] = value
        found = {"id": id_, "title": title, "on": on}
        return found | {"behind": behind, "contributions": contributions}


def _column(measure: Measure, label: str) -> str:
    return measure.name if measure.single else f"{measure.name}.{label}"
