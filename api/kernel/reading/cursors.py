"""Cursors: where a list goes on, signed and bound to the query that it belongs to."""

from __future__ import annotations

import base64
import dataclasses
import hmac
from hashlib import blake2b
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import Depends, Query, Request

from api.kernel.problems import InvalidCursor
from api.kernel.reading.read_parameters import parts_of

_SIGNATURE = 16

_UNBOUND = frozenset({"cursor", "limit", "min_position", "count"})
"""Parameters that may change from page to page."""


@dataclasses.dataclass(frozen=True)
class Place:
    """A place in a list: what was asked, and the sort key after which to go on."""

    path: str
    query: tuple[tuple[str, str], ...]
    secret: bytes
    after: list[Any] | None

    def sign(self, key: list[Any]) -> str:
        """Return the cursor that leads on after a sort key of plain JSON values."""
        content = orjson.dumps(key)
        return base64.urlsafe_b64encode(self._signature(content) + content).decode().rstrip("=")

    def _signature(self, content: bytes) -> bytes:
        bound = [self.path, sorted(p for p in self.query if p[0] not in _UNBOUND)]
        text = orjson.dumps(bound) + b"\n" + content
        key = self.secret[: blake2b.MAX_KEY_SIZE]
        return blake2b(text, digest_size=_SIGNATURE, key=key).digest()

    def read(self, cursor: str) -> list[Any]:
        """Return the sort key of a cursor. Raises `InvalidCursor`."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        except ValueError:
            raw = b""
        content = raw[_SIGNATURE:]
        if not content or not hmac.compare_digest(raw[:_SIGNATURE], self._signature(content)):
            detail = "The cursor was altered, or belongs to another query."
            raise InvalidCursor(detail, [{"parameter": "cursor", "detail": detail}])
        found: list[Any] = orjson.loads(content)
        return found


def place(
    request: Request,
    cursor: Annotated[
        str | None,
        Query(max_length=2000, description="where to go on: `next` of the page before"),
    ] = None,
) -> Place:
    """Return the place in the list that a request asks for. Raises `InvalidCursor`."""
    query = tuple(request.query_params.multi_items())
    start = Place(request.url.path, query, parts_of(request).cursor_key, None)
    return start if cursor is None else dataclasses.replace(start, after=start.read(cursor))


BEGIN = Place("", (), b"", None)
"""Where what is read whole begins."""

Cursor = Annotated[Place, Depends(place)]


def page(
    here: Place, items: list[Any], last: list[Any] | None, **more: Any
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the content and the headers of a page; `last` is its last sort key if more follow."""
    following = None if last is None else here.sign(last)
    headers = {"Position": str(more["position"])} if "position" in more else {}
    if following is not None:
        query = [p for p in here.query if p[0] not in ("cursor", "min_position")]
        address = f"{here.path}?{urlencode([*query, ('cursor', following)])}"
        headers["Link"] = f'<{address}>; rel="next"'
    return {"items": items, "next": following, **more}, headers
