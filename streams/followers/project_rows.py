"""Projection: events from the journal or from Kafka into the row read models."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa
import structlog
from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition

from adapters.journal.journal import Journal, recorded
from adapters.kafka.cloudevents import delivery
from adapters.kafka.cluster import Kafka
from adapters.kafka.offsets import Offsets
from domain.kernel.aggregate import Recorded
from projections.kernel.rows.projector import Projector
from projections.kernel.rows.tables import positions
from streams.kernel.worker import Worker

log = structlog.get_logger(__name__)

AT_ONCE = 2000
"""Events that are applied in one transaction."""

BETWEEN_BATCHES = 0.05
"""Seconds between two small batches in one process, while nobody waits for what is in them."""


class JournalProjection:
    """Follows the journal; the way of a system without Kafka."""

    def __init__(
        self,
        journal: Journal,
        projector: Projector,
        reached: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Bring the events of a journal into the rows of a projector.

        `reached` is called with each position that the rows have come to.
        """
        self._journal = journal
        self._projector = projector
        self._reached = reached

    def work(self, worker: Worker) -> None:
        """Apply what the journal has and what comes."""
        self._projector.create()
        position = self._projector.position()
        while not worker.stopping:
            events = self._journal.read(position, AT_ONCE)
            if events:
                self._projector.apply(events)
                position = events[-1].position
                self._reached(position)
            worker.well()
            if len(events) < AT_ONCE:
                self._projector.gather(BETWEEN_BATCHES)
                self._journal.wait(position, 0.5)


class KafkaProjection:
    """Follows Kafka as one of a group of processes that share the partitions among them."""

    def __init__(self, kafka: Kafka, projector: Projector) -> None:
        """Bring the events on a cluster into the rows of a projector."""
        self._kafka = kafka
        self._projector = projector
        self._offsets = Offsets(projector.engine, kafka.group("projector"))

    def work(self, worker: Worker) -> None:
        """Apply what the partitions of this process have and what comes.

        Nothing is lost when it ends at any moment: rows are written before offsets, and what is
        read again changes nothing.
        """
        kinds = aggregates(self._projector)
        self._kafka.ensure(kinds)
        self._offsets.create()
        self._projector.create(sources(self._kafka, self._projector))
        consumer = self._kafka.consumer(self._kafka.group("projector"))
        try:
            topics = [self._kafka.topic(kind) for kind in kinds]
            consumer.subscribe(topics, listener=_Seek(consumer, self._offset))
            # Whoever leads the group shares out what it knows: it should know the topics before it
            # joins, else all are shared out twice. To be asked for offsets, they have to be known.
            consumer.end_offsets(self._kafka.places(kinds), timeout_ms=10_000)
            with ThreadPoolExecutor(1, "poll") as thread:
                # What comes next is fetched and unpacked while the database writes.
                coming = thread.submit(consumer.poll, timeout_ms=500)
                while not worker.stopping:
                    polled = coming.result()
                    coming = thread.submit(consumer.poll, timeout_ms=500)
                    self._take(polled)
                    worker.well()
        finally:
            consumer.close(autocommit=False)

    def _take(self, polled: dict[TopicPartition, list[Any]]) -> None:
        if not polled:
            return
        events: list[Recorded] = []
        reached, following = {}, {}
        for place, records in polled.items():
            rows, position = delivery(records)
            events += map(recorded, rows)
            reached[self._kafka.channel(place)] = position
            following[place] = records[-1].offset + 1
        self._projector.apply_many(events, reached)
        self._offsets.set(following)

    def _offset(self, place: TopicPartition) -> int | None:
        """Return the offset at which the rows go on; `None` when it is the beginning."""
        source = positions.c.source == self._kafka.channel(place)
        unread = sa.select(positions.c.model).where(source, positions.c.position == 0)
        with self._projector.engine.connect() as connection:
            if connection.execute(unread).first() is not None:
                return None  # some read model is new, whatever the others have read
        return self._offsets.get(place)


def aggregates(projector: Projector) -> list[str]:
    """Return the aggregates whose events the read models of a projector follow."""
    return sorted({model.aggregate for model in projector.models.values()})


def sources(kafka: Kafka, projector: Projector) -> list[str]:
    """Return what a projector has to be told its events come from, where Kafka brings them."""
    return kafka.channels(aggregates(projector))


class _Seek(ConsumerRebalanceListener):  # type: ignore[misc]
    """Begins each partition that is handed to this process where the rows are."""

    def __init__(
        self, consumer: KafkaConsumer, offset: Callable[[TopicPartition], int | None]
    ) -> None:
        self._consumer = consumer
        self._offset = offset

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Do nothing: what was read is written, with its offset, before more is asked for."""

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Seek to where the rows are."""
        for place in assigned:
            offset = self._offset(place)
            if offset is None:
                self._consumer.seek_to_beginning(place)
            else:
                self._consumer.seek(place, offset)
        log.info("projection.assigned", partitions=sorted(map(self._name, assigned)))

    @staticmethod
    def _name(place: TopicPartition) -> str:
        return f"{place.topic}/{place.partition}"
