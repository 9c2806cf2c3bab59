"""Policy: a customer that a merge or its undoing brings to an ended unit goes to its successor.

While a customer is merged it stays where it is when its unit ends, and a unit that was replaced by
a merge may end before it comes back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.customers.customers import customers
from projections.organisation.units import units
from streams.kernel.policy import Facts, Wish, policy
from streams.organisation.transfer_to_successor import heir


def place(event: Recorded) -> sa.Select[Any]:
    """Return the query of the open customer's unit, if that has ended, with its successor now.

    A unit that ends later is for the policy `transfer-to-successor`, which finds the customer.
    """
    unit, customer = units.table, customers.table
    successor = heir(sa.select(customer.c.unit.label("code")).where(customer.c.id == event.stream))
    ended = (
        sa.select(unit.c.code, successor)
        .join(customer, customer.c.unit == unit.c.code)
        .where(customer.c.id == event.stream, customers.belongs.open(customer))
        .where(unit.c.state != "open")
        .subquery()
    )
    return sa.select(ended).where(ended.c.successor.is_not(None))


@policy(on=["customer.absorbed", "customer.gave-back", "customer.separated"], facts=place)
def follow_successor(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Transfer the customer to where all others went when the unit ended."""
    for row in facts:
        reason = f"The unit {row['code']} has ended."
        yield Wish("customer.transfer", event.stream, {"unit": row["successor"], "reason": reason})
