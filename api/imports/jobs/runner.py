"""Runner: has a process beside the server import what was sent, and what was interrupted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import api
from adapters.imports.import_store import ImportStore
from adapters.storage.leases import Lease
from api.imports.jobs.work import LEASE
from api.kernel.process import Parts
from streams.kernel.worker import Worker

BETWEEN_LOOKS = 5.0
"""Seconds after which it is looked for what another process has left."""

BETWEEN_TIDYINGS = 3600.0

GRACE = 10.0
"""Seconds that the process has to end in order."""


class Importing:
    """The imports of a server: where they are kept, and who does them.

    They are done in a process of their own, which takes what it needs with it when it ends: a file
    is held whole in memory, and to read it takes an interpreter from whoever waits for an answer.
    """

    def __init__(self, parts: Parts) -> None:
        """Keep imports beside a server's journal."""
        self.store = ImportStore.of(parts.settings, parts.person_keys)
        self._parts = parts
        self._wanted = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._tidied = 0.0

    def wake(self) -> None:
        """Have it looked at once for something to do, and whether to end."""
        self._wanted.set()

    def work(self, worker: Worker) -> None:
        """Look for something to do until the worker is to end."""
        try:
            while not worker.stopping:
                self._wanted.clear()
                if self._process is not None and self._process.poll() is not None:
                    self._close(self._process)
                    self._process = None
                if self._process is None and any(self._free()):
                    self._process = self._start()
                if time.monotonic() > self._tidied + BETWEEN_TIDYINGS:
                    self._tidy()
                worker.well()
                self._wanted.wait(BETWEEN_LOOKS if self._process is None else 0.5)
        finally:
            if self._process is not None:
                self._stop(self._process)
                self._process = None

    def _free(self) -> Iterator[str]:
        """Yield the imports that are not at their end, and that nobody is at."""
        if found := self.store.unended():
            taken = Lease.held(self._parts.journal.engine, LEASE)
            yield from (id_ for id_ in found if f"{LEASE}{id_}" not in taken)

    def _start(self) -> subprocess.Popen[bytes]:
        settings = self._parts.settings.environment() | {"KEYLINE_ADMIN_KEY": ""}
        root = str(Path(api.__path__[0]).parent)
        return subprocess.Popen(
            [sys.executable, "-m", "api.imports.jobs.work"],
            env={**os.environ, **settings, "PYTHONPATH": root},
            stdin=subprocess.PIPE,  # which ends with us, however we end
            start_new_session=True,
        )

    def _stop(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._close(process)

    def _close(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdin is not None:
            process.stdin.close()

    def _tidy(self) -> None:
        """Remove what nobody needs any more, files of those that were killed among it."""
        self._tidied = time.monotonic()
        self.store.tidy(self._parts.settings.import_days)
        folder = self._parts.settings.data / "imports"
        there = list(folder.iterdir()) if folder.is_dir() else []
        unended = set(self.store.unended())  # after them: what is begun meanwhile is among it
        for each in there:
            if each.name not in unended:
                shutil.rmtree(each, ignore_errors=True)

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()
