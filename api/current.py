"""What is so now: one look at the databases answers all requests that came before it began."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.exc import SQLAlchemyError

from adapters.refusals import Unavailable
from projections.access import Access


class Current:
    """Tells who may do what, and which sessions have ended, as of the moment of asking.

    Whatever another process has revoked before the question is in the answer. However many ask,
    one thread looks.
    """

    def __init__(
        self,
        access: Callable[[], Access],
        ended: Callable[[Collection[str]], frozenset[str]],
    ) -> None:
        """Look by functions that may block: who may do what, and which of some sessions ended."""
        self._access = access
        self._ended = ended
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="current")
        self._waiting: list[tuple[str, asyncio.Future[tuple[Access, bool]]]] = []
        self._looking = False
        self.last: Access | None = None
        """What the last look found."""

    async def look(self, session: str = "") -> tuple[Access, bool]:
        """Return who may do what now, and whether a session goes on, if one is named.

        Raises `Unavailable` when the databases do not answer.
        """
        reply: asyncio.Future[tuple[Access, bool]] = asyncio.get_running_loop().create_future()
        self._waiting.append((session, reply))
        if not self._looking:
            self._next()
        return await reply

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    def _next(self) -> None:
        asked, self._waiting = self._waiting, []
        self._looking = bool(asked)
        if asked:
            loop = asyncio.get_running_loop()
            sessions = {session for session, _ in asked if session}
            found = loop.run_in_executor(self._thread, self._both, sessions)
            found.add_done_callback(lambda done: self._answer(asked, done))

    def _both(self, sessions: Collection[str]) -> tuple[Access, frozenset[str]]:
        return self._access(), self._ended(sessions) if sessions else frozenset()

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
