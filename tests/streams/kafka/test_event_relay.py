"""The relay, against a real broker: everything arrives, in order, whatever dies."""

import threading
from collections.abc import Iterator

import pytest
from kafka.partitioner import murmur2

from adapters.journal.journal import Journal
from adapters.kafka.cloudevents import delivery
from adapters.kafka.cluster import Kafka, WrongTopic
from adapters.kafka.watermarks import Watermark
from adapters.local.kafka import LocalKafka
from domain.kernel.aggregate import discover
from streams.kafka.event_relay import Relay
from streams.kernel.worker import Worker
from tests.streams.flow import SOON, Accounts, once, positions, records, until, working


@pytest.fixture
def cluster(kafka: LocalKafka, topic_prefix: str) -> Kafka:
    return Kafka(kafka.bootstrap, topic_prefix.rstrip("."), partitions=3)


@pytest.fixture
def journal(journal_url: str) -> Iterator[Journal]:
    journal = Journal(journal_url)
    journal.create()
    yield journal
    journal.close()


def published(cluster: Kafka, last: int, count: int = 0) -> dict[int, list[int]]:
    """Return the positions of the events in each partition, once all are there.

    All are those up to the last one, in at least `count` records.
    """
    found = records(
        cluster,
        ["account"],
        lambda got: len(set(positions(got))) == last and len(positions(got)) >= count,
    )
    return {place.partition: positions(got) for place, got in found.items()}


def everything(found: dict[int, list[int]]) -> list[int]:
    return [position for partition in found.values() for position in partition]


def test_every_event_arrives_with_its_key_in_order_and_nothing_else_is_needed(
    journal: Journal, cluster: Kafka
) -> None:
    last = Accounts(journal).grow(300)
    with working(Relay(journal, cluster).work):
        found = records(cluster, ["account"], lambda got: len(positions(got)) == last)
    rows = []
    for place, got in found.items():
        rows += delivery(got).rows
        for record in got:
            if record.key is not None:
                assert (murmur2(record.key) & 0x7FFFFFFF) % 3 == place.partition
        assert positions(got) == sorted(positions(got))
    assert sorted(rows) == [tuple(row) for row in journal.raw(0, 1000)]


def test_records_are_cloud_events_in_binary_mode(journal: Journal, cluster: Kafka) -> None:
    Accounts(journal).grow(1)
    event = journal.read(0)[0]
    with working(Relay(journal, cluster).work):
        found = records(cluster, ["account"], lambda got: 1 in positions(got))
    (record,) = [one for got in found.values() for one in got if one.key is not None]
    assert record.key.decode() == event.stream
    assert record.value.decode() == '{"name":"客户 A"}'
    assert dict(record.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"1",
        "ce_source": f"/{cluster.prefix}".encode(),
        "ce_type": b"account.opened",
        "ce_subject": event.stream.encode(),
        "ce_time": event.time.strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode(),
        "content-type": b"application/json",
        "ce_position": b"1",
        "ce_version": b"1",
        "ce_schema": b"1",
        "ce_actor": "王伟".encode(),
        "ce_unit": b"gd-gz",
        "ce_commandid": event.command_id.encode(),
        "ce_onbehalfof": b"e-7",
        "ce_actorkind": b"person",
        "ce_onbehalfkind": b"person",
    }


def told(cluster: Kafka, last: int) -> list[Watermark]:
    """Return all watermarks, once one is of the last position."""
    cluster.ensure([])
    consumer = cluster.consumer(None)
    consumer.assign([cluster.watermarks])
    consumer.seek_to_beginning()
    found: list[Watermark] = []

    def reached() -> bool:
        for got in consumer.poll(timeout_ms=200).values():
            found.extend(Watermark.read(record.value) for record in got)
        return any(mark.position >= last for mark in found)

    until(reached)
    consumer.close()
    return found


def test_a_watermark_tells_of_all_partitions_at_once_where_what_was_published_ends(
    journal: Journal, cluster: Kafka
) -> None:
    accounts = Accounts(journal)
    for _ in range(3):  # relays that begin at the last checkpoint, or where it once was
        last = accounts.grow(50)
        relay = Relay(journal, cluster)
        with working(relay.work) as (worker,):
            marks = told(cluster, last)
            assert worker.healthy
        assert relay.checkpoint.get() == last
        assert marks[-1].position == last
        relay.lease.acquire()
        relay.checkpoint.set(last - 20)
        relay.lease.release()
    assert set(marks[-1].ends) == set(cluster.places({*discover().aggregates, "account"}))
    found = records(cluster, ["account"], lambda got: set(positions(got)) == {*range(1, last + 1)})
    for mark in marks:
        before = [
            position
            for place, got in found.items()
            for position in positions(record for record in got if record.offset < mark.ends[place])
        ]
        assert {*range(1, mark.position + 1)} <= set(before)


