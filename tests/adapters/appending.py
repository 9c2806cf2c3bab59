"""Appends without an aggregate behind them, for tests and benches of the journal itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from adapters.journal.journal import Journal
from adapters.journal.operation_entries import Repeat
from adapters.journal.unit_of_work import Transaction
from domain.kernel.aggregate import Origin, Stored, new_id


def origin(command_id: str | None = None) -> Origin:
    """Return where the commands of a test come from."""
    return Origin(actor="tester", unit="group", command_id=command_id or new_id())


def noted(stream: str, version: int, text: str = "x") -> Stored:
    """Return a fact of no known type."""
    return Stored(stream, version, "note.taken", 1, f'{{"text":"{text}"}}'.encode())


def append(journal: Journal, *facts: Stored) -> None:
    """Append facts, by default one of a new record, in a transaction of their own."""
    with journal.transaction() as transaction:
        transaction.append(facts or [noted(new_id(), 1)], origin())
        transaction.end_unit()


@dataclasses.dataclass(frozen=True)
class Append:
    """A unit of work that appends facts."""

    facts: Sequence[Stored]
    origin: Origin

    def needs(self) -> Iterable[str]:
        """Return the streams appended to, so that their versions are looked up together."""
        return (fact.stream for fact in self.facts)

    def codes(self) -> Iterable[tuple[str, str]]:
        """Return nothing: no record is found by its code."""
        return ()

    def repeats(self) -> Iterable[Repeat]:
        """Return nothing: no command id is looked up."""
        return ()

    def waits(self, transaction: Transaction) -> bool:
        """Wait for nothing."""
        return False

    def run(self, transaction: Transaction) -> int:
        """Append the facts and return the last position."""
        transaction.append(self.facts, self.origin)
        return transaction.position

    def refused(self, transaction: Transaction, error: Exception) -> None:
        """Log nothing."""
