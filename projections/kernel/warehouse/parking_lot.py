"""The parking lot of the warehouse: its table, and what is decided while another file is made."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from duckdb import DuckDBPyConnection

from domain.kernel.aggregate import Recorded
from projections.kernel.lists.duckdb_queries import DUCK, compiled, decoded
from projections.kernel.parking_lot import Key, Lot, Rows, Store, listed, written
from projections.kernel.read_model import Folded, Parked, Passes, Waiting
from projections.kernel.rows import tables
from projections.kernel.warehouse.journal_rows import recorded

_TABLE = tables.parked.to_metadata(sa.MetaData(schema="store"))

PARKING = str(sa.schema.CreateTable(_TABLE, if_not_exists=True).compile(dialect=DUCK))
"""The SQL that makes the table of the events that could not be applied yet."""

_ONCE = "stream, version, position, event, error"
_HISTORY = "CASE model WHEN 'facts' THEN model ELSE 'history_' || model END"

_FORMER = f"""
BEGIN;
ALTER TABLE store.parked RENAME TO parked_before;
CREATE TABLE IF NOT EXISTS store.passed_over AS FROM store.parked_before LIMIT 0;
{PARKING};
INSERT INTO store.parked SELECT {_HISTORY}, {_ONCE}, now(), NULL FROM store.parked_before;
INSERT INTO store.parked SELECT {_HISTORY}, {_ONCE}, now(), now() FROM store.passed_over
ON CONFLICT DO NOTHING;
DROP TABLE store.parked_before;
DROP TABLE store.passed_over;
COMMIT
"""
"""The SQL that makes one table of the two in which a former program kept what is aside."""

FACTS, HISTORY = "facts", "history_"
"""Stands in the place of a history for events that nobody can read: they have no fact."""

Decisions = Mapping[Key, Mapping[str, Any]]
"""What operators have decided about a place, by event: the rows of the table."""


def create(connection: DuckDBPyConnection) -> None:
    """Make the table, in a file of whatever version."""
    known = "duckdb_columns() WHERE schema_name = 'store' AND table_name = 'parked'"
    columns = connection.execute(f"SELECT column_name FROM {known}").fetchall()
    connection.execute(_FORMER if columns and ("passed_at",) not in columns else PARKING)


def in_warehouse(connection: DuckDBPyConnection) -> Store:
    """Return a transaction of a warehouse as a store."""

    def execute(statement: sa.Executable, values: Rows) -> list[dict[str, Any]]:
        found = connection
        for each in values or [{}]:
            found = connection.execute(*compiled(statement, each))
        return decoded(statement, found.fetchall()) if isinstance(statement, sa.Select) else []

    return Store(DUCK.name, _TABLE, execute)


class Aside:
    """What one history has put aside, and what of it is in memory."""

    def __init__(self, place: str) -> None:
        """Look after a place of the parking lot."""
        self._place = place
        self._former: Decisions = {}
        self.forget()

    def lot(self, connection: DuckDBPyConnection) -> Lot:
        """Return what is aside, within a transaction."""
        return Lot(in_warehouse(connection), self._place)

    def forget(self) -> None:
        """Forget what is in memory: the transaction that it belonged to was undone."""
        self._parking = True

    def waiting(self, connection: DuckDBPyConnection, streams: Collection[str]) -> Waiting | None:
        """Return the parked events of some streams, `None` when there are none at all."""
        if not self._parking:
            return None
        parking = self.lot(connection).streams()
        self._parking = bool(parking)
        some = parking.intersection(streams)
        return self.lot(connection).waiting(some) if some else None

    def keep(self, connection: DuckDBPyConnection, folded: Folded) -> None:
        """Park what could not be folded, and forget what was parked and now could."""
        if folded.healed:
            self.lot(connection).unpark(folded.healed)
        if folded.parked:
            self._parking = True
            self.lot(connection).park(folded.parked.values())

    def passes(self, connection: DuckDBPyConnection) -> Passes:
        """Return what tells whether an event is passed over."""

        def told(event: Recorded) -> bool:
            if self.lot(connection).passes(event):
                return True
            decision = self._former.get((event.stream, event.version))
            if decision is not None:
                self.lot(connection).put([decision])
            return decision is not None

        return told

    def honour(self, former: Decisions) -> set[str]:
        """Take over, of what was decided elsewhere, whatever is needed from now on.

        Returns the streams about which something else was decided than when last told.
        """
        changed = former.keys() ^ self._former.keys()
        self._former = former
        return {stream for stream, _ in changed}


def parked(connection: DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return what could not be taken yet, as `listed` does.

    The model is `history_<read model>`, or `facts` for an event that cannot be read at all.
    """
    decided = Lot(in_warehouse(connection), FACTS).decided()
    return listed(in_warehouse(connection)) + [
        {"model": FACTS, "stream": event.stream, "version": event.version}
        | {"position": event.position, "error": error, "event": written(event)}
        for event, error in ((each.event, each.error) for each in unreadable(connection))
        if (event.stream, event.version) not in decided
    ]


def passed_over(connection: DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return what operators have decided to go on without, as `listed` does."""
    return listed(in_warehouse(connection), passed=True)


def unreadable(connection: DuckDBPyConnection) -> list[Parked]:
    """Return the events that have no fact, with the reason."""
    rows = connection.execute("FROM store.unreadable ORDER BY position").fetchall()
    return [Parked(recorded(row), error) for *row, error in rows]
