"""Open business: what is open with each customer, in one row."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from domain.service.ticket_handling import UNRESOLVED
from projections.kernel.columns import COARSE, CURRENCY, Day, Instant, Json, Money, Text
from projections.kernel.summary import Rows, Summary
from projections.kernel.sums import capped_sum, json_list, json_object

_AMOUNT = {"sensitive": "amount"}
_AMOUNTS = {"amount": "amount", "weighted_amount": "amount"}


def _open_business(rows: Rows) -> sa.Select[Any]:
    customers, sales, tickets = rows["customers"], _sales(rows), _tickets(rows)
    its, sale, ticket = customers.c, sales.c, tickets.c
    none = sa.literal_column("0", sa.Integer)
    several = sale.currencies > 1
    return sa.select(
        its.id,
        its.name,
        its.state,
        its.grade,
        its.industry,
        its.unit,
        its.manager,
        sa.func.coalesce(sale.opportunities, none).label("open_opportunities"),
        sa.case((several, sa.null()), else_=sale.amount).label("amount"),
        sa.case((several, sa.null()), else_=sale.weighted_amount).label("weighted_amount"),
        sa.case((several, sa.null()), else_=sale.currency).label("currency"),
        sale.pipeline,
        sale.next_close,
        sa.func.coalesce(ticket.tickets, none).label("open_tickets"),
        ticket.oldest_ticket_at,
    ).select_from(
        customers.outerjoin(sales, sale.customer_id == its.id).outerjoin(
            tickets, ticket.customer_id == its.id
        )
    )


def _sales(rows: Rows) -> sa.Subquery:
    """Return the open opportunities of each customer, summed up by currency and together.

    The currency and the amounts are those of one where there are several.
    """
    deal = rows["opportunities"].c
    by_currency = (
        sa.select(
            deal.customer_id,
            deal.currency,
            sa.func.count(type_=sa.Integer).label("opportunities"),
            capped_sum(deal.amount).label("amount"),
            capped_sum(deal.weighted_amount).label("weighted_amount"),
            sa.func.min(deal.expected_close).label("next_close"),
        )
        .where(deal.status == "open")
        .group_by(deal.customer_id, deal.currency)
        .subquery("by_currency")
    )
    each = by_currency.c
    names = ("currency", "opportunities", "amount", "weighted_amount")
    listed = json_object({name: each[name] for name in names})
    its = each.customer_id
    together = sa.select(
        *(each[name] for name in ("customer_id", "currency", "amount", "weighted_amount")),
        sa.func.sum(each.opportunities).over(partition_by=its).label("opportunities"),
        sa.func.count().over(partition_by=its).label("currencies"),
        sa.func.min(each.next_close).over(partition_by=its).label("next_close"),
        json_list(listed, of=its, by=each.currency).label("pipeline"),
    ).subquery("together")
    # Grouped, as SQLite makes an index of groups to join them by, and none of what windows give.
    its = together.c.customer_id
    told = (sa.func.max(one).label(one.name) for one in together.c if one is not its)
    return sa.select(its, *told).group_by(its).subquery("sales")


def _tickets(rows: Rows) -> sa.Subquery:
    """Return the tickets of each customer that need work."""
    ticket = rows["service_tickets"].c
    return (
        sa.select(
            ticket.customer_id,
            sa.func.count().label("tickets"),
            sa.func.min(ticket.opened_at).label("oldest_ticket_at"),
        )
        .where(ticket.status.in_([status.value for status in UNRESOLVED]))
        .group_by(ticket.customer_id)
        .subquery("tickets")
    )


open_business = Summary(
    "open_business",
    "customer",
    sa.Column("name", Text, nullable=False),
    sa.Column("state", Text, nullable=False, info=COARSE),
    sa.Column("grade", Text, info=COARSE),
    sa.Column("industry", Text, info=COARSE),
    sa.Column("unit", Text, nullable=False),
    sa.Column("manager", Text),
    sa.Column("open_opportunities", sa.Integer, nullable=False),
    sa.Column("amount", Money, info=_AMOUNT),
    sa.Column("weighted_amount", Money, info=_AMOUNT),
    sa.Column("currency", Text, info=CURRENCY),
    sa.Column("pipeline", Json, info={"sensitive": _AMOUNTS}),
    sa.Column("next_close", Day),
    sa.Column("open_tickets", sa.Integer, nullable=False),
    sa.Column("oldest_ticket_at", Instant),
    key="customer_id",
    of=("customers", "opportunities", "service_tickets"),
    sql=_open_business,
    order="name",
    indexes=[["manager", "name"]],
    sorts=["name", "changed_at", "amount", "open_opportunities", "open_tickets", "next_close"],
    filters=["state", "grade", "unit"],
)
"""`pipeline` has the number and the amounts of the open opportunities by currency; `amount` and
`weighted_amount` are those of the one `currency`, nothing where there are several: they are never
added. `next_close` is the first day on which one is expected to close, `oldest_ticket_at` since
when the oldest open ticket waits, `changed_at` the last activity: when something was last recorded
of the customer, an opportunity or a ticket of it."""
