"""Log export: all wanted entries of a log, newest first, in batches; their number is noted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from api.commands.operation_entries import Tally, Visit
from api.kernel.access.visibility import Seeing
from api.kernel.reading.told import tell

Entries = list[dict[str, Any]]

More = Callable[[int | None, int], Entries]
"""Finds the entries numbered below a number, the newest by default, so many at most."""

AT_ONCE = 2000
"""Entries that are read at a time."""


async def batches(see: Seeing, more: More, first: Entries) -> AsyncIterator[Entries]:
    """Yield all entries, of which the first `AT_ONCE` were found already."""
    found = first
    while found:
        yield found
        found = [] if len(found) < AT_ONCE else await _next(see, more, found[-1]["number"])


async def first_of(see: Seeing, more: More) -> Entries:
    """Return the newest entries, as many as are read at a time."""
    return await _next(see, more, None)


def stream(
    see: Seeing,
    more: More,
    first: Entries,
    visit: Visit,
    write: Callable[[Entries], bytes],
    head: bytes = b"",
) -> AsyncIterator[bytes]:
    """Return all entries as bytes behind a head.

    How many they are is noted with the request when they are few, else as they are told.
    """
    if len(first) == AT_ONCE:
        return _tallied(batches(see, more, first), Tally(visit), write, head)
    tell(rows=len(first))
    return _whole(head + write(first))


async def _tallied(
    found: AsyncIterator[Entries], tally: Tally, write: Callable[[Entries], bytes], head: bytes
) -> AsyncIterator[bytes]:
    try:
        yield head
        async for each in found:
            tally.add(len(each))
            yield write(each)
    finally:
        tally.note()


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _next(see: Seeing, more: More, below: int | None) -> Entries:
    return await see.go_on(more, below, AT_ONCE)
