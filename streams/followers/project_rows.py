"""Projection: events from the journal or from Kafka into the row read models."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa
import structlog
from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition

from adapters.journal.journal import Journal, recorded
from adapters.kafka.cloudevents import delivery
from adapters.kafka.cluster import Kafka
from adapters.kafka.offsets import Offsets
from adapters.kafka.records import Record
from adapters.kafka.watermarks import Reach, SharedOut, Watermark
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

    def __init__(self, kafka: Kafka, projector: Projector, name: str | None = None) -> None:
        """Bring the events on a cluster into the rows of a projector.

        With a `name` of its own in the group one that was killed and is back has its partitions
        at once; without, all others wait until it counts as gone.
        """
        self._kafka = kafka
        self._projector = projector
        self._name = name
        self._offsets = Offsets(projector.engine, kafka.group("projector"))
        self._reach = Reach()
        self._told = 0

    def work(self, worker: Worker) -> None:
        """Apply what the partitions of this process have and what comes.

        Nothing is lost when it ends at any moment: rows are written before offsets, and what is
        read again changes nothing.
        """
        kinds = aggregates(self._projector)
        self._kafka.ensure(kinds)
        self._offsets.create()
        self._projector.create(sources(self._kafka, self._projector))
        self._reach = Reach()
        marks = self._kafka.watermarks
        consumer = self._kafka.consumer(
            self._kafka.group("projectors"),
            group_instance_id=self._name,
            partition_assignment_strategy=[SharedOut(marks)],
        )
        try:
            topics = [self._kafka.topic(kind) for kind in kinds]
            consumer.subscribe([*topics, marks.topic], listener=_Seek(consumer, self))
            # Whoever leads the group shares out what it knows: it should know the topics before it
            # joins, else all are shared out twice. To be asked for offsets, they have to be known.
            places = [*self._kafka.places(kinds), marks]
            self._told = max(consumer.end_offsets(places, timeout_ms=10_000)[marks] - 1, 0)
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

    def begin(self, place: TopicPartition) -> int:
        """Take over a partition; return the offset at which it goes on."""
        if place == self._kafka.watermarks:
            return self._told
        offset = self._offset(place)
        self._reach.begin(place, offset)
        return offset

    def end(self, place: TopicPartition) -> None:
        """Leave a partition to others."""
        self._reach.end(place)

    def _take(self, polled: dict[TopicPartition, list[Record]]) -> None:
        if not polled:
            return
        for mark in polled.pop(self._kafka.watermarks, []):
            self._tell(mark)
        events: list[Recorded] = []
        reached, following = {}, {}
        for place, records in polled.items():
            rows, reached[place] = delivery(records)
            events += map(recorded, rows)
            following[place] = records[-1].offset + 1
            self._reach.read(place, following[place], reached[place])
        reached |= self._reach.news()
        if reached:
            channel = self._kafka.channel
            self._projector.apply_many(events, {channel(each): at for each, at in reached.items()})
            self._offsets.set(following)

    def _tell(self, mark: Record) -> None:
        self._told = mark.offset
        try:
            self._reach.told(Watermark.read(mark.value or b""))
        except ValueError as error:
            log.warning("record.foreign", record=mark[:3], error=str(error))

    def _offset(self, place: TopicPartition) -> int:
        """Return the offset at which the rows go on."""
        source = positions.c.source == self._kafka.channel(place)
        unread = sa.select(positions.c.model).where(source, positions.c.position == 0)
        with self._projector.engine.connect() as connection:
            if connection.execute(unread).first() is not None:
                return 0  # some read model is new, whatever the others have read
        return self._offsets.get(place) or 0


def aggregates(projector: Projector) -> list[str]:
    """Return the aggregates whose events the read models of a projector follow."""
    return sorted({model.aggregate for model in projector.models.values()})


def sources(kafka: Kafka, projector: Projector) -> list[str]:
    """Return what a projector has to be told its events come from, where Kafka brings them."""
    return kafka.channels(aggregates(projector))


class _Seek(ConsumerRebalanceListener):  # type: ignore[misc]
    """Begins each partition that is handed to this process where the rows are."""

    def __init__(self, consumer: KafkaConsumer, projection: KafkaProjection) -> None:
        self._consumer = consumer
        self._projection = projection

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Leave them: what was read is written, with its offset, before more is asked for."""
        for place in revoked:
            self._projection.end(place)

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Seek to where the rows are."""
        for place in assigned:
            offset = self._projection.begin(place)
            if offset:
                self._consumer.seek(place, offset)
            else:
                self._consumer.seek_to_beginning(place)
        log.info("projection.assigned", partitions=sorted(map(self._name, assigned)))

    @staticmethod
    def _name(place: TopicPartition) -> str:
        return f"{place.topic}/{place.partition}"
