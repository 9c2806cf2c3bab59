"""The relay: publishes the journal to Kafka, one topic an aggregate, the record's id as key."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from kafka import TopicPartition
from kafka.producer.future import FutureRecordMetadata

from adapters.journal.journal import Journal
from adapters.kafka.cloudevents import WATERMARK, Encoder
from adapters.kafka.cluster import Kafka, partition_of
from adapters.kafka.watermarks import Watermark
from adapters.storage.checkpoints import Checkpoint
from adapters.storage.leases import Lease
from domain.kernel.aggregate import discover
from streams.kafka.in_flight import Outbox, outbox
from streams.kernel.worker import Worker, alone

AT_ONCE = 4000
"""Events that are read, sent and acknowledged together."""

BETWEEN_CHECKPOINTS = 0.5
"""Seconds between two checkpoints while there is always more: what a successor repeats."""


class Relay:
    """Publishes events in the order of their positions; one relay a journal is active at a time.

    Each event is sent at least once, those of one key in order; an event comes again only after
    all events since the last checkpoint come again. A watermark is sent after each batch, of
    nothing that is not acknowledged, with the ends that the partitions have by then.
    """

    def __init__(self, journal: Journal, kafka: Kafka, lease_seconds: float = 10) -> None:
        """Publish a journal to a cluster; a dead relay is succeeded after `lease_seconds`."""
        self.lease = Lease(journal.engine, "publish", seconds=lease_seconds)
        self.checkpoint = Checkpoint(journal.engine, "publish", self.lease)
        self.active = False
        self._journal = journal
        self._kafka = kafka

    def work(self, worker: Worker) -> None:
        """Publish while this relay has the lease, stand by while another one has it."""
        self._kafka.ensure(discover().aggregates)
        alone(worker, self.lease, lambda: self._publish(worker))

    def _publish(self, worker: Worker) -> None:
        try:
            with outbox(self._kafka, self.lease) as out:
                self.active = True
                _Session(self, self._journal, self._kafka, out).run(worker)
        finally:
            self.active = False


class _Session:
    """The time from taking the lease to losing it, with one producer."""

    def __init__(self, relay: Relay, journal: Journal, kafka: Kafka, out: Outbox) -> None:
        self._lease = relay.lease
        self._checkpoint = relay.checkpoint
        self._journal = journal
        self._kafka = kafka
        self._outbox = out
        self._producer = out.producer
        self._encoder = Encoder(kafka.source)
        self._topics = {kind: kafka.topic(kind) for kind in discover().aggregates}
        self._last: dict[TopicPartition, FutureRecordMetadata] = {}
        self._saved_at = 0.0
        self._waiting = out.waiting
        self._sent = self._acknowledged = self._saved = relay.checkpoint.get()
        self._told = -1
        # What others published before us, up to the checkpoint, is before these ends.
        self._ends = kafka.ends(kafka.places(self._topics))
        self._lease.renew()  # that may have taken a while

    def run(self, worker: Worker) -> None:
        while not worker.stopping:
            # The next events are read while the last ones are on their way.
            rows = self._journal.raw(self._sent, AT_ONCE)
            if not self._settle(worker):
                break
            worker.well()
            self._send(rows)
            self._mark()
            if not rows and not self._waiting:
                self._save()
                self._journal.wait(self._sent, 0.5)
            elif time.monotonic() > self._saved_at + BETWEEN_CHECKPOINTS:
                self._save()
        if self._settle(worker):
            self._save()

    def _settle(self, worker: Worker) -> bool:
        """Wait until all that was sent is acknowledged; `False` when the work is to end first."""
        if not self._outbox.settle(worker):
            return False
        ends = {place: future.value.offset + 1 for place, future in self._last.items()}
        # Of a batch that it had already, the broker may not know any more where it is.
        unknown = [place for place, end in ends.items() if end <= 0]
        self._ends |= ends | (self._kafka.ends(unknown) if unknown else {})
        self._last.clear()
        self._acknowledged = self._sent
        return True

    def _send(self, rows: Sequence[Sequence[Any]]) -> None:
        send, encode, last = self._producer.send, self._encoder.event, self._last
        partitions, waiting = self._kafka.partitions, self._waiting
        for row in rows:
            stream = row[1]
            topic = self._topic(row[3])
            partition = partition_of(stream, partitions)
            future = send(
                topic,
                value=row[11].encode(),
                key=stream.encode(),
                headers=encode(row),
                partition=partition,
                timestamp_ms=row[5] // 1000,
            )
            waiting.append(future)
            last[TopicPartition(topic, partition)] = future
        if rows:
            self._sent = rows[-1][0]

    def _topic(self, type_: str) -> str:
        kind = type_.partition(".")[0]
        topic = self._topics.get(kind)
        if topic is None:  # an event of former times, whose aggregate is gone
            self._kafka.ensure([kind])
            topic = self._topics[kind] = self._kafka.topic(kind)
            self._ends |= self._kafka.ends(self._kafka.places([kind]))
        return topic

    def _mark(self) -> None:
        """Tell how far all partitions are, unless that was told already."""
        if self._told == self._acknowledged:
            return
        topic, partition = self._kafka.watermarks
        mark = Watermark(self._acknowledged, self._ends)
        future = self._producer.send(
            topic,
            value=mark.written(),
            key=WATERMARK.encode(),
            headers=self._encoder.watermark(mark.position),
            partition=partition,
        )
        self._waiting.append(future)
        self._told = mark.position

    def _save(self) -> None:
        """Move the checkpoint if there is anything to move, else just keep the lease."""
        self._saved_at = time.monotonic()
        if self._acknowledged > self._saved:
            self._checkpoint.set(self._acknowledged)
            self._saved = self._acknowledged
        elif self._lease.due:
            self._lease.renew()
