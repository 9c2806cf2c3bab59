"""A process that projects rows and reacts by policies, for tests that kill it: `… <url> <rows>`."""

import sys

from adapters.commands.executor import Executor
from adapters.journal.journal import Journal
from adapters.storage.databases import connect
from projections.kernel.rows.projector import Projector
from streams.followers.project_rows import JournalProjection
from streams.kernel.policy_runner import Reactions
from streams.kernel.worker import Worker


def main(journal_url: str, rows_url: str) -> None:
    """React until killed."""
    journal = Journal(journal_url)
    projector = Projector(connect(rows_url, "normal"), histories=journal.history)
    executor = Executor(journal)
    executor.start()
    Worker("rows", JournalProjection(journal, projector).work).start()
    Worker("react", Reactions(journal, executor, projector, lease_seconds=0.3).work).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
