"""The server under pressure: too many at a time, and clients that are too slow."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from adapters.settings import Settings
from tests.api.asking import problem
from tests.api.conftest import KEY, serving

HEADERS = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[str]:
    """The address of a server that takes three requests at a time and is not patient."""
    with serving(
        Settings(data=tmp_path, port=0, admin_key=KEY, header_seconds=1, requests=3)
    ) as address:
        yield address


def reach(address: str) -> socket.socket:
    host, port = address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def test_more_requests_than_it_takes_are_told_to_come_again(own: str) -> None:
    with httpx.Client(base_url=own, headers=HEADERS, trust_env=False, timeout=30) as client:
        with ExitStack() as stack:
            for _ in range(3):
                stream = {"Accept": "text/event-stream"}
                stack.enter_context(client.stream("GET", "/events", headers=stream))
            refused = client.get("/livez")
            problem(refused, 503, "crowded")
            assert refused.headers["retry-after"] == "1"
        while client.get("/livez").status_code != 200:
            pass


@pytest.mark.parametrize("begun", [b"", b"GET /livez HT", b"GET /livez HTTP/1.1\r\nHost: a\r\nX"])
def test_a_client_whose_headers_do_not_come_is_let_go(own: str, begun: bytes) -> None:
    with reach(own) as client:
        client.sendall(begun)
        with suppress(ConnectionResetError):
            answer = client.recv(1000)
            assert answer.startswith(b"HTTP/1.1 408 ") if begun else answer == b""


def test_a_client_that_is_slow_with_its_second_request_is_let_go_too(own: str) -> None:
    with reach(own) as client:
        client.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = b""
        while b'"alive"}' not in answer:
            answer += client.recv(1000)
        assert answer.startswith(b"HTTP/1.1 200")
        client.sendall(b"GET /livez HTTP/1.1\r\nHo")
        assert client.recv(1000).startswith(b"HTTP/1.1 408 ")


def test_an_idle_connection_is_kept_between_requests(own: str) -> None:
    with reach(own) as client:
        for _ in range(2):
            client.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = b""
            while b'"alive"}' not in answer:
                answer += client.recv(1000)
            client.settimeout(2)
            with pytest.raises(TimeoutError):
                client.recv(1)
            client.settimeout(30)
