"""Additions: what answers say besides, looked up together for all that are waiting for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import structlog

from adapters.commands.executor import Answer
from api.kernel.access.authentication import Principal
from api.kernel.process import Parts

log = structlog.get_logger(__name__)

Done = tuple[Answer, Mapping[str, Any]]
"""What a command was answered, and its body."""

More = Sequence[Mapping[str, Any]]
"""What is added to each of some answers, which may be nothing."""

Addition = Callable[[Parts, Principal, Sequence[Done]], More]
"""Looks up what answers say beside id, version and position, as far as the caller sees it."""


class Shaped(NamedTuple):
    """What looks something up, and the type of what it adds."""

    find: Addition
    shape: Any


additions: dict[str, Shaped] = {}


def adds_to_answer(command: str, shape: Any) -> Callable[[Addition], Addition]:
    """Declare a function that adds to the answers of a command; it may read, in a thread.

    `shape` is a typed dictionary: what it adds.
    """

    def declare(function: Addition) -> Addition:
        additions[command] = Shaped(function, shape)
        return function

    return declare


class _Asked(NamedTuple):
    """Some answers of one request to one command, and where what is added goes."""

    who: Principal
    command: str
    done: Sequence[Done]
    reply: asyncio.Future[More]


class Additions:
    """Looks up additions for many requests at once; it belongs to one event loop.

    A thread for each would take the interpreter from all others, and each would ask on its own.
    """

    def __init__(self, parts: Parts) -> None:
        """Look up in the parts of a server."""
        self._parts = parts
        self._waiting: list[_Asked] = []
        self._looking = False

    async def to(self, who: Principal, command: str, done: Sequence[Done]) -> More:
        """Return what is added to each of some answers to one command."""
        if command not in additions or not done:
            return [{}] * len(done)
        loop = asyncio.get_running_loop()
        asked = _Asked(who, command, done, loop.create_future())
        self._waiting.append(asked)
        if not self._looking:
            self._looking = True
            loop.call_soon(self._next)  # once all has come that was committed together
        return await asked.reply

    def _next(self) -> None:
        asked, self._waiting = self._waiting, []
        self._looking = bool(asked)
        if asked:
            found = asyncio.get_running_loop().run_in_executor(None, self._found, asked)
            found.add_done_callback(lambda future: self._tell(asked, future))

    def _tell(self, asked: Sequence[_Asked], found: asyncio.Future[Sequence[More]]) -> None:
        for each, more in zip(asked, found.result(), strict=True):
            if not each.reply.done():  # whoever asked may have gone
                each.reply.set_result(more)
        self._next()

    def _found(self, asked: Sequence[_Asked]) -> Sequence[More]:
        alike: dict[tuple[str, Principal], list[_Asked]] = {}
        for each in asked:
            alike.setdefault((each.command, each.who), []).append(each)
        found: dict[int, More] = {}
        for (command, who), some in alike.items():
            more = self._added(command, who, [one for each in some for one in each.done])
            for each in some:
                found[id(each)], more = more[: len(each.done)], more[len(each.done) :]
        return [found[id(each)] for each in asked]

    def _added(self, command: str, who: Principal, done: Sequence[Done]) -> More:
        try:
            return additions[command].find(self._parts, who, done)
        except Exception:  # the commands are done and durable: they are answered all the same
            log.exception("command.addition_failed", ids=[answer.id for answer, _ in done])
            return [{}] * len(done)
