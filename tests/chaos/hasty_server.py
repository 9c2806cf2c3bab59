"""The broken control: a server that acknowledges commands before it commits them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from adapters.journal import group_commit as writer
from api.cli.main import app


def answer_then_commit(self: writer.Writer, work: Sequence[tuple[Any, Any]]) -> int:
    """Do what the writer does, in the wrong order."""
    answers: list[tuple[Any, Any]] = []
    with self._journal.transaction() as transaction:
        for unit, reply in work:
            transaction.begin_unit()
            try:
                answers.append((reply, unit.run(transaction)))
            except Exception as error:  # as for what comes after something that was lost
                transaction.undo_unit()
                answers.append((reply, error))
            transaction.end_unit()
        writer._answer(answers)
        time.sleep(0.05)
    return len(answers)


if __name__ == "__main__":
    writer.Writer._commit = answer_then_commit  # type: ignore[method-assign]
    app()
