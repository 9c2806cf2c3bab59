"""Rows in bulk: loading and saving the rows of a table at the speed of the database driver."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from operator import itemgetter
from typing import Any

import orjson
import sqlalchemy as sa

from projections.kernel import Row

Convert = Callable[[Any], Any]

_FLOAT = 701
"""What PostgreSQL calls a double: a number is decoded by its type there, nothing else is."""


class RowStore:
    """Loads and saves rows of one table, without an object or a statement per row."""

    def __init__(self, table: sa.Table, dialect: sa.Dialect) -> None:
        """Prepare the statements for a table and a database."""
        names = [column.name for column in table.columns]
        types = [column.type.dialect_impl(dialect) for column in table.columns]
        self._postgres = dialect.name == "postgresql"
        self._names = names
        self._pick = itemgetter(*names)
        self._encoders = _numbered(_encoder(each, dialect) for each in types)
        self._decoders = _numbered(each.result_processor(dialect, _FLOAT) for each in types)
        quote = dialect.identifier_preparer.quote
        columns = ", ".join(map(quote, names))
        mark = "%s" if self._postgres else "?"
        self._load = f"SELECT {columns} FROM {table.name} WHERE id {one_of(dialect)}"
        values = ", ".join([mark] * len(names))
        changes = ", ".join(f"{quote(n)} = excluded.{quote(n)}" for n in names if n != "id")
        self._insert = f"INSERT INTO {table.name} ({columns}) VALUES ({values})"
        # Never back to an older version, whoever else is at work on the same row.
        newer = f"WHERE {table.name}.version < excluded.version"
        conflict = f"ON CONFLICT (id) DO UPDATE SET {changes} {newer}"
        self._upsert = f"{self._insert} {conflict}"
        # Sent in binary: writing an array as text takes the driver three times as long.
        arrays = ", ".join(
            f"%b::{column.type.compile(dialect)}[]".replace(' COLLATE "C"', "")
            for column in table.columns
        )
        self._upsert_all = (
            f"INSERT INTO {table.name} ({columns}) SELECT * FROM unnest({arrays}) {conflict}"
        )
        self._copy = f"COPY {table.name} ({columns}) FROM STDIN"

    def load(self, connection: sa.Connection, ids: Iterable[str]) -> dict[str, Row]:
        """Return the rows with these ids, by id, as far as there are any."""
        found = connection.exec_driver_sql(self._load, (as_one_of(connection.dialect, ids),))
        return {row["id"]: row for row in map(self._decode, found)}

    def save(self, connection: sa.Connection, rows: Iterable[Row]) -> None:
        """Insert rows, or replace those of an older version."""
        # Always in the same order, so that two writers never wait for each other.
        values = [self._encode(row) for row in sorted(rows, key=_id)]
        if not values:
            return
        if self._postgres:
            arrays = tuple(map(list, zip(*values, strict=True)))
            connection.exec_driver_sql(self._upsert_all, arrays)
        else:
            connection.exec_driver_sql(self._upsert, values)

    def insert(self, connection: sa.Connection, rows: Iterable[Row]) -> None:
        """Insert rows whose ids are new."""
        values = [self._encode(row) for row in rows]
        if not values:
            return
        if not self._postgres:
            connection.exec_driver_sql(self._insert, values)
            return
        cursor: Any = connection.connection.cursor()
        with cursor, cursor.copy(self._copy) as copy:
            for each in values:
                copy.write_row(each)

    def _encode(self, row: Row) -> tuple[Any, ...]:
        values = list(self._pick(row))
        for place, encode in self._encoders:
            value = values[place]
            if value is not None:
                values[place] = encode(value)
        return tuple(values)

    def _decode(self, found: Iterable[Any]) -> Row:
        values = list(found)
        for place, decode in self._decoders:
            value = values[place]
            if value is not None:
                values[place] = decode(value)
        return dict(zip(self._names, values, strict=True))


def one_of(dialect: sa.Dialect) -> str:
    """Return the condition of being one of many texts, which are a single parameter."""
    if dialect.name == "postgresql":
        return "= ANY(%b)"
    return "IN (SELECT value FROM json_each(?))"


def as_one_of(dialect: sa.Dialect, texts: Iterable[str]) -> Any:
    """Return the parameter of `one_of`."""
    wanted = list(texts)
    return wanted if dialect.name == "postgresql" else orjson.dumps(wanted).decode()


def _id(row: Row) -> str:
    found: str = row["id"]
    return found


def _encoder(type_: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Convert | None:
    if isinstance(type_, sa.Date) and dialect.name == "sqlite":
        return date.isoformat  # what the library's own comes to, in a tenth of the time
    return type_.bind_processor(dialect)


def _numbered(found: Iterable[Convert | None]) -> list[tuple[int, Convert]]:
    return [(place, convert) for place, convert in enumerate(found) if convert is not None]
