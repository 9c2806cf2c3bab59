"""Questions: so many that take long are under way at a time, and so many of each who asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool

from api.problems import TooManyQuestions
from api.who import Principal

P = ParamSpec("P")
T = TypeVar("T")


class Questions:
    """Has questions answered in threads, in turn: lists and commands of others go on meanwhile.

    Whoever asks has the turns of one, as a person or as a system, whatever they are signed in by.
    """

    def __init__(self, most: int, each: int, wait: float | None) -> None:
        """Let so many be under way: `most` in all, `each` of one; others `wait` for some seconds.

        Without a `wait` they do so until it is their turn.
        """
        self._each, self._wait = each, wait
        self._all = asyncio.Semaphore(most)
        self._own: dict[tuple[str, str], _Own] = {}

    async def ask(
        self, who: Principal, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return what `work` finds, which runs in a thread. Raises `TooManyQuestions`."""
        name = (who.actor_kind, who.actor)
        own = self._own.setdefault(name, _Own(self._each))
        own.asked += 1
        try:
            await self._turn(own.turns)
            try:
                await self._turn(self._all)
                try:
                    return await run_in_threadpool(work, *args, **kwargs)
                finally:
                    self._all.release()
            finally:
                own.turns.release()
        finally:
            own.asked -= 1
            if not own.asked:
                del self._own[name]

    async def _turn(self, turns: asyncio.Semaphore) -> None:
        if not turns.locked():
            await turns.acquire()  # at once
            return
        try:
            async with asyncio.timeout(self._wait):
                await turns.acquire()
        except TimeoutError:
            raise TooManyQuestions(
                "Other questions that take long are being answered; try again shortly."
            ) from None


class _Own:
    """The turns of one who asks, and how many questions of theirs there are."""

    def __init__(self, each: int) -> None:
        self.turns = asyncio.Semaphore(each)
        self.asked = 0
