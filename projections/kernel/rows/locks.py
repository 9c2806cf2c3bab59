"""Locks: who writes rows, and who must not be disturbed meanwhile."""

from __future__ import annotations

import sqlalchemy as sa

_LOCK = 0x6B65796C  # one number for all who write rows or swap their tables


def share_lock(connection: sa.Connection) -> None:
    """Keep tables from being swapped until the transaction ends. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock_shared(%s)", (_LOCK,))


def swap_lock(connection: sa.Connection) -> None:
    """Keep everyone else from writing rows until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
