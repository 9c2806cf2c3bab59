"""Records: the list of a read model and each of its rows, as of now or of the past."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from adapters.refusals import UnknownId
from api.cursors import Cursor, Place, page
from api.forwarding import forward
from api.moved import moved
from api.parts import Parts
from api.past import page_then
from api.reading import (
    AsOf,
    MinPosition,
    TheParts,
    checked,
    instant_of,
    json_response,
    known_only,
    reach,
)
from api.seeing import See
from domain.kernel import Aggregate, discover
from projections.columns import Instant, Json, Money
from projections.kernel import ReadModel, Row, fold, read_models
from projections.lens import subject_of
from projections.masks import MASKED, classes, masked, shown
from projections.personal import SEALED, personal
from projections.queries import Listing, Page, chosen
from projections.question import Question, filters, question
from projections.sight import Sight

Sort = Annotated[
    str | None,
    Query(max_length=200, description="columns with commas between, - before one for downwards"),
]
Fields = Annotated[
    str | None, Query(max_length=1000, description="columns with commas between; else all")
]
Words = Annotated[str | None, Query(max_length=200, description="words to find")]
Rows = Annotated[int, Query(ge=1, le=1000, description="rows of a page at most")]
Count = Annotated[
    Literal["exact"] | None, Query(description="`exact` adds the number of rows of the whole list")
]


def records(model: ReadModel) -> APIRouter:
    """Return a router with the list of a read model and its single rows."""
    aggregate = discover().aggregates[model.aggregate]
    path, name = f"/{aggregate.plural}", model.aggregate.replace("-", " ")
    router = APIRouter(tags=[aggregate.plural], dependencies=[Depends(known_only)])
    router.add_api_route(
        path,
        _list(model),
        summary=f"List {aggregate.plural.replace('-', ' ')}",
        operation_id=f"{model.aggregate}.list",
        openapi_extra={"parameters": list(_parameters(model))},
        responses={200: _described("A page of the list.", _page_schema(aggregate))},
    )
    router.add_api_route(
        f"{path}/{{id}}",
        _one(model),
        summary=f"Read a {name}",
        operation_id=f"{model.aggregate}.read",
        responses={
            200: _described("The record.", {"$ref": _ref(aggregate)}),
            304: {"description": "It is still at the version named by If-None-Match."},
        },
    )
    return router


def _list(model: ReadModel) -> Callable[..., Any]:
    listing = Listing(model)
    names = filters(model).keys()
    permission = f"{model.aggregate}.read"

    async def list_(
        request: Request,
        parts: TheParts,
        see: See,
        cursor: Cursor,
        q: Words = None,
        sort: Sort = None,
        fields: Fields = None,
        limit: Rows = 50,
        count: Count = None,
        as_of: AsOf = None,
        min_position: MinPosition = 0,
    ) -> Response:
        """Filter, sort, search and page; several values of a filter stand with commas between."""
        where: dict[str, str] = {}
        for key, value in request.query_params.multi_items():
            if key in names:
                where[key] = f"{where[key]},{value}" if key in where else value
        sight = see.need(permission)
        with checked():
            asked = question(
                model,
                where,
                sort=sort,
                select=fields,
                words=q,
                limit=limit,
                sight=sight,
                under=see.under,
            )
        if as_of is None:
            await reach(parts.visible, min_position)
            answer = await run_in_threadpool(_now, parts, listing, asked, cursor, bool(count))
            return json_response(*answer)
        if parts.warehouse is None:
            return await forward(parts, request)
        position = await run_in_threadpool(parts.journal.position_at, instant_of(as_of))
        await reach(parts.loaded, position)
        with checked():
            found, total = await run_in_threadpool(
                page_then,
                parts.warehouse,
                listing,
                asked,
                cursor.after,
                position,
                parts.opening.rows,
                count=bool(count),
            )
        more = {} if total is None else {"count": total}
        return json_response(*_page(cursor, found, position=position, **more))

    return list_


def _now(parts: Parts, listing: Listing, asked: Question, cursor: Place, count: bool) -> Any:
    position = parts.projector.position()
    with parts.rows.connect() as connection, checked():
        found = listing.page(connection, asked, cursor.after, parts.opening.rows)
        more = {"count": listing.count(connection, asked)} if count else {}
    return _page(cursor, found, position=position, **more)


def _page(cursor: Place, found: Page, **more: Any) -> Any:
    return page(cursor, found.items, None if found.next is None else list(found.next), **more)


def _one(model: ReadModel) -> Callable[..., Any]:
    listing = Listing(model)

    def now(parts: Parts, id: str, sight: Sight) -> Row | None:
        with parts.rows.connect() as connection:
            return listing.one(connection, id, sight, parts.opening.rows)

    async def one(
        id: str,
        request: Request,
        parts: TheParts,
        see: See,
        fields: Fields = None,
        as_of: AsOf = None,
        min_position: MinPosition = 0,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Every column of the record; its version is the ETag."""
        sight = see.need(f"{model.aggregate}.read")
        with checked():
            names = question(model, {}, select=fields).fields
        if as_of is None:
            await reach(parts.visible, min_position)
            row = await run_in_threadpool(now, parts, id, sight)
        else:
            row = await run_in_threadpool(row_then, parts, model, id, instant_of(as_of), sight)
        if row is None:
            raise UnknownId(f"There is no {model.aggregate} {id!r}{' then' * bool(as_of)}.")
        if (elsewhere := moved(request, row)) is not None:
            return elsewhere
        etag = f'"{row["version"]}"'
        headers = {"ETag": etag}
        if if_none_match is not None and _matches(if_none_match, etag):
            return Response(status_code=304, headers=headers)
        return json_response(chosen(row, names), headers)

    return one


