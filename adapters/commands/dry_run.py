"""Rehearsals: commands decided as the executor would decide them, and none of it kept."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self

from adapters.commands.access_cache import Guard
from adapters.commands.all_or_nothing import Together
from adapters.commands.executor import LONGEST, Answer, Call, Execution
from adapters.journal.aggregate_cache import Cache
from adapters.journal.group_commit import Unit
from adapters.journal.journal import Journal
from adapters.journal.unit_of_work import Transaction
from domain.kernel.commands import commands


class Rehearsal:
    """Stands in for an executor within a `with` block; each command sees those before it.

    Others may write to the journal meanwhile: nothing is locked. Positions and ids in the answers
    mean nothing outside the block. Its `transaction` has the records as they would be.
    """

    def __init__(
        self, journal: Journal, guard: Guard | None = None, longest: int = LONGEST
    ) -> None:
        """Rehearse on what the journal holds when the block begins.

        Without a guard nothing is done for any party. A record has `longest` events at most.
        """
        self._journal = journal
        self._guard = guard
        self._longest = longest

    def __enter__(self) -> Self:
        """Begin."""
        self._connection = self._journal.engine.connect()
        cache = Cache(0)
        self.transaction = Transaction(self._connection, cache, lock=False, keys=self._journal.keys)
        cache.size = sys.maxsize  # what is decided here is in the cache alone: nothing falls out
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Forget everything."""
        self._connection.close()

    def submit(self, call: Call) -> Future[Answer]:
        """Decide a call at once; its future has the answer, or a `Refusal`."""
        return self._decide(self._execution(call))

    def submit_together(self, calls: Sequence[Call]) -> Future[list[Answer]]:
        """Decide calls as `Executor.submit_together` does, at once."""
        return self._decide(Together([self._execution(call) for call in calls]))

    def _execution(self, call: Call) -> Execution:
        command, key = commands().get(call.command), self._journal.digest_key
        return Execution(call, command, self._guard, key, self._longest)

    def _decide(self, unit: Unit) -> Future[Any]:
        future: Future[Any] = Future()
        self.transaction.begin_unit()
        try:
            future.set_result(unit.run(self.transaction))
        except Exception as error:
            self.transaction.undo_unit()
            future.set_exception(error)
        self.transaction.end_unit()
        return future
