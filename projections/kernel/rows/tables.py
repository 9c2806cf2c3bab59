"""Tables of the row database: how they are made, and the books kept about them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from projections.kernel import full_text as search
from projections.kernel.columns import Id, Instant, Text
from projections.kernel.listed import Listed
from projections.kernel.rows import rotated_index as rotated
from projections.kernel.rows.statements import first_row
from projections.kernel.visibility import owner_index as owned

_MOMENT = 3
"""Milliseconds for which others wait at most for a lock that is not to be had."""

_BETWEEN = 0.02
"""Seconds between two tries to have it."""

_PATIENCE = 30.0
"""Seconds after which it is waited for, whoever else has to wait then."""

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
    sa.Column("passed_at", Instant),
)
"""Events that could not be applied, with the reason, and since when an operator goes on without."""

settled = sa.Table(
    "settled",
    books,
    sa.Column("deadline", sa.String(100), primary_key=True),
    sa.Column("stream", Id, primary_key=True),
    sa.Column("due", Instant, nullable=False),
)
"""Rows that are due as before although their deadline was answered: their command was refused, or
none was wished for, or it failed and was put aside."""

fingerprints = sa.Table(
    "fingerprints",
    books,
    sa.Column("model", sa.String(100), primary_key=True),
    sa.Column("fingerprint", sa.String(32), nullable=False),
)
"""The columns and code that each table was folded with."""


def upsert(table: sa.Table, dialect: str, *, changed: bool = False) -> sa.Insert:
    """Return an insert that replaces the row with the same key, or only what is `changed`."""
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(table)
    keys = list(table.primary_key.columns)
    rest = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if not column.primary_key
    }
    differs = [table.c[name].is_distinct_from(value) for name, value in rest.items()]
    where = sa.or_(*differs) if changed else None
    return statement.on_conflict_do_update(index_elements=keys, set_=rest, where=where)


def create_books(connection: sa.Connection) -> None:
    """Make the books that are not there yet; what is passed over once had a table of its own."""
    books.create_all(connection)
    there = sa.inspect(connection)
    if all(each["name"] != "passed_at" for each in there.get_columns(parked.name)):
        column = sa.schema.CreateColumn(parked.c.passed_at).compile(dialect=connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE parked ADD COLUMN {column}")
    if any(each["name"] == "error" for each in there.get_columns(settled.name)):
        # What failed was only settled once: it is asked for again, and put aside if need be.
        connection.exec_driver_sql("DELETE FROM settled WHERE error IS NOT NULL")
        connection.exec_driver_sql("ALTER TABLE settled DROP COLUMN error")
    if there.has_table("passed_over"):
        same = "model, stream, version, position, event, error"
        connection.exec_driver_sql(
            f"INSERT INTO parked ({same}, parked_at, passed_at) SELECT {same}, passed_at, "
            "passed_at FROM passed_over WHERE true ON CONFLICT DO NOTHING"
        )
        connection.exec_driver_sql("DROP TABLE passed_over")


def create(connection: sa.Connection, model: Listed) -> bool:
    """Make the table of a read model with its indexes; `False` when it is there already."""
    if sa.inspect(connection).has_table(model.name):
        return False
    create_table(connection, model.table)
    for statement in index_statements(connection.dialect.name, model, model.table):
        connection.exec_driver_sql(statement)
    record_fingerprint(connection, model)
    return True


def record_fingerprint(connection: sa.Connection, model: Listed) -> None:
    """Note that the table holds what the present code of the read model makes."""
    connection.execute(
        upsert(fingerprints, connection.dialect.name),
        {"model": model.name, "fingerprint": model.fingerprint},
    )


def forget_fingerprint(connection: sa.Connection, model: Listed) -> None:
    """Note that the table does not hold what the present code makes: it is to be rebuilt."""
    connection.execute(fingerprints.delete().where(fingerprints.c.model == model.name))


def create_table(connection: sa.Connection, table: sa.Table) -> None:
    """Make an empty table that has no index but its key's."""
    connection.execute(sa.schema.CreateTable(table))


def index_statements(dialect: str, model: Listed, table: sa.Table) -> list[str]:
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
    if model.rotated:
        statements += rotated.index_statements(dialect, table.name, model.rotated, suffix)
    if dialect == "sqlite":
        statements.append("PRAGMA analysis_limit = 1000")
    return [*statements, f"ANALYZE {table.name}"]


def drop(connection: sa.Connection, model: Listed, name: str) -> None:
    """Remove a table of the read model's shape, if it is there, with its indexes."""
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
    if model.search:
        search.drop_index(connection, name)
    if model.scope.owners:
        owned.drop_index(connection, name)
    if model.rotated:
        rotated.drop_index(connection, name)


