"""At once: what is found in a moment is found by the thread that answers, without another."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable
from typing import TypeVar

from adapters.storage.query_timeout import NotAtOnce, at_once
from api.kernel.limits import sharing
from api.kernel.limits.sharing import Turns

T = TypeVar("T")

_AGAIN = 10.0
"""Seconds after which a kind of question that took longer is tried at once again."""

_KINDS = 1000
"""Of how many kinds of questions it is remembered at most that they take longer."""


class AtOnce:
    """Has short questions answered on the spot, where the database is a file of this machine.

    To hand them to another thread and back takes as long as they do, and under load each waits for
    the other. Of fifty that come together some are answered at a time, in the order in which they
    came: whoever comes then waits for those, and for none that comes after. Those that turn out to
    take longer are asked again where they hold up nobody.
    """

    def __init__(self, here: bool) -> None:
        """Answer on the spot if the database is `here`, a file; else nothing is."""
        self._here = here
        self._long: dict[Hashable, float] = {}
        self._turns = Turns(sharing.ROUND)

    async def ask(
        self,
        kind: Hashable,
        otherwise: Callable[[Callable[[], T]], Awaitable[T]],
        find: Callable[[], T],
    ) -> T:
        """Return what `find` finds.

        Args:
            kind: What questions have in common that take alike.
            otherwise: Has it called when it takes longer.
            find: Asks the rows under `Patience`; it may be called twice.
        """
        if self._here and self._long.get(kind, 0.0) <= time.monotonic():
            if self._turns.over:
                await self._turns.next()
            try:
                with at_once():
                    return find()
            except NotAtOnce:
                if len(self._long) >= _KINDS:
                    self._long.clear()
                self._long[kind] = time.monotonic() + _AGAIN
        return await otherwise(find)
