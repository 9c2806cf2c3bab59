"""Repairs: what operators have the warehouse do about events that it could not take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from duckdb import DuckDBPyConnection

from projections.kernel.parking_lot import Lot
from projections.kernel.warehouse.parking_lot import FACTS, in_warehouse, parked, unreadable
from projections.kernel.warehouse.row_history import History
from projections.kernel.warehouse.unreadable import read_again


class Repairs:
    """Parked events tried again or passed over, for good or until that is taken back."""

    def __init__(
        self,
        connection: DuckDBPyConnection,
        histories: Sequence[History],
        transaction: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """Work on the histories of a warehouse, with what makes a transaction of a block."""
        self._connection, self._histories = connection, histories
        self._transaction = transaction
        self._facts = Lot(in_warehouse(connection), FACTS)

    def retry(self, name: str, stream: str) -> int:
        """Apply the parked events of a record again; returns how many are still parked.

        In the history of this name, or `facts`. What was decided about the record is taken back.
        Raises `OutOfTurn`.
        """
        with self._transaction():
            if name == FACTS:
                self._facts.forget(stream)
                read_again(self._connection)
            for history in self._named(name):
                history.retry(self._connection, stream)
        return self._left(name, stream)

    def skip(self, name: str, stream: str) -> int:
        """Pass over the first parked event of a record; returns how many are still parked."""
        with self._transaction():
            if name == FACTS:
                decided = self._facts.decided(stream)
                mine = (one for one in unreadable(self._connection) if one.event.stream == stream)
                for one in (one for one in mine if (stream, one.event.version) not in decided):
                    self._facts.park([one])
                    self._facts.pass_over(one.event)
                    break
            for history in self._named(name):
                history.skip(self._connection, stream)
        return self._left(name, stream)

    def honour(self, other: DuckDBPyConnection) -> None:
        """Go by what was decided in another warehouse, which this one is to replace."""
        for history in self._histories:
            history.aside.honour(history.aside.lot(other).decided())

    def settle(self, other: DuckDBPyConnection) -> None:
        """Fold those records anew about which it was decided otherwise there since `honour`."""
        with self._transaction():
            for history in self._histories:
                for stream in history.aside.honour(history.aside.lot(other).decided()):
                    history.fold_anew(self._connection, stream)
                history.aside.honour({})
            self._facts.put(list(Lot(in_warehouse(other), FACTS).decided().values()))

    def _named(self, name: str) -> list[History]:
        return [each for each in self._histories if each.name == name]

    def _left(self, name: str, stream: str) -> int:
        aside = parked(self._connection)
        return [(each["model"], each["stream"]) for each in aside].count((name, stream))
