"""Aside: events that the warehouse could not take, and those of them that it goes on without."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from domain.kernel.aggregate import Recorded
from projections.kernel.read_model import Folded, Passes, Waiting
from projections.kernel.rows import parking_lot as parking
from projections.kernel.rows.skipped import Key
from projections.kernel.warehouse.facts import insert
from projections.kernel.warehouse.journal_rows import recorded

_COLUMNS = (
    "model VARCHAR, stream VARCHAR, version BIGINT, position BIGINT, event VARCHAR, error VARCHAR"
)
_PARKED = pa.schema(
    [
        ("model", pa.string()),
        ("stream", pa.string()),
        ("version", pa.int64()),
        ("position", pa.int64()),
        ("event", pa.string()),
        ("error", pa.string()),
    ]
)

PARKING = (
    f"CREATE TABLE IF NOT EXISTS store.parked ({_COLUMNS}); "
    "CREATE TABLE IF NOT EXISTS store.healed (position BIGINT)"
)
"""The SQL that makes the tables of the events that could not be applied yet, and of the positions
of those that could later on: behind them, what was known to be complete has changed."""

PASSING = f"CREATE TABLE IF NOT EXISTS store.passed_over ({_COLUMNS})"
"""The SQL that makes the table of the events that operators have decided to go on without."""

ANEW = 0
"""Stands among the healed positions for a record that was folded anew from its beginning."""

FACTS = "facts"
"""Stands in the place of a read model for events that nobody can read: they have no fact."""

Decisions = Mapping[Key, Mapping[str, Any]]
"""What operators have decided about a read model, by event: the rows of the table."""


class Aside:
    """What one history has put aside."""

    def __init__(self, model: str) -> None:
        """Look after the events of a read model."""
        self._model = model
        self._former: Decisions = {}
        self.forget()

    def forget(self) -> None:
        """Forget what is in memory: the transaction that it belonged to was undone."""
        self._parking = True
        self._passed: set[Key] | None = None

    def waiting(self, connection: DuckDBPyConnection, streams: Collection[str]) -> Waiting | None:
        """Return the parked events of some streams, `None` when there are none at all."""
        if not self._parking:
            return None
        query = "SELECT stream, event FROM store.parked WHERE model = ?"
        found = connection.execute(query, [self._model]).fetchall()
        self._parking = bool(found)
        wanted = set(streams)
        waiting: Waiting = {}
        for text in (text for stream, text in found if stream in wanted):
            event = parking.read(text)
            waiting.setdefault(event.stream, {})[event.version] = event
        return waiting or None

    def streams(self, connection: DuckDBPyConnection) -> list[str]:
        """Return the streams of which something is parked."""
        query = "SELECT DISTINCT stream FROM store.parked WHERE model = ? ORDER BY stream"
        return [stream for (stream,) in connection.execute(query, [self._model]).fetchall()]

    def keep(self, connection: DuckDBPyConnection, folded: Folded) -> None:
        """Park what could not be folded, and forget what was parked and now could."""
        parked = [each.event for each in folded.parked.values()]
        for event in [*folded.healed, *parked]:
            connection.execute(
                "DELETE FROM store.parked WHERE model = ? AND stream = ? AND version = ?",
                [self._model, event.stream, event.version],
            )
        if folded.healed:
            positions = pa.array([event.position for event in folded.healed], pa.int64())
            insert(connection, "store.healed", pa.table({"position": positions}))
        if parked:
            self._parking = True
            columns = zip(
                *(
                    (
                        self._model,
                        each.event.stream,
                        each.event.version,
                        each.event.position,
                        parking.written(each.event),
                        each.error[:2000],
                    )
                    for each in folded.parked.values()
                ),
                strict=True,
            )
            insert(connection, "store.parked", pa.table(list(map(pa.array, columns)), _PARKED))

    def passes(self, connection: DuckDBPyConnection) -> Passes:
        """Return what tells whether an event is passed over."""

        def told(event: Recorded) -> bool:
            key = (event.stream, event.version)
            if self._passed is None:
                self._passed = set(decisions(connection, self._model))
            if key in self._former and key not in self._passed:
                decide(connection, self._former[key])
                self._passed.add(key)
            return key in self._passed

        return told

    def pass_over(self, connection: DuckDBPyConnection, event: Recorded) -> None:
        """Decide to go on without an event that is parked."""
        connection.execute(
            "INSERT INTO store.passed_over FROM store.parked "
            "WHERE model = ? AND stream = ? AND version = ?",
            [self._model, event.stream, event.version],
        )
        self._passed = None

    def honour(self, former: Decisions) -> set[str]:
        """Take over, of what was decided elsewhere, whatever is needed from now on.

        Returns the streams about which something else was decided than when last told.
        """
        changed = former.keys() ^ self._former.keys()
        self._former = former
        return {stream for stream, _ in changed}

    def clear(self, connection: DuckDBPyConnection, stream: str) -> None:
        """Forget what is parked of a stream and what was decided about it, to fold it anew."""
        for table in ("parked", "passed_over"):
            connection.execute(
                f"DELETE FROM store.{table} WHERE model = ? AND stream = ?", [self._model, stream]
            )
        connection.execute("INSERT INTO store.healed VALUES (?)", [ANEW])
        self._passed = None


def decide(connection: DuckDBPyConnection, decision: Mapping[str, Any]) -> None:
    """Note the decision to go on without an event: a row of the table."""
    values = [decision[name] for name in _PARKED.names]
    connection.execute("INSERT INTO store.passed_over VALUES (?, ?, ?, ?, ?, ?)", values)


def decisions(connection: DuckDBPyConnection, model: str) -> Decisions:
    """Return what operators have decided about a read model, or about `facts`."""
    found = connection.execute("FROM store.passed_over WHERE model = ?", [model]).fetchall()
    return {(row[1], row[2]): dict(zip(_PARKED.names, row, strict=True)) for row in found}


def parked(connection: DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return what could not be taken yet: model, stream, version, position, error, event.

    The model is `history_<read model>`, or `facts` for an event that cannot be read at all.
    """
    return _listed(connection, "parked", passed=False)


def passed_over(connection: DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return what operators have decided to go on without, as `parked` does."""
    return _listed(connection, "passed_over", passed=True)


def _listed(connection: DuckDBPyConnection, table: str, *, passed: bool) -> list[dict[str, Any]]:
    columns = "'history_' || model, stream, version, position, error, event"
    query = f"SELECT {columns} FROM store.{table} WHERE model <> ? ORDER BY ALL"
    found = connection.execute(query, [FACTS]).fetchall()
    decided = decisions(connection, FACTS)
    query = "FROM store.unreadable ORDER BY position"
    for *row, error in connection.execute(query).fetchall():
        event = recorded(row)
        place = (FACTS, event.stream, event.version, event.position)
        if ((event.stream, event.version) in decided) == passed:
            found.append((*place, error, parking.written(event)))
    names = ("model", "stream", "version", "position", "error", "event")
    return [dict(zip(names, row, strict=True)) for row in found]
