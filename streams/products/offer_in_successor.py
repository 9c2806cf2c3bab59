"""Policy: what a unit offered that is merged into another is offered in that one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.organisation.units import units
from projections.products.products import products
from streams.kernel.policy import Facts, Wish, policy
from streams.organisation.transfer_to_successor import heir


def offers(event: Recorded) -> sa.Select[Any]:
    """Return the query of the products that the unit offers, with the unit that it has led to."""
    product, unit = products.table.c, units.table.c
    successor = heir(sa.select(unit.successor.label("code")).where(unit.id == event.stream))
    listed = sa.cast(product.offered_in, sa.Text).like(sa.literal('%"') + unit.code + '"%')
    return (
        sa.select(product.id, product.offered_in, unit.code, successor)
        .join_from(products.table, units.table, listed)
        .where(unit.id == event.stream)
        .order_by(product.id)
    )


@policy(on=["unit.merged"], facts=offers)
def offer_in_successor(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Have the successor offer each product, if it does not yet, then the unit no more.

    Where a unit is closed instead, the one above it is not asked: that has other units below it.
    """
    for row in facts:
        if row["successor"] is None:
            continue
        if row["successor"] not in row["offered_in"]:
            told = {"units": [row["successor"]]}
            yield Wish("product.extend-to", row["id"], told, key=f"{row['id']} extend")
        ended = {"units": [row["code"]], "reason": event.data["reason"]}
        yield Wish("product.end-in", row["id"], ended)
