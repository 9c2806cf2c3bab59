"""What tests share: real servers, started once a process and only if a test asks for them."""

import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings

from adapters.local.kafka import LocalKafka
from adapters.local.postgres import LocalPostgres

settings.register_profile("untimed", deadline=None)  # a busy machine makes no test fail
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by the servers it needs, so that `-m 'not kafka'` leaves those out.

    Those that have to be alone come last, so that no process waits for them meanwhile.
    """
    items.sort(key=lambda item: "hostile" in item.path.parts)
    for item in items:
        for server in {"postgres", "kafka"}.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(server)


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder that all processes of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(autouse=True)
def _alone_if_measured(request: pytest.FixtureRequest, whole_run: Path) -> Iterator[None]:
    """Let no other test run beside one that measures how long somebody waits."""
    measures = request.node.get_closest_marker("hostile") is not None
    with (whole_run / "measuring").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX if measures else fcntl.LOCK_SH)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[LocalPostgres]:
    """One PostgreSQL for all tests. Nothing here cuts the power, so it need not wait for disks."""
    unsafe = {"fsync": "off", "full_page_writes": "off"}
    with (
        tempfile.TemporaryDirectory(prefix="keyline-postgres-") as folder,
        LocalPostgres(Path(folder), settings=unsafe) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def kafka() -> Iterator[LocalKafka]:
    """One broker for all tests, which keep apart by `topic_prefix`."""
    with (
        tempfile.TemporaryDirectory(prefix="keyline-kafka-") as folder,
        LocalKafka(Path(folder)) as broker,
    ):
        yield broker


@pytest.fixture
def postgres_url(postgres: LocalPostgres) -> Iterator[str]:
    """The URL of an empty PostgreSQL database that lives as long as the test."""
    name = f"test_{uuid4().hex}"
    yield postgres.create_database(name)
    postgres.drop_database(name)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database; the test runs once on each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def topic_prefix() -> str:
    """A prefix for topics, consumer groups and leases that no other test uses."""
    return f"test-{uuid4().hex[:12]}."
