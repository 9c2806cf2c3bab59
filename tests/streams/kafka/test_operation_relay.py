"""The operation log on Kafka, against a real broker: every entry, in order, whatever dies."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import pytest

from adapters.commands.executor import Call, Executor
from adapters.journal.journal import Journal
from adapters.kafka.cluster import Kafka, partition_of
from adapters.local.kafka import LocalKafka
from adapters.logs.operation_log import FIELDS, published
from adapters.logs.operation_log_writer import Batch
from domain.kernel.aggregate import Origin, new_id
from streams.kafka.operation_relay import TOPIC, OperationRelay
from tests.adapters.logs.test_operation_log_writer import READ, REFUSED
from tests.organisation import organise
from tests.streams.flow import header, records, until, working


@pytest.fixture
def cluster(kafka: LocalKafka, topic_prefix: str) -> Kafka:
    return Kafka(kafka.bootstrap, topic_prefix.rstrip("."), partitions=3)


@pytest.fixture
def journal(journal_url: str) -> Iterator[Journal]:
    journal = Journal(journal_url)
    journal.create()
    yield journal
    journal.close()


def attempt(journal: Journal, count: int) -> int:
    """Register a customer, refuse one, and note reads; return the number of the last entry."""
    executor = Executor(journal)
    executor.start()
    organise(executor, units=["group"])
    for name in ("One", ""):
        origin = Origin("王伟", "gd-gz", new_id())
        executor.submit(
            Call("customer.register", None, {"name": name, "unit": "group"}, origin)
        ).exception()
    reads = [dataclasses.replace(READ, target=f"record-{n % 7}") for n in range(count)]
    executor.writer.submit(Batch([*reads, dataclasses.replace(REFUSED, target=None)])).result()
    executor.stop()
    return journal.head().operation


def numbers(found: Any) -> list[int]:
    return [int(header(record, "ce_number")) for record in found]


def arrived(cluster: Kafka, last: int, count: int = 0) -> dict[int, list[Any]]:
    """Return the records of each partition once all entries are there, in `count` records."""
    found = records(
        cluster,
        [TOPIC],
        lambda got: len(set(numbers(got))) == last and len(got) >= count,
    )
    return {place.partition: got for place, got in found.items()}


def test_every_entry_arrives_as_the_log_has_it_in_order_for_each_key(
    journal: Journal, cluster: Kafka
) -> None:
    last = attempt(journal, 300)
    with working(OperationRelay(journal, cluster).work):
        found = arrived(cluster, last)
    entries = {each["number"]: each for each in published(journal, 0, 1000)}
    for partition, got in found.items():
        assert numbers(got) == sorted(numbers(got))
        for record in got:
            entry = json.loads(record.value)
            assert tuple(entry) == FIELDS
            kept = entries[entry["number"]]
            assert entry | {"time": None} == kept | {"time": None}
            assert record.key.decode() == (kept["target"] or kept["actor"])
            assert partition == partition_of(record.key.decode(), 3)
            assert header(record, "ce_type") == "keyline.operation"
            assert header(record, "ce_time") == kept["time"].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    kinds = {(each["kind"], each["accepted"]) for each in entries.values()}
    assert kinds == {("command", True), ("command", False), ("read", True), ("read", False)}


def test_a_relay_goes_on_where_the_last_one_was(journal: Journal, cluster: Kafka) -> None:
    last = attempt(journal, 50)
    relay = OperationRelay(journal, cluster)
    with working(relay.work):
        until(lambda: relay.checkpoint.get() == last)
    last = attempt(journal, 50)
    with working(OperationRelay(journal, cluster).work):
        found = arrived(cluster, last)
    assert sorted(n for got in found.values() for n in numbers(got)) == list(range(1, last + 1))


def test_after_a_lost_checkpoint_entries_come_again_in_order(
    journal: Journal, cluster: Kafka
) -> None:
    last = attempt(journal, 50)
    relay = OperationRelay(journal, cluster)
    with working(relay.work):
        until(lambda: relay.checkpoint.get() == last)
    relay.lease.acquire()
    relay.checkpoint.set(20)
    relay.lease.release()
    with working(OperationRelay(journal, cluster).work):
        found = arrived(cluster, last, count=last + last - 20)
    came = sorted(n for got in found.values() for n in numbers(got))
    assert came == sorted([*range(1, last + 1), *range(21, last + 1)])
