"""Events: the feed of all events, as pages or as a stream."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from adapters.identity.stream_tickets import LIFETIME
from adapters.journal.feed import Filter, feed
from adapters.journal.history_queries import position_at
from adapters.refusals import NotPermitted
from api.commands.operation_entries import Tally, Visit
from api.document.answers import EventPage, StreamTicket, answer
from api.kernel.access.tickets import issued
from api.kernel.access.visibility import See, Seeing, Seen
from api.kernel.lasting import last_event
from api.kernel.problems import InvalidParameter, MalformedHeader
from api.kernel.process import Parts
from api.kernel.reading.as_of import AtPosition
from api.kernel.reading.ndjson import NDJSON, line, lines
from api.kernel.reading.read_parameters import (
    TheParts,
    invalid,
    json_response,
    known_only,
    moment_of,
    require_told,
)
from api.kernel.reading.told import tell
from api.reads.logs.event_shown import shown
from api.reads.meant import refuse_no_event, refuse_no_record
from domain.kernel.aggregate import discover

router = APIRouter(tags=["events"])

HEARTBEAT = 15.0
"""Seconds without an event after which a stream shows that it is alive."""

PAGE = 500
"""Events that a stream reads at a time."""

PIECE = 64 * 1024
"""Bytes after which what was read of a stream is sent."""

SSE = "text/event-stream"

_VARY = "Accept"

SINCE = "instead of `after`: a day, meaning its begin where the business is, or an instant"

NAMED = (
    "of a stream: whether each event has its type as `event`; else an `EventSource` hands all to "
    "`onmessage`"
)

TICKET_PARAMETER: dict[str, Any] = {
    "name": "ticket",
    "in": "query",
    "schema": {"type": "string"},
    "description": "instead of credentials, for a stream with these parameters: "
    "`POST /events/tickets` gives one",
}
"""The entrance takes it: a ticket is not for those who are known already."""

_FEED = {SSE: {"schema": {"type": "string"}}, NDJSON: {"schema": {"type": "string"}}}


class Wanted(NamedTuple):
    """Which events are wanted, and behind which position."""

    events: Filter
    after: int


async def _wanted(
    parts: TheParts,
    see: See,
    after: Annotated[int, Query(ge=0, le=2**53, description="the last position already seen")] = 0,
    since: Annotated[str | None, Query(max_length=40, description=SINCE)] = None,
    aggregate: Annotated[str | None, Query(max_length=100, examples=["customer"])] = None,
    stream: Annotated[str | None, Query(max_length=36, description="the id of a record")] = None,
    type: Annotated[
        str | None,
        Query(
            max_length=1000, description="one or more, commas between", examples=["customer.moved"]
        ),
    ] = None,
) -> Wanted:
    """Return what is wanted. Raises a `Refusal` where it cannot be, or may not."""
    if aggregate in discover().aggregates or not see.anything:
        see.need(f"{aggregate}.read")
    await require_told(parts, "after", after)
    wanted = Filter(_known(aggregate), stream, type)
    for each in () if type is None else type.split(","):
        refuse_no_event(each, aggregate)
    if since is not None:
        if after:
            raise invalid("since", "Give either after or since.")
        after = await run_in_threadpool(_before, parts, since)
    if stream is not None and not after:
        await see.ask(refuse_no_record, parts, see, stream, "stream")
    return Wanted(wanted, after)


TheWanted = Annotated[Wanted, Depends(_wanted)]
Most = Annotated[int, Query(ge=1, le=10_000, description="events of a page at most")]


async def _named(named: Annotated[bool, Query(description=NAMED)] = True) -> bool:
    return named


@router.get(
    "/events/page", operation_id="event.list", responses=answer("A page of them.", EventPage)
)
async def events_page(
    parts: TheParts, see: See, when: AtPosition, wanted: TheWanted, limit: Most = 1000
) -> Response:
    """List events in the order in which they were recorded, a page at a time.

    Only those of records that are in sight now; a page may have fewer than asked. As of a moment of
    the past they end there.
    """
    upto = when.position
    items, reached = await see.ask(_items, parts, see, wanted, limit, upto)
    end = parts.appended if see.everything else parts.visible
    over = reached >= (end.position if upto is None else upto)
    content = {"items": items, "next": None if over else reached, "position": reached}
    return json_response(content, {"Position": str(reached)})


@router.get(
    "/events",
    operation_id="events",
    response_class=StreamingResponse,
    responses={200: {"description": "Events.", "content": _FEED}},
    openapi_extra={"parameters": [TICKET_PARAMETER]},
)
async def events(
    request: Request,
    parts: TheParts,
    see: See,
    when: AtPosition,
    wanted: TheWanted,
    named: Annotated[bool, Depends(_named)],
    limit: Most = 1000,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Follow events in the order in which they were recorded.

    One page as NDJSON, whose Link header leads on from it (the last page leads to what is to
    come). Asked for `text/event-stream`: these and all that follow, without end, resumed from
    `Last-Event-ID`; when your credentials end, an event `end` says why by a problem document.
    Only those of records that are in sight now; a page may have fewer than asked.
    As of a moment of the past the feed ends there, and cannot be a stream.
    """
    if SSE in accept:
        if when.position is not None:
            raise invalid("as_of", "A stream goes on to what is to come.")
        start = wanted.after
        if last_event_id is not None:
            start = _position(last_event_id)
            await require_told(parts, "Last-Event-ID", start)
        headers = {"X-Accel-Buffering": "no", "Vary": _VARY}
        tell(start)
        stream_ = _stream(parts, see, start, wanted.events, request.state.visit, named=named)
        return StreamingResponse(stream_, headers=headers, media_type=SSE)
    upto = when.position
    told, reached = await see.ask(_lines, parts, see, wanted, limit, upto)
    query = {"after": reached, "limit": limit, **wanted.events.given()}
    headers = {"Position": str(reached), "Vary": _VARY}
    if upto is None or reached < upto:
        query |= {} if upto is None else {"as_of_position": upto}
        headers["Link"] = f'</events?{urlencode(query)}>; rel="next"'
    return Response(told, media_type=NDJSON, headers=headers)


