"""Parked events: what rows, policies, deadlines and warehouse could not take, and its repair."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from adapters.refusals import UnknownId
from adapters.warehouse.warehouse import Warehouse
from api.document.answers import answer
from api.document.operation_answers import ParkedEvents, Repaired
from api.kernel.access.visibility import See, Seeing
from api.kernel.process import Parts
from api.kernel.reading.forwarding import forward, whole
from api.kernel.reading.read_parameters import TheParts, json_response, known_only
from domain.kernel.types.sensitive import sensitive_fields, without
from projections.kernel.parking_lot import plain
from projections.kernel.rows.projector import Projector
from projections.kernel.warehouse.parking_lot import FACTS, HISTORY
from streams.kernel import due_rows, policy_runner
from streams.kernel.deadline import deadlines
from streams.kernel.deadline_runner import Timekeeping
from streams.kernel.policy import policies
from streams.kernel.policy_runner import Reactions

REASON = "why it was decided, in words: the operation log keeps it"


async def _reasoned(
    reason: Annotated[str | None, Query(max_length=200, description=REASON)] = None,
) -> None:
    """Take a reason, which the operation log has with all that is asked."""


router = APIRouter(tags=["parked"], dependencies=[Depends(known_only)])


@router.get("/parked", operation_id="parked", responses=answer("Each.", ParkedEvents))
async def parked(request: Request, parts: TheParts, see: See) -> Response:
    """List the events that were put aside, with the reason; those behind them wait too.

    Of a deadline that failed, as in `deadline:service-ticket.end-wait`, that is the last event of
    the record; nothing behind it waits.
    `passed_over` has those that an operator has decided to go on without, until a retry. Only those
    of records in sight, by what their rows say so far.
    """
    content = await run_in_threadpool(_parked, parts, see)
    if parts.siblings is not None:
        answer = await forward(parts, request)
        if answer.status_code != HTTPStatus.OK:
            return answer
        for name, found in orjson.loads(await whole(answer)).items():
            content[name] += found
    return json_response(content)


@router.post(
    "/parked/{model}/{stream}/retry",
    operation_id="parked.retry",
    dependencies=[Depends(_reasoned)],
    responses=answer("Done.", Repaired),
)
async def retry(request: Request, parts: TheParts, see: See, model: str, stream: str) -> Response:
    """Apply the parked events of a record again, and those that were passed over.

    What a deadline brings about is tried again, if the record is still due for it.
    What still cannot be applied is parked: a decision to pass it over is taken back.
    """
    return await _repaired(request, parts, model, partial(_retry, parts, see, model, stream))


@router.post(
    "/parked/{model}/{stream}/skip",
    operation_id="parked.skip",
    dependencies=[Depends(_reasoned)],
    responses=answer("Done.", Repaired),
)
async def skip(request: Request, parts: TheParts, see: See, model: str, stream: str) -> Response:
    """Pass over the first parked event of a record, and apply those behind it.

    It is tried first. The decision lasts, also when all is made anew, until a retry takes it back
    or a mended program can apply the event.
    """
    return await _repaired(request, parts, model, partial(_skip, parts, see, model, stream))


def _parked(parts: Parts, see: Seeing) -> dict[str, list[dict[str, Any]]]:
    return {
        "items": list(_seen(parts, see, "parked.read", parts.put_aside())),
        "passed_over": list(_seen(parts, see, "parked.read", parts.passed_over())),
    }


async def _repaired(
    request: Request, parts: Parts, model: str, repair: Callable[[], int]
) -> Response:
    """Have the process repair that keeps what is parked."""
    if parts.siblings is not None and model.startswith((FACTS, HISTORY)):
        return await forward(parts, request)
    return json_response({"parked": await run_in_threadpool(repair)})


def _retry(parts: Parts, see: Seeing, model: str, stream: str) -> int:
    _check(parts, see, model, stream, [*parts.put_aside(), *parts.passed_over()])
    return _place(parts, model).retry(model, stream)


def _skip(parts: Parts, see: Seeing, model: str, stream: str) -> int:
    _check(parts, see, model, stream, parts.put_aside())
    return _place(parts, model).skip(model, stream)


def _place(parts: Parts, model: str) -> Projector | Reactions | Timekeeping | Warehouse:
    """Return who has put the events of this model aside, and can apply them.

    Raises `UnknownId` when that is something which a former program had and this one has not.
    """
    if model.removeprefix(policy_runner.PREFIX) in policies():
        return parts.reactions
    if model.removeprefix(due_rows.PREFIX) in deadlines():
        return parts.timekeeping
    if model in parts.projector.models:
        return parts.projector
    if parts.warehouse is not None and model.startswith((FACTS, HISTORY)):
        return parts.warehouse
    raise UnknownId(f"This program has no {model} that could apply them.")


def _seen(
    parts: Parts, see: Seeing, permission: str, aside: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield those events of records in sight under a permission, without what is masked."""
    sight = see.need(permission)
    found = [{**each, "event": plain(each["event"])} for each in aside]
    streams: dict[str, set[str]] = {}
    for each in found:
        streams.setdefault(each["event"]["type"].partition(".")[0], set()).add(each["stream"])
    hidden: dict[str, frozenset[str]] = {}
    with parts.rows.connect() as connection:
        for kind, ids in streams.items():
            hidden |= see.records(connection, kind, ids, sight)
    for each in found:
        if each["stream"] in hidden:
            event, masked = each["event"], hidden[each["stream"]]
            fields = sensitive_fields(event["type"])
            if masked:  # its words may quote what is masked
                each["error"] = each["error"].partition(":")[0]
            readable = isinstance(event["data"], dict) or not fields
            shown = without(event["data"], fields, masked) if readable else None
            if shown is not None:
                (shown,) = parts.opening.payloads([(each["stream"], event["type"], shown)])
            event["data"] = shown
            yield each


def _check(
    parts: Parts, see: Seeing, model: str, stream: str, aside: Sequence[Mapping[str, Any]]
) -> None:
    seen = _seen(parts, see, "parked.repair", aside)
    if not any((each["model"], each["stream"]) == (model, stream) for each in seen):
        raise UnknownId(f"{model} has no parked events of {stream!r}.")
