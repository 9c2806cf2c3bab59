"""Watermarks: one record says of all partitions at once how far they were published.

Kafka orders the records of a partition, and nothing across partitions: whoever is told a position
may not have read yet what came before it elsewhere. So it is told with the end that each partition
had by then. Who has read a partition up to that end has all its events up to the position.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import groupby
from typing import Any, NamedTuple

import orjson
from kafka import TopicPartition
from kafka.coordinator.assignors.range import RangePartitionAssignor

TOPIC = "watermarks"
"""The topic behind the prefix; it has one partition, and of old watermarks it keeps the last."""


class Watermark(NamedTuple):
    """Every event up to `position` is in its partition, before the end given here.

    `ends` are offsets: that of the next record, when there was none behind.
    """

    position: int
    ends: Mapping[TopicPartition, int]

    def written(self) -> bytes:
        """Return it as the value of a record: the ends of each topic in the order of partitions."""
        topics = groupby(sorted(self.ends), key=lambda place: place.topic)
        ends = {topic: [self.ends[place] for place in places] for topic, places in topics}
        return orjson.dumps({"position": self.position, "ends": ends})

    @classmethod
    def read(cls, value: bytes) -> Watermark:
        """Return what was written. Raises `ValueError` for anything else."""
        try:
            found = orjson.loads(value)
            ends = {
                TopicPartition(topic, number): int(end)
                for topic, each in found["ends"].items()
                for number, end in enumerate(each)
            }
            return cls(int(found["position"]), ends)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no watermark: {error!r}") from error


class Reach:
    """How far a reader is in each of its partitions, by what it has read and was told.

    Whatever the order in which records and watermarks come to it, cut off or repeated: a position
    is given out only once all events of the partition up to there were read.
    """

    def __init__(self) -> None:
        """Begin without partitions."""
        self._next: dict[TopicPartition, int] = {}
        self._position: dict[TopicPartition, int] = {}
        self._given: dict[TopicPartition, int] = {}
        self._mark = Watermark(0, {})

    def begin(self, place: TopicPartition, offset: int) -> None:
        """Take over a partition of which everything before an offset was read."""
        self._next[place] = offset
        self._position[place] = self._given[place] = 0

    def end(self, place: TopicPartition) -> None:
        """Leave a partition to others."""
        self._next.pop(place, None)

    def read(self, place: TopicPartition, offset: int, position: int) -> None:
        """Note that all before an offset was read, in it the event at a position."""
        self._next[place] = offset
        self._position[place] = max(position, self._position.get(place, 0))

    def told(self, mark: Watermark) -> None:
        """Note what the last watermark says."""
        self._mark = mark

    def news(self) -> dict[TopicPartition, int]:
        """Return the positions that partitions have reached since they were last given out."""
        position, ends = self._mark
        for place, offset in self._next.copy().items():  # which another thread may add to
            if offset >= ends.get(place, math.inf):
                self._position[place] = max(position, self._position.get(place, 0))
        known, given = self._position.copy(), self._given
        found = {place: at for place, at in known.items() if at > given.get(place, 0)}
        given.update(found)
        return found


class SharedOut(RangePartitionAssignor):  # type: ignore[misc]
    """Shares partitions out in ranges, and gives the watermarks to each member of a group."""

    name = "range-and-watermarks"

    def __init__(self, watermarks: TopicPartition) -> None:
        """Give one partition to all."""
        self._watermarks = watermarks

    def assign(self, cluster: Any, members: Any) -> dict[str, Any]:
        """Return the partitions of each member."""
        topic, number = self._watermarks
        shares: dict[str, Any] = super().assign(cluster, members)
        for share in shares.values():
            own = [each for each in share.assigned_partitions if each[0] != topic]
            share.assigned_partitions = [*own, (topic, [number])]
        return shares
