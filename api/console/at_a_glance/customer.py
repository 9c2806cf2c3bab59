"""A customer at a glance: hierarchy, to-dos, calls, contracts that end, pipeline, revenue."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any, NamedTuple

from fastapi import APIRouter, Response

from api.console.asking import Query
from api.console.at_a_glance.boxes import Box, box, model_called
from api.console.sheets import Cell, Sheet, moment
from api.console.view import HOME, Refused, View, page_at
from domain.kernel.time.business_day import today
from domain.service.ticket_handling import UNRESOLVED
from projections.customers.customer_page import MOST
from projections.kernel.summary import listed

router = APIRouter(include_in_schema=False)

AHEAD = timedelta(days=180)
"""How long before its end a contract is told of."""

MONTHS = 24

RECORDS = 200
"""Records whose events are told on a page of the timeline."""


class Figures(NamedTuple):
    """A report's figures about one customer, and where the report has them."""

    title: str
    columns: list[str]
    rows: list[list[Cell]]
    all: str
    problem: str = ""
    """Why there are none: the rest of the page is there without them."""


class Glance(NamedTuple):
    """What is told of a customer beside its own fields."""

    boxes: list[Box]
    todos: Sequence[Mapping[str, Any]]
    figures: list[Figures]
    plurals: Mapping[str, str]


