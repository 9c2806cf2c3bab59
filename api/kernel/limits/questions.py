"""Questions: so many that take long are under way at a time, and so many of each who asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool

from api.kernel.access.authentication import Principal
from api.kernel.limits.caller_turns import CallerTurns, Turn, step_back
from api.kernel.problems import TooManyQuestions

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
        self._all, self._each, self._wait = CallerTurns(most), CallerTurns(each), wait

    async def ask(
        self, who: Principal, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return what `work` finds, which runs in a thread. Raises `TooManyQuestions`."""
        step_back()
        with self._each.of(who.caller) as own, self._all.of("all") as turn:
            await self._take(own)
            await self._take(turn)
            return await run_in_threadpool(work, *args, **kwargs)

    async def _take(self, turn: Turn) -> None:
        if turn.free:
            await turn.take()
            return
        try:
            async with asyncio.timeout(self._wait):
                await turn.take()
        except TimeoutError:
            raise TooManyQuestions(
                "Other questions that take long are being answered; try again shortly."
            ) from None
