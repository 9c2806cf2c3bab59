"""Rows of a page: how a query gives them, on either database.

SQLite hands them over together, as JSON. A row at a time it gives the interpreter away and takes it
back for each, which under load comes late: it takes longer than to find them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from projections.kernel.lists.duckdb_queries import compiled, readers
from projections.kernel.read_model import Row
from projections.kernel.rows.statements import first_row

_SQLITE = sqlite.dialect()

_COLUMNS = 100
"""Columns of one array: a function of SQLite takes 127 arguments at most."""

_TOGETHER = 64
"""Rows that PostgreSQL is asked for together."""

_EXACT = "%!.17g"
"""How a number has all its digits: as JSON it would have fifteen of them."""


class Together:
    """A query for some rows, made ready to be asked again and again with the same values."""

    def __init__(self, query: sa.Select[Any]) -> None:
        """Make it ready for SQLite."""
        rows = query.subquery()
        columns = [*map(_plain, rows.c)]
        parts = [columns[i : i + _COLUMNS] for i in range(0, len(columns), _COLUMNS)]
        arrays = (sa.func.json_group_array(sa.func.json_array(*part)) for part in parts)
        self._text, values = compiled(sa.select(*arrays).select_from(rows), dialect=_SQLITE)
        self._values = tuple(values)
        self._names = [[column.name for column in part] for part in parts]
        exact = {column.name: float for column in rows.c if isinstance(column.type, sa.Float)}
        known = ((name, exact.get(name, read)) for name, read in readers(query, _SQLITE))
        self._readers = [(name, read) for name, read in known if read is not None]

    def rows(self, connection: sa.Connection) -> list[Row]:
        """Return the rows in their order."""
        texts = first_row(connection, self._text, self._values)
        found: list[Row] = []
        for names, text in zip(self._names, texts, strict=True):
            part = [dict(zip(names, row, strict=True)) for row in orjson.loads(text)]
            found = [a | b for a, b in zip(found, part, strict=True)] if found else part
        for name, read in self._readers:
            for row in found:
                if (value := row[name]) is not None:
                    row[name] = read(value)
        return found


class Streamed:
    """A query whose rows the database sends."""

    def __init__(self, query: sa.Select[Any]) -> None:
        """Ask it of PostgreSQL."""
        self._query = query

    def rows(self, connection: sa.Connection) -> Iterator[Row]:
        """Yield the rows as plain objects; those of the result take thrice as long to make."""
        result = connection.execute(self._query)
        names = tuple(result.keys())
        for part in result.partitions(_TOGETHER):
            for row in part:
                yield dict(zip(names, row, strict=True))


def _plain(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Return a column as JSON has it whole."""
    if isinstance(column.type, sa.Float):
        exact = sa.func.printf(_EXACT, column)
        return sa.case((column.is_not(None), exact)).label(column.name)
    return column
