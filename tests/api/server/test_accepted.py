"""Those who connect while others are served are let in within a few of their turns."""

import socket
import threading
from queue import SimpleQueue
from typing import cast
from urllib.parse import urlsplit

import pytest
from starlette.types import Receive, Scope, Send

from adapters.settings import Settings
from api.cli.processes.listening import bound
from api.server import server as server_module
from api.server.gateway import Entrance
from api.server.server import Server

NEW, TURNS = 48, 10
"""Connections that are opened while one request is answered, and how many turns they may wait."""


class Told:
    """Answers nothing much, and remembers in which order it was asked."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.paths = list[str]()

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if not self.paths:
                self.begun.set()
                assert self.go_on.wait(30)
            self.paths.append(scope["path"])
            headers = [(b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b""})

    def end_streams(self) -> None:
        """Do nothing: there are none."""


def waited(told: Told) -> int:
    """Return how many requests of one connection were answered before those of many new ones."""
    settings, addresses, opened = Settings(port=0), SimpleQueue[str](), list[socket.socket]()
    server = Server(cast("Entrance", told), settings, addresses.put)
    thread = threading.Thread(target=server.run, args=(bound(settings),))
    thread.start()
    try:
        address = urlsplit(addresses.get(timeout=30))
        place = address.hostname, address.port
        request = "GET /{} HTTP/1.1\r\nHost: here\r\n\r\n"
        opened.append(socket.create_connection(place))
        opened[0].sendall(request.format("old").encode() * 200)
        assert told.begun.wait(30)
        for _ in range(NEW):
            opened.append(socket.create_connection(place))
            opened[-1].sendall(request.format("new").encode())
        told.go_on.set()
        for each in opened[1:]:
            assert each.recv(1000).startswith(b"HTTP/1.1 200")
    finally:
        told.go_on.set()
        for each in opened:
            each.close()
        server.should_exit = True
        thread.join(30)
    last = len(told.paths) - told.paths[::-1].index("/new")
    return told.paths[:last].count("/old")


def test_new_connections_wait_for_a_few_turns_of_those_that_are_served() -> None:
    assert waited(Told()) <= TURNS


def test_one_that_accepts_one_a_turn_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "ACCEPTED", 1)
    assert waited(Told()) > TURNS
