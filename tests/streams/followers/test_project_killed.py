"""Projectors killed with SIGKILL: the rows equal the fold of the history all the same."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.journal.journal import Journal
from adapters.kafka.cluster import Kafka
from adapters.local.kafka import LocalKafka
from adapters.storage.databases import connect
from projections.kernel.rows.projector import Projector
from projections.kernel.rows.store import RowStore
from streams.followers.project_rows import JournalProjection, KafkaProjection, sources
from streams.kafka.event_relay import Relay
from tests.api.warm import killed
from tests.projections.accounts import accounts
from tests.streams.flow import SOON, Accounts, until, working

MODELS = {accounts.name: accounts}
PROJECTING = "tests.streams.projecting"


@pytest.fixture
def journal(journal_url: str) -> Iterator[Journal]:
    journal = Journal(journal_url)
    journal.create()
    yield journal
    journal.close()


@pytest.fixture
def rows_url(journal_url: str) -> str:
    return journal_url.replace("test.db", "rows.db")


@pytest.fixture
def projector(rows_url: str) -> Iterator[Projector]:
    engine = connect(rows_url, "normal")
    yield Projector(engine, MODELS)
    engine.dispose()


def equal_the_fold(projector: Projector, history: Accounts) -> bool:
    """Tell whether the rows are what the whole history folds to."""
    with projector.engine.connect() as connection:
        ids: Sequence[str] = connection.scalars(sa.select(accounts.table.c.id)).all()
        found = RowStore(accounts.table, connection.dialect).load(connection, ids)
    return found == history.folded()


def test_rows_that_follow_the_journal(
    journal: Journal, rows_url: str, journal_url: str, projector: Projector
) -> None:
    history = Accounts(journal)
    history.grow(50)
    projector.create()
    for _ in range(3):
        reached = projector.position()
        with killed(PROJECTING, journal_url, rows_url):
            while projector.position() < reached + 200:
                history.grow(40)
        assert projector.position() <= journal.head().position
    last = history.grow(10)
    with working(JournalProjection(journal, projector).work):
        until(lambda: projector.position() == last)
    assert equal_the_fold(projector, history)


@pytest.mark.kafka
def test_rows_that_follow_kafka(
    journal: Journal,
    rows_url: str,
    journal_url: str,
    projector: Projector,
    kafka: LocalKafka,
    topic_prefix: str,
) -> None:
    topics = topic_prefix.rstrip(".")
    cluster = Kafka(kafka.bootstrap, topics, 3, patience_ms=SOON)
    projector.create(sources(cluster, projector))
    history = Accounts(journal)
    history.grow(50)
    with working(Relay(journal, cluster).work):
        with killed(PROJECTING, journal_url, rows_url, kafka.bootstrap, topics):
            while projector.position() < 200:
                history.grow(10)
        last = history.grow(50)
        with working(KafkaProjection(cluster, projector).work):
            until(lambda: projector.position() >= last)
    assert equal_the_fold(projector, history)


@pytest.mark.kafka
def test_one_of_several_that_is_killed_is_back_by_its_name_and_nobody_waits(
    tmp_path: Path, kafka: LocalKafka, topic_prefix: str
) -> None:
    topics = topic_prefix.rstrip(".")
    journal_url, rows_url = (f"sqlite:///{tmp_path / name}.db" for name in ("test", "rows"))
    cluster = Kafka(kafka.bootstrap, topics, 3)
    journal, engine = Journal(journal_url), connect(rows_url, "normal")
    journal.create()
    projector, history = Projector(engine, MODELS), Accounts(journal)
    projector.create(sources(cluster, projector))

    def member(name: str) -> AbstractContextManager[None]:
        return killed(PROJECTING, journal_url, rows_url, kafka.bootstrap, topics, name)

    with working(Relay(journal, cluster).work), member("one"):
        for _ in range(3):
            with member("other"):
                last = history.grow(100)
                # Sooner than whoever was killed counts as gone.
                until(lambda: projector.position() == journal.head().position, timeout=40)
    assert projector.position() == last
    assert equal_the_fold(projector, history)
    engine.dispose()
    journal.close()
