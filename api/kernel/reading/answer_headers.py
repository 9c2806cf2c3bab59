"""Headers of every answer: what browsers may do with it, who may keep it, and what it was."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

SAFE = (
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
)
"""What the server puts on every answer, its own words included."""

Header = tuple[bytes, bytes]

_NOTHING = (
    b"content-security-policy",
    b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)

_UNLESS_SAID: tuple[Header, ...] = (_NOTHING, (b"cache-control", b"no-store"))
"""What holds of an answer that does not say otherwise: it runs nothing and is kept nowhere."""

VARY = b"Authorization, On-Behalf-Of, Accept-Encoding, Accept-Language"
"""What every answer depends on beside its address; what else one depends on, it says itself."""

ASK_AGAIN = "private, no-cache"
"""A browser may keep an answer that tells of no person, and asks each time if it is still so."""

PUBLIC = "no-cache"
"""Anybody may keep an answer that is the same for all, and asks each time if it is still so."""


def completed(given: Iterable[Header], *more: Header) -> list[Header]:
    """Return the headers of an answer with those that every answer has."""
    headers = [*given, *more]
    said = {name for name, _ in headers}
    headers += [each for each in _UNLESS_SAID if each[0] not in said]
    return varying(headers, VARY)


def varying(given: Iterable[Header], on: bytes) -> list[Header]:
    """Return the headers of an answer that depends on more headers of the request."""
    headers, said = [], [on]
    for each in given:
        if each[0] == b"vary":
            said.insert(0, each[1])
        else:
            headers.append(each)
    return [*headers, (b"vary", b", ".join(said))]


def tag_of(body: bytes, version: int | None = None) -> str:
    """Return the ETag of a body as it is sent: another sight or other fields have another.

    That of a record begins with its version, which is what `If-Match` goes by.
    """
    digest = blake2b(body, digest_size=12).hexdigest()
    return f'"{digest}"' if version is None else f'"{version}-{digest}"'


def matches(if_none_match: str | None, tag: str) -> bool:
    """Tell whether a client has what bears a tag already."""
    if if_none_match is None:
        return False
    tags = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return "*" in tags or tag in tags
