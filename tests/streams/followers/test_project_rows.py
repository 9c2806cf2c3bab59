"""Projection through the journal and through a real broker equals the plain fold."""

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from adapters.journal.journal import Journal
from adapters.kafka.cluster import Kafka
from adapters.local.kafka import LocalKafka
from adapters.storage.databases import connect
from domain.kernel.aggregate import Stored, new_id
from projections.kernel.read_model import Row
from projections.kernel.rows import tables
from projections.kernel.rows.projector import Projector
from projections.kernel.rows.store import RowStore
from streams.followers.project_rows import JournalProjection, KafkaProjection, sources
from streams.kafka.event_relay import Relay
from tests.projections.accounts import accounts
from tests.streams.flow import SOON, Accounts, happen, until, working

MODELS = {accounts.name: accounts}


@pytest.fixture
def cluster(kafka: LocalKafka, topic_prefix: str) -> Kafka:
    return Kafka(kafka.bootstrap, topic_prefix.rstrip("."), partitions=3)


@pytest.fixture
def journal(journal_url: str) -> Iterator[Journal]:
    journal = Journal(journal_url)
    journal.create()
    yield journal
    journal.close()


@pytest.fixture
def engine(journal_url: str) -> Iterator[sa.Engine]:
    """The row database: beside a PostgreSQL journal, else a file of its own."""
    engine = connect(journal_url.replace("test.db", "rows.db"), "normal")
    yield engine
    engine.dispose()


def fed_by(cluster: Kafka, engine: sa.Engine) -> Projector:
    """Return a projector whose tables are there."""
    projector = Projector(engine, MODELS)
    projector.create(sources(cluster, projector))
    return projector


def rows(engine: sa.Engine) -> dict[str, Row]:
    with engine.connect() as connection:
        ids = connection.scalars(sa.select(accounts.table.c.id)).all()
        return RowStore(accounts.table, connection.dialect).load(connection, ids)


def test_rows_follow_the_journal(journal: Journal, engine: sa.Engine) -> None:
    history, projector = Accounts(journal), Projector(engine, MODELS)
    projector.create()
    history.grow(300)
    with working(JournalProjection(journal, projector).work):
        last = history.grow(100)
        until(lambda: projector.position() == last)
    assert rows(engine) == history.folded()


def test_rows_follow_kafka_and_their_position_reaches_the_head(
    journal: Journal, engine: sa.Engine, cluster: Kafka
) -> None:
    history, projector = Accounts(journal), fed_by(cluster, engine)
    history.grow(300)
    with working(Relay(journal, cluster).work, KafkaProjection(cluster, projector).work):
        history.grow(100)
        # The last event is of an aggregate without a read model: watermarks alone tell of it.
        last = happen(journal, [Stored(new_id(), 1, "note.taken", 1, b"{}")])
        until(lambda: projector.position() == last)
    assert rows(engine) == history.folded()


def test_a_projector_that_starts_is_given_its_partitions_at_once(
    engine: sa.Engine, cluster: Kafka, caplog: pytest.LogCaptureFixture
) -> None:
    def given() -> list[object]:
        said = [each for each in caplog.records if each.name == "kafka.coordinator.consumer"]
        args = [each.args for each in said if each.msg.startswith("Setting newly assign")]
        return [each[0] for each in args if isinstance(each, tuple)]

    projector = fed_by(cluster, engine)
    with (
        caplog.at_level("INFO", "kafka.coordinator.consumer"),
        working(KafkaProjection(cluster, projector).work),
    ):
        until(given)
    assert given() == [{*cluster.places(["account"]), cluster.watermarks}]


def test_projectors_share_the_work_while_they_come_and_go(
    journal: Journal, engine: sa.Engine, cluster: Kafka
) -> None:
    history, projector = Accounts(journal), fed_by(cluster, engine)
    with working(Relay(journal, cluster).work, KafkaProjection(cluster, projector).work):
        for _ in range(3):
            history.grow(200)
            with working(KafkaProjection(cluster, Projector(engine, MODELS)).work) as (other,):
                history.grow(200)
                until(lambda: projector.position() == journal.head().position)
                assert other.healthy, other.error
        last = history.grow(50)
        until(lambda: projector.position() == last)
    assert rows(engine) == history.folded()
    assert projector.parked() == []


def test_an_emptied_row_database_is_filled_again_from_the_start(
    journal: Journal, engine: sa.Engine, cluster: Kafka
) -> None:
    history, projector = Accounts(journal), fed_by(cluster, engine)
    last = history.grow(100)
    with working(Relay(journal, cluster).work):
        with working(KafkaProjection(cluster, projector).work):
            until(lambda: projector.position() == last)
        with engine.begin() as connection:
            tables.drop(connection, accounts, accounts.name)
        tables.books.drop_all(engine)
        fed_by(cluster, engine)
        with working(KafkaProjection(cluster, projector).work):
            until(lambda: projector.position() == last)
    assert rows(engine) == history.folded()


def test_a_poison_event_parks_its_stream_and_the_others_go_on(
    journal: Journal, engine: sa.Engine, cluster: Kafka
) -> None:
    history, projector = Accounts(journal), fed_by(cluster, engine)
    history.grow(50)
    sick = new_id()
    happen(
        journal,
        [
            Stored(sick, 1, "account.opened", 1, b'{"name":"sick"}'),
            Stored(sick, 2, "account.paid", 1, b'{"amount":"much"}'),
            Stored(sick, 3, "account.paid", 1, b'{"amount":"2.00"}'),
        ],
    )
    with working(Relay(journal, cluster).work, KafkaProjection(cluster, projector).work) as workers:
        last = history.grow(50)
        until(lambda: projector.position() == last)
        assert all(worker.healthy for worker in workers)
    assert [(each["stream"], each["version"]) for each in projector.parked()] == [
        (sick, 2),
        (sick, 3),
    ]
    found = rows(engine)
    assert found.pop(sick)["version"] == 1
    assert set(found) == set(history.versions)


def test_rows_are_complete_after_the_broker_was_killed(
    journal: Journal, engine: sa.Engine, mortal_kafka: LocalKafka, topic_prefix: str
) -> None:
    cluster = Kafka(mortal_kafka.bootstrap, topic_prefix.rstrip("."), 3, patience_ms=SOON)
    history, projector = Accounts(journal), fed_by(cluster, engine)
    history.grow(500)
    with working(Relay(journal, cluster).work, KafkaProjection(cluster, projector).work):
        until(lambda: projector.position() > 0)
        mortal_kafka.kill()
        growing = threading.Thread(target=lambda: [history.grow(100) for _ in range(5)])
        growing.start()
        mortal_kafka.start()
        growing.join()
        last = journal.head().position
        until(lambda: projector.position() == last)
    assert rows(engine) == history.folded()
