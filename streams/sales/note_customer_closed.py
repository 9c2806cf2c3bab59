"""Policy: when the file of a customer is closed, its open contracts say so; none ends by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.sales.contracts import contracts
from streams.kernel.policy import Facts, Wish, policy


def open_contracts(event: Recorded) -> sa.Select[Any]:
    """Return the query of the contracts of the customer that have not ended."""
    contract = contracts.table
    its = contract.c.customer_id == event.stream
    return sa.select(contract.c.id).where(its, contracts.belongs.open(contract))


@policy(on=["customer.closed"], facts=open_contracts)
def note_customer_closed(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Have each contract say so, from the day on which the file was closed."""
    for contract in facts:
        yield Wish(
            "contract.note-customer-closed", contract["id"], {"effective": event.data.get("on")}
        )
