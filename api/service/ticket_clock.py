"""The clock of a ticket over HTTP: each span with its working time, and what moved what is due."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool

from api.document.answers import answer
from api.document.service_answers import ServiceClock
from api.kernel.access.visibility import See
from api.kernel.reading.as_of import AtMoment, reckoned_at
from api.kernel.reading.read_parameters import MinPosition, TheParts, json_response
from api.kernel.reading.record_then import record_then
from domain.kernel.aggregate import Recorded
from domain.kernel.time.working_time import clock
from domain.service.service_terms import Target, Terms
from domain.service.ticket_clock import Run, Span, TicketClock
from projections.kernel.read_model import Row
from projections.service.due_changes import due_changes
from projections.service.service_tickets import service_tickets
from projections.service.ticket_figures import clock_of, terms_of

router = APIRouter(tags=["service-tickets"])

A_SECOND = timedelta(seconds=1)


@router.get(
    "/service-tickets/{id}/clock",
    operation_id="service-ticket.clock",
    responses=answer("The clock.", ServiceClock),
)
async def ticket_clock(
    id: str, parts: TheParts, see: See, when: AtMoment, min_position: MinPosition
) -> Response:
    """Tell when the clock of a ticket ran and stood still, and what that makes of its targets.

    The working seconds of the spans add up to what was worked and paused, up to the moment that is
    asked for. Each change of a due instant has the event that caused it.
    """
    row, then = await record_then(
        parts, see, service_tickets, id, when, parts.visible, min_position
    )
    at = await run_in_threadpool(reckoned_at, parts, when)
    history = await run_in_threadpool(parts.journal.history, id, then.position)
    told = _told(row, history, at.replace(microsecond=0)) | {"position": then.position}
    return json_response(told, {"Position": str(then.position)})


def _told(row: Row, history: Sequence[Recorded], at: datetime) -> dict[str, Any]:
    ticket = clock_of(row)
    terms = None if row["terms"] is None else terms_of(row["terms"])
    spans = list(_spans(ticket, terms, at))
    worked, paused = (
        sum(each["seconds"] for each in spans if each["run"] is run)
        for run in (Run.RUNNING, Run.WAITING)
    )
    return {
        "id": row["id"],
        "at": at,
        "priority": row["priority"],
        "worked_seconds": worked,
        "paused_seconds": paused,
        "response": terms and _response(row, ticket, terms, at),
        "resolution": terms and _target(terms.resolution, worked, row, "resolution"),
        "provisional": row["provisional"],
        "spans": spans,
        "changes": [
            {"position": event.position, "time": event.time, "type": event.type, **dues}
            for event, dues in due_changes(history)
        ],
    }


def _spans(ticket: TicketClock, terms: Terms | None, at: datetime) -> Iterator[dict[str, Any]]:
    """Yield each span with its seconds, of the last one up to a moment."""
    counts = terms and clock(terms.hours(terms.resolution.calendar))
    for span in ticket.spans:
        begin, end = _within(span, at)
        wall = end - begin
        worked = counts.worked(begin, end).time if counts else wall
        told = {"seconds": worked // A_SECOND, "wall_seconds": wall // A_SECOND}
        yield span._asdict() | told


def _within(span: Span, at: datetime) -> tuple[datetime, datetime]:
    return span.begin, span.end or max(span.begin, at)


def _response(row: Row, ticket: TicketClock, terms: Terms, at: datetime) -> dict[str, Any]:
    counts = clock(terms.hours(terms.response.calendar))
    used = counts.worked(ticket.opened_at, ticket.responded_at or max(ticket.opened_at, at)).time
    return _target(terms.response, used // A_SECOND, row, "response")


def _target(target: Target, used: int, row: Row, of: str) -> dict[str, Any]:
    return {
        "target_seconds": target.seconds,
        "calendar": target.calendar,
        "used_seconds": used,
        "used_percent": round(100 * used / target.seconds, 1),
        "due_at": row[f"{of}_due_at"],
        "met": row[f"{of}_met"],
    }
