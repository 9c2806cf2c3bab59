"""A connection: HTTP/1.1 as uvicorn speaks it, with an end to waiting for what does not come."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

PATIENCE = 20.0
"""Seconds in which the line and the headers of a request have to be complete; uvicorn sets none."""


class Connection(HttpToolsProtocol):
    """Lets go of a client that says nothing at first, or sends its headers too slowly.

    Between requests uvicorn's own limit holds; bodies have theirs in `bodies.py`.
    """

    _arriving = True
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._arriving = False
        self._watch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has come; most requests come at once, and need no deadline."""
        super().data_received(data)
        self._watch()

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        self._arriving = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that its headers are complete."""
        self._arriving = False
        super().on_headers_complete()

    def _watch(self) -> None:
        if self._arriving and self._deadline is None:
            self._deadline = self.loop.call_later(PATIENCE, self._give_up)
        elif not self._arriving and self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        transport: Any = self.transport
        if not transport.is_closing():
            transport.abort()
