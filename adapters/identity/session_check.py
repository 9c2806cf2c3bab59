"""The present: how far the journal is and which sessions go on, asked before every request."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from adapters.identity.sessions import sessions
from adapters.refusals import Unavailable
from adapters.storage.journal_tables import head


class Present:
    """One query over one connection that is kept: a tenth of what it costs to ask in a transaction.

    For one thread at a time.
    """

    def __init__(self, engine: sa.Engine) -> None:
        """Ask a journal's database."""
        self._engine = engine
        self._marker = "?" if engine.dialect.name == "sqlite" else "%s"
        self._connection: sa.PoolProxiedConnection | None = None
        self.quick = engine.dialect.name == "sqlite"
        """Whether the answer is in a file of this machine, so that nobody has to wait for it."""

    def look(self, ids: Collection[str] = ()) -> tuple[int, Mapping[str, str]]:
        """Return the position of the last event, and those of some sessions that go on, with whose.

        Whatever any process has committed before is in the answer. Raises `Unavailable`.
        """
        asked = list(ids)
        error: type[Exception] = self._engine.dialect.loaded_dbapi.Error
        try:
            rows = self._ask(asked)
        except error:  # the connection may just be an old one
            self.close()
            try:
                rows = self._ask(asked)
            except (error, sa.exc.SQLAlchemyError) as again:
                self.close()
                raise Unavailable("The journal cannot be read now; try again shortly.") from again
        except sa.exc.SQLAlchemyError as away:
            raise Unavailable("The journal cannot be read now; try again shortly.") from away
        return rows[0][0], {id_: employee for _, id_, employee in rows if id_ is not None}

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _ask(self, ids: list[str]) -> list[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = self._engine.raw_connection()
            if not self.quick:
                assert self._connection.driver_connection is not None
                self._connection.driver_connection.autocommit = True
        cursor = self._connection.cursor()
        try:
            cursor.execute(self._query(len(ids)), ids)
            return list(cursor.fetchall())
        finally:
            cursor.close()

    def _query(self, count: int) -> str:
        if not count:
            return f"SELECT position, NULL, NULL FROM {head.name}"
        markers = ", ".join([self._marker] * count)
        return (
            f"SELECT {head.name}.position, {sessions.name}.id, employee FROM {head.name} "
            f"LEFT JOIN {sessions.name} ON ended_us IS NULL AND {sessions.name}.id IN ({markers})"
        )
