"""Records: the list of a read model and each of its rows, as of now or of the past."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from starlette.concurrency import run_in_threadpool

from adapters.refusals import UnknownId
from adapters.warehouse.warehouse import Warehouse
from api.kernel.access.visibility import See
from api.kernel.process import Parts
from api.kernel.reading.answer_headers import ASK_AGAIN, matches, tag_of
from api.kernel.reading.as_of import AtMoment, present, reckoned_at
from api.kernel.reading.as_of_reads import Then, page_then, pinned, row_then
from api.kernel.reading.cursors import Cursor, Place, page
from api.kernel.reading.forwarding import forward
from api.kernel.reading.read_parameters import (
    MinPosition,
    TheParts,
    checked,
    invalid,
    json_response,
    reach,
)
from api.kernel.reading.told import tell
from api.reads.beside.asked import Beside, ChangesSince, Expand, beside, refuse_beside
from api.reads.export_routes import add_export
from api.reads.list_export import Format, export
from api.reads.list_parameters import SHORT, Count, Fields, Rows, Sort, Words, filter_parameters
from api.reads.meant import meant, refuse_nobodys
from api.reads.merged_redirect import MERGED, MOVED, moved
from api.reads.row_schemas import reference
from api.reads.spreadsheets import For, check_for
from projections.kernel.listed import Listed
from projections.kernel.lists.list_filters import SEVERAL, filters
from projections.kernel.lists.list_filters import above as through_of
from projections.kernel.lists.list_query import Over, Question, Under, question
from projections.kernel.lists.listing import Listing, chosen
from projections.kernel.lists.point_in_time import Now
from projections.kernel.lists.point_in_time import Then as Past
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.summary import Summary, listed
from projections.kernel.visibility.sealed_columns import of_persons
from projections.kernel.visibility.visibility import Sight, Sights

router = APIRouter()


def _add(model: Listed) -> None:
    """Serve a list, the lists of some of its rows, and its single rows."""
    path, name = f"/{model.plural}", model.kind.replace("-", " ")
    names = model.plural.replace("-", " ")
    _add_list(model, path, names, "list", "export")
    for step, where in model.apart.items():
        _add_list(model, f"{path}/{step}", f"{step} {names}", step, f"{step}-export", where)
    router.add_api_route(
        f"{path}/{{id}}",
        _one(model),
        tags=[model.plural],
        summary=f"Read {name}" if isinstance(model, Summary) else f"Read a {name}",
        operation_id=f"{model.kind}.read",
        responses={
            200: _described("The record.", reference(model.title)),
            304: {"description": "It is still what bears the ETag named by If-None-Match."},
            **(MOVED if MERGED in model.table.columns else {}),
        },
    )


def _add_list(
    model: Listed,
    path: str,
    names: str,
    operation: str,
    export: str,
    of: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Serve a list, or the part of it `of` which some filters hold, and its export."""
    answer, asked = _list(model, of), list(filter_parameters(model, of))
    router.add_api_route(
        path,
        answer,
        tags=[model.plural],
        summary=f"List {names}",
        operation_id=f"{model.kind}.{operation}",
        openapi_extra={"parameters": asked},
        responses={200: _described("A page of the list.", reference(f"{model.title}Page"))},
    )
    name = f"{model.kind}.{export}"
    add_export(router, path, answer, name, f"Export {names}", asked, [model.plural])


def _list(model: Listed, of: Mapping[str, str]) -> Callable[..., Any]:
    """Return what answers a list, or the part of it `of` which some filters hold."""
    listing = Listing(model)
    kept = _kept(model)
    known = {name: each for name, each in filters(model).items() if name not in of}

    async def list_(
        request: Request,
        parts: TheParts,
        see: See,
        cursor: Cursor,
        when: AtMoment,
        min_position: MinPosition,
        q: Words = None,
        sort: Sort = None,
        fields: Fields = None,
        limit: Rows = 50,
        count: Count = None,
        expand: Expand = None,
        changes_since: ChangesSince = None,
        format: Format = "json",
        for_: For = None,
    ) -> Response:
        check_for(for_, format)
        refuse_beside(when.now, format, expand, changes_since)
        where: dict[str, str] = {}
        for key, value in request.query_params.multi_items():
            if key in where and known[key].kind not in SEVERAL:
                raise invalid(key, f"Give {key!r} once.")
            if key in known:
                where[key] = f"{where[key]},{value}" if key in where else value
        where = {**meant(see, model, where), **of}
        sight = see.need_of(model, *(() if format == "json" else ("export.read",)))

        through = {known[name].above for name in where if name in known and known[name].above}
        above = {kind: see.need_of(through_of(kind)) for kind in sorted(through)}

        def ask(
            under: Under = see.under, over: Over = see.over, moment: datetime | None = None
        ) -> Question:
            return question(
                model,
                where,
                sort=sort,
                select=fields,
                words=q,
                limit=limit,
                sight=sight,
                under=under,
                over=over,
                above=above,
                at=moment,
            )

        with checked():
            asked = ask()  # what is wrong with it is told before anything waits
        more = await beside(parts, see, model, asked.fields, expand, changes_since, limit)
        if when.now and format == "json":
            await reach(parts.visible, min_position)
            await refuse_nobodys(parts, see, model, where, sight)
            find = partial(_now, parts, listing, asked, cursor, bool(count), more)
            if limit > SHORT or isinstance(sight, Sights) or more:
                found, headers = await see.ask(find)
            else:
                otherwise = see.ask if count or q else run_in_threadpool
                kind = (model.kind, *(f.name for f, _ in asked.where), asked.order, q and 1, count)
                found, headers = await parts.at_once.ask(kind, otherwise, find)
            return json_response(found, headers | kept)
        if parts.warehouse is None:
            return await forward(parts, request)
        if cursor.after:  # the pages that follow are of the position of the first
            when = replace(when, position=cursor.after[0])
        then = await run_in_threadpool(pinned, parts, when)
        await reach(parts.loaded, max(then.position, min_position))
        await refuse_nobodys(parts, see, model, where, sight, then)
        at: dict[str, Any] = {"position": then.position, "valid_at": then.valid_at}
        moment = await run_in_threadpool(reckoned_at, parts, when)
        wanted = partial(ask, partial(see.under, **at), partial(see.over, **at), moment)
        with checked():
            return await see.ask(
                _then,
                *(parts.warehouse, parts, listing, wanted, cursor, then, bool(count), more),
                format,
                for_,
            )

    return list_


