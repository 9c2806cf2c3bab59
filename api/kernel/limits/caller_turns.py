"""Turns of callers: so many requests of one are worked on at a time, the rest of theirs wait.

Whoever asks for a hundred things at once then holds up themselves, and nobody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar


class CallerTurns:
    """The turns of all callers, so many at a time for each of them."""

    def __init__(self, each: int) -> None:
        """Let `each` of one caller be taken at a time."""
        self._each = each
        self._own: dict[Hashable, _Own] = {}

    @contextmanager
    def of(self, caller: Hashable) -> Iterator[Turn]:
        """Give a caller a turn to take, which ends with the block at the latest."""
        own = self._own.get(caller)
        if own is None:
            own = self._own[caller] = _Own(self._each)
        own.asked += 1
        turn = Turn(own)
        try:
            yield turn
        finally:
            turn.give_back()
            own.asked -= 1
            if not own.asked:
                del self._own[caller]


class _Own(asyncio.Semaphore):
    """The turns of one caller, while they ask for any."""

    asked = 0


class Turn:
    """One turn: taken, and given back."""

    __slots__ = ("_own", "_taken")

    def __init__(self, own: _Own) -> None:
        self._own = own
        self._taken = False

    @property
    def free(self) -> bool:
        """Whether it can be taken at once."""
        return not self._own.locked()

    async def take(self) -> None:
        """Wait for it."""
        await self._own.acquire()
        self._taken = True

    def give_back(self) -> None:
        """Let the next one have it; nothing happens if it is not taken."""
        if self._taken:
            self._taken = False
            self._own.release()


CURRENT: ContextVar[Turn | None] = ContextVar("turn", default=None)
"""The turn in which the request of this task is worked on."""


def step_back() -> None:
    """Give the turn of this request back: what is left to do has bounds of its own."""
    if turn := CURRENT.get():
        turn.give_back()


@asynccontextmanager
async def aside() -> AsyncIterator[None]:
    """Let others of the caller go first while this request only waits."""
    step_back()
    yield
    if turn := CURRENT.get():
        await turn.take()
