"""Lines: what the processes of one server tell each other at once, so that none need look."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from typing import NamedTuple

_FORM = struct.Struct("<qq240s")

_TOGETHER = 64
"""Messages that are read together."""


class News(NamedTuple):
    """What is told: numbers that only grow, so that the greatest counts, and what is wrong now."""

    position: int = 0
    """How far whoever tells it has come."""
    wanted: int = 0
    """How far somebody waits for the one who is told."""
    fault: str = ""
    """What keeps whoever tells it from going on, nothing if it goes on."""


class Line:
    """One end of a line between two processes.

    What is told may be lost while the other is not there. It only saves waiting: what counts is in
    the databases, and who hears nothing looks there.
    """

    def __init__(self, end: socket.socket) -> None:
        """Tell and listen at an end of a pair of stream sockets."""
        self._end = end

    def tell(self, news: News) -> None:
        """Tell the other; returns at once, also when nobody listens any more."""
        fault = news.fault.encode()[:240]
        try:
            self._end.send(_FORM.pack(news.position, news.wanted, fault), socket.MSG_DONTWAIT)
        except OSError:
            return  # it has not been listening for hundreds of messages

    def listen(self, hear: Callable[[News], None]) -> None:
        """Call a function with all that is told, in a thread of its own, as long as this lives."""
        thread = threading.Thread(target=self._listen, args=(hear,), name="line", daemon=True)
        thread.start()

    def _listen(self, hear: Callable[[News], None]) -> None:
        while data := self._end.recv(_TOGETHER * _FORM.size):
            told = list(_FORM.iter_unpack(data[: len(data) - len(data) % _FORM.size]))
            fault: bytes = told[-1][2]
            hear(
                News(
                    max(each[0] for each in told),
                    max(each[1] for each in told),
                    fault.rstrip(b"\0").decode(errors="ignore"),
                )
            )


def pair() -> tuple[Line, Line]:
    """Return the two ends of a new line."""
    one, other = socket.socketpair()
    return Line(one), Line(other)
