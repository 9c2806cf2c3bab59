"""Access over HTTP: why somebody may or may not do something, and who could see a record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from adapters.commands.past_ownership import belonging
from adapters.journal.history_queries import position_at
from adapters.logs.record_reads import Page, began, reads_of
from adapters.refusals import UnknownId
from api.document.answers import answer
from api.document.common_parts import refused
from api.document.operation_answers import AccessReason, MyPermissions, ReadsOfRecord, Witnesses
from api.kernel.access.visibility import See, Seeing
from api.kernel.process import Parts
from api.kernel.reading.cursors import Cursor, page
from api.kernel.reading.read_parameters import (
    AsOf,
    Limit,
    TheParts,
    instant_of,
    invalid,
    json_response,
)
from api.reads.meant import refuse_unknown
from domain.permissions.permission import permissions
from projections.kernel.visibility.visibility import Party, Subject
from projections.permissions.access_explanation import grants_of, who, why

router = APIRouter(tags=["access"])

EXPLAIN = "access.explain"

Permission = Annotated[
    str, Query(max_length=100, description="its name", examples=["customer.regrade"])
]
RecordId = Annotated[str | None, Query(max_length=36, description="the id of a record")]


_NO_RECORD = {"responses": refused(404)}


@router.get(
    "/access/why",
    operation_id="access.why",
    openapi_extra=_NO_RECORD,
    responses=answer("Why.", AccessReason),
)
async def explain(
    request: Request,
    parts: TheParts,
    see: See,
    permission: Permission,
    employee: Annotated[
        str | None, Query(max_length=64, description="whose code; by default your own")
    ] = None,
    record: RecordId = None,
    unit: Annotated[str | None, Query(max_length=64, description="the code of a unit")] = None,
) -> Response:
    """Tell by which grant somebody may do something, or what is missing.

    It is about a record, about any record of a unit, or, without either, about whether it is
    allowed anywhere. Everybody may ask about themselves; about others it needs `access.explain`
    where they work.
    """
    party = request.state.who.party or Party(None)
    if employee not in (None, party.employee):
        party = Party(employee)
        _require_explaining(see, party)
    found = await see.ask(_why, parts, see, party, permission, record, unit)
    return json_response(found)


@router.get(
    "/me/permissions",
    operation_id="me.permissions",
    responses=answer("What you may.", MyPermissions),
)
async def mine(request: Request, see: See) -> Response:
    """Tell which grants of yours are in effect, and what they permit somewhere at least."""
    party, now = request.state.who.party or Party(None), datetime.now(UTC)
    return json_response(
        {
            "employee": party.employee,
            "on_behalf_of": party.on_behalf_of,
            "on_behalf_kind": party.on_behalf_of and "person",
            "grants": grants_of(see.access, party, now),
            "permissions": [name for name in permissions() if see.sight(name)],
        }
    )


@router.get(
    "/access/who",
    operation_id="access.who",
    openapi_extra=_NO_RECORD,
    responses=answer("Who.", Witnesses),
)
async def witnesses(
    parts: TheParts,
    see: See,
    record: Annotated[str, Query(max_length=36, description="the id of a record")],
    on: AsOf = None,
    permission: Annotated[
        str | None, Query(max_length=100, description="by default, to see the record")
    ] = None,
) -> Response:
    """Tell who might do something with a record at the end of a day, and by which grants.

    Grants, roles, teams and the organisation count as they were then, and so does where the
    record belonged. It needs `access.explain` where the record is now.
    """
    return json_response(await see.ask(_who, parts, see, record, on, permission))


@router.get(
    "/access/seen",
    operation_id="access.seen",
    openapi_extra=_NO_RECORD,
    responses=answer("A page.", ReadsOfRecord),
)
async def seen(
    parts: TheParts,
    see: See,
    cursor: Cursor,
    record: Annotated[str, Query(max_length=36, description="the id of a record")],
    limit: Limit = 50,
) -> Response:
    """Tell who could have seen a record, by which reads, newest first.

    They are entries of the operation log. `how` says what is known: `direct`, the read asked for
    the record; `listed`, its answer named it; `covered`, its answer (a list, report, feed or export
    of more than a few) may have had it: it was of such records as of a position at which this one
    was there, and whoever asked saw it. What a list was filtered by is not looked at. A page may
    have fewer than asked; without `next` it is the last. It needs `access.explain` where the record
    is now, and `operation.read`, in whose sight the entries are.
    """
    log = see.need("operation.read")
    await parts.notes.settled()
    below = cursor.after[0] if cursor.after else None

    def found() -> Page:
        sight, begin = see.need(EXPLAIN), began(parts.journal, record)
        now = belonging(parts.journal, record, see.access.position)
        if begin is None or now is None or not sight.covers(now.subject):
            raise UnknownId(f"There is no record {record!r}.")
        return reads_of(parts.journal, parts.guard, record, begin, log, below, limit)

    reads = await see.ask(found)
    last = None if reads.reached is None else [reads.reached]
    return json_response(*page(cursor, reads.items, last))


def _why(
    parts: Parts,
    see: Seeing,
    party: Party,
    permission: str,
    record: str | None,
    unit: str | None,
) -> dict[str, Any]:
    _known(permission)
    if record is not None and unit is not None:
        raise invalid("unit", "Ask about a record or about a unit.")
    refuse_unknown(see, "unit", unit, "unit")
    subject = None if unit is None else Subject(frozenset({unit}))
    if record is not None:
        subject = _subject(parts, see, record, f"There is no record {record!r}.")
    reason = why(see.access, party, permission, subject, datetime.now(UTC))
    return {"employee": party.employee, "permission": permission, **reason._asdict()}


def _who(
    parts: Parts, see: Seeing, record: str, on: str | None, permission: str | None
) -> dict[str, Any]:
    sight = see.need(EXPLAIN)
    moment = datetime.now(UTC) if on is None else instant_of(on, "on")
    position = position_at(parts.journal, moment)
    now = belonging(parts.journal, record, see.access.position)
    then = belonging(parts.journal, record, position)
    if now is None or then is None or not sight.covers(now.subject):
        raise UnknownId(f"There is no record {record!r}.")
    wanted = permission or f"{then.kind}.read"
    _known(wanted)
    found = who(parts.guard.at(position), wanted, then.subject, moment)
    return {
        "permission": wanted,
        "at": moment,
        "position": position,
        "items": [each._asdict() for each in found],
    }


def _require_explaining(see: Seeing, party: Party) -> None:
    """Require that whoever asks may have things explained where an employee works."""
    sight = see.need(EXPLAIN)
    found = see.access.employee(party.employee or "")
    if found is not None:
        about = Subject(frozenset({found["unit"]}), frozenset({found["code"]}))
        if sight.covers(about):
            return
    raise UnknownId(f"There is no employee {party.employee!r}.")


def _subject(parts: Parts, see: Seeing, record: str, detail: str) -> Subject:
    """Return where a record belongs that whoever asks sees, or may explain."""
    found = belonging(parts.journal, record, see.access.position)
    if found is not None:
        for permission in (f"{found.kind}.read", EXPLAIN):
            if see.sight(permission).covers(found.subject):
                return found.subject
    raise UnknownId(detail)


def _known(permission: str) -> None:
    if permission not in permissions():
        raise invalid("permission", f"There is no permission {permission!r}.")