async def glance(view: View, id_: str) -> Glance | None:
    """Return what is told of a customer, each part as far as whoever looks may see it."""
    day = _day(view)
    of = ("customer_id", id_)
    first = date(day.year - MONTHS // 12, day.month, 1)
    year = first.replace(year=day.year - 1)
    page, calls, ending, pipeline, *told, todos = await asyncio.gather(
        view.get_if_seen(f"/customers/{id_}/page", [("named", "true")]),
        box(
            view,
            "service-tickets",
            "open tickets",
            [of, ("status", ",".join(UNRESOLVED)), ("sort", "resolution_due_at")],
            *("title", "priority", "status", "owner", "opened_at", "resolution_due_at"),
        ),
        box(
            view,
            "contracts",
            "ending",
            [
                *(of, ("sort", "last_day")),
                *(("last_day_from", f"{day}"), ("last_day_to", f"{day + AHEAD}")),
            ],
            *("title", "status", "last_day", "renewal", "value", "currency"),
        ),
        _figures(view, "pipeline", "pipeline", "stage", [("customer", id_)]),
        _figures(
            view,
            *("sales", "won sales", "month"),
            [("customer", id_), ("outcome", "won"), ("from", f"{first}"), ("to", f"{day}")],
        ),
        _figures(
            view,
            *("revenue", "revenue", "month"),
            [("customer", id_), ("from", f"{first}"), ("to", f"{day}"), ("measures", "billed")],
        ),
        _figures(
            view,
            *("revenue", "revenue by product", "product"),
            [("customer", id_), ("from", f"{year}"), ("to", f"{day}"), ("measures", "billed")],
        ),
        _todos(view, id_),
    )
    if page is None:
        return None
    found = [each for each in (calls, ending) if each is not None and each.rows]
    figures = [each for each in (pipeline, *told) if each is not None]
    plurals = {model.kind: model.plural for model in listed().values()}
    return Glance([*_hierarchy(view, page), *found, *_open(view, page)], todos, figures, plurals)


@page_at(router, f"{HOME}/customers/{{id}}/timeline")
async def timeline(view: View) -> Response:
    """Show what happened with a customer and all that belongs to it, newest first."""
    id_, given = view.request.path_params["id"], view.request.query_params
    query = [("from_position", given.get("from_position") or "0"), ("limit", f"{RECORDS}")]
    query += [("to", view.request.query_params["as_of"])] if given.get("as_of") else []
    if given.get("as_of_position"):
        query.append(("to_position", given["as_of_position"]))
    if cursor := given.get("cursor"):
        query = [("cursor", cursor), ("limit", f"{RECORDS}")]
    row = await view.get(f"/customers/{id_}", [("fields", "id,name")], now=True)
    found = await view.get(f"/customers/{id_}/digest", query, now=True)
    events = chain.from_iterable(
        ({**it, "of": each} for it in each["sentences"]) for each in found["items"]
    )
    here = view.request.url.path
    return await view.show(
        "timeline.html",
        title=row["name"],
        row=row,
        events=sorted(events, key=lambda it: -it["position"]),
        partly=[each for each in found["items"] if each["events"] > len(each["sentences"])],
        counts=found["counts"],
        plurals={model.kind: model.plural for model in listed().values()},
        kinds={model.kind: view.words.kind(model) for model in listed().values()},
        next=view.link(here, [("cursor", found["next"])]) if found["next"] else None,
        at=moment,
    )


def _day(view: View) -> date:
    """Return the day that a page is of."""
    for name in ("valid_at", "as_of"):
        text = dict(view.moment).get(name, "")
        if len(text) == len("2026-01-31"):
            return date.fromisoformat(text)
    return today()


async def _todos(view: View, id_: str) -> Sequence[Mapping[str, Any]]:
    if view.moment:
        return ()
    asked = [("customer_id", id_), ("limit", "10")]
    found: Sequence[Mapping[str, Any]] = (await view.get("/me/todos", asked))["items"]
    return found


async def _figures(view: View, name: str, title: str, by: str, asked: Query) -> Figures | None:
    """Return a report's figures by one dimension, `None` for whoever may not see reports."""
    query = [("by", by), *asked]
    place = view.link(f"{HOME}/reports/{name}", query)
    known = [] if view.moment else [("min_position", f"{view.position or 0}")]
    try:
        found = await view.get_if_seen(f"/reports/{name}", [*query, *known])
    except Refused as refused:
        problem = view.words.problem(refused.answered.content or {})
        return Figures(view.words(title), [], [], place, problem.get("title", ""))
    if found is None or not found["rows"]:
        return None
    kept = [each for each in found["columns"] if each in _COLUMNS]
    rows = [[_cell(each, row.get(each)) for each in kept] for row in found["rows"]]
    return Figures(view.words(title), [view.words(_COLUMNS[each]) for each in kept], rows, place)


_COLUMNS = {
    "stage": "stage",
    "month": "month",
    "currency": "currency",
    "opportunities": "number",
    "won": "number",
    "amount": "amount",
    "weighted_amount": "weighted",
    "won_amount": "amount",
    "product_name": "product",
    "billed": "amount",
}
"""The columns of these reports that are shown, and what they are called."""


def _cell(name: str, value: Any) -> Cell:
    if value is None:
        return Cell("")
    money = name.endswith("amount") or name == "billed"
    return Cell(f"{Decimal(value):,.2f}" if money else str(value))


def _hierarchy(view: View, page: Mapping[str, Any]) -> list[Box]:
    """Return the head office of a customer and what is below it."""
    sheet, found = Sheet.of(model_called("customers"), view.words), []
    for title, rows in (("head office", page["parent"]), ("subsidiaries", page["subsidiaries"])):
        some = [rows] if isinstance(rows, dict) else rows
        if some:
            names = [
                name for name in some[0] if name in sheet.names and name not in sheet.technical
            ]
            place = view.link(f"{HOME}/customers", [("parent_id", page["customer"]["id"])])
            columns = [sheet.column(name) for name in names]
            below = title == "subsidiaries"
            more = below and page["counts"]["subsidiaries"] > len(some)
            found.append(Box(view.words(title), sheet, columns, some, place if below else "", more))
    return found


def _open(view: View, page: Mapping[str, Any]) -> list[Box]:
    """Return what is open with a customer, kind by kind, but tickets."""
    models = {each.plural.replace("-", "_"): each for each in listed().values()}
    found = []
    for name, rows in page.items():
        if name in models and isinstance(rows, list) and rows:
            sheet = Sheet.of(models[name], view.words)
            names = [
                each for each in rows[0] if each in sheet.names and each not in sheet.technical
            ]
            names = [each for each in names if each != "customer_id"]
            place = f"{HOME}/{models[name].plural}"
            all_ = view.link(place, [("customer_id", page["customer"]["id"])])
            columns = [sheet.column(each) for each in names]
            found.append(Box(sheet.title, sheet, columns, rows, all_, len(rows) >= MOST))
    return found
