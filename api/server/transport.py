"""Transport: what is written to a client, which has to take it, and an end that it gets to see."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LINGER = 2.0
"""Seconds in which what a client still sends is dropped after an answer that ends the connection.

Closed at once, the connection would be reset, and the answer lost with it.
"""

LINGERING = 1_000_000
"""Bytes of it that are dropped; the rest is not taken, and costs nothing."""

SMALL = 4096
"""Bytes that wait until the end of a turn of the loop for what may follow them: the head of an
answer and its body then go in one call, and wake the client once."""


class Unread:
    """What all clients have been sent and did not take yet: so many bytes, then the most go."""

    def __init__(self, limit: int) -> None:
        """Let `limit` bytes wait in all."""
        self._limit = limit
        self._total = 0
        self._each: dict[Transport, int] = {}

    def tell(self, transport: Transport, size: int) -> None:
        """Note that so many bytes wait for a client; lets those go for whom the most do."""
        self._total += size - self._each.pop(transport, 0)
        if size:
            self._each[transport] = size
        while self._total > self._limit and self._each:
            most = max(self._each, key=self._each.__getitem__)
            self._total -= self._each.pop(most)
            most.abort()


class Transport:
    """The transport of a connection, given up when the client does not take what it asked for.

    What is not taken waits in memory, and so does whatever makes it; a place is taken all the time.
    Who is still sending may take it later: what waits is bounded, and past it we read no further.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        unread: Unread,
        seconds: float,
        rate: int,
        lingers: Callable[[], bool],
    ) -> None:
        """Give up whoever takes or sends fewer than `rate` bytes a second, looking every `seconds`.

        All share the bytes that may be `unread`.
        `lingers` tells whether the client may still be sending when the connection is closed.
        """
        self._transport = transport
        self._loop = loop
        self._unread = unread
        self._seconds = seconds
        self._least = seconds * rate
        self._lingers = lingers
        self._held = b""
        """What waits until the end of this turn."""
        self._written = 0
        self.received = 0
        """Bytes that have come."""
        self._dropped = 0
        """Bytes that came after the end."""
        self._moved = 0
        self._timer: asyncio.TimerHandle | None = None
        self._end: asyncio.TimerHandle | None = None
        self._ended = False
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading
        self.get_extra_info = transport.get_extra_info
        self.abort = transport.abort

    def write(self, data: bytes) -> None:
        """Send bytes, a small piece together with what follows it at once."""
        if not self._held and len(data) <= SMALL:
            self._held = data
            self._loop.call_soon(self._release)
        else:
            self._send(self._held + data)

    def _release(self) -> None:
        if self._held:
            self._send(self._held)

    def _send(self, data: bytes) -> None:
        self._held = b""
        if self._transport.is_closing():
            return  # it was given up, and whoever answers is not told before the loop's next turn
        self._written += len(data)
        self._transport.write(data)
        if self._timer is not None:
            self._unread.tell(self, self._transport.get_write_buffer_size())

    def is_closing(self) -> bool:
        """Tell whether nothing more is to be sent."""
        return self._ended or self._transport.is_closing()

    def close(self) -> None:
        """Send what is left, and the end."""
        if self.is_closing():
            return
        self._release()
        self._ended = True
        if self._lingers():
            self._transport.write_eof()
            self._transport.resume_reading()
            self._end = self._loop.call_later(LINGER, self._transport.abort)
        else:
            self._transport.close()
            self.insist()

    def drop(self, size: int) -> None:
        """Drop so many bytes that came after the end; past some the client is read no further."""
        self._dropped += size
        if self._dropped > LINGERING:
            self._transport.pause_reading()

    def lost(self) -> None:
        """Forget about it: there is no connection any more."""
        self.relent()
        if self._end is not None:
            self._end.cancel()

    def insist(self) -> None:
        """Begin to demand that the client takes what it is sent."""
        if self._timer is not None:
            return
        size = self._transport.get_write_buffer_size()
        self._unread.tell(self, size)
        if size:
            self._moved = self._passed()
            self._timer = self._loop.call_later(self._seconds, self._look)

    def relent(self) -> None:
        """Demand it no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._unread.tell(self, 0)

    def _passed(self) -> int:
        """Return how many bytes have gone to the client or come from it."""
        buffered: int = self._transport.get_write_buffer_size()
        return self._written - buffered + self.received

    def _look(self) -> None:
        self._timer = None
        if self._passed() - self._moved < self._least:
            self._transport.abort()
        else:
            self.insist()