def _now(
    parts: Parts, listing: Listing, asked: Question, cursor: Place, count: bool, more: Beside | None
) -> Any:
    with present(parts, *listing.model.kinds) as now, checked():
        found = listing.page(now.connection, asked, cursor.after, parts.opening.rows)
        told: dict[str, Any] = {"count": listing.count(now.connection, asked)} if count else {}
    if asked.narrowed:
        told["narrowed"] = asked.narrowed
    following = None if found.next is None else list(found.next)
    tell(ids=found.ids)
    rows = more.add(found.ids, found.items, now.position) if more else found.items
    content, headers = page(cursor, rows, following, position=now.position, **told)
    return content, {**headers, **now.headers}


def _then(
    warehouse: Warehouse,
    parts: Parts,
    listing: Listing,
    ask: Callable[[], Question],
    cursor: Place,
    then: Then,
    count: bool,
    more: Beside | None,
    format: Format,
    for_: For,
) -> Response:
    opened = parts.opening.rows
    if format != "json":
        return export(warehouse, listing, ask(), then, opened, format, for_)
    after, asked = cursor.after[1:] if cursor.after else None, ask()
    found, total = page_then(
        warehouse,
        listing,
        asked,
        after,
        then.position,
        opened,
        count=count,
        valid_at=then.valid_at,
    )
    told: dict[str, Any] = {} if total is None else {"count": total}
    if asked.narrowed:
        told["narrowed"] = asked.narrowed
    following = None if found.next is None else [then.position, *found.next]
    tell(ids=found.ids)
    rows = more.add(found.ids, found.items, then.position) if more else found.items
    content, headers = page(cursor, rows, following, position=then.position, **told)
    return json_response(content, headers | _kept(listing.model))


def _kept(model: Listed) -> dict[str, str]:
    """Return what is said of keeping what is read: nothing of what tells of persons is kept."""
    return {} if of_persons(model) else {"Cache-Control": ASK_AGAIN}


def _one(model: Listed) -> Callable[..., Any]:
    listing, kept = Listing(model), _kept(model)

    def now(parts: Parts, id: str, sight: Sight | Sights) -> tuple[Row | None, dict[str, str]]:
        with present(parts, *model.kinds) as now:
            row = listing.one(Now(now.connection), id, sight, parts.opening.rows)
        # One record is whole up to its own last event, whatever others are up to.
        position = max(now.position, row["position"] if row else 0)
        return row, {"Position": str(position)}

    def then(
        parts: Parts, id: str, sight: Sight | Sights, at: Then
    ) -> tuple[Row | None, dict[str, str]]:
        if isinstance(model, ReadModel):
            assert isinstance(sight, Sight)
            row = row_then(parts, model, id, at, sight)
        else:
            assert parts.warehouse is not None
            with parts.warehouse.reader() as cursor:
                row = listing.one(Past(cursor, *at), id, sight, parts.opening.rows)
        return row, {"Position": str(at.position)}

    async def one(
        id: str,
        request: Request,
        parts: TheParts,
        see: See,
        when: AtMoment,
        min_position: MinPosition,
        fields: Fields = None,
        expand: Expand = None,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        sight = see.need_of(model)
        with checked():
            names = question(model, {}, select=fields).fields
        more = await beside(parts, see, model, names, expand)
        if when.now:
            await reach(parts.visible, min_position)
            find = partial(now, parts, id, sight)
            row, headers = await parts.at_once.ask(model.kind, run_in_threadpool, find)
        else:
            at = await run_in_threadpool(pinned, parts, when)
            if not isinstance(model, ReadModel):  # what it is made of is in the warehouse
                if parts.warehouse is None:
                    return await forward(parts, request)
                await reach(parts.loaded, max(at.position, min_position))
            row, headers = await see.ask(then, parts, id, sight, at)
        if row is None:
            raise UnknownId(f"There is no {model.kind} {id!r}{' then' * (not when.now)}.")
        if (elsewhere := moved(request, row)) is not None:
            elsewhere.headers.update(headers)
            return elsewhere
        told = chosen(row, names)
        if more is not None:
            (told,) = await run_in_threadpool(more.add, [id], [told], row["position"])
        answer = json_response(told, headers | kept)
        answer.headers["ETag"] = etag = tag_of(
            bytes(answer.body), row.get("version", row["position"])
        )
        if matches(if_none_match, etag):
            return Response(status_code=304, headers=headers | kept | {"ETag": etag})
        return answer

    return one


def _described(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


for each in listed().values():
    _add(each)
