"""Policy: what a handover has planned is done, and the handover completed with what was kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from domain.kernel.aggregate import Recorded
from streams.kernel.belonging import given
from streams.kernel.policy import Facts, Wish, policy


@policy(on=["handover.planned"])
def carry_out_handover(event: Recorded, _: Facts) -> Iterator[Wish]:
    """Give each record to its successor; what is refused, for it changed meanwhile, is kept."""
    moves: list[dict[str, Any]] = event.data["moves"]
    for move in moves:
        yield given(move["kind"], move["id"], to=move["to"], reason=event.data["reason"])

    def completed(refused: Collection[str]) -> dict[str, Any]:
        kept = [{"kind": m["kind"], "id": m["id"]} for m in moves if m["id"] in refused]
        return {"kept": kept}

    yield Wish("handover.complete", event.stream, completed)
