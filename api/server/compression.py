"""Compression: an answer takes less of the line where the client takes it so and it is worth it."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol

import pyarrow as pa
from starlette.types import Message, Send

from api.kernel.lasting import STREAM
from api.kernel.reading.answer_headers import Header

LEAST = 1024
"""Bytes from which it is worth it: fewer go in one packet as they are."""

WHOLE = 128 * 1024
"""Bytes of an answer that are compressed at once, in a fraction of a millisecond. Larger ones go
piece by piece, each in a thread, as the event loop has others to serve."""

LEVEL = 1
"""How hard gzip tries: at 4 a list takes twice the time, and an eighth less of the line."""

CODINGS = ("zstd", "gzip")
"""What we can do, the best first; the former takes less time, and leaves less."""

_NEVER = (204, 206, 304)
"""Answers that have no body, or a part of one that has its tag already."""


@lru_cache(256)
def coding(accepted: bytes) -> str | None:
    """Return the coding that a client prefers by its `Accept-Encoding`; `None`: send it plain."""
    weights: dict[str, float] = {}
    for each in accepted.decode("latin-1").lower().split(","):
        name, _, given = each.partition(";")
        weight = given.replace(" ", "").replace("\t", "").removeprefix("q=") or "1"
        try:
            weights[name.strip()] = float(weight)
        except ValueError:
            continue
    plain = weights.get("identity", 0.0)
    best = max(CODINGS, key=lambda name: weights.get(name, weights.get("*", 0.0)))
    weight_ = weights.get(best, weights.get("*", 0.0))
    return best if 0 < weight_ <= 1 and weight_ >= plain else None


def compressing(send: Send, method: str, asked: Mapping[bytes, bytes]) -> Send:
    """Return what sends the answer to a request, compressed if whoever asked takes it so."""
    found = coding(asked.get(b"accept-encoding", b""))
    if found is None:
        return send
    return _Compressing(send, found, method in ("GET", "HEAD"), asked.get(b"if-none-match", b""))


class _Coder(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


class _Compressing:
    """Sends one answer. A tag becomes a weak one: other bytes say the same."""

    def __init__(self, send: Send, coding: str, read: bool, known: bytes) -> None:
        self._send = send
        self._coding = coding
        self._read = read
        """Whether it is a read: who is told of one command after another waits for each answer."""
        self._known = known
        """The tags of what the client has."""
        self._held: Message | None = None
        """The head of an answer that comes at once."""
        self._coder: _Coder | None = None
        self._waiting = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self._held is not None and not message.get("more_body"):
            head, self._held = self._held, None
            body = _coder(self._coding)
            packed = body.compress(message["body"]) + body.flush()
            await self._send(self._coded(head, (b"content-length", b"%d" % len(packed))))
            await self._send({**message, "body": packed})
        elif self._held is not None or self._coder is not None:
            await self._go_on(message)
        else:
            await self._send(message)

    async def _begin(self, head: Message) -> None:
        said = dict(head["headers"])
        length = int(said.get(b"content-length", -1))
        if head["status"] == 304 and b"W/" + said.get(b"etag", b"?") in self._known:
            head["headers"] = _weakly(head["headers"])
        fit = (
            head["status"] not in _NEVER
            and b"content-encoding" not in said
            and _is_text(said.get(b"content-type", b""))
            and (length >= LEAST or (length < 0 and self._read))
        )
        if fit and 0 <= length <= WHOLE:
            self._held = head
        elif fit:
            self._coder = _coder(self._coding)
            await self._send(self._coded(head))
        else:
            await self._send(head)

    async def _go_on(self, message: Message) -> None:
        if self._held is not None:
            head, self._held = self._held, None
            self._coder = _coder(self._coding)
            await self._send(self._coded(head))
        assert self._coder is not None
        more = message.get("more_body", False)
        self._waiting += message.get("body", b"")
        if more and len(self._waiting) < WHOLE:
            return
        data = bytes(self._waiting)
        self._waiting.clear()
        packed = await asyncio.to_thread(_piece, self._coder, data, not more)
        if packed or not more:
            await self._send({**message, "body": packed})

    def _coded(self, head: Message, *more: Header) -> Message:
        kept = [each for each in _weakly(head["headers"]) if each[0] != b"content-length"]
        said = (b"content-encoding", self._coding.encode())
        return {**head, "headers": [*kept, said, *more]}


def _is_text(type_: bytes) -> bool:
    """Tell whether a body is text; files of other types are packed already.

    Each event of a stream is to come when it happens.
    """
    name = type_.partition(b";")[0].strip()
    ends = (b"json", b"javascript", b"xml")
    return name != STREAM and (name.startswith(b"text/") or name.endswith(ends))


def _weakly(headers: list[Header]) -> list[Header]:
    return [
        (name, b"W/" + value if name == b"etag" and not value.startswith(b"W/") else value)
        for name, value in headers
    ]


def _piece(coder: _Coder, data: bytes, last: bool) -> bytes:
    packed = coder.compress(data)
    return packed + coder.flush() if last else packed


def _coder(coding: str) -> _Coder:
    return _Zstd() if coding == "zstd" else zlib.compressobj(LEVEL, wbits=31)


class _Made:
    """A file that keeps what is written until it is taken."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(data)
        return len(data)

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


class _Zstd:
    """Arrow's zstd, which is here for files anyway, as a coder."""

    def __init__(self) -> None:
        self._made = _Made()
        self._stream = pa.CompressedOutputStream(pa.PythonFile(self._made, mode="w"), "zstd")

    def compress(self, data: bytes) -> bytes:
        self._stream.write(data)
        return self._made.take()

    def flush(self) -> bytes:
        self._stream.close()
        return self._made.take()
