"""Policy: when a merge of customers is undone, what nobody moved meanwhile returns."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sa

from adapters.journal.recorded_actors import by
from adapters.storage.journal_tables import events
from domain.kernel.actors import Actor
from domain.kernel.aggregate import Recorded
from projections.customers.customers import customers
from projections.customers.merges.customer_merges import customer_merges
from projections.kernel.belonging import OfCustomer, Stays
from projections.kernel.read_model import ReadModel, models_by_kind
from streams.kernel.belonging import returning
from streams.kernel.policy import Facts, Wish, policy

TOUCHED = "touched"

ENDED = "It has ended by now."
ABOVE = "The customer is below it by now."


def _with_customer() -> dict[str, tuple[ReadModel, OfCustomer]]:
    """Return the read models of what goes with its one customer, by kind."""
    return {
        kind: (model, its)
        for kind, model in models_by_kind().items()
        if isinstance(its := model.belongs.customer, OfCustomer) and isinstance(its.follow, str)
    }


def whereabouts(event: Recorded) -> sa.Select[Any]:
    """Return the query of where the records are now that followed the duplicate.

    And of what came to the survivor since, which is `new`. `because` is why nobody could bring a
    record to the duplicate.
    """
    survivor, duplicate = event.data["survivor_id"], event.data["duplicate_id"]
    merge = customer_merges.table
    since = sa.select(merge.c.created_at).where(merge.c.id == event.stream).scalar_subquery()
    queries = []
    for kind, (model, its) in _with_customer().items():
        table = model.table
        new = sa.case((table.c.created_at > since, 1), else_=0)
        mine = sa.or_(
            table.c.id.in_([each["id"] for each in event.data["moved"] if each["kind"] == kind]),
            sa.and_(table.c[its.column] == survivor, new == 1, table.c.id != duplicate),
        )
        holder = table.c[its.column].label("holder")
        what = (sa.literal(kind).label("kind"), table.c.id, table.c.version, holder)
        because = _barred(model, its, duplicate).label("because")
        queries.append(sa.select(*what, new.label("new"), because).where(mine))
    found = sa.union_all(*queries).subquery()
    return sa.select(found).order_by(found.c.kind, found.c.id)


def _barred(model: ReadModel, its: OfCustomer, duplicate: str) -> sa.ColumnElement[Any]:
    """Return why nobody could give a record to the duplicate, null when somebody could."""
    reasons = [] if its.in_any_state else [(sa.not_(model.belongs.open(model.table)), ENDED)]
    if model is customers:
        above = sa.select(customers.table.c.parent_id.label("id"))
        heads = above.where(customers.table.c.id == duplicate).cte("heads", recursive=True)
        heads = heads.union(above.where(customers.table.c.id == heads.c.id))
        reasons.append((customers.table.c.id.in_(sa.select(heads.c.id)), ABOVE))
    return sa.case(*reasons) if reasons else sa.null()


def touched(event: Recorded, _: Facts) -> sa.Select[Any]:
    """Return the query of the last versions of what followed that merges had no part in.

    What has many customers is left out: what changes in it is hardly ever about this one.
    """
    kinds = _with_customer()
    followed = [each["id"] for each in event.data["moved"] if each["kind"] in kinds]
    merging = [Actor("policy", name) for name in ("carry-out-merge", "undo-merge")]
    last = sa.func.max(events.c.version).label("version")
    return (
        sa.select(sa.literal(TOUCHED).label("kind"), events.c.stream.label("id"), last)
        .where(events.c.stream.in_(followed))
        .where(sa.not_(sa.func.coalesce(by(events, *merging), sa.false())))
        .group_by(events.c.stream)
    )


@policy(on=["customer-merge.reversed"], facts=whereabouts, recorded=touched)
def undo_merge(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Give back what is still where the merge brought it, then part the two customers."""
    data, merge = event.data, event.stream
    survivor, duplicate = data["survivor_id"], data["duplicate_id"]
    way = {"merge": merge, "survivor": survivor, "duplicate": duplicate}
    for item in data["moved"]:
        yield returning(item["kind"], item["id"], **way)
    told = {"merge_id": merge, "reason": data["reason"]}
    yield Wish("customer.give-back", survivor, {**told, "duplicate_id": duplicate})

    def parted(_: Collection[str]) -> dict[str, Any]:
        return {**told, "survivor_id": survivor}  # what the survivor gave back is known by then

    yield Wish("customer.separate", duplicate, parted)

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
    return {"returned": returned, "changed": changed, "kept": kept, "conflicts": conflicts}


def _conflict(row: dict[str, Any], was: str | None, now: str | None, to: str) -> dict[str, Any]:
    """Return a record that is not the duplicate's, with the command by which it would be."""
    kind = row["kind"]
    its = models_by_kind()[kind].belongs.customer
    assert isinstance(its, OfCustomer)
    told = {"kind": kind, "id": row["id"], "field": its.column, "was": was, "now": now}
    because = row["because"] or (its.name.why if isinstance(its.name, Stays) else None)
    if because is not None:
        return {**told, "because": because}
    return {**told, "command": f"{kind}.{its.name}", "body": {its.column: to}}
