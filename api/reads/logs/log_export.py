"""Log export: all wanted entries of a log, newest first, in batches; their number is noted."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from fastapi import Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from api.commands.operation_entries import Tally, Visit
from api.kernel.access.visibility import Seeing
from api.kernel.reading.ndjson import NDJSON, lines
from api.kernel.reading.told import tell
from api.reads.spreadsheets import XLSX, For, Sheet, WrittenFile, csv_head, csv_lines

Entries = list[dict[str, Any]]

More = Callable[[int | None, int], Entries]
"""Finds the entries numbered below a number, the newest by default, so many at most."""

AT_ONCE = 2000
"""Entries that are read at a time."""


_IN_MEMORY = 4_000_000
"""Bytes of a workbook that are held in memory; a larger one goes through a file."""

Format = Literal["json", "csv", "xlsx", "ndjson"]


class File(NamedTuple):
    """A log as a file: how it is called, its columns, the values of entries in them, its form."""

    name: str
    fields: Sequence[str]
    values: Callable[[Entries], Iterator[list[Any]]]
    format: Format
    for_: For


def moment(entry: dict[str, Any]) -> str:
    """Return when an entry was made, as files have it."""
    time: datetime = entry["time"]
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


async def exported(see: Seeing, more: More, first: Entries, file: File, visit: Visit) -> Response:
    """Return all entries as a file, of which the first were found already."""
    name, fields, values, format, for_ = file
    called = f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{called}"'}
    if format == "ndjson":
        written = stream(see, more, first, visit, lines)
        return StreamingResponse(written, headers=headers, media_type=NDJSON)
    if format == "csv":
        head = csv_head(fields, for_)
        written = stream(see, more, first, visit, lambda all_: csv_lines(values(all_), for_), head)
        return StreamingResponse(written, headers=headers, media_type="text/csv")
    # A workbook is whole before its first byte leaves, in a file however large it is.
    rows, content = 0, tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 (closed when read)
    with Sheet(fields) as sheet:
        async for found in batches(see, more, first):
            rows += len(found)
            await run_in_threadpool(sheet.add, values(found))
        await run_in_threadpool(sheet.save, content)
    tell(rows=rows)
    return WrittenFile(content, XLSX, headers)


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
