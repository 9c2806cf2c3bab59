"""Policy: when a contract is signed, the sale that it comes from is won."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.sales.contracts import contracts
from projections.sales.opportunities import opportunities
from streams.kernel.policy import Facts, Wish, policy


def open_sale(event: Recorded) -> sa.Select[Any]:
    """Return the query of the contract's open sale, in the same currency, and of what it is."""
    contract, sale = contracts.table, opportunities.table
    return (
        sa.select(sale.c.id, contract.c.value, contract.c.number, contract.c.signed_on)
        .join(contract, contract.c.opportunity_id == sale.c.id)
        .where(contract.c.id == event.stream, opportunities.belongs.open(sale))
        .where(sale.c.currency == contract.c.currency)
    )


@policy(on=["contract.signed"], facts=open_sale)
def win_when_signed(_: Recorded, facts: Facts) -> Iterator[Wish]:
    """Win it with the contract's number and worth: on its day, or where that cannot be now."""
    for sale in facts:
        won = {"amount": str(sale["value"]), "contract_number": sale["number"]}
        yield Wish("opportunity.win", sale["id"], won | {"closed_on": str(sale["signed_on"])})

        def again(
            refused: Collection[str], id: str = sale["id"], won: Any = won
        ) -> dict[str, Any] | None:
            return won if id in refused else None

        yield Wish("opportunity.win", sale["id"], again, key=f"{sale['id']}/now")
