"""Bodies: what a request carries, read within limits of size and time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple

from starlette.types import Message, Receive

from api.kernel.problems import BodyTooLarge, BodyTooSlow, MalformedHeader, UnsupportedMediaType


class Pace(NamedTuple):
    """How slowly a body may come: `stall` seconds at a time, then `rate` bytes a second in all."""

    stall: float
    rate: int


class Disconnected(Exception):
    """The client went away before its request was complete: nobody is there to be answered."""


async def read_body(
    headers: Mapping[bytes, bytes], receive: Receive, limit: int, seconds: float | None
) -> bytes:
    """Return the whole body, which needs no `seconds` when it has come already.

    Raises `BodyTooLarge` past `limit` bytes, `BodyTooSlow` after so many seconds, `Disconnected`.
    """
    refuse_announced(headers, limit)
    if seconds is None:
        return await _whole(receive, limit)
    try:
        async with asyncio.timeout(seconds):
            return await _whole(receive, limit)
    except TimeoutError:
        raise BodyTooSlow(f"The body did not come within {seconds:.0f} seconds.") from None


async def _whole(receive: Receive, limit: int) -> bytes:
    found, more = _piece(await receive())
    if more:
        parts, size = [found], len(found)
        while more and size <= limit:
            found, more = _piece(await receive())
            parts.append(found)
            size += len(found)
        found = b"".join(parts)
    if len(found) > limit:
        raise BodyTooLarge(f"The body has {limit} bytes at most.")
    return found


async def pieces(
    headers: Mapping[bytes, bytes], receive: Receive, limit: int, pace: Pace
) -> AsyncIterator[bytes]:
    """Yield the body piece by piece, as it arrives.

    Only the time in which it is waited for counts, not the time between two pieces that are taken.
    Raises `BodyTooLarge` past `limit` bytes, `BodyTooSlow`, `Disconnected`.
    """
    refuse_announced(headers, limit)
    size, waited, more = 0, 0.0, True
    while more:
        left = max(pace.stall, size / pace.rate) - waited
        began = time.monotonic()
        try:
            async with asyncio.timeout(min(pace.stall, left)):
                found, more = _piece(await receive())
        except TimeoutError:
            waited += time.monotonic() - began
            detail = f"{size} bytes came in {waited:.0f} seconds."
            raise BodyTooSlow(f"{detail} {pace.rate} a second are the least.") from None
        waited += time.monotonic() - began
        size += len(found)
        if size > limit:
            raise BodyTooLarge(f"The body has {limit} bytes at most.")
        yield found


def _piece(message: Message) -> tuple[bytes, bool]:
    """Return a piece of a body, and whether more is to come."""
    if message["type"] != "http.request":
        raise Disconnected
    return message.get("body", b""), message.get("more_body", False)


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
