"""A process that projects rows and reacts by policies, for tests that kill it: `… <url> <rows>`."""

import sys

from adapters.databases import connect
from adapters.executor import Executor
from adapters.journal import Journal
from projections.runner import Projector
from streams.project import JournalProjection
from streams.react import Reactions
from streams.worker import Worker


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
