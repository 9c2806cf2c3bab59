"""Policy: work that is announced knows which customers have what is worked on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from domain.customers.sites.product_in_use_course import UseState
from domain.kernel.aggregate import Recorded
from projections.customers.sites.products_in_use import products_in_use
from projections.service.maintenances import maintenances
from streams.kernel.policy import Facts, Wish, policy


def affected(event: Recorded) -> sa.Select[Any]:
    """Return the query of the customers whose products, or sites, the work names."""
    use, work = products_in_use.table.c, maintenances.table.c
    columns = ((work.products_in_use, use.id), (work.sites, use.site_id))
    named = [
        sa.cast(column, sa.Text).contains(of)
        for column, of in (*columns, (work.sites, use.far_site_id))
    ]
    return (
        sa.select(use.customer_id)
        .join_from(products_in_use.table, maintenances.table, sa.or_(*named))
        .where(work.id == event.stream, use.state != UseState.CEASED)
        .distinct()
        .order_by(use.customer_id)
    )


@policy(on=["maintenance.announced"], facts=affected)
def note_affected(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Have it note them, as they are by then: nobody, where nothing is used any more."""
    told = {"customer_ids": [row["customer_id"] for row in facts]}
    yield Wish("maintenance.note-affected", event.stream, told)
