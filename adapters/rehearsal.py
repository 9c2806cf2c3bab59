"""Rehearsals: commands decided as the executor would decide them, and none of it kept."""

from __future__ import annotations

import sys
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from adapters.cache import Cache
from adapters.executor import Answer, Call, Execution
from adapters.journal import Journal
from adapters.transaction import Transaction
from domain.commands import commands


class Rehearsal:
    """Stands in for an executor within a `with` block; each command sees those before it.

    Others may write to the journal meanwhile: nothing is locked. Positions and ids in the answers
    mean nothing outside the block.
    """

    def __init__(self, journal: Journal) -> None:
        """Rehearse on what the journal holds when the block begins."""
        self._journal = journal

    def __enter__(self) -> Self:
        """Begin."""
        self._connection = self._journal.engine.connect()
        cache = Cache(0)
        self._transaction = Transaction(
            self._connection, cache, lock=False, keys=self._journal.keys
        )
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
        command, key = commands().get(call.command), self._journal.digest_key
        execution = Execution(call, command, digest_key=key)
        future: Future[Answer] = Future()
        self._transaction.begin_unit()
        try:
            future.set_result(execution.run(self._transaction))
        except Exception as error:
            self._transaction.undo_unit()
            future.set_exception(error)
        self._transaction.end_unit()
        return future
