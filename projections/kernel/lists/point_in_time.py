"""Asking: the same query of the rows as they are now, or as they were at a position."""

from __future__ import annotations

from datetime import date
from typing import Any, Protocol

import sqlalchemy as sa
from duckdb import DuckDBPyConnection

from projections.kernel.lists.duckdb_queries import compiled, decoded, past
from projections.kernel.read_model import Row
from projections.kernel.visibility.row_security import Tables, the_table


class Asking(Protocol):
    """Where to ask: the database with its tables."""

    @property
    def dialect(self) -> str:
        """The name of the database."""
        ...

    @property
    def tables(self) -> Tables:
        """Where the rows of each read model are."""
        ...

    def rows(self, query: sa.Select[Any]) -> list[Row]:
        """Return the rows of a query over these tables."""
        ...


class Now:
    """The rows as they are now."""

    tables: Tables = staticmethod(the_table)

    def __init__(self, connection: sa.Connection) -> None:
        """Ask the row database."""
        self.dialect = connection.dialect.name
        self._connection = connection

    def rows(self, query: sa.Select[Any]) -> list[Row]:
        """Return the rows of a query."""
        return [dict(row) for row in self._connection.execute(query).mappings()]


class Then:
    """The rows as they were at a position, or by what was true on a day, as known then."""

    dialect = "duckdb"

    def __init__(
        self, cursor: DuckDBPyConnection, position: int, valid_at: date | None = None
    ) -> None:
        """Ask the histories of the warehouse."""
        self.tables = past(position, valid_at)
        self._cursor = cursor

    def rows(self, query: sa.Select[Any]) -> list[Row]:
        """Return the rows of a query."""
        return decoded(query, self._cursor.execute(*compiled(query)).fetchall())
