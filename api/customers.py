"""Customers over HTTP: their list, each of them on one page, and those alike at registration."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from adapters.executor import Answer
from adapters.refusals import UnknownId
from api.commands import adds_to_answer
from api.forwarding import forward
from api.parts import Parts
from api.past import customer_page_then
from api.reading import AsOf, MinPosition, TheParts, instant_of, json_response, reach
from api.records import records
from projections.customer_page import CustomerPage, customer_page
from projections.customers import customers
from projections.duplicates import likely_duplicates

router = records(customers)


@router.get("/customers/{id}/page", operation_id="customer.page")
async def page(
    id: str,
    request: Request,
    parts: TheParts,
    as_of: AsOf = None,
    min_position: MinPosition = 0,
) -> Response:
    """Show a customer on one page: its file, subsidiaries, open business, and what it comes to."""
    if as_of is None:
        await reach(parts.visible, min_position)
        found, position = await run_in_threadpool(_page, parts, id)
    elif parts.warehouse is None:
        return await forward(parts, request)
    else:
        position = await run_in_threadpool(parts.journal.position_at, instant_of(as_of))
        await reach(parts.loaded, position)
        found = await run_in_threadpool(customer_page_then, parts.warehouse, id, position)
    if found is None:
        raise UnknownId(f"There is no customer {id!r}.")
    return json_response({**_plain(found), "position": position})


def _page(parts: Parts, id: str) -> tuple[CustomerPage | None, int]:
    position = parts.projector.position()
    with parts.rows.connect() as connection:
        return customer_page(connection, id), position


def _plain(page: CustomerPage) -> dict[str, Any]:
    return {field.name: getattr(page, field.name) for field in dataclasses.fields(page)}


@adds_to_answer("customer.register")
def similar(parts: Parts, answer: Answer, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add the customers that may be the one just registered, if there are any."""
    with parts.rows.connect() as connection:
        found = likely_duplicates(connection, body["name"], body.get("registration_number"))
    others = [dataclasses.asdict(each) for each in found if each.id != answer.id]
    return {"similar": others} if others else {}
