"""Working time over HTTP: how much of it lies between two instants, when so much is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool

from adapters.refusals import UnknownId
from api.document.answers import Due, Worked, answer
from api.kernel.access.visibility import See, Seeing
from api.kernel.process import Parts
from api.kernel.reading.as_of import AtMoment, When, present
from api.kernel.reading.as_of_reads import pinned, row_then
from api.kernel.reading.read_parameters import (
    MinPosition,
    TheParts,
    invalid,
    json_response,
    moment_of,
    reach,
)
from domain.kernel.time.working_time import Clock, NeverDue, clock
from domain.kernel.types.days import NEAR
from projections.kernel.lists.listing import Listing
from projections.kernel.lists.point_in_time import Now
from projections.kernel.visibility.visibility import Sight
from projections.organisation.working_calendars import hours_of, working_calendars

router = APIRouter(tags=["working-calendars"])

LISTING = Listing(working_calendars)
READ = f"{working_calendars.aggregate}.read"

_INSTANT = "an instant with its zone, or the begin of a day"

Instant = Annotated[str, Query(max_length=40, description=_INSTANT)]
Begin = Annotated[str, Query(max_length=40, alias="from", description=_INSTANT)]
Amount = Annotated[float, Query(ge=0, le=20_000, description="working hours")]


@router.get(
    "/working-calendars/{id}/worked",
    operation_id="working-calendar.worked",
    responses=answer("The hours.", Worked),
)
async def worked(
    id: str,
    parts: TheParts,
    see: See,
    when: AtMoment,
    min_position: MinPosition,
    from_: Begin,
    to: Instant,
) -> Response:
    """Tell how many working hours lie between two instants.

    `provisional` is true when a year of them is not announced, so that the week alone counts.
    """
    begin, end = _near(from_, "from"), _near(to, "to")
    if end < begin:
        raise invalid("to", "The end is before the begin.")
    counts, position = await _clock(parts, see, id, when, min_position)
    found = await run_in_threadpool(counts.worked, begin, end)
    hours = found.time / timedelta(hours=1)
    return _answer(position, hours=hours, provisional=found.provisional)


@router.get(
    "/working-calendars/{id}/due",
    operation_id="working-calendar.due",
    responses=answer("The instant.", Due),
)
async def due(
    id: str,
    parts: TheParts,
    see: See,
    when: AtMoment,
    min_position: MinPosition,
    from_: Begin,
    hours: Amount,
) -> Response:
    """Tell the earliest instant at which so many hours are worked since another one.

    `provisional` is true when a year between them is not announced, so that the week alone counts.
    """
    begin = _near(from_, "from")
    counts, position = await _clock(parts, see, id, when, min_position)
    try:
        found = await run_in_threadpool(counts.due, begin, timedelta(hours=hours))
    except NeverDue as never:
        raise invalid("hours", str(never)) from never
    return _answer(position, due_at=found.at, provisional=found.provisional)


def _near(text: str, parameter: str) -> datetime:
    """Return an instant of the twenty years before or after today, for which hours are counted."""
    found = moment_of(text, parameter)
    if abs(found - datetime.now(UTC)) > NEAR:
        raise invalid(parameter, "This is more than twenty years from today.")
    return found


async def _clock(
    parts: Parts, see: Seeing, id: str, when: When, min_position: int
) -> tuple[Clock, int]:
    """Return the clock of a calendar at the moment that is asked for. Raises `UnknownId`."""
    sight = see.need(READ)
    if when.now:
        await reach(parts.visible, min_position)
        row, position = await run_in_threadpool(_now, parts, id, sight)
    else:
        row, position = await see.ask(_then, parts, id, sight, when)
    if row is None:
        raise UnknownId(f"There is no {working_calendars.aggregate} {id!r}.")
    return clock(hours_of(row)), position


def _now(parts: Parts, id: str, sight: Sight) -> tuple[dict[str, Any] | None, int]:
    with present(parts, working_calendars.aggregate) as now:
        return LISTING.one(Now(now.connection), id, sight, parts.opening.rows), now.position


def _then(parts: Parts, id: str, sight: Sight, when: When) -> tuple[dict[str, Any] | None, int]:
    at = pinned(parts, when)
    return row_then(parts, working_calendars, id, at, sight), at.position


def _answer(position: int, **told: Any) -> Response:
    return json_response({**told, "position": position}, {"Position": str(position)})
