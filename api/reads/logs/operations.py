"""The operation log: every attempt to command and every sensitive read, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from adapters.logs.operation_log import FIELDS, Wanted, entries
from api.document.answers import answer
from api.document.operation_answers import Operations
from api.kernel.access.visibility import See
from api.kernel.problems import book
from api.kernel.reading.cursors import Cursor, page
from api.kernel.reading.read_parameters import Limit, TheParts, invalid, json_response, span
from api.reads.export_routes import add_export
from api.reads.logs.log_export import Entries, File, Format, exported, first_of, moment
from api.reads.meant import refuse_no_command, refuse_no_record, refuse_nobody, refuse_unknown
from api.reads.spreadsheets import For, check_for
from domain.kernel.actors import ActorKind

router = APIRouter(tags=["operations"])

_TRACE = r"^([0-9a-f]{32}|import/[^/]*/[0-9]+)$"
"""The traces that there are: of requests, and of lines of files."""


@router.get(
    "/operations",
    operation_id="operation.list",
    response_class=Response,
    responses=answer("A page, newest first.", Operations),
)
async def log(
    request: Request,
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
    trace: Annotated[
        str | None,
        Query(max_length=64, pattern=_TRACE, description="as answers tell it; it may find nothing"),
    ] = None,
    from_: Annotated[str | None, Query(alias="from", max_length=40)] = None,
    to: Annotated[str | None, Query(max_length=40)] = None,
    limit: Limit = 50,
    format: Format = "json",
    for_: For = None,
) -> Response:
    """List attempts to command and reads: who, what, which record, from where, how it ended.

    `from` and `to` are days or instants, both inclusive. As `ndjson`, `csv` or `xlsx` it is an
    export of all that is wanted, not of a page. `times` tells how many attempts that were refused
    alike an entry stands for. Where nothing is found, who, what or which record is asked for and
    is nobody, nothing or no record in sight is refused.
    """
    check_for(for_, format)
    sight = see.need("operation.read")
    since, until = span(from_, to)
    refuse_unknown(see, "unit", unit, "unit")
    refuse_unknown(see, "unit", unit_under, "unit_under")
    if refusal is not None and refusal not in book():
        raise invalid("refusal", f"No problem is called {refusal!r}; GET /problems lists all.")
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
        since=since,
        until=until,
    )
    await parts.notes.settled()  # what was asked before this is in it

    # What is exported goes on for as long as it is taken.
    patience = parts.patience if format == "json" else None

    def found(below: int | None, most: int) -> Entries:
        return entries(parts.journal, wanted, sight, below, most, patience)

    def refuse_nobodys() -> None:
        refuse_nobody(see, {"person": person, "actor": actor})
        refuse_no_command(command)
        if target is not None:
            refuse_no_record(parts, see, target, "target")

    if format != "json":
        first = await first_of(see, found)
        if not first:
            await see.ask(refuse_nobodys)
        file = File("operations", FIELDS, _values, format, for_)
        return await exported(see, found, first, file, request.state.visit)
    after = cursor.after[0] if cursor.after else None
    some = await see.ask(found, after, limit + 1)
    if not some and after is None:
        await see.ask(refuse_nobodys)
    last = [some[limit - 1]["number"]] if len(some) > limit else None
    return json_response(*page(cursor, some[:limit], last))


def _values(found: Entries) -> Iterator[list[Any]]:
    for each in found:
        accepted = "true" if each["accepted"] else "false"
        row = each | {"time": moment(each), "accepted": accepted}
        yield [row.get(name) for name in FIELDS]


add_export(router, "/operations", log, "operation.export", "Export the operation log")
