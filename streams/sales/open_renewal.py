"""Policy: half a year before a contract ends, the sale of its renewal is opened."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from domain.kernel.time.business_day import recorded_day
from domain.kernel.types.values import LARGEST
from domain.sales.contract_clock import BEFORE, Until
from domain.sales.opportunity_source import Source
from projections.sales.contracts import contracts, terms_of
from projections.sales.opportunities import opportunities
from streams.kernel.policy import Facts, Wish, policy

A_YEAR = 12
"""For how many months a contract is renewed that does not say so."""


def ending(event: Recorded) -> sa.Select[Any]:
    """Return the query of the contract, while it ends then, and nobody sells its renewal."""
    contract, sale = contracts.table, opportunities.table
    sold = sa.exists().where(sale.c.renews_id == contract.c.id, opportunities.belongs.open(sale))
    return (
        sa.select(contract)
        .where(contract.c.id == event.stream, contracts.belongs.open(contract))
        .where(contract.c.cut_on.is_(None), contract.c.last_day == _end(event), ~sold)
    )


def _end(event: Recorded) -> date:
    """Return the day to which there are as many days left as an event says."""
    due = recorded_day(datetime.fromisoformat(event.data["due_at"]))
    return due + timedelta(days=event.data["days"])


@policy(on=["contract.end-neared"], facts=ending)
def open_renewal(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Open it for the manager of the contract, or where that cannot be, for none.

    It is worth what the fee of the last day comes to. There is none when the end had passed.
    """
    neared = (event.data["of"], event.data["days"])
    if neared != (Until.TERM, BEFORE[0]) or _end(event) < recorded_day(event.time):
        return
    sale = event.naming("renewal")
    for row in facts:
        amount = terms_of(row).fee(row["last_day"]) * (row["renewal_months"] or A_YEAR)
        told = {name: row[name] for name in ("customer_id", "unit", "currency")}
        told |= {
            "title": f"Renewal of {row['title']}"[:200],
            "amount": str(min(amount, LARGEST)) if amount else None,
            "expected_close": str(row["last_day"]),
            "source": Source.RENEWAL,
            "renews_id": row["id"],
        }
        yield Wish("opportunity.open", sale, {**told, "manager": row["manager"]})

        def unmanaged(refused: Collection[str], told: Any = told) -> dict[str, Any] | None:
            return told if sale in refused else None

        yield Wish("opportunity.open", sale, unmanaged, key=f"{sale}/unmanaged")
