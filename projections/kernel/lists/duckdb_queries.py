"""DuckDB's side of a query: its text and values, its rows, and the rows of the past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache, partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import PGDialect

from projections.kernel.columns import Reader
from projections.kernel.full_text import SIGNATURE
from projections.kernel.listed import Listed
from projections.kernel.read_model import Row
from projections.kernel.summary import Summary
from projections.kernel.visibility.row_security import Tables
from projections.kernel.warehouse.typed_lists import typed, typed_lists


class DuckDialect(PGDialect):
    """The SQL of DuckDB, which is that of PostgreSQL with `?` for parameters."""

    name = "duckdb"
    supports_native_decimal = True
    supports_statement_cache = True

    def __init__(self) -> None:
        """Use question marks."""
        super().__init__(paramstyle="qmark")  # type: ignore[no-untyped-call]


DUCK = DuckDialect()


def past(position: int, valid_at: date | str | None = None) -> Tables:
    """Return the rows of the read models as they were at a position, for DuckDB's histories.

    With `valid_at`, a day or the SQL of one, only what was true by that day of the business, of
    what was known then. A summary is made of them.
    """
    return cache(partial(_past, position, valid_at))


def historic(model: Listed) -> list[sa.ColumnClause[Any]]:
    """Return the columns that the rows of a read model have in DuckDB's histories."""
    columns: list[sa.ColumnClause[Any]] = [sa.column(c.name, c.type) for c in model.table.columns]
    columns += [sa.column(typed(name)) for name in typed_lists(model)]
    return [*columns, sa.column(SIGNATURE, sa.BigInteger)] if model.search else columns


def _past(position: int, valid_at: date | str | None, model: Listed) -> sa.FromClause:
    if isinstance(model, Summary):
        return model.select(past(position, valid_at)).subquery(model.name)
    columns = historic(model)
    point: list[sa.ColumnElement[Any]] = [sa.literal_column(str(int(position)))]
    if valid_at is not None:
        day = valid_at if isinstance(valid_at, str) else f"DATE '{valid_at:%Y-%m-%d}'"
        point.append(sa.literal_column(day))
    name = f"{model.name}_{'as_of' if valid_at is None else 'true_at'}"
    call: Any = getattr(sa.func, name)(*point)
    source: sa.FromClause = call.table_valued(*columns).alias(model.name)
    return source


def compiled(
    query: sa.Executable, values: Mapping[str, Any] | None = None, dialect: sa.Dialect = DUCK
) -> tuple[str, list[Any]]:
    """Return the text of a statement for DuckDB, with `?` for its parameters, and those.

    `values` are those of the parameters that it leaves open; `dialect` may be another one that has
    question marks.
    """
    made = query.compile(dialect=dialect)  # type: ignore[attr-defined]
    whole = made.construct_expanded_state(values)
    processors = {**made._bind_processors, **whole.processors}
    return whole.statement, [
        processors[name](whole.parameters[name]) if name in processors else whole.parameters[name]
        for name in whole.positiontup or ()
    ]


def decoded(query: sa.Select[Any], rows: Sequence[Sequence[Any]]) -> list[Row]:
    """Return rows that DuckDB gave for a query, with values as the row database has them."""
    columns = readers(query, DUCK)
    return [
        {
            name: value if value is None or read is None else read(value)
            for (name, read), value in zip(columns, row, strict=True)
        }
        for row in rows
    ]


def readers(query: sa.Select[Any], dialect: sa.Dialect) -> list[tuple[str, Reader | None]]:
    """Return the columns of a query, each with what reads a value of a database, if anything."""
    return [
        (column.name, column.type.dialect_impl(dialect).result_processor(dialect, None))
        for column in query.selected_columns
    ]
