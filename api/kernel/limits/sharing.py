"""Sharing: the event loop and the memory of one process, among requests that bring much."""

from __future__ import annotations

import asyncio
import time
from collections import deque

SLICE = 0.002
"""Seconds of one round of the event loop that go to requests of many commands, all together."""

ROUND = 0.01
"""Seconds of one that go to questions which are answered at once, those of all callers."""


class Turns:
    """Lets others be served between the steps of long work on the event loop.

    Whoever works through much asks `over` before each step and, if it is, waits for `next`. Those
    who wait go on in turn, one each time that the loop has been round.
    """

    def __init__(self, slice_: float) -> None:
        """Begin with nobody waiting, and `slice_` seconds of each round to work in."""
        self._slice = slice_
        self._began: float | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def over(self) -> bool:
        """Whether this round of the loop has been worked in for long enough."""
        if self._began is None:
            self._begin()
            return False
        return bool(self._waiting) or time.perf_counter() - self._began > self._slice

    async def next(self) -> None:
        """Wait until all else that is ready has been served, and those who came before."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        if self._began is None:
            self._begin()
        await turn

    def _begin(self) -> None:
        self._began = time.perf_counter()
        asyncio.get_running_loop().call_soon(self._round)

    def _round(self) -> None:
        self._began = None
        if self._waiting:
            self._begin()  # whoever is woken works in the round that follows
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # it may have been given up
                turn.set_result(None)
                break


class Room:
    """So much may be under way at a time; who finds no room waits, in turn."""

    def __init__(self, size: int) -> None:
        """Have room for `size` of whatever is counted."""
        self._size = max(1, size)
        self._free = self._size
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def enter(self, count: int) -> int:
        """Wait for room for so much, or for all there is when that is less; returns how much.

        That is what has to `leave` again.
        """
        count = min(count, self._size)
        if self._waiting or self._free < count:
            entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((count, entered))
            try:
                await entered
            except BaseException:
                if entered.done() and not entered.cancelled():
                    self.leave(count)
                raise
        else:
            self._free -= count
        return count

    def leave(self, count: int) -> None:
        """Make room again."""
        self._free += count
        while self._waiting and (self._waiting[0][1].done() or self._free >= self._waiting[0][0]):
            wanted, entered = self._waiting.popleft()
            if not entered.done():
                self._free -= wanted
                entered.set_result(None)
