"""Forwarding: requests that another process answers, the one that owns the warehouse."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from urllib.parse import quote

import aiohttp
import structlog
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from yarl import URL

from api.kernel.problems import WarehouseUnavailable
from api.kernel.process import Parts

log = structlog.get_logger(__name__)

_SENT = (
    *("authorization", "on-behalf-of", "accept", "accept-language"),
    *("traceparent", "if-none-match"),
)
_RETURNED = (
    "content-type",
    "content-disposition",
    "link",
    "position",
    "rows",
    "ahead",
    "etag",
    "cache-control",
    "location",
    "retry-after",
    "narrowed",
)

PATIENCE = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)
"""Seconds that a report may take, or a piece of an export; how long it takes in all is up to who
reads it."""

PIECE = 64 * 1024
"""Bytes of an answer that are held here; a larger one is passed on as it comes."""


async def forward(parts: Parts, request: Request) -> Response:
    """Have the warehouse's process answer a request. Raises `WarehouseUnavailable`."""
    headers = {name: request.headers[name] for name in _SENT if name in request.headers}
    headers["accept-encoding"] = "identity"  # it is compressed once, on its way out of here
    # The entries that both processes make in the operation log are found by one trace id.
    headers["traceparent"] = f"00-{request.state.trace}-{os.urandom(8).hex()}-01"
    url = f"{parts.settings.warehouse.rstrip('/')}{quote(request.scope['path'])}"
    url += f"?{request.url.query}" if request.url.query else ""
    assert parts.elsewhere is not None
    try:
        answer = await parts.elsewhere.request(
            request.method,
            URL(url, encoded=True),
            headers=headers,
            timeout=PATIENCE,
            allow_redirects=False,
        )
        returned = {name: answer.headers[name] for name in _RETURNED if name in answer.headers}
        length = answer.content_length
        if length is not None and length <= PIECE:
            async with answer:
                return Response(await answer.read(), answer.status, returned)
    except (aiohttp.ClientError, TimeoutError) as error:
        log.warning("warehouse.unreachable", error=type(error).__name__)
        raise WarehouseUnavailable(f"{type(error).__name__}; nothing is lost by waiting.") from None
    if length is not None:
        returned["content-length"] = str(length)
    return StreamingResponse(_pieces(answer), answer.status, returned)


async def whole(answer: Response) -> bytes:
    """Return the body of an answer that was forwarded, all of it."""
    if isinstance(answer, StreamingResponse):
        pieces = [piece async for piece in answer.body_iterator]
        return b"".join(piece.encode() if isinstance(piece, str) else piece for piece in pieces)
    return bytes(answer.body)


async def _pieces(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    async with answer:
        async for piece in answer.content.iter_chunked(PIECE):
            yield piece