@router.post(
    "/events/tickets",
    operation_id="event.ticket",
    dependencies=[Depends(known_only), Depends(_wanted), Depends(_named)],
    responses=answer("The ticket, and the address of the stream with it.", StreamTicket),
)
async def ticket(request: Request, parts: TheParts) -> Response:
    """A ticket for one stream of events, for an `EventSource`, which can send no header.

    It opens the stream that these parameters describe, once, within 30 seconds, as far as you see
    it; the stream ends when your credentials do. An `EventSource` that is cut off comes again with
    what is used: ask for another ticket then, `after` the last event.
    """
    query = request.scope["query_string"]
    given = await issued(parts.tickets, dict(request.scope["headers"]), query)
    query += b"&" if query else b""
    url = f"/events?{query.decode('latin-1')}ticket={given}"
    return json_response({"ticket": given, "url": url, "expires_in": LIFETIME})


def _known(aggregate: str | None) -> str | None:
    if aggregate is not None and aggregate not in discover().aggregates:
        detail = f"There is no aggregate {aggregate!r}."
        raise InvalidParameter(detail, [{"parameter": "aggregate", "detail": detail}])
    return aggregate


def _before(parts: Parts, since: str) -> int:
    """Return the last position before an instant or a day."""
    moment = moment_of(since, "since")
    if moment > datetime.now(UTC):
        raise invalid("since", "This is in the future.")
    return position_at(parts.journal, moment - timedelta(microseconds=1))


def _position(last_event_id: str) -> int:
    if not (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 16):
        raise MalformedHeader("Last-Event-ID is the id of an event of this stream.")
    return int(last_event_id)


def _lines(
    parts: Parts, see: Seeing, wanted: Wanted, limit: int, upto: int | None
) -> tuple[bytes, int]:
    """Return a page as NDJSON, and the position to go on from."""
    items, reached = _items(parts, see, wanted, limit, upto)
    return lines(items), reached


def _items(
    parts: Parts, see: Seeing, wanted: Wanted, limit: int, upto: int | None
) -> tuple[list[dict[str, Any]], int]:
    """Return the events of a page, of which the log is told, and the position to go on from."""
    found, reached = _page(parts, see, wanted.after, limit, wanted.events, upto)
    tell(reached, len(found), (event.stream for event, _ in found))
    return [shown(*each) for each in found], reached


def _page(
    parts: Parts, see: Seeing, after: int, limit: int, wanted: Filter, upto: int | None = None
) -> tuple[list[Seen], int]:
    """Return wanted events in sight after a position, and the position to go on from.

    They end at a position, if one is given.

    Where the record belongs is known from its row, so what the rows do not have yet waits.
    """
    found, reached = feed(parts.journal, after, limit, wanted)
    see.again()  # after reading: what was recorded behind a revocation is not shown
    until = upto
    if not see.everything:
        visible = parts.projector.position()
        until = visible if upto is None else min(visible, upto)
    if until is not None:
        found = [event for event in found if event.position <= until]
        reached = max(after, min(reached, until))
    return see.events(found), reached


async def _stream(
    parts: Parts, see: Seeing, after: int, wanted: Filter, visit: Visit, *, named: bool
) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n\n"
    position, told = after, after
    tally = Tally(visit)
    try:
        while not parts.stopping and see.anything:
            pulse = parts.appended if see.everything else parts.visible
            found, position = await see.go_on(_page, parts, see, position, PAGE, wanted)
            tally.add(len(found), position, (event.stream for event, _ in found))
            for piece in _messages(found, named=named):
                yield piece
            told = found[-1][0].position if found else told
            if parts.stopping or position < pulse.position:
                continue
            if not await pulse.reach(position + 1, HEARTBEAT):
                # What was passed over as not wanted is not read again after a break.
                yield b": alive\n\n" if told == position else b"id: %d\n\n" % position
                told = position
    finally:
        tally.note()
    if not parts.stopping:
        yield last_event(NotPermitted("Nothing is left that you may see."))


def _messages(found: Iterable[Seen], *, named: bool) -> Iterator[bytes]:
    """Yield events as a stream has them, many in a piece: before each it is asked who reads."""
    piece = bytearray()
    for event, hidden in found:
        data = line(shown(event, hidden))
        name = b"event: %b\n" % event.type.encode() if named else b""
        piece += b"id: %d\n%bdata: %b\n" % (event.position, name, data)
        if len(piece) > PIECE:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)
