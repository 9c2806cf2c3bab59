"""What is so now: who may do what, and whether a session goes on, as of the moment of asking."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.exc import SQLAlchemyError

from adapters.present import Present
from adapters.refusals import Unavailable
from projections.access import Access

NEAR = 1000
"""Events that are few enough to be taken in between two requests."""


class Current:
    """Tells what is so now: whatever any process revoked before the question is in the answer.

    Where the database is across a network one look answers all requests that came before it began,
    in a thread, however many ask. A file on this machine is asked on the spot.
    """

    def __init__(self, present: Present, access: Callable[[int], Access]) -> None:
        """Look at the present; `access` tells who may do what after a position, and may block."""
        self._present = present
        self._access = access
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="current")
        self._waiting: list[tuple[str, asyncio.Future[tuple[Access, bool]]]] = []
        self._looking = False
        self.last: Access | None = None
        """What the last look found."""

    async def look(self, session: str = "") -> tuple[Access, bool]:
        """Return who may do what now, and whether a session goes on, if one is named.

        Raises `Unavailable` when the databases do not answer.
        """
        if self._present.quick and not self._looking and self.last is not None:
            position, ended = self._present.look([session] if session else ())
            if position - self.last.position < NEAR:
                self.last = self._access(position)
                return self.last, not ended
        reply: asyncio.Future[tuple[Access, bool]] = asyncio.get_running_loop().create_future()
        self._waiting.append((session, reply))
        if not self._looking:
            self._next()
        return await reply

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()
        self._present.close()

    def _next(self) -> None:
        asked, self._waiting = self._waiting, []
        self._looking = bool(asked)
        if asked:
            sessions = {session for session, _ in asked if session}
            found = asyncio.get_running_loop().run_in_executor(self._thread, self._both, sessions)
            found.add_done_callback(lambda done: self._answer(asked, done))

    def _both(self, sessions: Collection[str]) -> tuple[Access, frozenset[str]]:
        position, ended = self._present.look(sessions)
        return self._access(position), ended

    def _answer(
        self,
        asked: list[tuple[str, asyncio.Future[tuple[Access, bool]]]],
        done: asyncio.Future[tuple[Access, frozenset[str]]],
    ) -> None:
        error = done.exception()
        if isinstance(error, SQLAlchemyError):
            error = Unavailable("Who may do what cannot be read now; try again shortly.")
        for session, reply in asked:
            if reply.done():  # whoever asked has gone
                continue
            if error is not None:
                reply.set_exception(error)
                continue
            self.last, ended = done.result()
            reply.set_result((self.last, session not in ended))
        self._next()
