"""What is sent in one turn of the loop goes in one piece, and nothing of it is lost or swapped."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from api.server.transport import SMALL, Transport, Unread

Writes = Callable[[Transport], Awaitable[None]]


class Noted:
    """A transport, and the pieces in which it was given what it sends."""

    def __init__(self, transport: asyncio.Transport, pieces: list[bytes]) -> None:
        self._transport = transport
        self._pieces = pieces

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        self._pieces.append(data)
        self._transport.write(data)


class Client(asyncio.Protocol):
    """Takes what comes, to the end."""

    def __init__(self) -> None:
        self.taken = b""
        self.end = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self.taken += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.end.set_result(exc)


class Writing(asyncio.Protocol):
    """Writes, as soon as somebody connects, and closes."""

    def __init__(self, writes: Writes, lingers: bool, pieces: list[bytes]) -> None:
        self._writes = writes
        self._lingers = lingers
        self._pieces = pieces

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        noted: Any = Noted(cast("asyncio.Transport", transport), self._pieces)
        loop = asyncio.get_running_loop()
        held = Transport(noted, loop, Unread(1_000), 1.0, 1, lambda: self._lingers)
        self._task = loop.create_task(self._write(held))

    async def _write(self, transport: Transport) -> None:
        await self._writes(transport)
        transport.close()


def sent_by(writes: Writes, *, lingers: bool = False) -> list[bytes]:
    """Return the pieces in which a client was sent what it took."""
    pieces: list[bytes] = []

    async def connected() -> bytes:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Writing(writes, lingers, pieces), "127.0.0.1", 0)
        async with server:
            _, client = await loop.create_connection(Client, *server.sockets[0].getsockname())
            await client.end
        return client.taken

    assert asyncio.run(connected()) == b"".join(pieces)
    return pieces


@pytest.mark.parametrize("lingers", [False, True])
def test_the_head_of_an_answer_goes_with_its_body(lingers: bool) -> None:
    async def writes(transport: Transport) -> None:
        transport.write(b"head ")
        transport.write(b"body")

    assert sent_by(writes, lingers=lingers) == [b"head body"]


@pytest.mark.parametrize("lingers", [False, True])
def test_what_nothing_follows_goes_at_the_end_of_the_turn_or_before_the_end(lingers: bool) -> None:
    async def writes(transport: Transport) -> None:
        transport.write(b"head")
        await asyncio.sleep(0.1)
        transport.write(b"last")

    assert sent_by(writes, lingers=lingers) == [b"head", b"last"]


def test_the_order_is_kept_whatever_the_sizes() -> None:
    chunks = [bytes([n]) * size for n, size in enumerate([1, SMALL, 3, SMALL + 1, 9 * SMALL, 7, 8])]

    async def writes(transport: Transport) -> None:
        for chunk in chunks:
            transport.write(chunk)
        await asyncio.sleep(0)
        transport.write(b"end")

    assert b"".join(sent_by(writes)) == b"".join([*chunks, b"end"])
