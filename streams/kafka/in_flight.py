"""The outbox: what was sent to Kafka and is not acknowledged yet, in the hands of a lease."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError
from kafka.producer.future import FutureRecordMetadata

from adapters.kafka.cluster import Kafka
from adapters.storage.leases import Lease
from streams.kernel.worker import Worker

PATIENCE = 60.0
"""Seconds without an acknowledgement after which a fresh producer is tried."""

_NEVER = 24 * 3600 * 1000  # milliseconds


class Unacknowledged(Exception):
    """The broker did not acknowledge records in time."""


class Outbox:
    """A producer, and in `waiting` the records that it has sent and that are not acknowledged."""

    def __init__(self, producer: KafkaProducer, lease: Lease) -> None:
        """Send through a producer for the holder of a lease."""
        self.producer = producer
        self.waiting: list[FutureRecordMetadata] = []
        self._lease = lease

    def settle(self, worker: Worker) -> bool:
        """Wait until all that was sent is acknowledged; `False` when the work is to end first.

        Raises `Unacknowledged` after `PATIENCE` seconds, and what a record failed with.
        """
        began = time.monotonic()
        while self.waiting:
            try:
                self.producer.flush(timeout=min(1.0, self._lease.seconds / 3))
            except KafkaTimeoutError:
                waited = time.monotonic() - began
                worker.unwell(f"no acknowledgement from Kafka for {waited:.0f} s")
                if worker.stopping:
                    return False
                if waited > PATIENCE:
                    raise Unacknowledged(f"nothing after {waited:.0f} s") from None
                self._lease.renew()
                continue
            for future in self.waiting:
                if future.failed():
                    raise future.exception
            self.waiting.clear()
        return True


@contextmanager
def outbox(kafka: Kafka, lease: Lease) -> Iterator[Outbox]:
    """Open an outbox to a cluster within the block."""
    # Batches never expire: one that did would leave a hole before those sent after it.
    producer = kafka.producer(delivery_timeout_ms=_NEVER)
    try:
        yield Outbox(producer, lease)
    finally:
        # Closing in the public way waits for all that was sent, if need be for ever.
        producer._sender.force_close()
        producer._sender.join()
        producer.close()
