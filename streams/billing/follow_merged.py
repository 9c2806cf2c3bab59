"""Policies: a bill whose account a merged customer held stands under the survivor, while merged.

Bills that there were when a merge was planned go with it as all records do. Others come late, for
a month in which the account was the duplicate's, whoever holds it by now.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from domain.billing.billing_terms import last_day
from domain.kernel.aggregate import Recorded
from projections.billing.billing_accounts import billing_accounts
from projections.billing.bills import bills
from projections.customers.merges.customer_merges import customer_merges
from streams.kernel.policy import Facts, Wish, policy

_DONE = "done"


def of_merged(event: Recorded) -> sa.Select[Any]:
    """Return the query of the bill, or those of the duplicate, with the survivors, nearest first.

    A survivor may have been merged into another.
    """
    bill, merge = bills.table.c, customer_merges.table.c
    if event.type == "bill.received":
        mine = bill.id == event.stream
        first = sa.select(bill.customer_id).where(mine).scalar_subquery()
    else:
        its = sa.select(merge.duplicate_id).where(merge.id == event.stream)
        first = its.scalar_subquery()
        mine = bill.customer_id == first
    done = merge.state == _DONE
    heirs = sa.select(merge.survivor_id.label("id"), sa.literal(1).label("step"))
    chain = heirs.where(merge.duplicate_id == first, done).cte("chain", recursive=True)
    chain = chain.union(
        sa.select(merge.survivor_id, chain.c.step + 1).where(merge.duplicate_id == chain.c.id, done)
    )
    return (
        sa.select(bill.id, bill.customer_id, chain.c.id.label("survivor_id"))
        .join_from(bills.table, chain, sa.true())
        .where(mine)
        .order_by(bill.id, chain.c.step)
    )


@policy(on=["bill.received", "customer-merge.completed"], facts=of_merged)
def follow_merged(_: Recorded, facts: Facts) -> Iterator[Wish]:
    """Have a bill of a merged customer go to whoever that has become."""
    last = {row["id"]: row for row in facts}
    for id_, row in last.items():
        told = {"customer_id": row["survivor_id"], "former_id": row["customer_id"]}
        yield Wish("bill.follow-customer", id_, told)


def of_separated(event: Recorded) -> sa.Select[Any]:
    """Return the query of the survivor's bills of accounts that the duplicate held some time."""
    bill, account = bills.table.c, billing_accounts.table.c
    held = sa.cast(account.holders, sa.Text).contains(event.stream)
    return (
        sa.select(bill.id, bill.month, bill.unit, account.holders)
        .join_from(
            bills.table, billing_accounts.table, account.account_number == bill.account_number
        )
        .where(bill.customer_id == event.data["survivor_id"], held)
        .order_by(bill.id)
    )


@policy(on=["customer.separated"], facts=of_separated)
def return_to_separated(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Give back the bills of the months in which the account was the duplicate's."""
    for bill in facts:
        day = last_day(bill["month"]).isoformat()
        held = [each["customer_id"] for each in bill["holders"] if each["since"] <= day]
        if held[-1:] == [event.stream]:
            told = {"customer_id": event.stream, "unit": bill["unit"]}
            yield Wish("bill.follow-account", bill["id"], told)
