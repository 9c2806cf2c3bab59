"""Children: copies of this process that do one thing each, and end when it does."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress

from api.kernel.terminal import ending_status

GRACE = 25.0
"""Seconds that a child has to end in order."""

LONGEST = 10.0
"""Seconds at most between two attempts to start what ends before it does its work."""


class Child:
    """A copy of this process, made before there are threads; it shares the memory of what is there.

    A pipe that only we can write to tells it that we are gone, however we went: it then ends at
    once, as if it was killed, which it must be able to bear anyway.
    """

    _alive: tuple[int, int] | None = None

    def __init__(self, name: str, work: Callable[[Callable[[], None]], None]) -> None:
        """Give a name to some work; it is called with what it is to call once it does its part."""
        self.name = name
        self._work = work
        self._told = -1
        self.pid = 0
        """Its number, once it was started."""
        self.status: int | None = None
        """What it ended with, of a signal its negative number; `None` while it runs."""
        self.restarts = -1
        """How often it was started again."""
        self._up = self._was_up = False
        self._failures = 0
        self._ended = 0.0

    def start(self) -> None:
        """Start it; returns at once."""
        if Child._alive is None:
            Child._alive = os.pipe()
        told, tell = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self.status, self._up = None, False
        self.restarts += 1
        self.pid = os.fork()
        if self.pid == 0:
            self._run(*Child._alive, tell)
        os.close(tell)
        os.set_blocking(told, False)
        self._told = told

    @property
    def running(self) -> bool:
        """Whether it is alive."""
        if self.pid and self.status is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self._note_end(os.waitstatus_to_exitcode(status))
        return bool(self.pid) and self.status is None

    @property
    def up(self) -> bool:
        """Whether it does its part."""
        if not self._up and self._told >= 0:
            with suppress(BlockingIOError):
                self._up = bool(os.read(self._told, 1))
            self._was_up |= self._up
        return self._up and self.status is None

    @property
    def failed(self) -> int | None:
        """With what it ended before it ever did its part, by itself; `None` if it did not."""
        return self.status if not self._was_up and (self.status or 0) > 0 else None

    @property
    def due(self) -> bool:
        """Whether it is to be started again: the longer after its end, the oftener it failed."""
        pause = min(0.1 * 2**self._failures, LONGEST) if self._failures else 0.0
        return time.monotonic() >= self._ended + pause

    def stop(self) -> None:
        """End it in order, by force if that takes too long. Idempotent."""
        self.terminate()
        deadline = time.monotonic() + GRACE
        while self.running:
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(0.01)
        if self._told >= 0:
            os.close(self._told)
            self._told = -1

    def wait(self) -> int:
        """Wait until it ends by itself, and return its status."""
        if self.running:
            self._note_end(os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]))
        return self.status or 0

    def terminate(self) -> None:
        """Tell it to end; return at once."""
        if self.running:
            os.kill(self.pid, signal.SIGTERM)

    def _note_end(self, status: int) -> None:
        self._failures = 0 if self.up else self._failures + 1
        self.status, self._ended = status, time.monotonic()

    def _run(self, alive: int, ours: int, tell: int) -> None:
        """Do the work, in the child."""
        status = 1
        try:
            os.setsid()  # Ctrl-C at the terminal is for the parent, which ends us in order
            os.close(ours)
            threading.Thread(target=_end_with, args=(alive,), name="parent", daemon=True).start()
            for each in (signal.SIGINT, signal.SIGTERM):
                signal.signal(each, signal.default_int_handler)
            status = ending_status(lambda: self._work(lambda: _told(tell)))
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)


def _told(pipe: int) -> None:
    os.write(pipe, b"1")


def _end_with(alive: int) -> None:
    os.read(alive, 1)
    os._exit(1)
