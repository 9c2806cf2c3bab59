"""Policy: when a merge of customers is undone, what nobody moved meanwhile returns."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sa

from adapters.journal_tables import events
from domain.kernel import Recorded
from projections.customer_merges import customer_merges
from projections.customers import customers
from projections.opportunities import opportunities
from projections.service_tickets import service_tickets
from streams.carry_out_merge import AGAIN, following
from streams.fulfil import ACTOR
from streams.policy import Facts, Wish, policy

TOUCHED = "touched"

_WITH = {
    "customer": (customers, "parent_id", "customer.place-under"),
    "opportunity": (opportunities, "customer_id", "opportunity.name-customer"),
    "service-ticket": (service_tickets, "customer_id", "service-ticket.name-customer"),
}


def whereabouts(event: Recorded) -> sa.Select[Any]:
    """Return the query of where the records are now that followed the duplicate.

    And of what came to the survivor since, which is `new`.
    """
    survivor, duplicate = event.data["survivor_id"], event.data["duplicate_id"]
    merge = customer_merges.table
    since = sa.select(merge.c.created_at).where(merge.c.id == event.stream).scalar_subquery()
    queries = []
    for kind, (model, column, _) in _WITH.items():
        table = model.table
        new = sa.case((table.c.created_at > since, 1), else_=0)
        mine = sa.or_(
            table.c.id.in_([each["id"] for each in event.data["moved"] if each["kind"] == kind]),
            sa.and_(table.c[column] == survivor, new == 1, table.c.id != duplicate),
        )
        holder = table.c[column].label("holder")
        what = (sa.literal(kind).label("kind"), table.c.id, table.c.version, holder)
        queries.append(sa.select(*what, new.label("new")).where(mine))
    found = sa.union_all(*queries).subquery()
    return sa.select(found).order_by(found.c.kind, found.c.id)


def touched(event: Recorded, _: Facts) -> sa.Select[Any]:
    """Return the query of the last versions of what followed that merges had no part in.

    Campaigns are left out: what changes in them is hardly ever about this customer.
    """
    followed = [each["id"] for each in event.data["moved"] if each["kind"] in _WITH]
    merging = [f"{ACTOR}{name}" for name in ("carry-out-merge", "undo-merge")]
    last = sa.func.max(events.c.version).label("version")
    return (
        sa.select(sa.literal(TOUCHED).label("kind"), events.c.stream.label("id"), last)
        .where(events.c.stream.in_(followed))
        .where(events.c.actor.not_in(merging))
        .group_by(events.c.stream)
    )


@policy(on=["customer-merge.reversed"], facts=whereabouts, recorded=touched)
def undo_merge(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Give back what is still where the merge brought it, then part the two customers."""
    data, merge = event.data, event.stream
    survivor, duplicate = data["survivor_id"], data["duplicate_id"]
    for item in data["moved"]:
        if item["kind"] == "campaign":
            body = {"customer_id": survivor, "former_id": duplicate, "merge_id": merge}
            yield Wish("campaign.return-target", item["id"], body)
        else:
            yield following(item, merge, duplicate, survivor)
    told = {"merge_id": merge, "reason": data["reason"]}
    yield Wish("customer.give-back", survivor, {**told, "duplicate_id": duplicate})

    def given(refused: Collection[str]) -> dict[str, Any] | None:
        body = {**told, "duplicate_id": duplicate, "number": False}
        return body if survivor in refused else None

    yield Wish("customer.give-back", survivor, given, key=f"{survivor}/{AGAIN}")
    yield Wish("customer.separate", duplicate, {**told, "survivor_id": survivor})

    def separated(refused: Collection[str]) -> dict[str, Any] | None:
        body = {**told, "survivor_id": survivor, "number": False}
        return body if duplicate in refused else None

    yield Wish("customer.separate", duplicate, separated, key=f"{duplicate}/{AGAIN}")

    def completed(refused: Collection[str]) -> dict[str, Any]:
        return _outcome(data, facts, refused)

    yield Wish("customer-merge.complete-reversal", merge, completed)


def _outcome(data: dict[str, Any], facts: Facts, refused: Collection[str]) -> dict[str, Any]:
    survivor, duplicate = data["survivor_id"], data["duplicate_id"]
    moved = {item["id"] for item in data["moved"]}
    returned = [item for item in data["moved"] if item["id"] not in refused]
    kept = [item for item in data["moved"] if item["id"] in refused]
    last = {row["id"]: row["version"] for row in facts if row["kind"] == TOUCHED}
    changed = [item for item in returned if last.get(item["id"], 0) > item["version"]]
    rows = [row for row in facts if row["kind"] != TOUCHED]
    conflicts = [
        _conflict(row, duplicate, row["holder"], duplicate)
        for row in rows
        if row["id"] in moved and row["id"] in refused
    ]
    conflicts += [
        _conflict(row, None, survivor, duplicate) for row in rows if row["id"] not in moved
    ]
    if duplicate in refused:
        number = {"field": "registration_number", "was": None, "now": None}
        conflicts.append({"kind": "customer", "id": duplicate, **number} | _CORRECT)
    return {"returned": returned, "changed": changed, "kept": kept, "conflicts": conflicts}


_CORRECT = {"command": "customer.correct-details", "body": {"registration_number": None}}


def _conflict(row: dict[str, Any], was: str | None, now: str | None, to: str) -> dict[str, Any]:
    """Return a record that is not the duplicate's, with the command by which it would be."""
    _, field, command = _WITH[row["kind"]]
    told = {"kind": row["kind"], "id": row["id"], "field": field, "was": was, "now": now}
    return {**told, "command": command, "body": {field: to}}
