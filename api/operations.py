"""The operation log: every attempt to command and every sensitive read, newest first."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from adapters.operation_log import FIELDS, Wanted, entries
from api.cursors import LOG_PAGE, Cursor, page
from api.lines import escaped, lines
from api.parts import Parts
from api.reading import Limit, TheParts, json_response, moment_of
from api.seeing import See, Seeing
from domain.actors import ActorKind
from projections.sight import Sight

router = APIRouter(tags=["operation"])

AT_ONCE = 2000
"""Entries that an export reads at a time."""


_LINES = {"schema": {"type": "string"}}


@router.get(
    "/operations",
    operation_id="operation.list",
    response_class=Response,
    responses={
        200: {
            "description": "Entries, newest first.",
            "content": {
                "application/json": {"schema": LOG_PAGE},
                "application/x-ndjson": _LINES,
                "text/csv": _LINES,
            },
        }
    },
)
async def log(
    parts: TheParts,
    see: See,
    cursor: Cursor,
    person: Annotated[str | None, Query(max_length=200, description="acted or acted for")] = None,
    actor: Annotated[str | None, Query(max_length=200, description="acted")] = None,
    actor_kind: Annotated[ActorKind | None, Query(description="what whoever acted is")] = None,
    target: Annotated[str | None, Query(max_length=36, description="the id of a record")] = None,
    unit: Annotated[str | None, Query(max_length=64)] = None,
    unit_under: Annotated[
        str | None, Query(max_length=64, description="the unit, or one below it")
    ] = None,
    command: Annotated[
        str | None, Query(max_length=100, examples=["customer.regrade", "customer.read"])
    ] = None,
    kind: Literal["command", "read"] | None = None,
    accepted: bool | None = None,
    refusal: Annotated[str | None, Query(max_length=100, examples=["parent-cycle"])] = None,
    trace: Annotated[str | None, Query(max_length=64)] = None,
    from_: Annotated[str | None, Query(alias="from", max_length=40)] = None,
    to: Annotated[str | None, Query(max_length=40)] = None,
    limit: Limit = 50,
    format: Literal["json", "ndjson", "csv"] = "json",
) -> Response:
    """List attempts to command and reads: who, what, which record, from where, how it ended.

    `from` and `to` are days or instants, both inclusive. As `ndjson` or `csv` it is an export of
    all that is wanted, not of a page. `times` tells how many attempts that were refused alike an
    entry stands for.
    """
    sight = see.need("operation.read")
    units = None if unit is None else frozenset({unit})
    if unit_under is not None and (below := see.under(unit_under)) is not None:
        units = below if units is None else units & below
    wanted = Wanted(
        person=person,
        actor=actor,
        actor_kind=actor_kind,
        target=target,
        units=units,
        command=command,
        kind=kind,
        accepted=accepted,
        refusal=refusal,
        trace=trace,
        since=None if from_ is None else moment_of(from_, "from", time.min),
        until=None if to is None else moment_of(to, "to", time.max),
    )
    await parts.notes.settled()  # what was asked before this is in it
    if format != "json":
        return _export(parts, see, wanted, sight, format)
    after = cursor.after[0] if cursor.after else None
    found = await see.ask(entries, parts.journal, wanted, sight, after, limit + 1, parts.patience)
    last = [found[limit - 1]["number"]] if len(found) > limit else None
    return json_response(*page(cursor, found[:limit], last))


def _export(
    parts: Parts, see: Seeing, wanted: Wanted, sight: Sight, format: Literal["ndjson", "csv"]
) -> Response:
    media_type = "text/csv" if format == "csv" else "application/x-ndjson"
    name = f"operations-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    write = _csv if format == "csv" else _ndjson

    async def lines() -> AsyncIterator[bytes]:
        if format == "csv":
            yield ",".join(FIELDS).encode() + b"\r\n"
        below: int | None = None
        while True:
            found = await see.go_on(entries, parts.journal, wanted, sight, below, AT_ONCE)
            if not found:
                return
            yield write(found)
            below = found[-1]["number"]

    return StreamingResponse(lines(), headers=headers, media_type=media_type)


def _ndjson(found: Iterable[dict[str, Any]]) -> bytes:
    return lines(found)


def _csv(found: Iterable[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, extrasaction="ignore")
    for each in found:
        when = each["time"].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        accepted = "true" if each["accepted"] else "false"
        writer.writerow(each | {"time": when, "accepted": accepted})
    return escaped(text.getvalue().encode())
