"""The cache of aggregates: those last used by the writer of this process."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Iterable

from domain.kernel.aggregate import Aggregate

UNPACKED = 2_048
"""Aggregates that are kept as objects between transactions; those not used for longer are kept as
bytes. An object costs each full garbage collection, which holds up everybody: 20,000 customers
made one 100 ms long, their bytes cost it nothing. To pack or unpack one takes some 10 us."""

SHORT = 2
"""Versions of a record that is not worth packing: it is read again as quickly, and who brings in
many new ones seldom comes back to them."""


class Cache:
    """The aggregates last used, as of a position; only the holder of the head lock touches it."""

    def __init__(self, size: int) -> None:
        """Keep up to `size` aggregates, and which of them were found by what they claim."""
        self.position = 0
        self.size = size
        self._packed: OrderedDict[str, bytes] = OrderedDict()
        self._aggregates: OrderedDict[str, Aggregate] = OrderedDict()
        self._outdated: set[str] = set()
        self.holders: dict[tuple[str, str], str] = {}

    def get(self, stream: str) -> Aggregate | None:
        """Return an aggregate as it is now, if it is kept, and note its use."""
        return None if stream in self._outdated else self._find(stream)

    def outdated(self, stream: str) -> Aggregate | None:
        """Return an aggregate as it was before others changed it, if it is kept."""
        return self._find(stream) if stream in self._outdated else None

    def _find(self, stream: str) -> Aggregate | None:
        aggregate = self._aggregates.get(stream)
        if aggregate is not None:
            self._aggregates.move_to_end(stream)
        elif (packed := self._packed.pop(stream, None)) is not None:
            aggregate = self._aggregates[stream] = pickle.loads(packed)  # noqa: S301 - packed here
        return aggregate

    def outdate(self, streams: Iterable[str]) -> None:
        """Note that somebody changed these elsewhere; their latest events are still to come."""
        kept = (self._aggregates, self._packed)
        self._outdated.update(s for s in streams if any(s in some for some in kept))

    def put(self, aggregate: Aggregate) -> None:
        """Keep an aggregate, at the cost of the one that was not used for longest."""
        self._packed.pop(aggregate.id, None)
        self._aggregates[aggregate.id] = aggregate
        self._outdated.discard(aggregate.id)
        if len(self._aggregates) + len(self._packed) > self.size:
            oldest, _ = (self._packed or self._aggregates).popitem(last=False)
            self._outdated.discard(oldest)

    def pack(self) -> None:
        """Keep only the newest as objects: once a transaction is over and nobody has any in use."""
        while len(self._aggregates) > UNPACKED:
            stream, aggregate = self._aggregates.popitem(last=False)
            if aggregate.version > SHORT:
                self._packed[stream] = pickle.dumps(aggregate, pickle.HIGHEST_PROTOCOL)
            else:
                self._outdated.discard(stream)

    def drop(self, streams: Iterable[str]) -> None:
        """Forget aggregates that were changed here in vain."""
        for stream in streams:
            self._aggregates.pop(stream, None)
            self._packed.pop(stream, None)
            self._outdated.discard(stream)

    def clear(self) -> None:
        """Forget everything."""
        self._aggregates.clear()
        self._packed.clear()
        self._outdated.clear()
        self.holders.clear()
