"""Databases: engines for SQLite and PostgreSQL with the durability that each role asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Literal, TypeVar

import sqlalchemy as sa

from projections.kernel.rows.statements import execute

Durability = Literal["full", "normal"]

T = TypeVar("T")

_TOGETHER = 200
"""Rows that are fetched in one go where they are weighed."""

IN_ONE_QUERY = 500
"""Values in one IN list: few enough for every database, many enough that queries are rare."""


def connect(url: str, durability: Durability = "full", pool_size: int = 10) -> sa.Engine:
    """Return an engine for a database URL.

    `full` means that a commit is on the disk when it returns (the journal); `normal` keeps the
    file consistent but may forget the last commits in a power cut (read models, which can be
    rebuilt). `pool_size` is the number of connections kept. A SQLite folder must exist.
    """
    if url.startswith("sqlite"):
        return _sqlite(url, durability, pool_size)
    options = {
        "synchronous_commit": "on" if durability == "full" else "off",
        "timezone": "UTC",
        # A plan made for a table while it was small would go on reading all of it as it grows.
        "plan_cache_mode": "force_custom_plan",
    }
    return sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=20,
        pool_pre_ping=True,
        connect_args={"options": " ".join(f"-c {k}={v}" for k, v in options.items())},
    )


def _sqlite(url: str, durability: Durability, pool_size: int) -> sa.Engine:
    engine = sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=40,
        connect_args={"timeout": 30, "check_same_thread": False},
    )

    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions begin where `begin` below says
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {durability}")
        # What is not there is in the system's cache. A mapping of the file would be made anew with
        # each commit of somebody else, which costs more than to read.
        cursor.execute("PRAGMA cache_size = -16384")
        cursor.execute("PRAGMA temp_store = memory")
        # Rows that are kept for good are not to be replaced either.
        cursor.execute("PRAGMA recursive_triggers = on")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # A transaction that will write takes the write lock at once: upgrading a read
        # transaction later fails when another writer came between.
        writes = connection.get_execution_options().get("writes", False)
        execute(connection, "BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def writing(engine: sa.Engine) -> sa.Engine:
    """Return the engine with transactions that take the write lock when they begin."""
    return engine.execution_options(writes=True)


COPY_FROM = 8
"""Rows from which PostgreSQL takes COPY rather than INSERT: 1.7 times the rate at 64 rows."""


def insert_rows(
    connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert rows that have a value for every column of the table, in the table's order."""
    driver = connection.connection.driver_connection
    if connection.dialect.name == "postgresql" and len(rows) >= COPY_FROM:
        import psycopg  # it is here, and nowhere else: most have SQLite

        assert driver is not None
        statement = f"COPY {table.name} ({_columns(table)}) FROM STDIN"
        try:
            with driver.cursor() as cursor, cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
        except psycopg.IntegrityError as error:  # as SQLAlchemy would have it
            raise sa.exc.IntegrityError(statement, None, error) from error
        except psycopg.Error as error:
            raise sa.exc.DBAPIError(statement, None, error) from error
    elif rows:
        marker = "?" if connection.dialect.name == "sqlite" else "%s"
        # One row needs no pipeline, which costs PostgreSQL a round trip more.
        given = rows[0] if len(rows) == 1 else list(rows)
        connection.exec_driver_sql(insertion(table, marker), given)


@cache
def insertion(table: sa.Table, marker: str) -> str:
    """Return the statement that inserts a row of all columns; `marker` stands for each value."""
    values = ", ".join([marker] * len(table.columns))
    return f"INSERT INTO {table.name} ({_columns(table)}) VALUES ({values})"


def _columns(table: sa.Table) -> str:
    # By name: a table that was migrated has its columns in another order than a new one.
    return ", ".join(f'"{column.name}"' for column in table.columns)


def in_parts(values: Sequence[T], size: int = IN_ONE_QUERY) -> Iterable[Sequence[T]]:
    """Yield values in parts of a size."""
    return (values[i : i + size] for i in range(0, len(values), size))


def fetched(
    connection: sa.Connection, query: sa.Select[Any], most: int, column: int
) -> list[tuple[Any, ...]]:
    """Fetch rows until their texts in a column have so many characters together, or none is left.

    Of what is behind them the database sends a little at most. The rows are the driver's.
    """
    found = connection.execution_options(stream_results=True).execute(query)
    first = found.fetchone()  # SQLAlchemy has fetched this one alone
    rows: list[tuple[Any, ...]] = [] if first is None else [tuple(first)]
    size = sum(len(row[column]) for row in rows)
    driver: Any = found.cursor
    while rows and size < most and (more := driver.fetchmany(_TOGETHER)):
        for row in more:
            rows.append(row)
            size += len(row[column])
            if size >= most:
                break
    found.close()
    return rows
