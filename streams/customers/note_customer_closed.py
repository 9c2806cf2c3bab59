"""Policy: when the file of a customer is closed, open records that go on say so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded, discover
from domain.kernel.parts.outlives import Outlives
from projections.kernel.read_model import read_models
from streams.kernel.policy import Facts, Wish, policy


def open_records(event: Recorded) -> sa.Select[Any]:
    """Return the query of the records of the customer that go on and have not ended."""
    aggregates = discover().aggregates
    found = sa.union_all(
        *(
            sa.select(sa.literal(model.aggregate).label("kind"), model.table.c.id).where(
                model.table.c.customer_id == event.stream, model.belongs.open(model.table)
            )
            for model in read_models().values()
            if issubclass(aggregates[model.aggregate], Outlives)
        )
    ).subquery()
    return sa.select(found)


@policy(on=["customer.closed"], facts=open_records)
def note_customer_closed(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Have each record say so, from the day on which the file was closed."""
    on = event.data.get("on")
    for record in facts:
        yield Wish(f"{record['kind']}.note-customer-closed", record["id"], {"effective": on})
