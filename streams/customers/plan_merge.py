"""Policy: when a merge of customers has begun, it is settled which records follow the duplicate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from adapters.storage.journal_tables import events
from domain.kernel.aggregate import Recorded
from projections.customers.customers import customers
from projections.marketing.campaigns import campaigns
from projections.sales.opportunities import opportunities
from projections.service.service_tickets import service_tickets
from streams.kernel.policy import Facts, Wish, policy

TARGETED = "campaign.targets-added"
REPLACED = "campaign.target-replaced"


def followers(event: Recorded) -> sa.Select[Any]:
    """Return the query of what is the duplicate's, open or not, and of campaigns with targets."""
    duplicate = event.data["duplicate_id"]
    found = sa.union_all(
        *(
            sa.select(sa.literal(kind).label("kind"), table.c.id, table.c.version).where(its)
            for kind, table, its in (
                ("customer", customers.table, customers.table.c.parent_id == duplicate),
                (
                    "opportunity",
                    opportunities.table,
                    opportunities.table.c.customer_id == duplicate,
                ),
                (
                    "service-ticket",
                    service_tickets.table,
                    service_tickets.table.c.customer_id == duplicate,
                ),
                ("campaign", campaigns.table, campaigns.table.c.targets > 0),
            )
        )
    ).subquery()
    return sa.select(found).order_by(found.c.kind, found.c.id)


def targeted(event: Recorded, facts: Facts) -> sa.Select[Any]:
    """Return the query of those of the campaigns that the duplicate was ever made a target of.

    The row read models do not list targets, of which a campaign may have very many.
    """
    streams = [row["id"] for row in facts if row["kind"] == "campaign"]
    return (
        sa.select(sa.literal("target").label("kind"), events.c.stream.label("id"))
        .where(
            events.c.stream.in_(streams),
            events.c.type.in_((TARGETED, REPLACED)),
            events.c.data.contains(event.data["duplicate_id"]),
        )
        .distinct()
    )


@policy(on=["customer-merge.begun"], facts=followers, recorded=targeted)
def plan_merge(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Settle it once: whoever carries the plan out, and however often, does the same."""
    targets = {row["id"] for row in facts if row["kind"] == "target"}
    items = [
        {"kind": row["kind"], "id": row["id"], "version": row["version"]}
        for row in facts
        if row["kind"] not in ("target", "campaign")
        or (row["kind"] == "campaign" and row["id"] in targets)
    ]
    yield Wish("customer-merge.plan", event.stream, {"items": items})
