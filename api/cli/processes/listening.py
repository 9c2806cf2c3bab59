"""Listening: addresses that are taken once, and a server at them until it is told to end."""

from __future__ import annotations

import fcntl
import gc
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from adapters.settings import Settings, SettingsError
from api.kernel.terminal import Failure
from api.server.gateway import Entrance
from api.server.server import Server

ENDING = 5.0
"""Seconds in which what is left of a server that was killed has ended."""


@contextmanager
def nobody_else(settings: Settings) -> Iterator[None]:
    """Have the data folder for this server alone within the block, and for its children.

    Scaled out several may have one. Raises `Failure` when another server has it.
    """
    if settings.kafka:
        yield
        return
    with (settings.data / "server.lock").open("a") as file:
        deadline = time.monotonic() + ENDING
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Failure(
                        f"Another server has the data folder {settings.data}; end it first, or "
                        "choose another folder by KEYLINE_DATA."
                    ) from None
                time.sleep(0.02)
        yield


def bound(settings: Settings, *, shared: bool = False) -> list[socket.socket]:
    """Return sockets at the address of the settings, at which nobody listens yet.

    If it is `shared`, others that are too may be bound to it as well: who connects comes to one of
    them. Raises `SettingsError` when the server cannot listen there.
    """
    host, port = settings.host, settings.port
    try:
        places = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        found = []
        for family, kind, protocol, _, place in dict.fromkeys(places):
            each = socket.socket(family, kind, protocol)
            found.append(each)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            each.bind(place)
    except OSError as error:
        for each in found:
            each.close()
        raise SettingsError(
            f"Cannot listen on {host}:{port}: {error.strerror}. "
            "Choose others by KEYLINE_HOST and KEYLINE_PORT."
        ) from error
    return found


def address_of(listening: socket.socket) -> str:
    """Return the address of a socket as in `http://127.0.0.1:8000`."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def run(
    entrance: Entrance,
    settings: Settings,
    ready: Callable[[str], None],
    sockets: Sequence[socket.socket] | None = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM; `ready` is called with the address once it answers.

    At the sockets, or at the host and port of the settings.
    """

    def begun(address: str) -> None:
        # What a server is made of stays: to look through all of it for garbage, again and again,
        # would hold up everybody who is being served for 200 ms each time.
        gc.collect()
        gc.freeze()
        ready(address)

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        Server(entrance, settings, begun).run(list(sockets or bound(settings)))
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, before)
