"""HTTP/1.1 on a bare socket: what no library would send, and what comes back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

SECONDS = 20.0
"""How long to wait for what has to come."""


class Answer(NamedTuple):
    """One answer, whole."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def name(self) -> str:
        """The status and, of a problem, its name: `431 headers-too-large`."""
        if self.headers.get("content-type") != "application/problem+json":
            return str(self.status)
        problem: dict[str, Any] = json.loads(self.body)
        return f"{self.status} {problem['type'].rpartition('/')[2]}"


def request(method: str, target: str, *headers: str, body: bytes = b"") -> bytes:
    """Return a request as it is sent; with a body it has a Content-Length."""
    lines = [f"{method} {target} HTTP/1.1", "Host: keyline", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


class Wire:
    """A connection of a client that minds no rules."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Use these; `open` makes them."""
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, address: str, narrow: bool = False) -> Self:
        """Connect to an address as in `http://127.0.0.1:8000`; a `narrow` wire holds little."""
        parts = urlsplit(address)
        own = socket.socket()
        own.setblocking(False)
        if narrow:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            own.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)  # the server's holds 40 kB
        try:
            await asyncio.get_running_loop().sock_connect(own, (parts.hostname, parts.port))
        except BaseException:
            own.close()
            raise
        return cls(*await asyncio.open_connection(sock=own, limit=1_000 if narrow else 2**24))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def send(self, data: bytes) -> bool:
        """Send bytes and wait until they are on their way; tells whether the server took them."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionError:
            return False
        return not self._writer.is_closing()

    async def answer(self, seconds: float = SECONDS, bodiless: bool = False) -> Answer | None:
        """Return the next answer that is not 100, `None` when the connection ends before it.

        Raises `TimeoutError` when neither comes. `bodiless` is an answer to HEAD.
        """
        async with asyncio.timeout(seconds):
            try:
                found = await self._answer(bodiless)
                return await self.answer(seconds) if found.status == 100 else found
            except (ConnectionError, asyncio.IncompleteReadError):
                return None

    async def line(self, seconds: float = SECONDS) -> bytes:
        """Return the next line as it comes, of a status, a header or a chunk; empty at the end."""
        async with asyncio.timeout(seconds):
            return await self._reader.readline()

    async def ended(self, seconds: float = SECONDS) -> bool:
        """Tell whether the server ends the connection in time; what it still sends is dropped."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                try:
                    while await self._reader.read(65_536):
                        pass
                except ConnectionError:
                    pass
                return True
        return False

    async def close(self) -> None:
        """Go away without a word."""
        self._writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _answer(self, bodiless: bool) -> Answer:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ")[1])
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        if bodiless or status in (100, 204, 304):
            return Answer(status, headers, b"")
        if headers.get("transfer-encoding") == "chunked":
            return Answer(status, headers, await self._chunks())
        length = int(headers.get("content-length", "0"))
        return Answer(status, headers, await self._reader.readexactly(length))

    async def _chunks(self) -> bytes:
        found = b""
        while size := int(await self._reader.readline(), 16):
            found += await self._reader.readexactly(size)
            await self._reader.readexactly(2)
        await self._reader.readexactly(2)
        return found
