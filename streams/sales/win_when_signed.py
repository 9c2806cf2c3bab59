"""Policy: when a contract is signed, the sale that it comes from is won."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.sales.contracts import contracts
from projections.sales.opportunities import opportunities
from streams.kernel.policy import Facts, Wish, policy


def open_sale(event: Recorded) -> sa.Select[Any]:
    """Return the query of the contract's open sale, in the same currency, and of what it is.

    Without one of its own that is the sale of the renewal of the contract that it replaces.
    """
    contract, sale = contracts.table, opportunities.table
    alone = contract.c.opportunity_id.is_(None)
    renews = sa.and_(alone, contract.c.replaces_id == sale.c.renews_id)
    return (
        sa.select(sale.c.id, contract.c.value, contract.c.number, contract.c.signed_on)
        .join(contract, sa.or_(contract.c.opportunity_id == sale.c.id, renews))
        .where(contract.c.id == event.stream, opportunities.belongs.open(sale))
        .where(sale.c.currency == contract.c.currency)
    )


@policy(on=["contract.signed", "contract.taken-over"], facts=open_sale)
def win_when_signed(_: Recorded, facts: Facts) -> Iterator[Wish]:
    """Win it with the contract's number and worth: on its day, or where that cannot be now."""
    for sale in facts:
        won = {"amount": str(sale["value"]), "contract_number": sale["number"]}
        yield from winning(sale["id"], won, sale["signed_on"])


def winning(sale: str, won: dict[str, Any], day: date) -> Iterator[Wish]:
    """Wish that a sale is won on a day, or where that cannot be now."""
    yield Wish("opportunity.win", sale, won | {"closed_on": str(day)})

    def again(refused: Collection[str]) -> dict[str, Any] | None:
        return won if sale in refused else None

    yield Wish("opportunity.win", sale, again, key=f"{sale}/now")
