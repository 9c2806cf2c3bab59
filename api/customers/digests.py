"""Digests: what changed with a customer and all that hangs on it between two moments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from adapters.journal.history_queries import position_at
from adapters.refusals import UnknownId
from adapters.warehouse.warehouse import Warehouse
from api.document.answers import Digest, answer
from api.kernel.access.visibility import See, Seeing
from api.kernel.process import Parts
from api.kernel.reading.cursors import Cursor, page
from api.kernel.reading.forwarding import forward
from api.kernel.reading.read_parameters import (
    AHEAD,
    MinPosition,
    TheParts,
    invalid,
    json_response,
    moment_of,
    reach,
    require_told,
)
from api.reads.event_texts import Told, items, link, told_of
from domain.kernel.time.business_day import end_of, recorded_day
from projections.customers.customer_digest import Hierarchy, Touched
from projections.kernel.history.changes import changes
from projections.kernel.read_model import read_models

router = APIRouter(tags=["customers"])

SENTENCES = 50
"""Sentences about one record; `history` leads to the others."""

_AN_INSTANT = timedelta(microseconds=1)
_BEGIN = "a day (from its begin) or an instant; the changes recorded since then"
_END = "a day (to its end) or an instant; by default now"
_SINCE = "instead of `from`: the changes behind this position"
_UNTIL = "instead of `to`: up to this position"
_WHO = ("actor", "actor_kind", "on_behalf_of", "on_behalf_kind")
_SAID = ("position", "time", "type", *_WHO, "sentence", "why", "because")

Moment = Annotated[str | None, Query(max_length=40)]
Position = Annotated[int | None, Query(ge=0, le=2**53)]


@router.get(
    "/customers/{id}/digest",
    operation_id="customer.digest",
    responses=answer("A page of what changed.", Digest),
)
async def digest(
    id: str,
    request: Request,
    parts: TheParts,
    see: See,
    cursor: Cursor,
    min_position: MinPosition,
    from_: Annotated[Moment, Query(alias="from", description=_BEGIN)] = None,
    to: Annotated[Moment, Query(description=_END)] = None,
    from_position: Annotated[Position, Query(description=_SINCE)] = None,
    to_position: Annotated[Position, Query(description=_UNTIL)] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="records of a page at most")] = 50,
) -> Response:
    """Tell what changed with a customer and its hierarchy between two moments.

    The customer, those below it, their opportunities, tickets and teams, and the campaigns in
    which one of them is a target, as they were at either moment. The moments are those of the
    recording, not the days of the business that it was about. For each record: whether it
    `began` or `ended`, the net `changes` field by field, and the `sentences` of what happened.
    `counts` has how many records of each kind began, ended or changed in the whole hierarchy, and
    how many contacts were added (began) and removed (ended).
    """
    see.need("customer.read")
    if parts.warehouse is None:
        return await forward(parts, request)
    await require_told(parts, "from_position", from_position or 0)
    await require_told(parts, "to_position", to_position or 0)
    if cursor.after:
        since, until, place = cursor.after
    else:
        since, until = await run_in_threadpool(
            _positions, parts, from_, to, from_position, to_position
        )
        place = 0
    await reach(parts.loaded, max(until, min_position))
    await reach(parts.visible, max(until, min_position))
    found = await see.ask(_found, parts, parts.warehouse, see, id, since, until)
    if found is None:
        await see.ask(_refuse_too_early, parts, see, id, until)
        raise UnknownId(f"There is no customer {id!r}.")
    touched, counts = found
    part = touched[place : place + limit]
    told = await see.ask(_records, parts, see, part, since, until)
    following = [since, until, place + limit] if len(touched) > place + limit else None
    bounds = {"from_position": since, "to_position": until}
    return json_response(*page(cursor, told, following, counts=counts, **bounds, position=until))


def _refuse_too_early(parts: Parts, see: Seeing, id_: str, until: int) -> None:
    """Refuse an end before anything was recorded of a customer in sight, in words.

    A digest tells what was recorded, whatever days of the business it was about.
    """
    first = see.events(parts.journal.history(id_)[:1])
    if first and first[0][0].aggregate == "customer" and first[0][0].position > until:
        day = recorded_day(first[0][0].time)
        raise invalid(
            "to",
            "A digest goes by when things were recorded, and nothing had been recorded of this "
            f"customer by then: that began on {day}. What held on earlier days is told by "
            "GET /customers/{id}?valid_at= and by its history.",
        )


def _positions(
    parts: Parts, from_: str | None, to: str | None, since: int | None, until: int | None
) -> tuple[int, int]:
    """Return the positions between which the changes lie. Raises `InvalidParameter`."""
    if (from_ is None) == (since is None):
        raise invalid("from", "Give either from or from_position.")
    if to is not None and until is not None:
        raise invalid("to", "Give either to or to_position.")
    if from_ is not None:
        since = position_at(parts.journal, moment_of(from_, "from") - _AN_INSTANT)
    if to is not None:
        until = position_at(parts.journal, moment_of(to, "to", end_of))
    until = parts.journal.head().position if until is None else until
    for name, moment in (("from", from_), ("to", to)):
        if moment is not None and moment_of(moment, name) > datetime.now(UTC) + AHEAD:
            raise invalid(name, "This is in the future.")
    backwards = from_ and to and moment_of(from_, "from") > moment_of(to, "to", end_of)
    if since is None or since > until or backwards:
        raise invalid("to" if to else "to_position", "The end is before the begin.")
    return since, until


def _found(
    parts: Parts, warehouse: Warehouse, see: Seeing, id_: str, since: int, until: int
) -> tuple[list[Touched], dict[str, dict[str, int]]] | None:
    """Return the records in sight that changed, the customer first, and how many did what."""
    with warehouse.reader() as cursor:
        hierarchy = Hierarchy(cursor, id_, since, until)
        touched = list(hierarchy.touched())
        seen: dict[str, set[str]] = {}
        with parts.rows.connect() as connection:
            ids = {"customer": set(hierarchy.family)}
            for each in touched:
                ids.setdefault(each.kind, set()).add(each.id)
            for kind, some in ids.items():
                sight = see.sight(f"{kind}.read")
                seen[kind] = set(see.records(connection, kind, some, sight))
        if id_ not in seen["customer"]:
            return None
        counts = {"contacts": hierarchy.contacts(seen["customer"])}
    visible = [each for each in touched if each.id in seen[each.kind]]
    for each in visible:
        count = counts.setdefault(each.kind, {"began": 0, "ended": 0, "changed": 0})
        count["changed"] += 1
        count["began"] += each.began
        count["ended"] += each.ended
    return sorted(visible, key=lambda each: each.id != id_), counts


def _records(
    parts: Parts, see: Seeing, touched: Sequence[Touched], since: int, until: int
) -> list[dict[str, Any]]:
    histories: dict[str, list[Told]] = {}
    for each in told_of(parts, see, {each.id for each in touched}, until):
        histories.setdefault(each.it.event.stream, []).append(each)
    lately = {
        id_: [each for each in history if each.position > since]
        for id_, history in histories.items()
    }
    told = items(parts, see, [each for some in lately.values() for each in some[:SENTENCES]], until)
    said: dict[str, list[dict[str, Any]]] = {}
    for item in told:
        said.setdefault(item["stream"], []).append({name: item[name] for name in _SAID})
    return [
        {
            **asdict(each),
            "record": link(each.kind, each.id),
            "changes": [
                {"field": field, "before": before, "after": after}
                for field, before, after, *_ in _net(each.kind, histories[each.id], since)
            ],
            "events": len(lately[each.id]),
            "sentences": said.get(each.id, []),
            "history": f"{link(each.kind, each.id)}/history",
        }
        for each in touched
        if each.id in histories
    ]


def _net(kind: str, history: Sequence[Told], since: int) -> Iterable[Any]:
    """Return what differs between a record's state at a position and its last one."""
    model = next(each for each in read_models().values() if each.aggregate == kind)
    before: Mapping[str, Any] = {}
    for each in history:
        if each.position <= since:
            before = each.known
    return changes(model, before, history[-1].known)