def test_a_relay_goes_on_where_the_last_one_was(journal: Journal, cluster: Kafka) -> None:
    accounts = Accounts(journal)
    last = accounts.grow(50)
    relay = Relay(journal, cluster)
    with working(relay.work):
        until(lambda: relay.checkpoint.get() == last)
    last = accounts.grow(50)
    with working(Relay(journal, cluster).work):
        found = published(cluster, last)
    assert sorted(everything(found)) == list(range(1, last + 1))


def test_after_a_lost_checkpoint_events_come_again_but_never_in_another_order(
    journal: Journal, cluster: Kafka
) -> None:
    accounts = Accounts(journal)
    last = accounts.grow(100)
    relay = Relay(journal, cluster)
    with working(relay.work):
        until(lambda: relay.checkpoint.get() == last)
    relay.lease.acquire()
    relay.checkpoint.set(40)
    relay.lease.release()
    last = accounts.grow(10)
    with working(Relay(journal, cluster).work):
        found = published(cluster, last, count=100 + 70)
    came = sorted(everything(found))
    assert came == sorted([*range(1, 101), *range(41, 111)])
    assert all(once(got) == sorted(once(got)) for got in found.values())


def test_one_relay_is_active_and_another_takes_over_when_it_ends(
    journal: Journal, cluster: Kafka
) -> None:
    accounts = Accounts(journal)
    first, second = Relay(journal, cluster, 5), Relay(journal, cluster, 5)
    with working(first.work) as workers:
        until(lambda: first.active)
        with working(second.work):
            last = accounts.grow(30)
            until(lambda: first.checkpoint.get() == last)
            assert not second.active
            workers[0].halt()
            until(lambda: second.active)
            last = accounts.grow(30)
            until(lambda: second.checkpoint.get() == last)
            assert not first.active
            found = published(cluster, last)
    assert sorted(everything(found)) == list(range(1, last + 1))


def test_a_relay_that_died_is_succeeded_when_its_lease_has_run_out(
    journal: Journal, cluster: Kafka
) -> None:
    last = Accounts(journal).grow(5)
    dead = Relay(journal, cluster, 2)
    assert dead.lease.acquire()
    relay = Relay(journal, cluster, 2)
    with working(relay.work):
        until(lambda: relay.checkpoint.get() == last)


def test_a_relay_that_lost_its_lease_moves_no_checkpoint(journal: Journal, cluster: Kafka) -> None:
    accounts = Accounts(journal)
    relay = Relay(journal, cluster, 1000)
    with working(relay.work) as (worker,):
        until(lambda: relay.active)
        thief = Relay(journal, cluster, 1000)
        relay.lease.release()
        assert thief.lease.acquire()
        accounts.grow(10)
        until(lambda: worker.failures == 1)
        assert not relay.active
        assert relay.checkpoint.get() == 0


def test_nothing_is_lost_when_the_broker_is_killed_in_mid_stream(
    journal: Journal, mortal_kafka: LocalKafka, topic_prefix: str
) -> None:
    cluster = Kafka(mortal_kafka.bootstrap, topic_prefix.rstrip("."), partitions=3)
    accounts = Accounts(journal)
    relay = Relay(journal, cluster)
    with working(relay.work) as (worker,):
        last = accounts.grow(2000)
        until(lambda: relay.checkpoint.get() > 0)
        more = threading.Thread(target=lambda: [accounts.grow(200) for _ in range(20)])
        more.start()
        mortal_kafka.kill()
        more.join()
        until(lambda: worker.error is not None)
        mortal_kafka.start()
        last = journal.head().position
        until(lambda: relay.checkpoint.get() == last)
        assert worker.healthy
    found = published(cluster, last)
    assert sorted(once(everything(found))) == list(range(1, last + 1))
    assert all(once(got) == sorted(once(got)) for got in found.values())


def test_a_topic_with_another_number_of_partitions_is_an_error_told_clearly(
    journal: Journal, cluster: Kafka
) -> None:
    cluster.ensure(["customer"])
    other = Kafka(cluster.bootstrap, cluster.prefix, partitions=5)
    with pytest.raises(WrongTopic, match="has 3 partitions, but 5 are set"):
        other.ensure(["customer"])
    with working(Relay(journal, other).work) as (worker,):
        until(lambda: worker.error)
        assert "has 3 partitions, but 5 are set" in str(worker.error)


def test_a_relay_stops_at_once_while_the_broker_is_away(journal: Journal) -> None:
    Accounts(journal).grow(10)
    worker = Worker("publish", Relay(journal, Kafka("127.0.0.1:1", patience_ms=SOON)).work)
    worker.start()
    until(lambda: worker.error is not None)
    worker.stop()
    assert not worker.healthy
