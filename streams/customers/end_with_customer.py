"""Policy: when a customer lapses or its file is closed, its open records end that end with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.kernel.belonging import OfCustomer
from projections.kernel.read_model import read_models
from streams.kernel.belonging import ended
from streams.kernel.policy import Facts, Wish, policy

REASON = {
    "customer.lapsed": "The customer has lapsed.",
    "customer.closed": "The customer's file was closed.",
}


def open_records(event: Recorded) -> sa.Select[Any]:
    """Return the query of what is open and ends; what was opened since does not count."""
    found = sa.union_all(
        *(
            sa.select(sa.literal(model.aggregate).label("kind"), model.table.c.id).where(
                model.table.c[its.column] == event.stream,
                model.belongs.open(model.table),
                model.table.c.created_at <= event.time,
            )
            for model in read_models().values()
            if isinstance(its := model.belongs.customer, OfCustomer) and isinstance(its.end, str)
        )
    ).subquery()
    return sa.select(found)


@policy(on=REASON, facts=open_records)
def abandon_opportunities(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """End each on the day of the event; named after the first kind, for who did it is history."""
    reason, on = REASON[event.type], event.data.get("on")
    for record in facts:
        yield ended(record["kind"], record["id"], reason=reason, on=on)
