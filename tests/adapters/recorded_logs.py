"""Small logs that are recorded for tests of their integrity, open to whoever has the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from adapters.journal.journal import Journal
from adapters.storage.databases import writing
from domain.kernel.aggregate import new_id
from tests.adapters.appending import noted, origin


def record(journal: Journal, count: int, each_commit: int = 3) -> None:
    """Record events, an operation for each, so many in one commit."""
    left = count
    while left:
        with journal.transaction() as transaction:
            for _ in range(min(each_commit, left)):
                transaction.begin_unit()
                stream = new_id()
                transaction.append([noted(stream, 1, f"第 {left} 条 \\\\ x")], origin())
                transaction.operations.log(_operation(stream, transaction.position))
                transaction.end_unit()
                left -= 1


def _operation(stream: str, position: int) -> dict[str, Any]:
    return {
        "actor": "tester",
        "actor_kind": "person",
        "on_behalf_of": None,
        "on_behalf_kind": None,
        "unit": "group",
        "command": "note.take",
        "target": stream,
        "accepted": position % 3 > 0,
        "refusal": None,
        "status": 200,
        "detail": None,
        "command_id": new_id(),
        "digest": "0f",
        "version": 1,
        "position": position,
        "duration_us": 7,
        "address": "127.0.0.1",
        "trace": "ab\n\x1f",
    }


def unlock(engine: sa.Engine) -> None:
    """Take away the triggers that keep the logs, as whoever has the file can."""
    with writing(engine).begin() as connection:
        if connection.dialect.name == "sqlite":
            named = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            for (name,) in connection.exec_driver_sql(named).all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            for table in ("events", "operations", "event_hashes", "operation_hashes"):
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")


@contextmanager
def attacked(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a transaction that alters what it likes, and is taken back."""
    with writing(engine).connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()
