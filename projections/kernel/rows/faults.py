"""Faults: whether the row database is to blame for an error, or what is to be written."""

from __future__ import annotations

import sqlalchemy as sa

_NO_SUCH_PLACE = ("42P01", "42703")  # PostgreSQL: the table or column is not there


def database_failed(error: Exception) -> bool:
    """Tell whether the database or the shape of its tables is to blame, not a value in a row."""
    if isinstance(error, sa.exc.DBAPIError) and error.orig is not None:
        origin: BaseException = error.orig
    else:
        origin = error
    state = getattr(origin, "sqlstate", None)
    return state in _NO_SUCH_PLACE or any(
        kind.__name__ in ("OperationalError", "InterfaceError") for kind in type(origin).__mro__
    )
