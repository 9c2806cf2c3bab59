"""Customers over HTTP: each of them on one page, and those alike at registration."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Annotated, Any, NotRequired

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from typing_extensions import TypedDict

from adapters.refusals import UnknownId
from adapters.warehouse.warehouse import Warehouse
from api.commands.additions import Done, adds_to_answer
from api.customers.page_schema import page_schema
from api.customers.similar import Registration, Similar
from api.document.answers import Link, Uuid
from api.kernel.access.authentication import Principal
from api.kernel.access.visibility import See, Seeing
from api.kernel.process import Parts
from api.kernel.reading import as_of_reads as past
from api.kernel.reading.as_of import AtMoment, present, reckoned_at
from api.kernel.reading.forwarding import forward
from api.kernel.reading.read_parameters import MinPosition, TheParts, json_response, reach
from api.reads.beside.names import nameable, with_names
from api.reads.merged_redirect import MOVED, moved
from domain.kernel.time.business_day import recorded_day
from projections.customers.customer_page import (
    CustomerPage,
    columns_on_page,
    customer_page,
    on_page,
    summed_up,
)
from projections.customers.customers import customers
from projections.customers.merges.duplicates import Described
from projections.kernel.lists.point_in_time import Now, Then
from projections.kernel.visibility.sealed_columns import Opener
from projections.kernel.visibility.visibility import Sight, Sights

router = APIRouter(tags=["customers"])


class MergeOffer(TypedDict):
    """The command by which the new customer would go into the one that was there."""

    command: str
    href: Link
    body: dict[str, Any]


class SimilarCustomer(TypedDict):
    """A customer in sight that may be the one just registered."""

    id: Uuid
    name: str
    unit: str
    state: str
    likeness: Annotated[int, Field(description="of the names, of 100")]
    same_number: bool
    merge: MergeOffer


class Alike(TypedDict):
    """What the answer to a registration adds."""

    similar: NotRequired[list[SimilarCustomer]]


_NAMED = "whether rows of its lists have `names`: by column what its code or id is called"
_PAGE = {"description": "The page.", "content": {"application/json": {"schema": page_schema()}}}


@router.get("/customers/{id}/page", operation_id="customer.page", responses={200: _PAGE, **MOVED})
async def page(
    id: str,
    request: Request,
    parts: TheParts,
    see: See,
    when: AtMoment,
    min_position: MinPosition,
    named: Annotated[bool, Query(description=_NAMED)] = False,
) -> Response:
    """Show a customer on one page: its file, subsidiaries, open business, and what it comes to."""
    see.need(f"{customers.aggregate}.read")
    sights = {each.name: see.of(each) for each in (*on_page(), *summed_up())}
    if when.now:
        await reach(parts.visible, min_position)
        find = partial(_page, parts, id, sights)
        found, position, headers = await parts.at_once.ask("page", run_in_threadpool, find)
    elif parts.warehouse is None:
        return await forward(parts, request)
    else:
        then = await run_in_threadpool(past.pinned, parts, when)
        await reach(parts.loaded, max(then.position, min_position))
        opened = parts.opening.rows
        day = recorded_day(await run_in_threadpool(reckoned_at, parts, when))
        found = await see.ask(_page_then, parts.warehouse, id, then, sights, opened, day)
        position, headers = then.position, {"Position": str(then.position)}
    if found is None:
        raise UnknownId(f"There is no customer {id!r}.")
    if (elsewhere := moved(request, found.customer)) is not None:
        elsewhere.headers.update(headers)
        return elsewhere
    told = _plain(found)
    if named:
        told |= await run_in_threadpool(_with_names, parts, see, told)
    return json_response({**told, "position": position}, headers)


def _with_names(parts: Parts, see: Seeing, page: Mapping[str, Any]) -> dict[str, Any]:
    """Return the lists of a page, each row with the names of what its codes and ids are of."""
    found = dict[str, Any]()
    for name, (model, columns) in columns_on_page().items():
        kinds = nameable(model)
        called = [each for each in columns if each in kinds]
        found[name] = with_names(parts, see, kinds, called, page[name])
    return found


def _page(
    parts: Parts, id: str, sights: Mapping[str, Sight | Sights]
) -> tuple[CustomerPage | None, int, dict[str, str]]:
    with present(parts, *(each.aggregate for each in on_page())) as now:
        found = customer_page(Now(now.connection), id, sights, parts.opening.rows)
    return found, now.position, dict(now.headers)


def _page_then(
    warehouse: Warehouse,
    id: str,
    at: past.Then,
    sights: Mapping[str, Sight | Sights],
    opened: Opener,
    day: date,
) -> CustomerPage | None:
    with warehouse.reader() as cursor:
        return customer_page(Then(cursor, *at), id, sights, opened, day)


def _plain(page: CustomerPage) -> dict[str, Any]:
    named = {field.name: getattr(page, field.name) for field in dataclasses.fields(page)}
    others: dict[str, Any] = named.pop("others")
    summaries: dict[str, Any] = named.pop("summaries")
    return named | others | summaries


@adds_to_answer("customer.register", Alike)
def similar(parts: Parts, who: Principal, done: Sequence[Done]) -> list[Mapping[str, Any]]:
    """Add the customers in sight that may be the one just registered, if there are any.

    They are those that were there at the position of its registration.
    """
    see = Seeing(parts, who)
    see.again()
    registered = [
        Registration(
            answer.id,
            Described.by(body["name"], body.get("registration_number")),
            answer.position,
        )
        for answer, body in done
    ]
    found = parts.own(_similar).to(registered, see.sight(f"{customers.aggregate}.read"))
    others = [
        [{**dataclasses.asdict(each), "merge": _offer(each.id, one.id)} for each in alike]
        for one, alike in zip(registered, found, strict=True)
    ]
    return [{"similar": each} if each else {} for each in others]


def _similar(parts: Parts) -> Similar:
    return Similar(parts.journal, parts.rows)


def _offer(survivor: str, duplicate: str) -> Mapping[str, Any]:
    """Return the command by which the new customer would go into the one that was there."""
    body = {"survivor_id": survivor, "duplicate_id": duplicate, "take": []}
    return {"command": "customer-merge.begin", "href": "/customer-merges", "body": body}
