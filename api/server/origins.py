"""Origins: which pages of other places may ask from a browser, and what they may send and read."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.refusals import Refusal
from api.kernel.headers import LISTS, ONCE
from api.kernel.reading.answer_headers import Header

METHODS = b"GET, HEAD, POST"
"""All methods that anything here answers to."""

_TAKEN = sorted((ONCE | LISTS) - {b"host", b"content-length", b"origin", b"accept-encoding"})

SHOWN = (
    *("ahead", "content-disposition", "deprecation", "etag", "idempotency-replayed", "link"),
    *("location", "narrowed", "position", "ratelimit", "ratelimit-policy", "retry-after", "rows"),
    *("sunset", "trace-id", "www-authenticate"),
)
"""Headers of answers that a page gets to read, beside those that browsers show to every page."""

KEPT = 7200
"""Seconds for which a browser need not ask again whether it may."""


class OriginNotAllowed(Refusal):
    """A page of this origin may not ask from a browser: the operator has not allowed it."""

    status = 403
    title = "Not for pages of this origin"


class Origins:
    """The pages that may ask; whoever is no browser is not concerned, and needs credentials too.

    Nothing is allowed that a browser adds by itself (there are no cookies): a page sends the key or
    token of its person with each request.
    """

    def __init__(self, allowed: frozenset[str]) -> None:
        """Allow some origins, as in `https://portal.example.com`."""
        self._allowed = frozenset(each.encode() for each in allowed)
        self._vary: list[Header] = [(b"vary", b"Origin")] if allowed else []

    def headers(self, asked: Mapping[bytes, bytes]) -> list[Header]:
        """Return what the answer to a request has for the browser, whatever the answer is."""
        origin = asked.get(b"origin")
        if origin is None or origin not in self._allowed:
            return self._vary
        shown = ", ".join(SHOWN).encode()
        return [
            *self._vary,
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", shown),
        ]

    def preflight(self, method: str, asked: Mapping[bytes, bytes]) -> list[Header] | None:
        """Return the answer to a browser that asks whether a page may ask; `None`: it does not.

        Raises `OriginNotAllowed`.
        """
        origin = asked.get(b"origin")
        if method != "OPTIONS" or origin is None or b"access-control-request-method" not in asked:
            return None
        if origin not in self._allowed:
            named = origin.decode("ascii", "replace")
            raise OriginNotAllowed(f"{named} is not among the origins that the operator allows.")
        return [
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", b", ".join(_TAKEN)),
            (b"access-control-max-age", b"%d" % KEPT),
        ]
