"""Locks: who writes rows, and who must not be disturbed meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from zlib import crc32

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


_KEYS = 0x6B657973
_LOCKS = 256  # so few that a batch of any size has a place for all of them


def key_locks(connection: sa.Connection, keys: Mapping[str, Collection[str]]) -> None:
    """Keep others from work on what some keys of tables, by name, come to, until the end.

    Keys share locks, which all take in the same order, so that nobody waits for each other.
    """
    if connection.dialect.name == "postgresql" and keys:
        shared = {crc32(f"{name} {key}".encode()) % _LOCKS for name in keys for key in keys[name]}
        locks = "SELECT pg_advisory_xact_lock(%s, each) FROM unnest(%s::int[]) AS each"
        connection.exec_driver_sql(locks, (_KEYS, sorted(shared)))
