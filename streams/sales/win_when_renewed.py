"""Policy: when a contract is renewed, the sale of its renewal is won."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from domain.kernel.time.effective_day import effective_day
from domain.kernel.types.values import LARGEST
from projections.sales.contracts import contracts, terms_of
from projections.sales.opportunities import opportunities
from streams.kernel.policy import Facts, Wish, policy
from streams.sales.win_when_signed import winning


def renewal_sale(event: Recorded) -> sa.Select[Any]:
    """Return the query of the contract, with each open sale of its renewal in its currency."""
    contract, sale = contracts.table, opportunities.table
    return (
        sa.select(contract, sale.c.id.label("sale"))
        .join(sale, sale.c.renews_id == contract.c.id)
        .where(contract.c.id == event.stream, opportunities.belongs.open(sale))
        .where(sale.c.currency == contract.c.currency)
    )


@policy(on=["contract.renewed"], facts=renewal_sale)
def win_when_renewed(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Win it with what the contract is worth beyond its former end, be it renewed by the clock."""
    day = effective_day(event.type, event.data, event.time)
    for row in facts:
        more = terms_of(row).left(date.fromisoformat(row["former_ends"][-1]))
        amount = str(min(max(more, Decimal(0)), LARGEST))
        yield from winning(row["sale"], {"amount": amount, "contract_number": row["number"]}, day)
