"""Sample data: folders with large journals and what is made of them, shared by the benches.

They are made once a run, in the folder for temporary files, and removed at its end.
"""

from __future__ import annotations

import atexit
import dataclasses
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from adapters.commands.bootstrap import lay
from adapters.commands.executor import Executor
from adapters.journal.journal import Journal
from adapters.proofs.merkle_store import backfill
from adapters.storage.databases import connect
from api.cli.rebuild_jobs import batches_of
from api.demo.demo import Size, load
from projections.kernel.read_model import read_models
from projections.kernel.rows.projector import Projector
from projections.kernel.rows.rebuild import rebuild
from tests.adapters.keyring import keys_in
from tests.bench.bulk import fill

EVENTS = int(os.environ.get("BENCH_EVENTS", "1_000_000"))
"""About so many events are in the journal that is called large."""

EACH_CUSTOMER = 5.7
"""Events in the lives of a customer and its two opportunities, on average."""


DEMO = 14_700
"""Events in the demo data of the usual size, about."""


@cache
def folder(customers: int) -> Path:
    """Return a data folder with a SQLite journal of customers, and twice as many opportunities."""
    path = Path(tempfile.mkdtemp(prefix="keyline-bench-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    journal = Journal(f"sqlite:///{path / 'journal.db'}")
    journal.create()
    fill(journal, customers, 2 * customers)
    backfill(journal.engine)
    journal.close()
    return path


@cache
def large() -> Path:
    """Return a data folder with a large journal."""
    return folder(int(EVENTS / EACH_CUSTOMER))


@cache
def busy() -> Path:
    """Return a data folder with a journal of demo data, a tenth as large: six events a record."""
    times = max(1, EVENTS // 10 // DEMO)
    path = Path(tempfile.mkdtemp(prefix="keyline-bench-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    keys = keys_in(path)
    journal = Journal(f"sqlite:///{path / 'journal.db'}", keys=keys)
    journal.create()
    executor = Executor(journal)
    executor.start()
    lay(executor)
    usual = Size()
    load(executor, size=Size(*(times * each for each in dataclasses.astuple(usual))))
    executor.stop()
    journal.close()
    keys.close()
    return path


def journal_in(path: Path) -> Journal:
    """Open the journal of a data folder."""
    return Journal(f"sqlite:///{path / 'journal.db'}")


@cache
def with_rows(path: Path) -> Path:
    """Return a data folder when its row read models have come to the end of its journal."""
    journal, rows = journal_in(path), connect(f"sqlite:///{path / 'rows.db'}", "normal")
    Projector(rows).create()
    rebuild(rows, read_models(), batches_of(journal))
    rows.dispose()
    journal.close()
    return path


def raw_batches(
    journal: Journal, after: int = 0, size: int = 20_000
) -> Iterator[Sequence[Sequence[Any]]]:
    """Yield the rows of a journal, as the table has them, in batches."""
    while rows := journal.raw(after, size):
        yield rows
        after = rows[-1][0]
