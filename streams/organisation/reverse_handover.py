"""Policy: when a handover is reversed, what is still with its successor goes back."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from streams.kernel.belonging import given
from streams.kernel.policy import Facts, Wish, policy
from streams.organisation.portfolio import portfolio


def portfolios(event: Recorded) -> sa.Select[Any]:
    """Return the query of what the employee and the successors look after now."""
    successors = {move["to"] for move in event.data["moved"]}
    return sa.select(portfolio(sorted({event.data["employee"], *successors})).subquery())


@policy(on=["handover.reversed"], facts=portfolios)
def give_back(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Give each back; what somebody else has by now, or what has ended, stays where it is."""
    employee, reason = event.data["employee"], event.data["reason"]
    holders = {(row["kind"], row["id"]): row["holder"] for row in facts}
    returned: list[dict[str, Any]] = []
    kept: list[dict[str, Any]] = []
    for move in event.data["moved"]:
        item = {"kind": move["kind"], "id": move["id"]}
        holder = holders.get((move["kind"], move["id"]))
        if holder == move["to"]:
            yield given(move["kind"], move["id"], to=employee, reason=reason)
        # What is with the employee already came back in an earlier attempt, or by hand.
        (returned if holder in (move["to"], employee) else kept).append(item)

    def completed(refused: Collection[str]) -> dict[str, Any]:
        back = [item for item in returned if item["id"] not in refused]
        return {"returned": back, "kept": [*kept, *(i for i in returned if i["id"] in refused)]}

    yield Wish("handover.complete-reversal", event.stream, completed)
