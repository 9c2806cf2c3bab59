"""The portfolio of an employee: the customers, open opportunities and tickets in their hands."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from projections.customers.customers import customers
from projections.sales.opportunities import opportunities
from projections.service.service_tickets import service_tickets
from streams.kernel.policy import Wish
from streams.organisation.transfer_to_successor import CUSTOMER_ENDED, TICKET_ENDED


def portfolio(employees: Collection[str]) -> sa.CompoundSelect[Any]:
    """Return the query of what some employees look after: kind, id, holder, customer_id, unit.

    The unit is the customer's, where there is a customer.
    """
    customer, sale, ticket = customers.table, opportunities.table, service_tickets.table
    own = sa.select(
        sa.literal("customer").label("kind"),
        customer.c.id,
        customer.c.manager.label("holder"),
        customer.c.id.label("customer_id"),
        customer.c.unit,
    ).where(customer.c.manager.in_(employees), customer.c.state.not_in(CUSTOMER_ENDED))
    business = (
        sa.select(
            sa.literal(kind).label("kind"),
            table.c.id,
            holder.label("holder"),
            table.c.customer_id,
            sa.func.coalesce(customer.c.unit, table.c.unit).label("unit"),
        )
        .outerjoin_from(table, customer, customer.c.id == table.c.customer_id)
        .where(holder.in_(employees), is_open)
        for kind, table, holder, is_open in (
            ("opportunity", sale, sale.c.manager, sale.c.status == "open"),
            ("service-ticket", ticket, ticket.c.owner, ticket.c.status.not_in(TICKET_ENDED)),
        )
    )
    return sa.union_all(own, *business)


def given(kind: str, id: str, to: str, reason: str) -> Wish:
    """Return the wish that an employee looks after a record from now on."""
    if kind == "service-ticket":
        return Wish("service-ticket.hand-over", id, {"owner": to, "reason": reason})
    return Wish(f"{kind}.assign-manager", id, {"manager": to})
