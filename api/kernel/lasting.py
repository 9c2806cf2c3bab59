"""Lasting answers: what is still being sent goes on only to whoever may have it still."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog
from starlette.types import Send

from adapters.identity.openid import ProviderUnavailable
from adapters.refusals import Refusal, Unavailable
from api.kernel import problems
from api.kernel.access.authentication import Doorkeeper

log = structlog.get_logger(__name__)

AGAIN = 0.5
"""Seconds between two looks at those who are being answered; what is revoked ends within two."""

AT_A_TIME = 100
"""Answers that are looked at together, by one question to the database."""

PATIENCE = 5.0
"""Seconds that a client may take to read the last event of its stream."""

STREAM = b"text/event-stream"


def last_event(refusal: Refusal) -> bytes:
    """Return what a stream of events ends with: the reason, as a problem document."""
    return b"event: end\ndata: %b\n\n" % problems.document(refusal)


class Lasting:
    """One answer that may take long; call it on the task that answers the request."""

    __slots__ = ("_all", "_headers", "_path", "_task", "over")

    def __init__(self, all_: Answers, headers: Mapping[bytes, bytes], path: str) -> None:
        """Answer a request that has these headers."""
        self._all = all_
        self._headers = headers
        self._path = path
        self._task = asyncio.current_task()
        self.over: Refusal | None = None
        """Why the answer has to end, once it has."""

    def __enter__(self) -> Lasting:
        """Be looked at again and again."""
        self._all.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        """Be looked at no more."""
        self._all.discard(self)

    async def go_on(self) -> None:
        """Return if the answer may go on; else it ends here. Before each part of a stream."""
        try:
            await self._all.doorkeeper.identify(self._headers, self._path)
        except Refusal as refusal:
            self._end(refusal)
            await asyncio.get_running_loop().create_future()  # until the task is cancelled

    async def look(self) -> None:
        """End the answer, which may be silent, if who gets it may not have it any more."""
        try:
            await self._all.doorkeeper.identify(self._headers, self._path)
        except (Unavailable, ProviderUnavailable):
            pass  # nothing leaves before it can be told
        except Refusal as refusal:
            self._end(refusal)

    def _end(self, refusal: Refusal) -> None:
        if self.over is None and self._task is not None:
            self.over = refusal
            self._task.cancel()

    async def say_why(self, type_: bytes, send: Send) -> None:
        """End what was begun: a stream of events by its last one, anything else broken off.

        An export that simply ended would be taken for the whole.
        """
        assert self.over is not None
        if not type_.startswith(STREAM):
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await send({"type": "http.response.body", "body": last_event(self.over)})
        except TimeoutError:
            return


class Answers:
    """All answers that are on their way to somebody known; they are looked at while there are any.

    The same credentials are asked about that came with the request, by the same doorkeeper.
    """

    def __init__(self, doorkeeper: Doorkeeper) -> None:
        """Ask a doorkeeper."""
        self.doorkeeper = doorkeeper
        self._open: set[Lasting] = set()
        self._watching: asyncio.Task[None] | None = None

    def add(self, answer: Lasting) -> None:
        """Look at an answer from now on."""
        self._open.add(answer)
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())

    def discard(self, answer: Lasting) -> None:
        """Look at an answer no more."""
        self._open.discard(answer)

    async def _watch(self) -> None:
        while self._open:
            await asyncio.sleep(AGAIN)
            answers = list(self._open)
            for first in range(0, len(answers), AT_A_TIME):
                some = answers[first : first + AT_A_TIME]
                found = await asyncio.gather(*(e.look() for e in some), return_exceptions=True)
                for error in found:
                    if error is not None:
                        log.error("answer.look_failed", exc_info=error)
        self._watching = None
