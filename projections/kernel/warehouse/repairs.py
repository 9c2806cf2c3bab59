"""Repairs: what operators have the warehouse do about events that it could not take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from duckdb import DuckDBPyConnection

from projections.kernel.warehouse.parking_lot import FACTS, decide, decisions, parked
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

    def retry(self) -> int:
        """Apply all parked events again; returns how many are still parked."""
        with self._transaction():
            read_again(self._connection)
            for history in self._histories:
                history.retry(self._connection)
        return len(parked(self._connection))

    def skip(self, name: str, stream: str) -> None:
        """Pass over the first parked event of a record, in the history of this name or `facts`."""
        with self._transaction():
            if name == FACTS:
                mine = (each for each in parked(self._connection) if each["model"] == FACTS)
                if first := next((each for each in mine if each["stream"] == stream), None):
                    decide(self._connection, first)
            for history in self._named(name):
                history.skip(self._connection, stream)

    def take_back(self, name: str, stream: str) -> None:
        """Forget what was decided about a record, and fold it anew. Raises `OutOfTurn`."""
        with self._transaction():
            if name == FACTS:
                self._connection.execute(
                    "DELETE FROM store.passed_over WHERE model = ? AND stream = ?", [FACTS, stream]
                )
            for history in self._named(name):
                if any(of == stream for of, _ in decisions(self._connection, history.model.name)):
                    history.fold_anew(self._connection, stream)

    def honour(self, other: DuckDBPyConnection) -> None:
        """Go by what was decided in another warehouse, which this one is to replace."""
        for history in self._histories:
            history.aside.honour(decisions(other, history.model.name))

    def settle(self, other: DuckDBPyConnection) -> None:
        """Fold those records anew about which it was decided otherwise there since `honour`."""
        with self._transaction():
            for history in self._histories:
                for stream in history.aside.honour(decisions(other, history.model.name)):
                    history.fold_anew(self._connection, stream)
                history.aside.honour({})
            for decision in decisions(other, FACTS).values():
                decide(self._connection, decision)

    def _named(self, name: str) -> list[History]:
        return [each for each in self._histories if each.name == name]
