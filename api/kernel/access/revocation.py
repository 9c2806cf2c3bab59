"""What is so now: who may do what, and whether a session goes on, as of the moment of asking."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from sqlalchemy.exc import SQLAlchemyError

from adapters.identity.session_check import Present
from adapters.refusals import Unavailable
from projections.permissions.access_control import Access

Question = tuple[str | None, str, asyncio.Future[tuple[Access, bool]]]
"""A session, or none, whose it has to be, and where the answer goes."""

Found = tuple[Access, Mapping[str, str]]
"""Who may do what, and the sessions that go on with their employees."""

Done = Future[Found] | asyncio.Future[Found]

NEAR = 1000
"""Events that are few enough to be taken in between two requests."""


class Current:
    """Tells what is so now: whatever any process revoked before the question is in the answer.

    One look answers all requests that came before it began, however many ask: in a thread where
    the database is across a network, on the spot where it is a file of this machine. Each look
    gives the interpreter away, and under load that is what costs.
    """

    def __init__(self, present: Present, access: Callable[[int], Access]) -> None:
        """Look at the present; `access` tells who may do what after a position, and may block."""
        self._present = present
        self._access = access
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="current")
        self._waiting: list[Question] = []
        self._looking = False
        self.last: Access | None = None
        """What the last look found."""

    async def look(self, session: str | None = None, employee: str = "") -> tuple[Access, bool]:
        """Return who may do what now, and whether a session of an employee goes on.

        One that is not known, or is somebody else's, does not; where none is asked for, it is true.
        Raises `Unavailable` when the databases do not answer.
        """
        loop = asyncio.get_running_loop()
        reply: asyncio.Future[tuple[Access, bool]] = loop.create_future()
        self._waiting.append((session, employee, reply))
        if not self._looking:
            self._looking = True
            # Once the loop has read what else has arrived: one look is then enough for all.
            loop.call_soon(self._on_the_spot if self._present.quick else self._next)
        return await reply

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()
        self._present.close()

    def _on_the_spot(self) -> None:
        """Look at a file of this machine, unless much is to be taken in: then in the thread."""
        asked, last = self._waiting, self.last
        found: Future[Found] = Future()
        try:
            position, live = self._present.look(_sessions(asked))
            if last is None or position - last.position >= NEAR:
                self._next()
                return
            found.set_result((self._access(position), live))
        except Exception as error:
            found.set_exception(error)
        self._waiting, self._looking = [], False
        self._answer(asked, found)

    def _next(self) -> None:
        asked, self._waiting = self._waiting, []
        self._looking = bool(asked)
        if asked:
            loop = asyncio.get_running_loop()
            found = loop.run_in_executor(self._thread, self._both, _sessions(asked))
            found.add_done_callback(lambda done: self._answered(asked, done))

    def _answered(self, asked: Sequence[Question], done: Done) -> None:
        self._answer(asked, done)
        self._next()

    def _both(self, sessions: Collection[str]) -> Found:
        position, live = self._present.look(sessions)
        return self._access(position), live

    def _answer(self, asked: Sequence[Question], done: Done) -> None:
        error = done.exception()
        if isinstance(error, SQLAlchemyError):
            error = Unavailable("Who may do what cannot be read now; try again shortly.")
        for session, employee, reply in asked:
            if reply.done():  # whoever asked has gone
                continue
            if error is not None:
                reply.set_exception(error)
                continue
            self.last, live = done.result()
            reply.set_result((self.last, session is None or live.get(session) == employee))


def _sessions(asked: Sequence[Question]) -> set[str]:
    return {session for session, _, _ in asked if session is not None}
