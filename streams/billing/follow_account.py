"""Policy: the bills of an account are those of whoever held it at the end of their month."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from domain.billing.billing_terms import last_day
from domain.kernel.aggregate import Recorded
from projections.billing.billing_accounts import billing_accounts
from projections.billing.bills import bills
from streams.kernel.policy import Facts, Wish, policy


def of_account(event: Recorded) -> sa.Select[Any]:
    """Return the query of the bills of the account, with who held it since when."""
    bill, account = bills.table.c, billing_accounts.table.c
    return (
        sa.select(
            *(bill.id, bill.month, bill.issued_on, bill.customer_id, bill.unit),
            *(account.holders, account.unit.label("unit_of_account")),
        )
        .join_from(
            bills.table, billing_accounts.table, account.account_number == bill.account_number
        )
        .where(account.id == event.stream)
        .order_by(bill.id)
    )


@policy(
    on=[
        *("billing-account.opened", "billing-account.assigned"),
        *("billing-account.reassigned", "billing-account.customer-named"),
    ],
    facts=of_account,
)
def follow_account(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Have those go with it of the time for which the event says who held it.

    One that waited for whoever holds its account is that customer's from when it was issued.
    """
    customer = event.data["customer_id"]
    for bill in facts:
        day = last_day(bill["month"]).isoformat()
        held = [each["customer_id"] for each in bill["holders"] if each["since"] <= day]
        told = {
            "customer_id": customer if held[-1:] == [customer] else bill["customer_id"],
            "unit": bill["unit"] or bill["unit_of_account"],
        }
        if any(bill[name] != each for name, each in told.items()):
            waited = bill["customer_id"] is None
            day_of_issue = str(bill["issued_on"]) if waited else None
            yield Wish("bill.follow-account", bill["id"], told | {"effective": day_of_issue})
