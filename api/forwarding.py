"""Forwarding: requests that another process answers, the one that owns the warehouse."""

from __future__ import annotations

import os
from urllib.parse import quote

import aiohttp
import structlog
from fastapi import Request, Response
from yarl import URL

from api.parts import Parts
from api.problems import WarehouseUnavailable

log = structlog.get_logger(__name__)

_SENT = ("authorization", "on-behalf-of", "accept", "traceparent", "if-none-match")
_RETURNED = (
    "content-type",
    "content-disposition",
    "link",
    "position",
    "ahead",
    "etag",
    "cache-control",
    "vary",
    "location",
    "retry-after",
    "narrowed",
)

PATIENCE = aiohttp.ClientTimeout(total=60)
"""Seconds that a report may take."""


async def forward(parts: Parts, request: Request) -> Response:
    """Have the warehouse's process answer a request. Raises `WarehouseUnavailable`."""
    headers = {name: request.headers[name] for name in _SENT if name in request.headers}
    # The entries that both processes make in the operation log are found by one trace id.
    headers["traceparent"] = f"00-{request.state.trace}-{os.urandom(8).hex()}-01"
    url = f"{parts.settings.warehouse.rstrip('/')}{quote(request.scope['path'])}"
    url += f"?{request.url.query}" if request.url.query else ""
    assert parts.elsewhere is not None
    try:
        async with parts.elsewhere.get(
            URL(url, encoded=True), headers=headers, timeout=PATIENCE, allow_redirects=False
        ) as answer:
            content = await answer.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        log.warning("warehouse.unreachable", error=type(error).__name__)
        raise WarehouseUnavailable(f"{type(error).__name__}; nothing is lost by waiting.") from None
    returned = {name: answer.headers[name] for name in _RETURNED if name in answer.headers}
    return Response(content, answer.status, returned)
