"""Statements: text asked of a database without what SQLAlchemy does around it, which takes longer.

Its errors are those of SQLAlchemy all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa


def execute(connection: sa.Connection, text: str, values: Sequence[Any] = ()) -> Any:
    """Execute a statement and return the driver's cursor; arguments as for `first_row`."""
    driver: Any = connection.connection.driver_connection
    dialect = connection.dialect
    errors: type[Exception] = dialect.loaded_dbapi.Error
    try:
        return driver.execute(text, values)
    except errors as error:
        made = sa.exc.DBAPIError.instance(text, values, error, errors, dialect=dialect)
        raise made from error


def first_row(connection: sa.Connection, text: str, values: Sequence[Any] = ()) -> tuple[Any, ...]:
    """Return the first row that a statement finds, which there is.

    Args:
        connection: A connection to SQLite or PostgreSQL; what it has begun, the statement is in.
        text: The statement, in the database's own words.
        values: What stands for its marks.
    """
    row: tuple[Any, ...] = execute(connection, text, values).fetchone()
    return row
