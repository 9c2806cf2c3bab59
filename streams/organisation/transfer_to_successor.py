"""Policy: when a unit ends, the open records of all kinds in it go to its successor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.kernel.read_model import read_models
from projections.organisation.units import units
from streams.kernel.belonging import transferred
from streams.kernel.policy import Facts, Wish, policy


def open_records(event: Recorded) -> sa.Select[Any]:
    """Return the query of what is open in the unit, with the unit that is its successor now.

    The successor may have ended meanwhile, then it is the successor's. What an earlier end left
    in a unit that has led here ever since goes along.
    """
    unit, ended = units.table, units.table.c.state != "open"
    own = sa.select(unit.c.code).where(unit.c.id == event.stream)
    gone = own.cte("gone", recursive=True)
    gone = gone.union(sa.select(unit.c.code).where(unit.c.successor == gone.c.code, ended))
    successor = heir(sa.select(unit.c.successor.label("code")).where(unit.c.id == event.stream))
    found = sa.union_all(
        *(
            sa.select(sa.literal(model.aggregate).label("kind"), model.table.c.id, successor).where(
                model.table.c[its.column].in_(sa.select(gone.c.code)),
                model.belongs.open(model.table),
            )
            for model in read_models().values()
            if (its := model.belongs.unit) is not None
        )
    ).subquery()
    return sa.select(found).where(found.c.successor.is_not(None))


def heir(start: sa.Select[Any]) -> sa.Label[str | None]:
    """Return the open unit to which the unit that a query finds has led, as `successor`.

    The query gives its `code`; it is the successor itself while it is open.
    """
    unit, ended = units.table, units.table.c.state != "open"
    heirs = start.cte("heirs", recursive=True)
    heirs = heirs.union(sa.select(unit.c.successor).where(unit.c.code == heirs.c.code, ended))
    alive = sa.select(unit.c.code).join(heirs, heirs.c.code == unit.c.code).where(~ended)
    return alive.limit(1).scalar_subquery().label("successor")


@policy(on=["unit.merged", "unit.closed"], facts=open_records)
def transfer_to_successor(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Transfer each on the day of the end."""
    told = {"reason": event.data["reason"], "on": event.data["on"]}
    for record in facts:
        yield transferred(record["kind"], record["id"], unit=record["successor"], **told)
