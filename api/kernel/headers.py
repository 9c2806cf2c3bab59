"""Headers: what has one value is given once, what is a list may come in several lines."""

from __future__ import annotations

from collections.abc import Iterable

from api.kernel.problems import MalformedHeader

ONCE = frozenset(
    {
        b"authorization",
        b"content-length",
        b"content-type",
        b"host",
        b"idempotency-key",
        b"if-match",
        b"last-event-id",
        b"on-behalf-of",
        b"origin",
        b"traceparent",
    }
)
"""Headers that are read here and have one value; a test finds those that are missing."""

LISTS = frozenset({b"accept", b"accept-encoding", b"accept-language", b"if-none-match"})
"""Headers that are read here and are lists: several lines are one, as RFC 9110 has it."""


def once_each(lines: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers of a request so that each that is read here stands once.

    Others are left as they came. Raises `MalformedHeader` where two values are given for one.
    """
    found: dict[bytes, bytes] = {}
    others: list[tuple[bytes, bytes]] = []
    for name, value in lines:
        if name not in ONCE and name not in LISTS:
            others.append((name, value))
        elif name not in found:
            found[name] = value
        elif name in LISTS:
            found[name] += b", " + value
        else:
            words = name.decode().title()
            raise MalformedHeader(f"{words} stands there more than once: send it with one value.")
    return [*found.items(), *others]
