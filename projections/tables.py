"""Tables of the row database: how they are made, and the books kept about them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from projections import owned, search
from projections.columns import Id, Instant, Text
from projections.kernel import ReadModel

books = sa.MetaData()

positions = sa.Table(
    "positions",
    books,
    sa.Column("model", sa.String(100), primary_key=True),
    sa.Column("source", sa.String(100), primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
)
"""How far each read model has followed each of its sources."""

parked = sa.Table(
    "parked",
    books,
    sa.Column("model", sa.String(100), primary_key=True),
    sa.Column("stream", Id, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("event", Text, nullable=False),
    sa.Column("error", Text, nullable=False),
    sa.Column("parked_at", Instant, nullable=False),
)
"""Events that could not be applied, with the reason."""

fingerprints = sa.Table(
    "fingerprints",
    books,
    sa.Column("model", sa.String(100), primary_key=True),
    sa.Column("fingerprint", sa.String(32), nullable=False),
)
"""The columns and code that each table was folded with."""


def upsert(table: sa.Table, dialect: str) -> sa.Insert:
    """Return an insert that replaces the row with the same key."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(table)
    keys = list(table.primary_key.columns)
    rest = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if not column.primary_key
    }
    return statement.on_conflict_do_update(index_elements=keys, set_=rest)


def create(connection: sa.Connection, model: ReadModel) -> bool:
    """Make the table of a read model with its indexes; `False` when it is there already."""
    if sa.inspect(connection).has_table(model.name):
        return False
    create_table(connection, model.table)
    for statement in index_statements(connection.dialect.name, model, model.table):
        connection.exec_driver_sql(statement)
    record_fingerprint(connection, model)
    return True


def record_fingerprint(connection: sa.Connection, model: ReadModel) -> None:
    """Note that the table holds what the present code of the read model makes."""
    connection.execute(
        upsert(fingerprints, connection.dialect.name),
        {"model": model.name, "fingerprint": model.fingerprint},
    )


def create_table(connection: sa.Connection, table: sa.Table) -> None:
    """Make an empty table that has no index but its key's."""
    connection.execute(sa.schema.CreateTable(table))


def index_statements(dialect: str, model: ReadModel, table: sa.Table) -> list[str]:
    """Return the statements that make the indexes of a read model on a table of its shape.

    Their names end at random, for a table may take the name of another while that one, with its
    indexes, is still there.
    """
    suffix = secrets.token_hex(4)
    # Empty values are the smallest, as SQLite has it; PostgreSQL has to be told.
    nulls = "" if dialect == "sqlite" else " NULLS FIRST"
    statements = []
    for number, names in enumerate(model.indexes):
        parts = (f"{name}{nulls}" if table.c[name].nullable else name for name in names)
        index = f"{model.name}_{number}_{suffix}"
        statements.append(f"CREATE INDEX {index} ON {table.name} ({', '.join(parts)})")
    if model.search:
        statements += search.index_statements(dialect, table.name, suffix)
    if model.scope.owners:
        statements += owned.index_statements(dialect, table.name, suffix)
    if dialect == "postgresql":
        statements.append(f"ANALYZE {table.name}")
    return statements


def drop(connection: sa.Connection, model: ReadModel, name: str) -> None:
    """Remove a table of the read model's shape, if it is there, with its indexes."""
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
    if model.search:
        search.drop_index(connection, name)
    if model.scope.owners:
        owned.drop_index(connection, name)


def replace(connection: sa.Connection, model: ReadModel, name: str) -> None:
    """Put a table in the place of the read model's, which goes. Readers see either whole."""
    drop(connection, model, model.name)
    connection.exec_driver_sql(f"ALTER TABLE {name} RENAME TO {model.name}")
    if model.search:
        search.rename_index(connection, name, model.name)
    if model.scope.owners:
        owned.rename_index(connection, name, model.name)
    if connection.dialect.name == "sqlite":
        # Here, so that the other connections, which reload the changed schema, see it.
        connection.exec_driver_sql("PRAGMA analysis_limit = 1000")
        connection.exec_driver_sql(f"ANALYZE {model.name}")


def reached(connection: sa.Connection, models: Iterable[str]) -> tuple[int, int]:
    """Return the positions up to which all events, and any events, are in the rows of some models.

    They are the same where one source brings everything.
    """
    position = positions.c.position
    query = sa.select(sa.func.min(position), sa.func.max(position))
    least, most = connection.execute(query.where(positions.c.model.in_(list(models)))).one()
    return least or 0, most or 0
