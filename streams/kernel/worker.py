"""Workers: endless work in a thread or a process, begun again when it fails, stopped cleanly."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from adapters.storage.leases import Lease

log = structlog.get_logger(__name__)

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 10.0
"""Seconds between a failure and the next attempt; they double from the one to the other."""


class Worker:
    """Runs a piece of work until it is told to stop; a failure is logged, shown and retried.

    The work is called with the worker. It returns when `stopping` is set, calls `well` whenever
    it has got something done, and `unwell` to show what keeps it waiting.
    """

    def __init__(self, name: str, work: Callable[[Worker], None]) -> None:
        """Give a name, for logs and status, to some work."""
        self.name = name
        self.error: str | None = None
        self.beside: str | None = None
        """What fails of what is done beside the work, which goes on."""
        self.failures = 0
        self._work = work
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._pause = FIRST_PAUSE

    @property
    def healthy(self) -> bool:
        """Whether the work goes on, as far as is known."""
        running = self._thread is None or self._thread.is_alive()
        return self.fault is None and running

    @property
    def fault(self) -> str | None:
        """What is wrong, as far as is known."""
        return self.error or self.beside

    @property
    def stopping(self) -> bool:
        """Whether the work is to end as soon as it can."""
        return self._stop.is_set()

    def pause(self, seconds: float) -> None:
        """Wait, though no longer than until the work is to end."""
        self._stop.wait(seconds)

    def well(self) -> None:
        """Note that the work makes progress."""
        if self.error is not None:
            log.info("worker.recovered", worker=self.name, after=self.error)
        self.error = None
        self._pause = FIRST_PAUSE

    def unwell(self, error: str) -> None:
        """Note what keeps the work from making progress while it goes on trying."""
        if self.error is None:
            log.warning("worker.waiting", worker=self.name, error=error)
        self.error = error

    def start(self) -> None:
        """Begin to work in a thread of its own."""
        self._thread = threading.Thread(target=self.run, name=self.name, daemon=True)
        self._thread.start()

    def run(self) -> None:
        """Work in this thread until `stop` is called from another one or from a signal."""
        while not self.stopping:
            began = time.monotonic()
            try:
                self._work(self)
            except Exception as error:
                self.failures += 1
                self.error = f"{type(error).__name__}: {error}"
                log.exception("worker.failed", worker=self.name, next_attempt=self._pause)
                self.pause(self._pause)
                lasted = time.monotonic() - began
                self._pause = min(self._pause * 2, LONGEST_PAUSE) if lasted < 60 else FIRST_PAUSE

    def halt(self) -> None:
        """Tell the work to end; return at once."""
        self._stop.set()

    def stop(self, timeout: float = 30) -> None:
        """Tell the work to end and wait until it has, for at most `timeout` seconds."""
        self.halt()
        if self._thread is not None:
            self._thread.join(timeout)


def alone(worker: Worker, lease: Lease, work: Callable[[], None]) -> None:
    """Do some work while we have its lease, stand by while another process has it.

    `work` returns when the worker is stopping; should it raise, the lease is given back first.
    """
    while not worker.stopping:
        if not lease.acquire():
            worker.well()
            worker.pause(lease.seconds / 10)
            continue
        log.info("lease.taken", lease=lease.name, holder=lease.holder)
        try:
            work()
        finally:
            lease.release()
