"""A process that projects rows and keeps deadlines, for tests that kill it.

`… <url> <rows> [without-instant]`; the last gives commands ids without the instant they were due.
"""

import sys

from adapters.commands.executor import Executor
from adapters.journal.journal import Journal
from adapters.storage.databases import connect
from projections.kernel.rows.projector import Projector
from streams.followers.project_rows import JournalProjection
from streams.kernel import deadline_runner
from streams.kernel.deadline_runner import Timekeeping
from streams.kernel.due_rows import Due
from streams.kernel.policy import Wish
from streams.kernel.worker import Worker


def without_instant(due: Due, wish: Wish) -> str:
    """Return the id that a command must not have: it is the same at the next instant."""
    return f"{due.deadline.name}/{due.row['id']}/{wish.name}"


def main(journal_url: str, rows_url: str, *broken: str) -> None:
    """Keep deadlines until killed."""
    if broken:
        deadline_runner.command_id = without_instant
    journal = Journal(journal_url)
    projector = Projector(connect(rows_url, "normal"), histories=journal.history)
    executor = Executor(journal)
    executor.start()
    Worker("rows", JournalProjection(journal, projector).work).start()
    Worker("deadlines", Timekeeping(journal, executor, projector, lease_seconds=0.3).work).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
