"""A process that projects rows and reacts by policies, for tests that kill it.

`… <url> <rows>` reacts by all policies, `… <url> <rows> <module>` by those in that `chosen`.
"""

import importlib
import sys

from adapters.commands.executor import Executor
from adapters.journal.journal import Journal
from adapters.storage.databases import connect
from projections.kernel.rows.projector import Projector
from streams.followers.project_rows import JournalProjection
from streams.kernel.policy_runner import Reactions
from streams.kernel.worker import Worker


def main(journal_url: str, rows_url: str, module: str | None = None) -> None:
    """React until killed."""
    chosen = None if module is None else importlib.import_module(module).chosen
    journal = Journal(journal_url)
    projector = Projector(connect(rows_url, "normal"), histories=journal.history)
    executor = Executor(journal)
    executor.start()
    Worker("rows", JournalProjection(journal, projector).work).start()
    reactions = Reactions(journal, executor, projector, chosen, lease_seconds=0.3)
    Worker("react", reactions.work).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
