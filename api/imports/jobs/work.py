"""Work: the process that imports what was sent; it ends when nothing is left, or its parent."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import suppress

import structlog

from adapters.imports.import_store import ImportStore, Overtaken
from adapters.journal.journal import Journal
from adapters.logs.console_log import configure
from adapters.privacy.person_keys import PersonKeys
from adapters.settings import Settings
from adapters.storage.leases import Lease, LeaseLost
from adapters.storage.private_files import keep_private
from api.imports.jobs.job import Job
from api.kernel.job_log import recording
from api.kernel.terminal import ending_status

log = structlog.get_logger(__name__)

LEASE = "import/"
"""What the lease of an import is called, with its id."""

SECONDS = 10.0
"""For which a lease lasts unless it is renewed."""

LINGER = 3.0
"""Seconds for which the process waits for more to do."""


def main() -> None:
    """Import what waits, each file under a lease, until nothing is left."""
    keep_private()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.default_int_handler)
    sys.exit(ending_status(_work))


def _work() -> None:
    settings = Settings.read()
    configure(settings.log)
    keys = PersonKeys.of(settings)
    store, journal = ImportStore.of(settings, keys), Journal(settings.journal_url, keys=keys)
    holding = _Holding(journal)
    with recording(settings, "imports", beside=True):
        idle_since = time.monotonic()
        while time.monotonic() < idle_since + LINGER:
            for id_ in store.unended():
                with holding.of(id_) as held:
                    row = store.begin(id_, journal.head().operation) if held else None
                    if row is not None:
                        _do(Job(settings, store, row), id_)
                        idle_since = time.monotonic()
            time.sleep(0.1)


def _do(job: Job, id_: str) -> None:
    """Import one file; what goes wrong here is tried again."""
    try:
        job.work()
    except Overtaken:
        log.warning("import.overtaken", id=id_)
    except Exception:
        log.exception("import.failed", id=id_)
        time.sleep(LINGER / 2)


class _Holding:
    """The lease of the import under way, renewed by a thread; it goes with the parent, too."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lease: Lease | None = None
        threading.Thread(target=self._renew, name="lease", daemon=True).start()
        threading.Thread(target=self._end_with_parent, name="parent", daemon=True).start()

    def of(self, id_: str) -> _Holding:
        """Take the lease of an import, if it is free."""
        lease = Lease(self._journal.engine, f"{LEASE}{id_}", seconds=SECONDS)
        self._lease = lease if lease.acquire() else None
        return self

    def __enter__(self) -> bool:
        """Tell whether it is ours."""
        return self._lease is not None

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self._release()

    def _release(self) -> None:
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.release()

    def _renew(self) -> None:
        while True:
            time.sleep(SECONDS / 10)
            lease = self._lease
            if lease is not None and lease.due:
                try:
                    lease.renew()
                except LeaseLost:
                    if self._lease is lease:
                        log.warning("import.lost", lease=lease.name)
                        os._exit(1)

    def _end_with_parent(self) -> None:
        os.read(sys.stdin.fileno(), 1)
        with suppress(Exception):
            self._release()
        os._exit(1)


if __name__ == "__main__":
    main()
