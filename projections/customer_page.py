"""A customer on one page: its file, subsidiaries, what is open with it, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.handling import UNRESOLVED
from projections.customers import customers
from projections.kernel import ReadModel, Row
from projections.opportunities import opportunities
from projections.queries import Listing
from projections.service_tickets import service_tickets

MOST = 50
"""Rows of each list on the page; `counts` has the whole numbers."""


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """All that is asked about a customer first.

    `subsidiaries` are those directly below; `pipeline` sums the opportunities by status and
    currency (count, amount, weighted_amount); `counts` has the numbers of subsidiaries, open
    opportunities and open tickets, and of all tickets; `satisfaction` is the mean of the scores.
    """

    customer: Row
    parent: Row | None
    subsidiaries: list[Row]
    opportunities: list[Row]
    tickets: list[Row]
    pipeline: list[Row]
    counts: dict[str, int]
    satisfaction: float | None


_SUBSIDIARY = ("id", "name", "state", "grade", "unit", "manager")
_OPPORTUNITY = (
    *("id", "title", "stage", "probability", "amount", "weighted_amount", "currency"),
    *("expected_close", "manager", "unit"),
)
_TICKET = ("id", "title", "kind", "severity", "status", "owner", "unit", "opened_at")


def customer_page(connection: sa.Connection, id_: str) -> CustomerPage | None:
    """Return the page of a customer, `None` when there is none of this id."""
    customer = Listing(customers).one(connection, id_)
    if customer is None:
        return None
    below = customers.table.c.parent_id == id_
    offers, tickets = opportunities.table.c, service_tickets.table.c
    deals, calls = offers.customer_id == id_, tickets.customer_id == id_
    still_open = tickets.status.in_([status.value for status in UNRESOLVED])
    pipeline = _rows(
        connection,
        sa.select(
            offers.status,
            offers.currency,
            sa.func.count().label("count"),
            sa.func.sum(offers.amount).label("amount"),
            sa.func.sum(offers.weighted_amount).label("weighted_amount"),
        )
        .where(deals)
        .group_by(offers.status, offers.currency)
        .order_by(offers.status, offers.currency),
    )
    figures = connection.execute(
        sa.select(
            sa.func.count().label("tickets"),
            sa.func.count().filter(still_open).label("open_tickets"),
            sa.func.avg(tickets.satisfaction).label("satisfaction"),
        ).where(calls)
    ).one()
    subsidiaries = connection.scalar(sa.select(sa.func.count()).where(below)) or 0
    return CustomerPage(
        customer=customer,
        parent=_parent(connection, customer["parent_id"]),
        subsidiaries=_some(connection, customers, _SUBSIDIARY, "name", below),
        opportunities=_some(
            connection,
            opportunities,
            _OPPORTUNITY,
            "expected_close",
            deals,
            offers.status == "open",
        ),
        tickets=_some(connection, service_tickets, _TICKET, "opened_at", calls, still_open),
        pipeline=pipeline,
        counts={
            "subsidiaries": subsidiaries,
            "open_opportunities": sum(
                each["count"] for each in pipeline if each["status"] == "open"
            ),
            "tickets": figures.tickets,
            "open_tickets": figures.open_tickets,
        },
        satisfaction=None if figures.satisfaction is None else float(figures.satisfaction),
    )


def _parent(connection: sa.Connection, id_: str | None) -> Row | None:
    found = _some(connection, customers, _SUBSIDIARY, "name", customers.table.c.id == id_)
    return found[0] if found else None


def _some(
    connection: sa.Connection,
    model: ReadModel,
    names: tuple[str, ...],
    order: str,
    *conditions: sa.ColumnElement[bool],
) -> list[Row]:
    columns = model.table.c
    query = sa.select(*(columns[name] for name in names)).where(*conditions)
    return _rows(connection, query.order_by(columns[order], columns.id).limit(MOST))


def _rows(connection: sa.Connection, query: sa.Select[Any]) -> list[Row]:
    return [dict(row) for row in connection.execute(query).mappings()]
