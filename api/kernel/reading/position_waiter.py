"""Pulses: many requests that wait for one number to grow, at the price of one thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)


class Pulse:
    """Follows a position that grows elsewhere, and wakes those who wait for it.

    Nothing is asked of the source while nobody waits.
    """

    def __init__(self, name: str, wait: Callable[[int, float], int]) -> None:
        """Follow `wait(after, seconds)`: it blocks until the position is past `after`.

        It returns the position, also when the time is over.
        """
        self._wait = wait
        self._waiting: dict[asyncio.Future[None], int] = {}
        self._wanted = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._follow, name=name, daemon=True)
        self.position = 0

    def start(self) -> None:
        """Begin to follow; call it on the event loop whose tasks will wait."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def stop(self) -> None:
        """End; those who still wait are released."""
        self._stopped = True
        self._wanted.set()
        self._thread.join()
        self.release()

    def release(self) -> None:
        """Wake all who wait as if their time were over."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def reach(self, position: int, seconds: float) -> bool:
        """Wait until the position is reached; tell whether it was, within so many seconds."""
        if self.position >= position:
            return True
        future = self._loop.create_future()
        self._waiting[future] = position
        self._wanted.set()
        try:
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            pass
        finally:
            self._waiting.pop(future, None)
        return self.position >= position

    def _follow(self) -> None:
        position = 0
        while True:
            self._wanted.wait()
            if self._stopped:
                return
            try:
                position = self._wait(position, 0.5)
            except Exception:
                log.exception("pulse.failed", thread=self._thread.name)
                time.sleep(0.5)
                continue
            self._loop.call_soon_threadsafe(self._advance, position)

    def _advance(self, position: int) -> None:
        self.position = position
        for future, wanted in self._waiting.items():
            if wanted <= position and not future.done():
                future.set_result(None)
        if all(future.done() for future in self._waiting):
            self._wanted.clear()
            if self._stopped:  # meanwhile, in another thread
                self._wanted.set()
