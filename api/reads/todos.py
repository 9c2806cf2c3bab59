"""To-dos over HTTP: all that waits for somebody, of every kind, in the order in which it is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from adapters.warehouse.warehouse import Warehouse
from api.document.answers import Todos, answer
from api.kernel.access.visibility import See, Seeing, both
from api.kernel.problems import InvalidParameter
from api.kernel.process import Parts
from api.kernel.reading.as_of import AtMoment, When, present
from api.kernel.reading.as_of_reads import Then, page_then, pinned
from api.kernel.reading.cursors import Cursor, Place, page
from api.kernel.reading.forwarding import forward
from api.kernel.reading.read_parameters import (
    AsOf,
    MinPosition,
    TheParts,
    checked,
    instant_of,
    invalid,
    json_response,
    reach,
)
from api.kernel.reading.told import tell
from api.reads.beside.asked import Expand, refuse_beside
from api.reads.beside.names import expanded, with_names
from api.reads.export_routes import add_export
from api.reads.list_export import Format, sent, written
from api.reads.list_parameters import Count, Rows
from api.reads.meant import coded, refuse_nobodys, refuse_unknown
from api.reads.spreadsheets import For, check_for
from domain.kernel.time.business_day import end_of
from projections.kernel.columns import Day, Instant, Text
from projections.kernel.lists import todo_list
from projections.kernel.lists.list_query import Question
from projections.kernel.lists.listing import Listing, Page
from projections.kernel.lists.todo_list import Days, Source, Turn, some, sources
from projections.kernel.read_model import Row
from projections.kernel.visibility.visibility import Party

router = APIRouter(tags=["todos"])

_TEXTS = ("kind", "id", "command", "text", "customer_id", "unit", "employee")
COLUMNS: dict[str, Any] = {
    **dict.fromkeys(_TEXTS, Text),
    "since": Instant(),
    "due_at": Instant(),
    "overdue": sa.Boolean(),
    "day": Day(),
}
"""What is told of each."""

AT_ONCE = 1000
"""Rows that are fetched at a time for an export."""

Name = Callable[[list[Row]], list[Row]]
"""Gives to-dos with the names that are asked for."""

_NAMED = {"customer_id": "customer", "unit": "unit", "employee": "employee"}

Asked = list[tuple[Source, Question]]


@dataclass(frozen=True)
class Wanted:
    """Whose to-dos are asked for, and which of them."""

    party: Party
    kinds: tuple[str, ...]
    customer: str | None
    overdue: bool | None
    days: Days
    export: bool
    limit: int

    @property
    def employee(self) -> str | None:
        """Whose they are by name."""
        return self.party.on_behalf_of or self.party.employee


@router.get("/me/todos", operation_id="me.todos", responses=answer("A page.", Todos))
async def todos(
    request: Request,
    parts: TheParts,
    see: See,
    cursor: Cursor,
    when: AtMoment,
    min_position: MinPosition,
    as_of: AsOf = None,
    kind: Annotated[
        str | None, Query(max_length=500, description="kinds of records, with commas between")
    ] = None,
    overdue: Annotated[bool | None, Query(description="what is overdue alone, or is not")] = None,
    due_from: Annotated[str | None, Query(max_length=10, description="due then or later")] = None,
    due_to: Annotated[str | None, Query(max_length=10, description="due by its end")] = None,
    customer_id: Annotated[str | None, Query(max_length=36, description="of one customer")] = None,
    employee: Annotated[
        str | None, Query(max_length=64, description="whose, by code; by default your own")
    ] = None,
    _sort: Annotated[
        Literal["due_at"],
        Query(alias="sort", description="what is due first; behind it what has no such day"),
    ] = "due_at",
    limit: Rows = 50,
    count: Count = None,
    expand: Expand = None,
    format: Format = "json",
    for_: For = None,
) -> Response:
    """List what waits for you: what is yours by name, and what you may do where it belongs.

    Each with the record, the `command` by which it is done, since when it waits, and until when
    it is to be done: by the end of its `day`, a day of the business, where it is due at all. On
    behalf of somebody it is theirs; with `employee` it is somebody else's, as far as the records
    are in your sight.
    """
    check_for(for_, format)
    refuse_beside(when.now, format, expand, None)
    if employee is not None:
        (employee,) = coded(see, "employee", [employee])
    refuse_unknown(see, "employee", employee, "employee")
    party = request.state.who.party or Party(None)
    with checked():
        days, named = todo_list.days(due_from, due_to), expanded(_NAMED, expand, COLUMNS)
    wanted = Wanted(
        party=party if employee is None else Party(employee),
        kinds=_kinds(see, kind),
        customer=customer_id,
        overdue=overdue,
        days=days,
        export=format != "json",
        limit=AT_ONCE if format != "json" else limit,
    )
    if cursor.after:  # the pages that follow are of the moment of the first
        with checked():
            moment, position, turn = cursor.after[0], cursor.after[1], cursor.after[2:]
            after, now = todo_list.read(turn), datetime.fromisoformat(moment)
        if position is not None:
            when = When(position, when.valid_at)
    else:
        after, now = None, await run_in_threadpool(_moment, parts, when, as_of)
    with checked():
        asked = _asked(see, wanted, now)
    then: Then | None = None
    if when.now and format == "json":
        await reach(parts.visible, min_position)
    elif parts.warehouse is None:
        return await forward(parts, request)
    else:
        then = await run_in_threadpool(pinned, parts, when)
        await reach(parts.loaded, max(then.position, min_position))
    await _refuse_nobody(parts, see, asked, customer_id, then)
    name = partial(with_names, parts, see, _NAMED, named) if named else list
    if then is None:
        return await see.ask(_now, parts, asked, after, wanted, cursor, now, bool(count), name)
    assert parts.warehouse is not None
    past = _Past(parts, parts.warehouse, then)
    if format != "json":
        return await see.ask(_export, past, asked, now, format, for_)
    return await see.ask(_then, past, asked, after, wanted, cursor, now, bool(count), name)


async def _refuse_nobody(
    parts: Parts, see: Seeing, asked: Asked, customer: str | None, then: Then | None
) -> None:
    """Refuse a customer that is none, and that no row in sight names. Raises `InvalidParameter`."""
    if customer is None:
        return
    refused = invalid("customer_id", "What is asked for goes with no customer.")
    for model in {source.model.name: source.model for source, _ in asked}.values():
        sight = see.sight(f"{model.aggregate}.read")
        try:
            await refuse_nobodys(parts, see, model, {"customer_id": customer}, sight, then)
        except InvalidParameter as refusal:
            refused = refusal
        else:
            return
    raise refused


def _kinds(see: Seeing, kind: str | None) -> tuple[str, ...]:
    """Return the kinds asked for: by default all that whoever asks sees any of."""
    known = tuple(dict.fromkeys(each.model.aggregate for each in sources()))
    if kind is None:
        return tuple(each for each in known if see.sight(f"{each}.read"))
    for each in kind.split(","):
        if each not in known:
            raise invalid("kind", f"{each[:100]!r} is none: it is one of {', '.join(known)}.")
        see.need(f"{each}.read")
    return tuple(kind.split(","))


def _moment(parts: Parts, when: When, as_of: str | None) -> datetime:
    """Return the moment as of which it is told what is overdue."""
    if when.valid_at is not None:
        return end_of(when.valid_at)
    if as_of is not None:
        return instant_of(as_of)
    if when.position is not None:
        return parts.journal.read(when.position - 1, 1)[0].time
    return datetime.now(UTC)


def _asked(see: Seeing, wanted: Wanted, moment: datetime) -> Asked:
    """Return what each list is asked, of those in which there may be something."""
    found: Asked = []
    for source in sources():
        kind = source.model.aggregate
        if kind not in wanted.kinds:
            continue
        sight = see.sight(f"{kind}.read")
        may = see.access.sight(wanted.party, source.todo.command, datetime.now(UTC))
        if source.todo.who is None and source.todo.at is None:
            sight = both(sight, may)
        if wanted.export:
            sight = both(sight, see.need("export.read"))
        told = (wanted.employee, wanted.customer, wanted.overdue, may, wanted.days)
        asked = sight and source.question(sight, wanted.limit, moment, *told)
        if asked:
            found.append((replace(source, language=see.language), asked))
    return found


@dataclass(frozen=True)
class _Past:
    """The lists as they were."""

    parts: Parts
    warehouse: Warehouse
    then: Then

    def page(self, listing: Listing, asked: Question, after: Sequence[Any] | None) -> Page:
        """Return a page."""
        return self._read(listing, asked, after, False)[0]

    def count(self, listing: Listing, asked: Question) -> int:
        """Return the number of rows."""
        return self._read(listing, asked, None, True)[1] or 0

    def _read(
        self, listing: Listing, asked: Question, after: Sequence[Any] | None, count: bool
    ) -> tuple[Page, int | None]:
        position, valid_at = self.then
        opened = self.parts.opening.rows
        return page_then(
            *(self.warehouse, listing, asked, after, position, opened),
            count=count,
            valid_at=valid_at,
        )


def _now(
    parts: Parts,
    asked: Asked,
    after: Turn | None,
    wanted: Wanted,
    cursor: Place,
    moment: datetime,
    count: bool,
    name: Name,
) -> Response:
    with present(parts, *wanted.kinds) as now, checked():

        def ask(listing: Listing, asked: Question, after: Sequence[Any] | None) -> Page:
            return listing.page(now.connection, asked, after, parts.opening.rows)

        found, last = some(asked, after, wanted.limit, ask)
        total = sum(each.listing.count(now.connection, of) for each, of in asked) if count else None
    return _page(cursor, found, last, moment, None, total, now.position, name, dict(now.headers))


def _then(
    past: _Past,
    asked: Asked,
    after: Turn | None,
    wanted: Wanted,
    cursor: Place,
    moment: datetime,
    count: bool,
    name: Name,
) -> Response:
    with checked():
        found, last = some(asked, after, wanted.limit, past.page)
        total = sum(past.count(each.listing, of) for each, of in asked) if count else None
    position = past.then.position
    return _page(cursor, found, last, moment, position, total, position, name, {})


def _page(
    cursor: Place,
    found: list[tuple[Source, Row]],
    last: Turn | None,
    moment: datetime,
    pinned_to: int | None,
    total: int | None,
    position: int,
    name: Name,
    headers: dict[str, str],
) -> Response:
    tell(ids=[row["id"] for _, row in found])
    following = last and [moment.isoformat(), pinned_to, *todo_list.written(last)]
    more = {} if total is None else {"count": total}
    items = name([source.item(row, moment) for source, row in found])
    content, told = page(cursor, items, following, position=position, **more)
    return json_response(content, {**told, **headers})


def _export(past: _Past, asked: Asked, moment: datetime, format: str, for_: str | None) -> Response:
    count = 0

    def found() -> Iterator[list[Row]]:
        nonlocal count
        last: Turn | None = None
        while True:
            part, last = some(asked, last, AT_ONCE, past.page)
            count += len(part)
            yield [source.item(row, moment) for source, row in part]
            if last is None:
                return

    file = written(format, list(COLUMNS), COLUMNS, found(), for_)
    position = past.then.position
    tell(position, count)
    return sent(file, format, f"todos-{position}", position, {})


add_export(router, "/me/todos", todos, "me.todos.export", "Export to-dos")
