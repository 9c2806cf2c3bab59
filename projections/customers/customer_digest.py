"""The digest: which records of a customer's hierarchy changed between two positions."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from duckdb import DuckDBPyConnection

from projections.customers.customers import customers
from projections.kernel.belonging import OfCustomer, OfMany
from projections.kernel.lists.point_in_time import Then
from projections.kernel.read_model import ReadModel, read_models
from projections.kernel.visibility.owner_index import among
from projections.kernel.warehouse.facts import facts


@dataclass(frozen=True, slots=True)
class Touched:
    """A record of which something was recorded, and whether it began or ended with that."""

    kind: str
    id: str
    title: str | None
    began: bool
    ended: bool


class Hierarchy:
    """A customer and all that hangs on it, at the begin or the end of a stretch of the journal."""

    def __init__(self, cursor: DuckDBPyConnection, id_: str, since: int, until: int) -> None:
        """Find the customer, and those that were below it at either end."""
        self._cursor = cursor
        self._since, self._until = since, until
        self._then, self._now = Then(cursor, since), Then(cursor, until)
        self.family = frozenset({*_family(self._then, id_), *_family(self._now, id_)})
        """The ids of the customers."""

    def touched(self) -> Iterator[Touched]:
        """Yield the records that changed: customers, what is theirs, then what has many."""
        yield from self._changed(customers, "id", self.family)
        others = [model for model in read_models().values() if model is not customers]
        for model in others:
            if isinstance(its := model.belongs.customer, OfCustomer):
                yield from self._changed(model, its.column, self.family)
        for model in others:
            if isinstance(its := model.belongs.customer, OfMany):
                yield from self._changed(model, "id", self._naming(its))

    def contacts(self, seen: Collection[str]) -> dict[str, int]:
        """Return how many contacts of some customers were added and removed."""
        found = {}
        for name, types in (
            ("began", ("contact_added",)),
            ("ended", ("contact_removed", "contact_erased")),
        ):
            found[name] = sum(self._count(f"fact_customer_{type_}", seen) for type_ in types)
        return found

    def _count(self, fact: str, streams: Collection[str]) -> int:
        query = (
            f"SELECT count(*) FROM {fact} WHERE position > $since AND position <= $until "
            "AND stream IN (SELECT unnest($streams::VARCHAR[]))"
        )
        values = {"since": self._since, "until": self._until, "streams": sorted(streams)}
        return int(self._cursor.execute(query, values).fetchall()[0][0])

    def _changed(self, model: ReadModel, column: str, wanted: Collection[str]) -> list[Touched]:
        now, then = self._now.tables(model), self._then.tables(model).alias("earlier")
        names, over = model.table.c, model.belongs.ended
        state = next((name for name in ("status", "state") if name in names), None)
        title = next((name for name in ("name", "title") if name in names), "id")
        query = (
            sa.select(now.c.id, now.c[title].label("title"), then.c.id.label("known"))
            .add_columns(
                *(
                    (each.c[state] if state else sa.null()).label(label)
                    for each, label in ((now, "state"), (then, "was"))
                )
            )
            .select_from(now.outerjoin(then, then.c.id == now.c.id))
            .where(now.c.position > self._since)
            .where(
                sa.or_(
                    among(now.c[column], wanted, "duckdb"),
                    among(then.c[column], wanted, "duckdb"),
                )
            )
            .order_by(now.c[title], now.c.id)
        )
        return [
            Touched(
                model.aggregate,
                row["id"],
                row["title"],
                began=row["known"] is None,
                ended=row["state"] in over and row["was"] not in over,
            )
            for row in self._now.rows(query)
        ]

    def _naming(self, its: OfMany) -> set[str]:
        """Return the records among whose many customers one of these was in the meantime."""
        query = " UNION ALL ".join(
            f"SELECT position, stream, {adds}, list_intersect({its.lists}, $family::VARCHAR[]) "
            f"FROM {facts()[type_].name} WHERE position <= $until "
            f"AND list_has_any({its.lists}, $family::VARCHAR[])"
            for types, adds in ((its.adds, True), (its.removes, False))
            for type_ in types
        )
        values = {"family": sorted(self.family), "until": self._until}
        targets: dict[str, set[str]] = {}
        found: set[str] = set()
        for position, stream, adds, ids in sorted(self._cursor.execute(query, values).fetchall()):
            if position > self._since:
                found.add(stream)
            known = targets.setdefault(stream, set())
            known.update(ids) if adds else known.difference_update(ids)
        return found | {stream for stream, ids in targets.items() if ids}


def _family(asking: Then, id_: str) -> list[str]:
    """Return a customer and all below it."""
    known: Any = asking.tables(customers)
    family = sa.select(known.c.id).where(known.c.id == id_).cte("family", recursive=True)
    below = known.alias("below")
    family = family.union(sa.select(below.c.id).where(below.c.parent_id == family.c.id))
    return [row["id"] for row in asking.rows(sa.select(family.c.id))]
