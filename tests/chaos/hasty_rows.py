"""The broken control: rows that say how far they are before they are there."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from api.cli.main import app
from domain.kernel.aggregate import Recorded
from projections.kernel.rows.projector import Projector

whole = Projector._apply_all


def move_then_apply(
    self: Projector, events: Sequence[Recorded], reached: Mapping[str, int], *, tried: bool
) -> None:
    """Do with customers what the projector does, in two transactions and in the wrong order."""
    if not all(event.type.startswith("customer.") for event in events):
        whole(self, events, reached, tried=tried)  # who may do what is to be known
        return
    with self.engine.begin() as connection:
        self._move(connection, reached)
    time.sleep(0.5)
    whole(self, events, reached, tried=tried)


if __name__ == "__main__":
    Projector._apply_all = move_then_apply  # type: ignore[method-assign]
    app()
