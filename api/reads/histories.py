"""Histories: every event of a record as people read it: what it changed, why, and the cause."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from adapters.refusals import UnknownId
from api.document.answers import History, answer
from api.kernel.access.visibility import See
from api.kernel.reading.as_of import AtPosition
from api.kernel.reading.cursors import Cursor, page
from api.kernel.reading.read_parameters import (
    Limit,
    MinPosition,
    TheParts,
    json_response,
    reach,
    span,
)
from api.reads.event_texts import Told, happenings, items
from api.reads.meant import refuse_no_event, refuse_no_field, refuse_nobody
from domain.kernel.actors import ActorKind
from domain.kernel.aggregate import Aggregate, Recorded, discover
from projections.kernel.history.changes import concerns

router = APIRouter()

FIELD = "a field that it changed, as in `grade`, or one within another, as in `phone`"
Order = Literal["position", "-position"]
DAY = "a day or an instant, inclusive, of the recording"


def _history(aggregate: type[Aggregate]) -> Callable[..., Any]:
    kind = aggregate.kind

    async def history(
        id: str,
        parts: TheParts,
        see: See,
        cursor: Cursor,
        when: AtPosition,
        min_position: MinPosition,
        from_: Annotated[str | None, Query(alias="from", max_length=40, description=DAY)] = None,
        to: Annotated[str | None, Query(max_length=40, description=DAY)] = None,
        type: Annotated[str | None, Query(max_length=100, examples=["customer.regraded"])] = None,
        actor: Annotated[str | None, Query(max_length=200, description="did it or had it")] = None,
        actor_kind: Annotated[ActorKind | None, Query(description="what the actor is")] = None,
        field: Annotated[str | None, Query(max_length=200, description=FIELD)] = None,
        sort: Annotated[Order, Query(description="oldest first, or newest first")] = "position",
        limit: Limit = 200,
    ) -> Response:
        partial = not see.need(f"{kind}.read").everything
        await reach(parts.visible if partial else parts.appended, min_position)
        since, until = span(from_, to)
        if type is not None:
            refuse_no_event(type if type.startswith(f"{kind}.") else f"{kind}.{type}", kind)
        # The pages that follow are of the position of the first.
        upto, last = cursor.after or (when.position, 0)
        newest = sort == "-position"

        def wanted(told: Told) -> bool:
            event = told.it.event
            return (
                (not last or (event.position < last if newest else event.position > last))
                and _within(event.time, since, until)
                and type in (None, event.type, event.type.partition(".")[2])
                and _by(event, actor, actor_kind)
                and (field is None or any(concerns(each, field) for each in told.it.changes))
            )

        def found() -> tuple[list[dict[str, Any]], int, int] | None:
            position = upto or parts.journal.head().position
            events = parts.journal.history(id, position)
            if not events or events[0].aggregate != kind:
                return None
            told = list(happenings(see.events(events)))
            if not told:
                return None
            chosen = [each for each in (reversed(told) if newest else told) if wanted(each)]
            return items(parts, see, chosen[:limit], position), len(chosen), position

        answered = await see.ask(found)
        if answered is not None and not answered[0] and not last:
            refuse_nobody(see, {"actor": actor})
            refuse_no_field(kind, field)
        if answered is None:
            raise UnknownId(f"There is no {kind} {id!r}{' then' * (not when.now)}.")
        told, count, position = answered
        following = [position, told[-1]["position"]] if count > limit else None
        return json_response(*page(cursor, told, following, position=position))

    return history


def _by(event: Recorded, actor: str | None, kind: ActorKind | None) -> bool:
    """Tell whether an actor of a kind, as far as they are given, did something or had it done."""
    return any(
        who is not None and actor in (None, who.id) and kind in (None, who.kind)
        for who in (event.who, event.behalf)
    )


def _within(moment: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or moment >= since) and (until is None or moment <= until)


_EVENTS = """A page of the events of the record, in the order asked for: what, when, who, for whom,
from which unit, by which command. Each says it in a `sentence`, tells which fields it changed and
of which days (`changes`; no `valid_to` as long as nothing else is known: a late fact changes the
days until others hold), the reason that was stated (`why`), and what caused it (`because`), if
something else did."""

for each in discover().aggregates.values():
    router.add_api_route(
        f"/{each.plural}/{{id}}/history",
        _history(each),
        summary=f"The history of a {each.kind}",
        operation_id=f"{each.kind}.history",
        responses=answer(_EVENTS, History),
        tags=[each.plural],
    )
