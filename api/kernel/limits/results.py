"""Results: the answers to many commands on their way to one client, in order and bounded."""

from __future__ import annotations

import asyncio

from starlette.types import Send

PIECE = 65_536
"""Bytes that are sent at a time, and that every request may keep whatever others do."""


class Kept:
    """The bytes that are kept for the clients of all requests together."""

    def __init__(self, limit: int) -> None:
        """Let `limit` bytes be kept, and a `PIECE` for each request beyond."""
        self.limit = limit
        self.bytes = 0


class Results:
    """The results of one request that its client has not taken yet.

    It may send much before it reads: up to `limit` bytes of results are kept for it, less when
    others have much to be kept. Past that `add` waits, and with it the reading of its lines; a
    client that then takes nothing, or too little, is let go by its `api/server/transport.py`.
    """

    def __init__(self, kept: Kept, limit: int) -> None:
        """Keep up to `limit` bytes for a client."""
        self._kept = kept
        self._limit = limit
        self._text = bytearray()
        self._ended = False
        self._there = asyncio.Event()
        self._taken = asyncio.Event()

    async def add(self, text: bytes) -> None:
        """Add a line once there is room for it."""
        while not self._fits(len(text)):
            self._taken.clear()
            await self._taken.wait()
        self._text += text
        self._kept.bytes += len(text)
        self._there.set()

    def end(self) -> None:
        """Say that nothing follows."""
        self._ended = True
        self._there.set()

    async def send(self, send: Send) -> None:
        """Send what is there until the end."""
        last = False
        try:
            while not last:
                await self._there.wait()
                piece = bytes(self._text[:PIECE])
                last = self._ended and len(piece) == len(self._text)
                await send({"type": "http.response.body", "body": piece, "more_body": not last})
                self._take(len(piece))
        finally:
            self._take(len(self._text))

    def _fits(self, size: int) -> bool:
        own = len(self._text) + size
        free = own <= self._limit and self._kept.bytes + size <= self._kept.limit
        return not self._text or own <= PIECE or free

    def _take(self, size: int) -> None:
        del self._text[:size]
        self._kept.bytes -= size
        self._taken.set()
        if not self._text and not self._ended:
            self._there.clear()
