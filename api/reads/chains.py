"""Chains: what one request led to across records, from its first cause to its last effects."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from adapters.refusals import UnknownId
from adapters.warehouse.warehouse import Warehouse
from api.document.answers import Chain, answer
from api.kernel.access.visibility import See, Seeing
from api.kernel.process import Parts
from api.kernel.reading.as_of import AtPosition
from api.kernel.reading.cursors import Cursor, page
from api.kernel.reading.forwarding import forward
from api.kernel.reading.read_parameters import MinPosition, TheParts, json_response, reach
from api.reads.event_texts import items, link, told_of
from api.reads.record_names import names_at
from domain.kernel.aggregate import discover
from projections.kernel.history.causal_chain import Link, chain, forest, parents, with_causes

router = APIRouter(tags=["events"])

_TOLD = (
    *(
        "position",
        "time",
        "type",
        "aggregate",
        "stream",
        "record",
        "title",
        "actor",
        "actor_kind",
        "on_behalf_of",
        "on_behalf_kind",
    ),
    *("sentence", "why", "changes", "masked", "sealed"),
)


@router.get(
    "/chains/{command_id:path}", operation_id="chain.read", responses=answer("Trees.", Chain)
)
async def read(
    command_id: Annotated[str, Path(max_length=200, description="of any event in the chain")],
    request: Request,
    parts: TheParts,
    see: See,
    cursor: Cursor,
    when: AtPosition,
    min_position: MinPosition,
    limit: Annotated[int, Query(ge=1, le=1000, description="events of a page at most")] = 200,
) -> Response:
    """Show what a request led to, from its first cause to the last effect.

    Trees: each command with its events, each event with the commands that it caused (`effects`).
    A page has events in the order of their positions, with all that led to them. What is out of
    sight is left out; its effects stand under what led to it. `counts` has the events of each kind
    of record in the whole chain, as far as they are in sight.
    """
    if parts.warehouse is None:
        return await forward(parts, request)
    if cursor.after:
        position: int = cursor.after[0]
    elif when.position is not None:
        position = when.position
    else:
        head = await run_in_threadpool(parts.journal.head)
        position = max(head.position, min_position)
    await reach(parts.loaded, position)
    await reach(parts.visible, position)
    found = await see.ask(_links, parts.warehouse, command_id, position)
    after = cursor.after[1] if cursor.after else 0
    told_of_it = await see.ask(_told, parts, see, found, after, limit, position)
    if told_of_it is None:
        raise UnknownId(f"There is no event of a command {command_id!r}.")
    trees, last, counts = told_of_it
    following = None if last is None else [position, last]
    told = page(cursor, trees, following, counts=counts, position=position)
    return json_response(*told)


def _links(warehouse: Warehouse, command_id: str, position: int) -> dict[int, Link]:
    with warehouse.reader() as cursor:
        return chain(cursor, command_id, position)


def _told(
    parts: Parts, see: Seeing, whole: dict[int, Link], after: int, limit: int, upto: int
) -> tuple[list[dict[str, Any]], int | None, dict[str, int]] | None:
    seen = _in_sight(parts, see, whole)
    if not seen:
        return None
    above = parents(whole, seen)
    behind = [position for position in sorted(seen) if position > after]
    shown = with_causes(behind[:limit], above)
    streams = {whole[position].stream for position in shown}
    found = [each for each in told_of(parts, see, streams, upto) if each.position in shown]
    records = {(each.it.event.aggregate, each.it.event.stream) for each in found}
    titles = names_at(parts, see.sight, upto)(records)
    told: dict[int, dict[str, Any]] = {}
    for item in items(parts, see, found, upto):
        item["record"] = link(item["aggregate"], item["stream"])
        item["title"] = titles(item["aggregate"], item["stream"])
        told[item["position"]] = {name: item[name] for name in _TOLD if name in item}
    counts: dict[str, int] = {}
    for position in seen:
        kind = whole[position].type.partition(".")[0]
        counts[kind] = counts.get(kind, 0) + 1
    last = behind[limit - 1] if len(behind) > limit else None
    return forest(told, whole, above), last, counts


def _in_sight(parts: Parts, see: Seeing, whole: dict[int, Link]) -> set[int]:
    by_kind: dict[str, set[str]] = {}
    for each in whole.values():
        by_kind.setdefault(each.type.partition(".")[0], set()).add(each.stream)
    seen: set[str] = set()
    with parts.rows.connect() as connection:
        for kind, streams in by_kind.items():
            if kind in discover().aggregates:
                sight = see.sight(f"{kind}.read")
                seen.update(see.records(connection, kind, streams, sight))
    return {position for position, each in whole.items() if each.stream in seen}
