"""Late entries: why figures about the past are not what they were when they were reported."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from adapters.journal.feed import Filter, feed
from adapters.journal.history_queries import histories, position_at
from api.document.answers import LateEntries, answer
from api.kernel.access.visibility import See, Seeing
from api.kernel.problems import InvalidParameter
from api.kernel.process import Parts
from api.kernel.reading.as_of import AtPosition
from api.kernel.reading.cursors import Cursor, page
from api.kernel.reading.read_parameters import (
    Day,
    Limit,
    MinPosition,
    TheParts,
    instant_of,
    invalid,
    json_response,
    reach,
    require_told,
)
from api.reads.logs.event_shown import shown
from domain.kernel.aggregate import discover
from projections.kernel.reports.late_entries import late_entries

router = APIRouter(tags=["events"])

_SINCE = "what was known then: the position of an answer, an instant with its zone, or a day"


@router.get(
    "/late-entries", operation_id="late-entries", responses=answer("A page of them.", LateEntries)
)
async def late(
    parts: TheParts,
    see: See,
    cursor: Cursor,
    when: AtPosition,
    min_position: MinPosition,
    valid_at: Annotated[Day, Query(description="the day of the business that is in question")],
    since: Annotated[str, Query(max_length=40, description=_SINCE, examples=["2026-03-31"])],
    aggregate: Annotated[str | None, Query(max_length=100, examples=["customer"])] = None,
    limit: Limit = 200,
) -> Response:
    """What was recorded after `since` and holds as of `valid_at` or earlier, oldest first.

    It is the whole difference between a list or report for that day as reported then, and as it
    is known now: no other record can differ. Each event comes with its effective day and the link
    to its record; `position` is how far the journal had come at the first page. Only those of
    records that are in sight now; a page may have fewer than asked.
    """
    kinds = discover().aggregates
    if aggregate is not None and aggregate not in kinds:
        detail = f"There is no aggregate {aggregate!r}."
        raise InvalidParameter(detail, [{"parameter": "aggregate", "detail": detail}])
    if aggregate is not None or not see.anything:
        see.need(f"{aggregate}.read")
    known = since.isascii() and since.isdecimal()
    await require_told(parts, "since", int(since) if known else 0)
    await reach(parts.visible, max(min_position, when.position or 0))

    def found() -> tuple[list[dict[str, Any]], int, int]:
        if cursor.after:
            after, upto = cursor.after
        else:
            after = int(since) if known else position_at(parts.journal, instant_of(since, "since"))
            upto = when.position or parts.projector.position()
            if when.position is not None and after > upto:
                raise invalid("since", "This is after what was known then.")
        return _late(parts, see, valid_at, after, upto, limit, Filter(aggregate))

    items, reached, upto = await see.ask(found)
    following = [reached, upto] if reached < upto else None
    return json_response(*page(cursor, items, following, position=upto))


def _late(
    parts: Parts, see: Seeing, valid_at: date, after: int, upto: int, limit: int, wanted: Filter
) -> tuple[list[dict[str, Any]], int, int]:
    """Return late entries after a position, how far was looked, and how far there is to look."""
    events, reached = feed(parts.journal, after, limit, wanted)
    recent = {each.position for each in events if each.position <= upto}
    streams = {each.stream for each in events if each.position <= upto}
    days = {
        event.position: (day, event)
        for history in histories(parts.journal, streams, upto).values()
        for day, event in late_entries(history, after, valid_at)
        if event.position in recent
    }
    kinds = discover().aggregates
    seen = see.events(days[position][1] for position in sorted(days))
    items = [
        {
            **shown(event, hidden),
            "effective": days[event.position][0],
            "record": f"/{kinds[event.aggregate].plural}/{event.stream}",
        }
        for event, hidden in seen
    ]
    return items, upto if reached <= after else min(reached, upto), upto
