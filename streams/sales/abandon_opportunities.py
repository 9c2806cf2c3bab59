"""Policy: when a customer lapses or its file is closed, its open opportunities are abandoned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.sales.opportunities import opportunities
from streams.kernel.policy import Facts, Wish, policy

REASON = {
    "customer.lapsed": "The customer has lapsed.",
    "customer.closed": "The customer's file was closed.",
}


def open_opportunities(event: Recorded) -> sa.Select[Any]:
    """Return the query of the customer's open opportunities; those opened since do not count."""
    table = opportunities.table
    return sa.select(table.c.id).where(
        table.c.customer_id == event.stream,
        table.c.status == "open",
        table.c.created_at <= event.time,
    )


@policy(on=REASON, facts=open_opportunities)
def abandon_opportunities(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Abandon each on the day of the event."""
    for opportunity in facts:
        body = {"reason": REASON[event.type], "closed_on": event.data.get("on")}
        yield Wish("opportunity.abandon", opportunity["id"], body)
