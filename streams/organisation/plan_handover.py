"""Policy: when a handover has begun, it is settled which record goes to which successor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.organisation.units import units
from streams.kernel.policy import Facts, Wish, policy
from streams.organisation.portfolio import portfolio


def portfolio_and_tree(event: Recorded) -> sa.Select[Any]:
    """Return the query of the employee's portfolio, and of the units where successors name some.

    Units come as rows of the kind `unit`: `id` is the code, `unit` what is above.
    """
    rows = portfolio([event.data["employee"]]).subquery()
    query = sa.select(rows)
    if any(each["units"] for each in event.data["successors"]):
        unit, none = units.table, sa.null()
        above = sa.func.coalesce(unit.c.successor, unit.c.parent)
        tree = sa.select(sa.literal("unit"), unit.c.code, none, none, above)
        query = sa.select(sa.union_all(query, tree).subquery())
    return query


@policy(on=["handover.begun"], facts=portfolio_and_tree)
def plan_handover(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Settle it once: whoever carries the plan out, and however often, does the same."""
    above = {row["id"]: row["unit"] for row in facts if row["kind"] == "unit"}
    taker = _Takers(event.data["successors"], above)
    moves: list[dict[str, Any]] = []
    stay: list[dict[str, Any]] = []
    for row in facts:
        if row["kind"] != "unit":
            item = {"kind": row["kind"], "id": row["id"]}
            to = taker.of(row["customer_id"], row["unit"])
            if to is None:
                stay.append(item)
            else:
                moves.append({**item, "to": to})
    yield Wish("handover.plan", event.stream, {"moves": moves, "stay": stay})


class _Takers:
    """Who takes what: by customer, else by the nearest unit above, else who takes the rest."""

    def __init__(
        self, successors: Sequence[Mapping[str, Any]], above: Mapping[str, str | None]
    ) -> None:
        self._above = above
        self._customers: dict[str, str] = {
            id: each["employee"] for each in successors for id in each["customers"]
        }
        self._units: dict[str, str] = {
            code: each["employee"] for each in successors for code in each["units"]
        }
        rest = [s["employee"] for s in successors if not s["units"] and not s["customers"]]
        self._rest: str | None = rest[0] if rest else None

    def of(self, customer: str | None, unit: str | None) -> str | None:
        """Return the employee who takes a record, `None` when nobody does."""
        if customer is not None and customer in self._customers:
            return self._customers[customer]
        while unit is not None and self._units:
            if unit in self._units:
                return self._units[unit]
            unit = self._above.get(unit)
        return self._rest
