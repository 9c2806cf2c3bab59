"""The relay of the operation log: every entry to a topic of its own, in order for each key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from adapters.journal.journal import Journal
from adapters.kafka.cloudevents import Encoder
from adapters.kafka.cluster import Kafka, partition_of
from adapters.logs.operation_log import published
from adapters.storage.checkpoints import Checkpoint
from adapters.storage.leases import Lease
from streams.kafka.in_flight import Outbox, outbox
from streams.kernel.worker import Worker, alone

NAME = "publish-operations"
"""The name of its lease and checkpoint; the checkpoint is the number of an entry, no position."""

TOPIC = "operations"
"""The topic behind the prefix."""

AT_ONCE = 2000
"""Entries that are read, sent and acknowledged together."""

BETWEEN_LOOKS = 0.1
"""Seconds between two looks for new entries."""


class OperationRelay:
    """Publishes the entries of the log in the order of their numbers; one a journal is active.

    Each entry is sent at least once; the checkpoint moves only after the broker's acknowledgement
    and only in the hands of the lease's holder. The key is the record that the entry is about or,
    without one, whoever acted: the entries of a key come in order.
    """

    def __init__(self, journal: Journal, kafka: Kafka, lease_seconds: float = 10) -> None:
        """Publish the log of a journal; a dead relay is succeeded after `lease_seconds`."""
        self.lease = Lease(journal.engine, NAME, seconds=lease_seconds)
        self.checkpoint = Checkpoint(journal.engine, NAME, self.lease)
        self._journal = journal
        self._kafka = kafka
        self._encoder = Encoder(kafka.source)

    def work(self, worker: Worker) -> None:
        """Publish while this relay has the lease, stand by while another one has it."""
        alone(worker, self.lease, lambda: self._publish(worker))

    def _publish(self, worker: Worker) -> None:
        self._kafka.ensure([TOPIC])
        with outbox(self._kafka, self.lease) as out:
            number = self.checkpoint.get()
            while not worker.stopping:
                found = published(self._journal, number, AT_ONCE)
                for entry in found:
                    self._send(out, entry)
                if not out.settle(worker):
                    return
                worker.well()
                if found:
                    number = found[-1]["number"]
                    self.checkpoint.set(number)
                elif self.lease.due:
                    self.lease.renew()
                if len(found) < AT_ONCE:
                    worker.pause(BETWEEN_LOOKS)

    def _send(self, out: Outbox, entry: Mapping[str, Any]) -> None:
        key = entry["target"] or entry["actor"]
        time_ms = int(entry["time"].timestamp() * 1000)
        future = out.producer.send(
            self._kafka.topic(TOPIC),
            value=orjson.dumps(entry, option=orjson.OPT_UTC_Z),
            key=key.encode(),
            headers=self._encoder.operation(entry["number"], entry["time"], key),
            partition=partition_of(key, self._kafka.partitions),
            timestamp_ms=time_ms,
        )
        out.waiting.append(future)
