"""Kafka: the cluster, its topics, and clients set for throughput without loss."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from struct import iter_unpack
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import TopicAlreadyExistsError
from kafka.partitioner import murmur2

from adapters.kafka import watermarks
from adapters.kafka.clients import Consumer, opened

LARGEST = 8 * 1024 * 1024
"""Bytes in one record at most; topics of ours are made to take them."""

IN_ONE_BATCH = 900_000
"""Bytes of one partition sent together: large batches are what makes the client fast."""

IN_ONE_POLL = 4000
"""Records that a consumer hands out at a time."""

_M, _32_BITS = 0x5BD1E995, 0xFFFFFFFF  # of murmur2


class WrongTopic(Exception):
    """A topic exists, but not as it was asked for; says what to do."""


@dataclass(frozen=True)
class Kafka:
    """A cluster and how this system uses it.

    `prefix` begins the name of each topic, as in `keyline.customer`; `partitions` and `replicas`
    are those of the topics that are made. The number of partitions is for good: with another one
    the events of a record would go elsewhere than those before. `patience_ms` is how long
    nothing may be heard of a broker that is sought, or of a member of a group whose work others do.
    """

    bootstrap: str
    prefix: str = "keyline"
    partitions: int = 8
    replicas: int = 1
    patience_ms: int = 10_000

    @property
    def source(self) -> str:
        """The system's name in its events, a URI reference."""
        return f"/{self.prefix}"

    def topic(self, aggregate: str) -> str:
        """Return the topic of an aggregate, as in `keyline.service-ticket`."""
        return f"{self.prefix}.{aggregate}"

    @property
    def watermarks(self) -> TopicPartition:
        """The partition with the watermarks of all others."""
        return TopicPartition(self.topic(watermarks.TOPIC), 0)

    def group(self, work: str) -> str:
        """Return the consumer group that does a piece of work, as in `keyline-projector`."""
        return f"{self.prefix}-{work}"

    def channel(self, partition: TopicPartition) -> str:
        """Return the name of a partition without the prefix, as in `customer/3`."""
        return f"{partition.topic.removeprefix(f'{self.prefix}.')}/{partition.partition}"

    def places(self, aggregates: Iterable[str]) -> list[TopicPartition]:
        """Return all partitions of these aggregates."""
        numbers = range(self.partitions)
        return [TopicPartition(self.topic(name), each) for name in aggregates for each in numbers]

    def channels(self, aggregates: Iterable[str]) -> list[str]:
        """Return the names of all partitions of these aggregates."""
        return list(map(self.channel, self.places(aggregates)))

    def tuned(self, **settings: Any) -> dict[str, Any]:
        """Return settings for any client of this cluster."""
        return {
            "bootstrap_servers": self.bootstrap.split(","),
            "bootstrap_timeout_ms": self.patience_ms,
            # Soon back after a broker was away, without hammering one that stays away.
            "reconnect_backoff_max_ms": 1000,
            **settings,
        }

    def producer(self, **settings: Any) -> KafkaProducer:
        """Return a producer that acknowledges what all replicas have, in order a partition."""
        chosen = {
            "acks": "all",
            "enable_idempotence": True,
            "batch_size": IN_ONE_BATCH,
            "max_request_size": LARGEST,
            "linger_ms": 100,  # `flush` sends at once; meanwhile batches should fill
            "metrics_enabled": False,
            "allow_auto_create_topics": False,
        }
        return opened(KafkaProducer, **self.tuned(**chosen | settings))

    def consumer(self, group: str | None, **settings: Any) -> KafkaConsumer:
        """Return a consumer whose offsets move only when told to; the first time, from the start.

        A group of `None` is for reading partitions that are assigned by hand.
        """
        chosen = {
            "group_id": group,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "max_poll_records": IN_ONE_POLL,
            "max_partition_fetch_bytes": LARGEST,
            "metrics_enabled": False,
            "session_timeout_ms": self.patience_ms,
            "heartbeat_interval_ms": self.patience_ms // 10,
            "allow_auto_create_topics": False,
        }
        return opened(Consumer, **self.tuned(**chosen | settings))

    def admin(self, **settings: Any) -> KafkaAdminClient:
        """Return a client that makes and describes topics."""
        return opened(KafkaAdminClient, **self.tuned(**settings))

    def ensure(self, aggregates: Iterable[str]) -> None:
        """Make the topics of these aggregates and of watermarks, unless they are there already.

        Raises `WrongTopic` when one has another number of partitions than it should.
        """
        topics = {self.topic(name): self._shape(self.partitions) for name in aggregates}
        # Only the last one counts, for whoever comes anew; a small file is sooner rid of others.
        topics[self.watermarks.topic] = self._shape(
            1, {"cleanup.policy": "compact", "segment.bytes": str(16 * LARGEST)}
        )
        admin = self.admin()
        try:
            there = set(admin.list_topics())
            for name in topics.keys() - there:
                try:
                    admin.create_topics({name: topics[name]})
                except TopicAlreadyExistsError:  # another process was quicker
                    continue
            admin.wait_for_topics(list(topics), timeout_ms=30_000)
            for topic in admin.describe_topics(list(topics)):
                wanted: int = topics[topic["name"]]["num_partitions"]
                self._check(topic["name"], len(topic["partitions"]), wanted)
        finally:
            admin.close()

    def ends(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the offset of the next record of each of these partitions."""
        admin = self.admin()
        try:
            found = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
            return {place: each.offset for place, each in found.items()}
        finally:
            admin.close()

    def _shape(self, partitions: int, configs: Mapping[str, str] | None = None) -> dict[str, Any]:
        kept = {"max.message.bytes": str(LARGEST), "retention.ms": "-1"}
        return {
            "num_partitions": partitions,
            "replication_factor": self.replicas,
            "configs": kept | dict(configs or {}),
        }

    @staticmethod
    def _check(topic: str, partitions: int, wanted: int) -> None:
        if partitions != wanted:
            raise WrongTopic(
                f"Topic {topic} has {partitions} partitions, but {wanted} are set. The "
                "number cannot change while there are events: set it back, or publish the whole "
                "journal anew under another topic prefix."
            )


@lru_cache(100_000)
def partition_of(key: str, partitions: int) -> int:
    """Return the partition of a key: the one that the partitioner of any Kafka client picks."""
    data = key.encode()
    if len(data) % 4:
        return int(murmur2(data) & 0x7FFFFFFF) % partitions
    # The client's murmur2 goes byte by byte in Python: that takes half as long as all the rest.
    h = 0x9747B28C ^ len(data)
    for (k,) in iter_unpack("<I", data):
        k = k * _M & _32_BITS
        k = (k ^ k >> 24) * _M & _32_BITS
        h = h * _M & _32_BITS ^ k
    h = (h ^ h >> 13) * _M & _32_BITS
    return ((h ^ h >> 15) & 0x7FFFFFFF) % partitions
