"""The cache of aggregates: those last used by the writer of this process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from domain.kernel import Aggregate


class Cache:
    """The aggregates last used, as of a position; only the holder of the head lock touches it."""

    def __init__(self, size: int) -> None:
        """Keep up to `size` aggregates."""
        self.position = 0
        self.size = size
        self._aggregates: OrderedDict[str, Aggregate] = OrderedDict()

    def get(self, stream: str) -> Aggregate | None:
        """Return an aggregate, if it is kept, and note its use."""
        aggregate = self._aggregates.get(stream)
        if aggregate is not None:
            self._aggregates.move_to_end(stream)
        return aggregate

    def put(self, aggregate: Aggregate) -> None:
        """Keep an aggregate, at the cost of the one that was not used for longest."""
        self._aggregates[aggregate.id] = aggregate
        if len(self._aggregates) > self.size:
            self._aggregates.popitem(last=False)

    def drop(self, streams: Iterable[str]) -> None:
        """Forget aggregates that somebody changed elsewhere, or here in vain."""
        for stream in streams:
            self._aggregates.pop(stream, None)

    def clear(self) -> None:
        """Forget everything."""
        self._aggregates.clear()
