"""Figures: what a report comes to, as rows, values or Parquet."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from projections.kernel.reports.stretches import Question

Compared = tuple[dict[str, Any], Question]
"""A row that another is compared with, and the question that it answers."""


@dataclass(frozen=True, slots=True)
class Result:
    """The figures: the dimensions first, then the measures, and the position they are true at.

    `masked` are the classes of figures that were left out, as they may not be seen in all rows;
    `narrowed` those of figures that were asked for and are of the rows where they may be; `period`
    has the first and the last day that they are of, where the report is of one always, `partial`
    the periods of which they are as of a day before the last; `compared`
    has, by comparison, the row that each is compared with, in columns behind the measures.
    """

    table: pa.Table
    position: int
    masked: tuple[str, ...] = ()
    narrowed: tuple[str, ...] = ()
    period: tuple[date, date] | None = None
    partial: tuple[str, ...] = ()
    compared: Mapping[str, Sequence[Compared | None]] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self.table.column_names)

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows as JSON values: amounts of money as decimal strings."""
        return [
            {
                name: str(value) if isinstance(value, Decimal) else value
                for name, value in row.items()
            }
            for row in self.table.to_pylist()
        ]

    def values(self) -> Iterator[list[Any]]:
        """Yield the values of each row, in the order of the columns."""
        return (list(row.values()) for row in self.table.to_pylist())

    def parquet(self) -> bytes:
        """Return the rows as a Parquet file."""
        sink = io.BytesIO()
        pq.write_table(self.table, sink)
        return sink.getvalue()
