"""Rows by their owners: an index that the database keeps, and the conditions that it serves."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

COLUMN = "owned_by"
"""The column with the codes of a row's owners, as a JSON list."""


def owned(table: sa.FromClause, owners: Collection[str], dialect: str) -> sa.ColumnElement[bool]:
    """Return the condition that a row of `table` is owned by one of some employees.

    `dialect` is the database's name; SQLite and PostgreSQL use their index.
    """
    if dialect == "sqlite":
        return table.c.id.in_(owned_ids(table, owners, dialect))
    return meets(table.c[COLUMN], owners, dialect)


def owned_ids(table: sa.FromClause, owners: Collection[str], dialect: str) -> sa.Select[Any]:
    """Return the query for the ids of the rows that are owned by one of some employees."""
    if dialect != "sqlite":
        return sa.select(table.c.id).where(owned(table, owners, dialect))
    index = sa.table(_index(table.name), sa.column("owner"), sa.column("id"))  # type: ignore[attr-defined]
    return sa.select(index.c.id).where(among(index.c.owner, owners, dialect))


def among(
    column: sa.ColumnElement[Any], codes: Collection[str], dialect: str
) -> sa.ColumnElement[bool]:
    """Return the condition that a column has one of some codes; all of them are one parameter."""
    if not codes:
        return sa.false()
    if dialect == "sqlite":
        listed = sa.literal(orjson.dumps(sorted(codes)).decode())
        return column.in_(sa.select(sa.func.json_each(listed).table_valued("value").c.value))
    if dialect == "postgresql":
        return column == sa.any_(_array(codes))
    return column.in_(sa.select(sa.func.unnest(_array(codes))))


def meets(
    column: sa.ColumnElement[Any], codes: Collection[str], dialect: str
) -> sa.ColumnElement[bool]:
    """Return the condition that the JSON list in a column has one of some codes."""
    if not codes:
        return sa.false()
    if dialect == "sqlite":
        member = sa.func.json_each(column).table_valued("value", name="member")
        return sa.select(sa.literal(1)).where(among(member.c.value, codes, dialect)).exists()
    if dialect == "postgresql":
        return sa.cast(column, JSONB).op("?|", return_type=sa.Boolean())(_array(codes))
    members = sa.func.from_json(column, sa.literal_column("""'["VARCHAR"]'"""))
    return sa.func.list_has_any(members, _array(codes), type_=sa.Boolean())


def _array(codes: Collection[str]) -> sa.ColumnElement[Any]:
    return sa.bindparam(None, sorted(codes), type_=ARRAY(sa.Text))


def _index(name: str) -> str:
    return f"{name}_owners"


def index_statements(dialect: str, name: str, suffix: str) -> list[str]:
    """Return the statements that make the index by owners of a table with a column `owned_by`.

    The database keeps it up to date by itself. `suffix` makes its names unique.
    """
    index = _index(name)
    if dialect == "postgresql":
        return [f"CREATE INDEX {index}_{suffix} ON {name} USING gin (({COLUMN}::jsonb))"]
    added = f"INSERT OR IGNORE INTO {index} SELECT value, new.id FROM json_each(new.{COLUMN})"
    return [
        f"CREATE TABLE {index} (owner TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (owner, id))"
        " WITHOUT ROWID",
        f"INSERT OR IGNORE INTO {index} SELECT owner.value, {name}.id"
        f" FROM {name}, json_each({name}.{COLUMN}) AS owner",
        f"CREATE TRIGGER {index}_insert_{suffix} AFTER INSERT ON {name} BEGIN {added}; END",
        f"CREATE TRIGGER {index}_update_{suffix} AFTER UPDATE OF {COLUMN} ON {name}"
        f" WHEN new.{COLUMN} IS NOT old.{COLUMN} BEGIN"
        f" DELETE FROM {index} WHERE id = old.id"
        f" AND owner IN (SELECT value FROM json_each(old.{COLUMN}));"
        f" {added}; END",
    ]


def kept(name: str) -> tuple[str, str, str]:
    """Return SQLite's index of a table, what it has, and what by the table it should have."""
    owners = f"SELECT {name}.id, owner.value FROM {name}, json_each({name}.{COLUMN}) AS owner"
    return _index(name), f"SELECT id, owner FROM {_index(name)}", owners


def drop_index(connection: sa.Connection, name: str) -> None:
    """Remove what is left of the index of a table that was dropped."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {_index(name)}")


def remove_row(connection: sa.Connection, name: str, id_: str) -> None:
    """Remove a row from the index of a table, if there is one, before it goes from the table."""
    index = _index(name)
    if connection.dialect.name == "sqlite" and sa.inspect(connection).has_table(index):
        owners = f"SELECT value FROM {name}, json_each({name}.{COLUMN}) WHERE {name}.id = ?"
        gone = f"DELETE FROM {index} WHERE id = ? AND owner IN ({owners})"
        connection.exec_driver_sql(gone, (id_, id_))


def rename_index(connection: sa.Connection, old: str, new: str) -> None:
    """Let the index of SQLite follow a table to its new name."""
    connection.exec_driver_sql(f"ALTER TABLE {_index(old)} RENAME TO {_index(new)}")
