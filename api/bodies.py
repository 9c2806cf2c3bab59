"""Bodies: what a request carries, read within limits of size and time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from starlette.types import Receive

from api.problems import BodyTooLarge, BodyTooSlow, MalformedHeader, UnsupportedMediaType

PATIENCE = 30.0
"""Seconds that the next piece of a body may take to arrive."""


class Disconnected(Exception):
    """The client went away before its request was complete: nobody is there to be answered."""


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """Return the whole body.

    Raises `BodyTooLarge` past `limit` bytes, `BodyTooSlow`, `Disconnected`.
    """
    refuse_announced(headers, limit)
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise BodyTooLarge(f"The body has {limit} bytes at most.")
        return body
    return b"".join([piece async for piece in _pieces(message, receive, limit)])


async def pieces(
    headers: Mapping[bytes, bytes], receive: Receive, limit: int
) -> AsyncIterator[bytes]:
    """Yield the body piece by piece, as it arrives. Raises as `read_body` does."""
    refuse_announced(headers, limit)
    async for piece in _pieces(await receive(), receive, limit):
        yield piece


async def _pieces(
    message: Mapping[str, object], receive: Receive, limit: int
) -> AsyncIterator[bytes]:
    size = 0
    while True:
        if message["type"] != "http.request":
            raise Disconnected
        piece = message.get("body", b"")
        assert isinstance(piece, bytes)
        size += len(piece)
        if size > limit:
            raise BodyTooLarge(f"The body has {limit} bytes at most.")
        yield piece
        if not message.get("more_body"):
            return
        try:
            async with asyncio.timeout(PATIENCE):
                message = await receive()
        except TimeoutError:
            raise BodyTooSlow(f"Nothing came for {PATIENCE:.0f} seconds.") from None


def refuse_announced(headers: Mapping[bytes, bytes], limit: int) -> None:
    """Refuse a body before it comes when its announced length is too much."""
    announced = headers.get(b"content-length", b"0")
    if not announced.isdigit():
        raise MalformedHeader("Content-Length is a number of bytes.")
    if int(announced) > limit:
        raise BodyTooLarge(f"The body has {limit} bytes at most.")


def refuse_many_values(text: bytes | bytearray, limit: int) -> None:
    """Refuse JSON of more than `limit` values before it is read: each takes time and memory.

    Commas and brackets are counted, in texts as well: no text that fits a field has so many.
    Raises `BodyTooLarge`.
    """
    if text.count(b",") + text.count(b"[") + text.count(b"{") > limit:
        raise BodyTooLarge(f"The body of a command has {limit:,} values at most.")


def require_json(headers: Mapping[bytes, bytes], *others: bytes) -> None:
    """Refuse a body that says it is neither JSON nor one of `others`."""
    named = headers.get(b"content-type", b"application/json").partition(b";")[0].strip().lower()
    if named not in (b"application/json", *others) and not named.endswith(b"+json"):
        text = named.decode("ascii", "replace")
        raise UnsupportedMediaType(f"Send Content-Type: application/json, not {text!r}.")
