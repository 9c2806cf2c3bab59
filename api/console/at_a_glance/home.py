"""Home: what waits for whoever looks, what runs out, and what changed with their customers."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from fastapi import APIRouter, Response

from api.console.at_a_glance.boxes import box
from api.console.sheets import moment
from api.console.view import HOME, View, page_at
from domain.kernel.time.business_day import today
from domain.service.ticket_handling import UNRESOLVED
from projections.kernel.summary import listed

router = APIRouter(include_in_schema=False)

TODOS = 20
MINE = 100
"""Customers whose news are told: of one page."""


@page_at(router, HOME)
async def home(view: View) -> Response:
    """Show what waits, what is overdue or due today, calls of one's customers, and their news."""
    view.moment = []  # what waits is of now
    day = today()
    counted = ("count", "exact"), ("limit", "1")
    todos, overdue, due, tickets, mine = await asyncio.gather(
        view.get("/me/todos", [("limit", f"{TODOS}"), *counted[:1], ("expand", "customer_id")]),
        view.get("/me/todos", [("overdue", "true"), *counted]),
        view.get("/me/todos", [("due_from", f"{day}"), ("due_to", f"{day}"), *counted]),
        box(
            view,
            "service-tickets",
            "calls",
            [
                ("customer_manager", "me"),
                ("status", ",".join(UNRESOLVED)),
                ("sort", "resolution_due_at"),
            ],
            *("title", "customer_id", "priority", "status", "opened_at", "resolution_due_at"),
        ),
        view.get_if_seen(
            "/customers",
            [
                ("manager", "me"),
                ("changes_since", f"{day - timedelta(days=1)}"),
                ("limit", f"{MINE}"),
                ("sort", "name"),
            ],
        ),
    )
    mine = mine or {"items": [], "next": None}
    return await view.show(
        "home.html",
        live="",
        todos=todos,
        overdue=overdue["count"],
        due=due["count"],
        boxes=[each for each in (tickets,) if each is not None],
        mine=mine,
        changed=[each for each in mine["items"] if each["changes"]["events"]],
        plurals={model.kind: model.plural for model in listed().values()},
        at=moment,
    )
