"""Rows in bulk: loading and saving the rows of a table at the speed of the database driver."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from operator import itemgetter
from typing import Any

import orjson
import sqlalchemy as sa

from projections.kernel.columns import Instant, Json, Money, hundredths, json_text, microseconds
from projections.kernel.read_model import Check, Row

Convert = Callable[[Any], Any]

_AT_ONCE = 500
"""Rows that are encoded together: so few that they stay in the processor's cache."""

_FLOAT = 701
"""What PostgreSQL calls a double: a number is decoded by its type there, nothing else is."""

_OURS: dict[type[Any], Convert] = {Money: hundredths, Instant: microseconds, Json: json_text}
"""What columns of ours keep for a value, without the library's layers around it."""


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
        for columns in self._encoded(sorted(rows, key=_id)):
            if self._postgres:
                connection.exec_driver_sql(self._upsert_all, tuple(map(list, columns)))
            else:
                connection.exec_driver_sql(self._upsert, list(zip(*columns, strict=True)))

    def insert(self, connection: sa.Connection, rows: Iterable[Row]) -> None:
        """Insert rows whose ids are new."""
        if not self._postgres:
            for columns in self._encoded(rows):
                connection.exec_driver_sql(self._insert, list(zip(*columns, strict=True)))
            return
        new = list(rows)
        if not new:
            return
        cursor: Any = connection.connection.cursor()
        with cursor, cursor.copy(self._copy) as copy:
            for columns in self._encoded(new):
                for each in zip(*columns, strict=True):
                    copy.write_row(each)

    def trial(self, connection: sa.Connection) -> Check:
        """Return what raises when the database does not take a row, and leaves nothing behind."""

        def check(row: Row) -> None:
            attempt = connection.begin_nested()
            try:
                self.save(connection, [row])
            finally:
                attempt.rollback()

        return check

    def _encoded(self, rows: Iterable[Row]) -> Iterator[list[Sequence[Any]]]:
        """Yield the columns of some rows at a time, as the database takes their values."""
        picked = map(self._pick, rows)
        while some := list(islice(picked, _AT_ONCE)):
            columns: list[Sequence[Any]] = list(zip(*some, strict=True))
            for place, encode in self._encoders:
                columns[place] = [
                    None if value is None else encode(value) for value in columns[place]
                ]
            yield columns

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
    for ours, encode in _OURS.items():
        if isinstance(type_, ours):
            return encode
    return type_.bind_processor(dialect)


def _numbered(found: Iterable[Convert | None]) -> list[tuple[int, Convert]]:
    return [(place, convert) for place, convert in enumerate(found) if convert is not None]
