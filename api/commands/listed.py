"""Lists of commands: one JSON array in place of lines, taken apart as it was written."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from adapters.refusals import MalformedBody
from api.kernel.problems import BodyTooLarge

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]')
_OPENING, _CLOSING = b"[{", b"]}"


def is_list(first: bytes) -> bool:
    """Tell whether a body that begins like this is a JSON array, not lines of objects."""
    return first.lstrip()[:1] == b"["


async def whole(first: bytes, rest: AsyncIterator[bytes], limit: int) -> bytes:
    """Return a body of `limit` bytes at most. Raises `BodyTooLarge`."""
    found = bytearray(first)
    async for piece in rest:
        found += piece
        if len(found) > limit:
            break
    if len(found) > limit:
        raise BodyTooLarge(f"A list has {limit} bytes at most; send lines instead.")
    return bytes(found)


def lines(text: bytes) -> list[bytes]:
    """Return the members of a JSON array, each as a line: what is wrong in one is its own fault.

    Raises `MalformedBody` for what is no array.
    """
    depth, start, found = 0, 0, list[bytes]()
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in _OPENING:
            depth += 1
            start = match.end() if depth == 1 else start
        elif token in _CLOSING:
            depth -= 1
        if depth == 0 or (depth == 1 and token == b","):
            found.append(text[start : match.start()])
            start = match.end()
            if depth == 0:
                break
    if depth != 0 or text[start:].strip():
        raise MalformedBody("The list does not end where the body does.")
    if [each for each in found if each.strip()] == []:
        return []
    if not all(each.strip() for each in found):
        raise MalformedBody("Between two commas of the list there is nothing.")
    return [each.replace(b"\n", b" ").replace(b"\r", b" ") for each in found]
