"""What tests share: real servers, started once a run and only if a test asks for them."""

import gc
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from httpx._config import DEFAULT_TIMEOUT_CONFIG
from hypothesis import settings

from adapters.journal.journal import Journal
from adapters.local.kafka import LocalKafka
from adapters.local.postgres import LocalPostgres
from tests.laid import copied_warehouses
from tests.memory import keep_files
from tests.order import Order, make_way, turn
from tests.shared import shared
from tests.volume import FULL, examples

# A busy machine makes no test fail.
settings.register_profile("untimed", deadline=None, max_examples=examples(40), print_blob=True)
settings.load_profile("untimed")
for waits in ("connect", "read", "write", "pool"):
    setattr(DEFAULT_TIMEOUT_CONFIG, waits, 60.0)


FOLDER = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Keep what tests write in memory."""
    if not hasattr(config, "workerinput"):
        config.stash[FOLDER] = keep_files()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let what is measured go before all else."""
    if hasattr(session.config, "workerinput"):
        name = session.config.workerinput["workerid"]
        make_way(name, (each.nodeid for each in session.items))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Leave the files of tests that failed, until the next run."""
    if exitstatus == pytest.ExitCode.OK and FOLDER in session.config.stash:
        shutil.rmtree(session.config.stash[FOLDER], ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Look for garbage only in what tests make: what is collected lives as long as the run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_report_header() -> str:
    """Say how much is tried, and what is drawn: with the same two all is tried again."""
    chosen = os.environ.get("TEST_SEED", "")
    return f"TEST_VOLUME={'full' if FULL else 'quick'} TEST_SEED={chosen}"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Order | None:
    """Let several processes run whole files in our order, unless another one is chosen."""
    if config.getvalue("dist") not in ("load", "loadfile"):
        return None
    config.option.loadscopereorder = False
    return Order(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by the servers it needs, so that `-m 'not kafka'` leaves those out.

    Those that take long come first; what is measured is last but for the process that begins
    with it.
    """
    of_file = Counter(item.path for item in items)
    items.sort(key=lambda item: (turn(item.nodeid), -of_file[item.path], item.path))
    for item in items:
        names = {each.removeprefix("mortal_") for each in getattr(item, "fixturenames", ())}
        for server in names & {"postgres", "kafka"}:
            item.add_marker(server)


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder that all processes of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def postgres(whole_run: Path) -> Iterator[LocalPostgres]:
    """One PostgreSQL for all tests. Nothing here cuts the power, so it need not wait for disks."""
    unsafe = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}
    with shared(LocalPostgres, whole_run, settings=unsafe) as server:
        yield server


@pytest.fixture(scope="session")
def kafka(whole_run: Path) -> Iterator[LocalKafka]:
    """One broker for all tests, which keep apart by `topic_prefix`; none of them ends it."""
    with shared(LocalKafka, whole_run) as broker:
        yield broker


@pytest.fixture(scope="session")
def mortal_kafka() -> Iterator[LocalKafka]:
    """A broker of this process alone, which tests may kill, if they start it again."""
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


BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database; the test runs once on each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(params=BOTH)
def journal_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with the tables of a journal, empty; once on each kind."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("laid_file"), tmp_path / "test.db")
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    postgres: LocalPostgres = request.getfixturevalue("postgres")
    name = f"test_{uuid4().hex}"
    yield postgres.create_database(name, like=request.getfixturevalue("laid_database"))
    postgres.drop_database(name)


@pytest.fixture(scope="session", autouse=True)
def _copied_warehouses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a warehouse begins with is laid once."""
    with copied_warehouses(tmp_path_factory.mktemp("warehouses")):
        yield


@pytest.fixture(scope="session")
def laid_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of SQLite with the tables of a journal, to be copied: to lay them takes longer."""
    file: Path = tmp_path_factory.mktemp("laid") / "test.db"
    lay(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def laid_database(postgres: LocalPostgres) -> str:
    """The name of a database of PostgreSQL with the same."""
    name = f"laid_{uuid4().hex}"
    lay(postgres.create_database(name))
    return name


def lay(url: str) -> None:
    """Lay the tables of a journal."""
    journal = Journal(url)
    journal.create()
    journal.close()


@pytest.fixture
def topic_prefix() -> str:
    """A prefix for topics, consumer groups and leases that no other test uses."""
    return f"test-{uuid4().hex[:12]}."
