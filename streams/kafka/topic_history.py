"""History on Kafka: every event that the topics hold, in order, to build read models anew."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from kafka import KafkaConsumer, TopicPartition

from adapters.journal.journal import recorded
from adapters.kafka.cloudevents import delivery
from adapters.kafka.cluster import Kafka
from domain.kernel.aggregate import Recorded

AT_ONCE = 5000
"""Events that are handed out together."""

AHEAD = 20_000
"""Events of one partition that wait at most until those of the others have been read."""


class KafkaHistory:
    """Reads topics from their beginning, then, with each call, what has come since.

    Events come in the order of their positions, those that were published late aside: they come
    with a later call, but in the order of their stream at any rate. Repeats come as they are.
    """

    def __init__(self, kafka: Kafka, aggregates: Iterable[str]) -> None:
        """Read the topics of some aggregates."""
        self._kafka = kafka
        self._partitions = kafka.places(sorted(aggregates))
        self._begin = dict.fromkeys(self._partitions, 0)

    def __call__(self, _: int) -> Iterator[Sequence[Recorded]]:
        """Yield batches of events, from where the last call ended up to what is there now."""
        consumer = self._kafka.consumer(None)
        try:
            consumer.assign(self._partitions)
            for partition, offset in self._begin.items():
                consumer.seek(partition, offset)
            ends: dict[TopicPartition, int] = consumer.end_offsets(self._partitions)
            events = _Pass(consumer, ends).events()
            while batch := list(itertools.islice(events, AT_ONCE)):
                yield batch
            self._begin = ends
        finally:
            consumer.close(autocommit=False)


class _Pass:
    """One reading of all partitions up to their ends as they were when it began."""

    def __init__(self, consumer: KafkaConsumer, ends: dict[TopicPartition, int]) -> None:
        self._consumer = consumer
        self._ends = ends
        self._waiting: dict[TopicPartition, deque[Recorded]] = {each: deque() for each in ends}

    def events(self) -> Iterator[Recorded]:
        return heapq.merge(*map(self._of, self._ends), key=lambda event: event.position)

    def _of(self, partition: TopicPartition) -> Iterator[Recorded]:
        waiting = self._waiting[partition]
        while True:
            while waiting:
                yield waiting.popleft()
            if self._consumer.position(partition) >= self._ends[partition]:
                return
            self._fill()

    def _fill(self) -> None:
        for partition, waiting in self._waiting.items():
            enough = len(waiting) >= AHEAD
            (self._consumer.pause if enough else self._consumer.resume)(partition)
        for partition, records in self._consumer.poll(timeout_ms=500).items():
            end = self._ends[partition]
            rows, _ = delivery(record for record in records if record.offset < end)
            self._waiting[partition].extend(map(recorded, rows))