def row_then(parts: Parts, model: ReadModel, id: str, then: datetime, sight: Sight) -> Row | None:
    """Return the row of a record as it was, if it was in sight by where it belonged then.

    It is the fold of its history up to that instant.
    """
    position = parts.journal.position_at(then)
    row = fold(model, {}, parts.journal.history(id, position)).rows.get(id)
    if row is None:
        return None
    above = None
    if model.scope.through is not None and sight.by_owner:
        column, other = model.scope.through
        owner = read_models()[other]
        events = parts.journal.history(row[column], position) if row[column] else []
        above = fold(owner, {}, events).rows.get(row[column])
    subject = subject_of(model, row, above)
    if not (model.scope.public or sight.covers(subject)):
        return None
    seen = masked(model, {name: row[name] for name in shown(model)}, sight.masked(subject))
    return parts.opening.rows(model, [seen])[0]


def _matches(if_none_match: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags


def _parameters(model: ReadModel) -> Iterator[Mapping[str, Any]]:
    meanings = {"from": "at least", "to": "at most", "under": "the unit, or one below it"}
    meanings |= {"has": "one of its members", "any": "one of these, with commas between"}
    for each in filters(model).values():
        yield {
            "name": each.name,
            "in": "query",
            "description": f"`{each.column}`: {meanings[each.kind]}",
            "schema": {"type": "string"},
        }


def row_schema(model: ReadModel) -> dict[str, Any]:
    """Return the JSON schema of a row."""
    properties = {name: _type(model.table.c[name]) for name in shown(model)}
    if classes(model):
        properties[MASKED] = {
            "type": "array",
            "items": {"enum": sorted(classes(model))},
            "description": "what is masked in this row, if anything is",
        }
    if personal(model):
        properties[SEALED] = {
            "type": "array",
            "items": {"type": "string"},
            "description": "the fields beside it, in the row or in a contact of it, that nobody "
            "can read: their person was erased, or the key is missing",
        }
    return {"type": "object", "title": model.aggregate, "properties": properties}


def _type(column: sa.Column[Any]) -> dict[str, Any]:
    match column.type:
        case Money():
            found: dict[str, Any] = {"type": "string", "format": "decimal"}
        case Instant():
            found = {"type": "string", "format": "date-time"}
        case sa.Date():
            found = {"type": "string", "format": "date"}
        case sa.Boolean():
            found = {"type": "boolean"}
        case sa.Integer():
            found = {"type": "integer"}
        case sa.Float():
            found = {"type": "number"}
        case Json():
            return {}
        case _:
            found = {"type": "string"}
    return found | ({"type": [found["type"], "null"]} if column.nullable else {})


def schema_name(aggregate: type[Aggregate]) -> str:
    """Return the name of a row's schema."""
    return aggregate.__name__


def _ref(aggregate: type[Aggregate]) -> str:
    return f"#/components/schemas/{schema_name(aggregate)}"


def _page_schema(aggregate: type[Aggregate]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["items", "next", "position"],
        "properties": {
            "items": {"type": "array", "items": {"$ref": _ref(aggregate)}},
            "next": {"type": ["string", "null"], "description": "the cursor of the next page"},
            "position": {"type": "integer", "description": "all events up to here are in it"},
            "count": {"type": "integer"},
        },
    }


def _described(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
