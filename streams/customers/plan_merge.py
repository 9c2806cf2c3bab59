"""Policy: when a merge of customers has begun, it is settled which records follow the duplicate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from adapters.storage.journal_tables import events
from domain.kernel.aggregate import Recorded
from projections.kernel.belonging import OfMany
from projections.kernel.read_model import models_by_kind, read_models
from streams.kernel.policy import Facts, Wish, policy

NAMED = "named"


def followers(event: Recorded) -> sa.Select[Any]:
    """Return the query of what is the duplicate's, open or not, and of what has many customers."""
    duplicate = event.data["duplicate_id"]
    found = sa.union_all(
        *(
            sa.select(
                sa.literal(model.aggregate).label("kind"), model.table.c.id, model.table.c.version
            ).where(
                model.table.c[its.count] > 0
                if isinstance(its, OfMany)
                else model.table.c[its.column] == duplicate
            )
            for model in read_models().values()
            if (its := model.belongs.customer) is not None and isinstance(its.follow, str)
        )
    ).subquery()
    return sa.select(found).order_by(found.c.kind, found.c.id)


def _of_many() -> dict[str, OfMany]:
    """Return what is declared of the kinds with many customers."""
    found = ((kind, model.belongs.customer) for kind, model in models_by_kind().items())
    return {kind: its for kind, its in found if isinstance(its, OfMany)}


def naming(event: Recorded, facts: Facts) -> sa.Select[Any]:
    """Return the query of those of them that ever named the duplicate.

    The row read models do not list these customers, of which a campaign may have very many.
    """
    many = _of_many()
    streams = [row["id"] for row in facts if row["kind"] in many]
    return (
        sa.select(sa.literal(NAMED).label("kind"), events.c.stream.label("id"))
        .where(
            events.c.stream.in_(streams),
            events.c.type.in_(
                [each for its in many.values() for each in (*its.adds, *its.replaces)]
            ),
            events.c.data.contains(event.data["duplicate_id"]),
        )
        .distinct()
    )


@policy(on=["customer-merge.begun"], facts=followers, recorded=naming)
def plan_merge(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Settle it once: whoever carries the plan out, and however often, does the same."""
    many = _of_many()
    named = {row["id"] for row in facts if row["kind"] == NAMED}
    items = [
        {"kind": row["kind"], "id": row["id"], "version": row["version"]}
        for row in facts
        if row["kind"] != NAMED and (row["kind"] not in many or row["id"] in named)
    ]
    yield Wish("customer-merge.plan", event.stream, {"items": items})
