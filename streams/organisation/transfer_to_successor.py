"""Policy: when a unit ends, its open customers, opportunities and tickets go to its successor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.customers.customers import customers
from projections.organisation.units import units
from projections.sales.opportunities import opportunities
from projections.service.service_tickets import service_tickets
from streams.kernel.policy import Facts, Wish, policy

CUSTOMER_ENDED = ("closed", "merged")
TICKET_ENDED = ("closed", "withdrawn")


def open_records(event: Recorded) -> sa.Select[Any]:
    """Return the query of what is open in the unit, with the unit that is its successor now.

    The successor may have ended meanwhile, then it is the successor's. What an earlier end left
    in a unit that has led here ever since goes along.
    """
    unit, ended = units.table, units.table.c.state != "open"
    own = sa.select(unit.c.code).where(unit.c.id == event.stream)
    gone = own.cte("gone", recursive=True)
    gone = gone.union(sa.select(unit.c.code).where(unit.c.successor == gone.c.code, ended))
    successor = heir(sa.select(unit.c.successor.label("code")).where(unit.c.id == event.stream))
    customer, sale, ticket = customers.table, opportunities.table, service_tickets.table
    found = sa.union_all(
        *(
            sa.select(sa.literal(kind).label("kind"), table.c.id, successor).where(
                table.c.unit.in_(sa.select(gone.c.code)), is_open
            )
            for kind, table, is_open in (
                ("customer", customer, customer.c.state.not_in(CUSTOMER_ENDED)),
                ("opportunity", sale, sale.c.status == "open"),
                ("service-ticket", ticket, ticket.c.status.not_in(TICKET_ENDED)),
            )
        )
    ).subquery()
    return sa.select(found).where(found.c.successor.is_not(None))


def heir(start: sa.Select[Any]) -> sa.Label[str | None]:
    """Return the open unit to which the unit that a query finds has led, as `successor`.

    The query gives its `code`; it is the successor itself while it is open.
    """
    unit, ended = units.table, units.table.c.state != "open"
    heirs = start.cte("heirs", recursive=True)
    heirs = heirs.union(sa.select(unit.c.successor).where(unit.c.code == heirs.c.code, ended))
    alive = sa.select(unit.c.code).join(heirs, heirs.c.code == unit.c.code).where(~ended)
    return alive.limit(1).scalar_subquery().label("successor")


@policy(on=["unit.merged", "unit.closed"], facts=open_records)
def transfer_to_successor(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Transfer each on the day of the end; a ticket keeps its owner and its state."""
    for record in facts:
        body = {"unit": record["successor"], "reason": event.data["reason"]}
        if record["kind"] == "service-ticket":
            yield Wish("service-ticket.rehome", record["id"], body)
        else:
            day = {"effective": event.data["on"]}
            yield Wish(f"{record['kind']}.transfer", record["id"], body | day)
