"""Policy: a merge of customers that was planned is done, and completed with what was kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from domain.kernel.aggregate import Recorded
from streams.kernel.belonging import following
from streams.kernel.policy import Facts, Wish, policy

AGAIN = "without-number"
"""The key of a second attempt, without the registration number, which somebody else has by now."""


@policy(on=["customer-merge.planned"])
def carry_out_merge(event: Recorded, _: Facts) -> Iterator[Wish]:
    """Let the duplicate go, then take in what was its own, then let all that follows follow.

    In this order no registration number is in two hands. What is refused, for it changed
    meanwhile, is kept.
    """
    data = event.data
    survivor, duplicate = data["survivor_id"], data["duplicate_id"]
    merge = {"merge_id": event.stream, "reason": data["reason"]}
    yield Wish("customer.merge-into", duplicate, {**merge, "survivor_id": survivor})
    absorb = {**merge, "duplicate_id": duplicate}
    yield Wish("customer.absorb", survivor, {**absorb, "take": data["take"]})
    rest = [name for name in data["take"] if name != "registration_number"]

    def again(refused: Collection[str]) -> dict[str, Any] | None:
        return {**absorb, "take": rest} if survivor in refused else None

    yield Wish("customer.absorb", survivor, again, key=AGAIN)
    for item in data["items"]:
        way = {"merge": event.stream, "to": survivor, "former": duplicate}
        yield following(item["kind"], item["id"], **way)

    def completed(refused: Collection[str]) -> dict[str, Any]:
        kept = [each for each in data["items"] if each["id"] in refused]
        return {"kept": kept, "without_number": survivor in refused}

    yield Wish("customer-merge.complete", event.stream, completed)
