"""The cache of aggregates: those last used by the writer of this process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from domain.kernel.aggregate import Aggregate


class Cache:
    """The aggregates last used, as of a position; only the holder of the head lock touches it."""

    def __init__(self, size: int) -> None:
        """Keep up to `size` aggregates, and which of them were found by what they claim."""
        self.position = 0
        self.size = size
        self._aggregates: OrderedDict[str, Aggregate] = OrderedDict()
        self._outdated: set[str] = set()
        self.holders: dict[tuple[str, str], str] = {}

    def get(self, stream: str) -> Aggregate | None:
        """Return an aggregate as it is now, if it is kept, and note its use."""
        aggregate = self._aggregates.get(stream)
        if aggregate is None or stream in self._outdated:
            return None
        self._aggregates.move_to_end(stream)
        return aggregate

    def outdated(self, stream: str) -> Aggregate | None:
        """Return an aggregate as it was before others changed it, if it is kept."""
        return self._aggregates.get(stream) if stream in self._outdated else None

    def outdate(self, streams: Iterable[str]) -> None:
        """Note that somebody changed these elsewhere; their latest events are still to come."""
        self._outdated.update(stream for stream in streams if stream in self._aggregates)

    def put(self, aggregate: Aggregate) -> None:
        """Keep an aggregate, at the cost of the one that was not used for longest."""
        self._aggregates[aggregate.id] = aggregate
        self._outdated.discard(aggregate.id)
        if len(self._aggregates) > self.size:
            oldest, _ = self._aggregates.popitem(last=False)
            self._outdated.discard(oldest)

    def drop(self, streams: Iterable[str]) -> None:
        """Forget aggregates that were changed here in vain."""
        for stream in streams:
            self._aggregates.pop(stream, None)
            self._outdated.discard(stream)

    def clear(self) -> None:
        """Forget everything."""
        self._aggregates.clear()
        self._outdated.clear()
        self.holders.clear()