def remove_row(connection: sa.Connection, model: Listed, table: sa.Table, id_: str) -> None:
    """Remove a row from a table of the read model's shape, and from its indexes."""
    if model.search:
        search.remove_row(connection, table.name, id_)
    if model.scope.owners:
        owned.remove_row(connection, table.name, id_)
    connection.execute(table.delete().where(table.c.id == id_))


def take_over(connection: sa.Connection, models: Mapping[str, Listed]) -> float:
    """Give tables the names of those of the read models, which become the former ones.

    Readers see either all of the old or all of the new. Nothing but names changes. `models` are
    given by the names of their new tables. Returns the time, as `time.perf_counter` tells it,
    since when readers may have been waiting for the end of the transaction.
    """
    there = set(sa.inspect(connection).get_table_names())
    used = [model for model in models.values() if model.name in there]
    if connection.dialect.name == "postgresql":
        since = _hold_back_readers(connection, used)
        moved = [(model, model.name, former(model)) for model in used]
        moved += [(model, new, model.name) for new, model in models.items()]
        renames = [(old, new) for _, old, new in moved]
        indexes = [rotated.rename(old, new) for model, old, new in moved if model.rotated]
        renames += [(old, new) for old, new in indexes if old in there]  # former code made none
        connection.exec_driver_sql(
            ";".join(f"ALTER TABLE {old} RENAME TO {new}" for old, new in renames)
        )
        return since
    for model in used:
        _rename(connection, model, model.name, former(model))
    for new, model in models.items():
        _rename(connection, model, new, model.name)
    return time.perf_counter()  # they read what was committed before


def _hold_back_readers(connection: sa.Connection, models: Sequence[Listed]) -> float:
    """Take the locks for a change of names, without others queueing behind long reads before us.

    Tries again and again, each time for a moment; only after `_PATIENCE` seconds it insists.
    Returns when readers began to wait.
    """
    if not models:
        return time.perf_counter()
    lock = f"LOCK TABLE {', '.join(model.name for model in models)} IN ACCESS EXCLUSIVE MODE"
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with suppress(sa.exc.OperationalError), connection.begin_nested():
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {_MOMENT}")
            since = time.perf_counter()
            connection.exec_driver_sql(lock)
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            return since
        time.sleep(_BETWEEN)
    since = time.perf_counter()
    connection.exec_driver_sql(lock)
    return since


def drop_former(engine: sa.Engine, model: Listed) -> None:
    """Remove the table that was in use before, if there is one, in pieces, each a transaction.

    SQLite overwrites all that it frees: other writers should not have to wait for all of it.
    """
    name = former(model)
    if engine.dialect.name == "sqlite":
        indexes = sa.text(
            "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            " AND tbl_name = :table"
        )
        with engine.execution_options(writes=False).connect() as connection:
            found = connection.scalars(indexes, {"table": name}).all()
        for index in found:
            with engine.begin() as connection:
                connection.exec_driver_sql(f"DROP INDEX {index}")
    with engine.begin() as connection:
        drop(connection, model, name)


def former(model: Listed) -> str:
    """Return the name of the table that was in use before, until it is dropped."""
    return f"{model.name}_former"


def _rename(connection: sa.Connection, model: Listed, old: str, new: str) -> None:
    """Rename a table of SQLite with all that belongs to it."""
    connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")
    if model.search:
        search.rename_index(connection, old, new)
    if model.scope.owners:
        owned.rename_index(connection, old, new)
    if model.rotated:
        index, renamed = rotated.rename(old, new)
        if sa.inspect(connection).has_table(index):  # not beside a table that former code made
            connection.exec_driver_sql(f"ALTER TABLE {index} RENAME TO {renamed}")
    # What it knows of the rows goes by the name. Other connections read it with the schema.
    connection.exec_driver_sql("UPDATE sqlite_stat1 SET tbl = ? WHERE tbl = ?", (new, old))


def reached(connection: sa.Connection, models: Iterable[str]) -> tuple[int, int]:
    """Return the positions up to which all events, and any events, are in the rows of some models.

    They are the same where one source brings everything.
    """
    least, most = first_row(connection, _reached(tuple(models)))
    return least or 0, most or 0


@lru_cache(maxsize=100)
def _reached(models: tuple[str, ...]) -> str:
    """Return the query, which each read asks, and which takes longer to make than to run."""
    position = positions.c.position
    query = sa.select(sa.func.min(position), sa.func.max(position))
    query = query.where(positions.c.model.in_(models))
    return str(query.compile(compile_kwargs={"literal_binds": True}))
