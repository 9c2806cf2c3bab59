"""Deprecations: what of the API goes, since when that is said, and until when it is there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import parse_qs

from domain.kernel.time.business_day import begin_of, end_of


class Deprecation(NamedTuple):
    """Something that clients are to do without: its first and last day, and what to take then."""

    since: date
    until: date
    instead: str
    """The path of an operation."""


_known: dict[str, dict[str | None, Deprecation]] = {}


def deprecate(operation: str, parameter: str | None, deprecation: Deprecation) -> None:
    """Declare that an operation goes, or one of its parameters.

    The document says so, and so do the answers to whoever still asks for it, by the headers
    `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and `Link`.
    """
    _known.setdefault(operation, {})[parameter] = deprecation


def deprecations(operation: str) -> Mapping[str | None, Deprecation]:
    """Return what goes of an operation by the names of its parameters; `None` is all of it."""
    return _known.get(operation, {})


def told(operation: str, query: bytes) -> list[tuple[bytes, bytes]]:
    """Return the headers that say what of a request goes."""
    known = deprecations(operation)
    if b"%" not in query and not any(n is None or n.encode() in query for n in known):
        return []  # without reading the query: each request for a list is asked
    asked = parse_qs(query.decode("utf-8", "replace"), keep_blank_values=True)
    going = [each for name, each in known.items() if name is None or name in asked]
    if not going:
        return []
    since = begin_of(min(each.since for each in going))
    until = end_of(min(each.until for each in going)).astimezone(UTC)
    links = dict.fromkeys(f'<{each.instead}>; rel="successor-version"' for each in going)
    return [
        (b"deprecation", b"@%d" % since.timestamp()),
        (b"sunset", format_datetime(until, usegmt=True).encode()),
        (b"link", ", ".join(links).encode()),
    ]
