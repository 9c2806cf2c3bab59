"""Events that the program cannot read park their record alone, on every way, until it is mended."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.journal.journal import Journal
from adapters.kafka.cluster import Kafka
from adapters.local.kafka import LocalKafka
from adapters.storage.databases import connect
from domain.customers.customer import Customer
from domain.kernel.aggregate import Stored, new_id
from projections.customers.customers import customers
from projections.kernel.read_model import fold
from projections.kernel.rows.projector import Projector
from projections.kernel.rows.rebuild import rebuild
from projections.kernel.rows.store import RowStore
from streams.followers.project_rows import JournalProjection, KafkaProjection, sources
from streams.kafka.event_relay import Relay
from streams.kafka.topic_history import KafkaHistory
from tests.streams.flow import happen, until, working

MODELS = {customers.name: customers}


class Town:
    """A journal with a customer whose second event cannot be read, and one who goes on."""

    def __init__(self, journal: Journal, engine: sa.Engine) -> None:
        self.journal, self.engine = journal, engine
        self.projector = Projector(engine, MODELS)
        self.projector.create()
        self.broken, self.sound = new_id(), new_id()
        self.last = 0

    def happen(self, schema: int, data: bytes) -> None:
        """Register both, regrade the one in a way nobody can read, let both go on."""
        first = b'{"name":"Acme","unit":"gd-gz"}'
        for stream in (self.broken, self.sound):
            happen(self.journal, [Stored(stream, 1, "customer.registered", 1, first)])
        happen(self.journal, [Stored(self.broken, 2, "customer.regraded", schema, data)])
        for stream, version in ((self.broken, 3), (self.sound, 2)):
            fact = Stored(stream, version, "customer.suspended", 1, b'{"reason":"arrears"}')
            self.last = happen(self.journal, [fact])

    def versions(self) -> dict[str, int]:
        """Return the version of each row."""
        query = sa.select(customers.table.c.id, customers.table.c.version)
        with self.engine.connect() as connection:
            return {row.id: row.version for row in connection.execute(query)}

    def parked(self) -> list[tuple[str, int]]:
        """Return the stream and version of each parked event."""
        return [(each["stream"], each["version"]) for each in self.projector.parked()]

    def equals_the_fold(self) -> bool:
        """Tell whether the rows are what the history folds to."""
        expected = fold(customers, {}, self.journal.read(0)).rows
        with self.engine.connect() as connection:
            found = RowStore(customers.table, connection.dialect).load(connection, expected)
        return found == expected


@pytest.fixture
def town(journal_url: str) -> Iterator[Town]:
    journal = Journal(journal_url)
    journal.create()
    engine = connect(journal_url.replace("test.db", "rows.db"), "normal")
    yield Town(journal, engine)
    engine.dispose()
    journal.close()


@pytest.fixture
def cluster(kafka: LocalKafka, topic_prefix: str) -> Kafka:
    return Kafka(kafka.bootstrap, topic_prefix.rstrip("."), partitions=2)


def fails(data: dict[str, Any]) -> None:
    raise LookupError("no such grade")


def upcasting(monkeypatch: pytest.MonkeyPatch, upcast: Any) -> None:
    """Let regradings have a second schema, to which the first is brought like this."""
    monkeypatch.setattr(Customer.Regraded, "schema", 2)
    monkeypatch.setattr(Customer.Regraded, "upcast_v1_v2", staticmethod(upcast), raising=False)


UNREADABLE = [(1, b"no JSON"), (1, b'["A"]'), (9, b'{"grade":"A"}')]


@pytest.mark.parametrize(("schema", "data"), UNREADABLE)
def test_the_rows_of_all_other_records_go_on(town: Town, schema: int, data: bytes) -> None:
    town.happen(schema, data)
    with working(JournalProjection(town.journal, town.projector).work) as [worker]:
        until(lambda: town.projector.position() == town.last)
        assert worker.failures == 0
    assert town.versions() == {town.broken: 1, town.sound: 2}
    assert town.parked() == [(town.broken, 2), (town.broken, 3)]
    assert "UnreadableEvent" in town.projector.parked()[0]["error"]
    assert town.equals_the_fold()
    assert town.projector.retry("customers", town.broken) == 2
    assert town.projector.skip("customers", town.broken) == 0
    assert town.versions() == {town.broken: 3, town.sound: 2}


def test_a_retry_heals_the_record_once_its_events_can_be_brought_up_to_date(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    upcasting(monkeypatch, fails)
    town.happen(1, b'{"mark":"A","reason":"growth"}')
    with working(JournalProjection(town.journal, town.projector).work):
        until(lambda: town.projector.position() == town.last)
    assert town.parked() == [(town.broken, 2), (town.broken, 3)]
    assert "no such grade" in town.projector.parked()[0]["error"]
    upcasting(monkeypatch, lambda data: data.update(grade=data.pop("mark")))
    assert town.projector.retry("customers", town.broken) == 0
    assert town.versions() == {town.broken: 3, town.sound: 2}
    assert town.equals_the_fold()


def test_a_rebuild_goes_past_it_and_keeps_it_parked(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    upcasting(monkeypatch, fails)
    town.happen(1, b'{"mark":"A","reason":"growth"}')
    done = rebuild(town.engine, MODELS, lambda after: iter([town.journal.read(after)]))
    assert (done.position, done.parked) == (town.last, 2)
    assert town.versions() == {town.broken: 1, town.sound: 2}
    upcasting(monkeypatch, lambda data: data.update(grade=data.pop("mark")))
    assert town.projector.retry("customers", town.broken) == 0
    assert town.equals_the_fold()


@pytest.mark.kafka
@pytest.mark.parametrize(("schema", "data"), [*UNREADABLE, (1, b"")])
def test_over_kafka_too_the_rows_of_all_other_records_go_on(
    town: Town, cluster: Kafka, schema: int, data: bytes
) -> None:
    town.projector.create(sources(cluster, town.projector))
    town.happen(schema, data)
    relay, projection = Relay(town.journal, cluster), KafkaProjection(cluster, town.projector)
    with working(relay.work, projection.work) as workers:
        until(lambda: town.projector.position() >= town.last)
        assert [worker.failures for worker in workers] == [0, 0]
    assert town.versions() == {town.broken: 1, town.sound: 2}
    assert town.parked() == [(town.broken, 2), (town.broken, 3)]
    done = rebuild(town.engine, MODELS, KafkaHistory(cluster, ["customer"]))
    assert done.parked == 2
    assert town.equals_the_fold()
    assert town.projector.skip("customers", town.broken) == 0
    done = rebuild(town.engine, MODELS, KafkaHistory(cluster, ["customer"]))
    assert (done.parked, done.passed, done.compared.differ) == (0, 1, {})
    assert town.versions() == {town.broken: 3, town.sound: 2}
