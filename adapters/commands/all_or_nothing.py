"""Together: several calls as one unit of work, all of which are done or none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from adapters.commands.calls import Answer
from adapters.journal.operation_entries import Repeat
from adapters.journal.unit_of_work import Transaction
from adapters.refusals import Refusal, TakenBack

if TYPE_CHECKING:
    from adapters.commands.executor import Execution


class Together:
    """Calls on their way through the writer, one after another in one unit of work.

    One that names no record, though it makes none, is about the record of the first.
    """

    def __init__(self, executions: Sequence[Execution]) -> None:
        """Do these in this order; there is at least one."""
        self._executions = executions
        self._done: list[Execution] = []

    def needs(self) -> Iterable[str]:
        """Return the records that any of them will read."""
        return chain.from_iterable(each.needs() for each in self._executions)

    def codes(self) -> Iterable[tuple[str, str]]:
        """Return what any of them names by code."""
        return chain.from_iterable(each.codes() for each in self._executions)

    def repeats(self) -> Iterable[Repeat]:
        """Return the command ids by which any of them may be a repeat."""
        return chain.from_iterable(each.repeats() for each in self._executions)

    def waits(self, transaction: Transaction) -> bool:
        """Tell whether the transaction is to be committed before any of them is decided."""
        return any(each.waits(transaction) for each in self._executions)

    def run(self, transaction: Transaction) -> list[Answer]:
        """Do all of them; what was done before is answered as then. Raises the first refusal.

        The refusal says in `call` which of them it is about.
        """
        self._done = []
        answers: list[Answer] = []
        for number, execution in enumerate(self._executions):
            if answers:
                execution.about(answers[0].id)
            try:
                answers.append(execution.run(transaction))
            except Refusal as refusal:
                refusal.call = number
                raise
            finally:
                self._done.append(execution)
        return answers

    def refused(self, transaction: Transaction, error: Exception) -> None:
        """Log the refusal, and that those before it were taken back."""
        *before, last = self._done
        for execution in before:
            if not execution.repeated:
                execution.refused(transaction, TakenBack(f"It was to be done with {last.name}."))
        last.refused(transaction, error)
