"""A running server on a free port, and clients with and without its key."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from adapters.identity.passwords import Cost
from adapters.logs.console_log import configure
from adapters.settings import Settings
from api.app import application
from api.kernel.process import Role
from api.server.server import Server

CHEAP = Cost(passes=1, memory=64, lanes=1)
"""What a guess at a password costs here: next to nothing."""

KEY = "a-key-for-tests-only"


@contextmanager
def serving(settings: Settings, role: Role = "api") -> Iterator[str]:
    """Run a server in a thread of this process; yields its address."""
    configure("console")
    addresses: list[str] = []
    answering = threading.Event()

    def ready(address: str) -> None:
        addresses.append(address)
        answering.set()

    server = Server(application(settings, role, CHEAP), settings, ready)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert answering.wait(30)
        yield addresses[0]
    finally:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one server for all tests."""
    folder: Path = tmp_path_factory.mktemp("keyline")
    with serving(Settings(data=folder, port=0, admin_key=KEY)) as found:
        yield found


@pytest.fixture
def stranger(address: str) -> Iterator[httpx.Client]:
    """A client without a key."""
    with httpx.Client(base_url=address, trust_env=False) as client:
        yield client


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """A client with the administrator's key."""
    headers = {"Authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=30) as client:
        yield client
