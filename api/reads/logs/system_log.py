"""The system log over HTTP: what happened to the program itself, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from adapters.logs.system_log_queries import Wanted, entries
from adapters.refusals import NotPermitted
from api.document.answers import answer
from api.document.operation_answers import SystemLog
from api.kernel.access.visibility import See, Seeing
from api.kernel.reading.cursors import Cursor, page
from api.kernel.reading.read_parameters import JSON, Limit, TheParts, json_response, span
from api.reads.export_routes import add_export
from api.reads.logs.log_export import Entries, File, Format, exported, first_of, moment
from api.reads.spreadsheets import For, check_for
from projections.kernel.visibility.visibility import Subject

router = APIRouter(tags=["system-log"])

FIELDS = ("time", "number", "level", "event", "process", "source", "data")
"""The columns of a file."""

Level = Literal["debug", "info", "warning", "error", "critical"]


@router.get(
    "/system-log",
    operation_id="system-log.list",
    response_class=Response,
    responses=answer("A page, newest first.", SystemLog),
)
async def log(
    request: Request,
    parts: TheParts,
    see: See,
    cursor: Cursor,
    from_: Annotated[str | None, Query(alias="from", max_length=40)] = None,
    to: Annotated[str | None, Query(max_length=40)] = None,
    level: Annotated[Level | None, Query(description="this one or a graver one")] = None,
    event: Annotated[
        str | None,
        Query(max_length=100, description="its name, or how it begins", examples=["job.*"]),
    ] = None,
    process: Annotated[str | None, Query(max_length=100, examples=["api"])] = None,
    text: Annotated[str | None, Query(max_length=200, description="occurs in it")] = None,
    limit: Limit = 50,
    format: Format = "json",
    for_: For = None,
) -> Response:
    """List starts, stops, settings in force, migrations, jobs, errors, sign-ins and alarms.

    `from` and `to` are days or instants, both inclusive. An export has all that is wanted, not a
    page. A name, process or text that no entry has finds nothing. Entries are
    kept for `KEYLINE_SYSTEM_LOG_DAYS` days.
    """
    check_for(for_, format)
    _require_the_whole(see)
    since, until = span(from_, to)
    wanted = Wanted(
        since=since,
        until=until,
        level=level,
        event=event,
        process=process,
        text=text,
    )
    await run_in_threadpool(parts.system_log.settled)

    def found(below: int | None, most: int) -> Entries:
        return entries(parts.system_log.engine, wanted, below, most)

    if format != "json":
        first = await first_of(see, found)
        file = File("system-log", FIELDS, _values, format, for_)
        return await exported(see, found, first, file, request.state.visit)
    after = cursor.after[0] if cursor.after else None
    some = await see.ask(found, after, limit + 1)
    last = [some[limit - 1]["number"]] if len(some) > limit else None
    return json_response(*page(cursor, some[:limit], last))


def _values(found: Entries) -> Iterator[list[Any]]:
    """Yield the values of entries, their data as JSON."""
    for each in found:
        data = orjson.dumps(each["data"], default=str, option=JSON).decode()
        yield [moment(each), *(each[name] for name in FIELDS[1:-1]), data]


add_export(router, "/system-log", log, "system-log.export", "Export the system log")


def _require_the_whole(see: Seeing) -> None:
    """Raise `NotPermitted` unless whoever asks may see what concerns all units."""
    sight = see.need("system-log.read")
    if not sight.whole and not sight.covers(
        Subject(frozenset({see.access.organisation.root or "group"}))
    ):
        raise NotPermitted("The system log is for those with system-log.read at the top unit.")
