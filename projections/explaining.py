"""Explaining: the records behind the figures of a report, and what each gives to every figure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from projections.facts import quote
from projections.kernel import Row
from projections.measures import Addend, Measure
from projections.reports import Asked
from projections.texts import BadParameter


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
        self._behind = [found for join, found in asked.report.behind.items() if join in joined]
        self.columns = [_column(measure, label) for measure, label, _ in self._addends]
        """The numbers that records give, by the names of their columns in `table`."""
        self.behind = [model for model, _ in self._behind]
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

        Each with its `contributions` by measure, and what is `behind` it: pairs of a read model and
        an id.
        """
        conditions = [] if after is None else ["base.id > $after"]
        given = {} if after is None else {"after": after}
        tail = f"{self._grouped()} LIMIT {int(limit)}"
        found = self._asked.select(self._cursor, self._selected(), tail, conditions, given)
        return [self._shown(row) for row in found.fetchall()]

    def table(self, at_once: int) -> pa.RecordBatchReader:
        """Return all records by id, some rows at a time: `id`, `behind <model>`, and `columns`."""
        found = self._asked.select(self._cursor, self._selected(), self._grouped())
        return found.to_arrow_reader(at_once)

    def _selected(self) -> Iterator[str]:
        yield "base.id AS id"
        for model, ids in self._behind:
            yield f"any_value({ids}) AS {quote(f'behind {model}')}"
        for column, (_, _, addend) in zip(self.columns, self._addends, strict=True):
            yield f"{addend.sql} AS {quote(column)}"

    def _grouped(self) -> str:
        given = " OR ".join(addend.given for _, _, addend in self._addends)
        return f"GROUP BY base.id HAVING {given} ORDER BY base.id"

    def _shown(self, row: tuple[Any, ...]) -> Row:
        id_, *values = row
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
        return {"id": id_, "behind": behind, "contributions": contributions}


def _column(measure: Measure, label: str) -> str:
    return measure.name if measure.single else f"{measure.name}.{label}"
