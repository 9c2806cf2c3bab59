"""Answering: several processes at one address, scaled out on one machine."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Callable, Sequence
from functools import partial

from adapters.settings import Settings, SettingsError
from api.app import application, warmed
from api.cli.processes.apart import prepared_apart
from api.cli.processes.child import Child
from api.cli.processes.family import Family, Up, parenthood
from api.cli.processes.listening import address_of, bound, run
from api.cli.processes.memory import share
from api.kernel.job_log import recording
from api.kernel.peers import Peers
from api.kernel.process_book import ProcessBook


def answering(settings: Settings) -> int:
    """Return how many processes are to answer at the address of the settings."""
    return max(1, settings.processes) if settings.kafka else 1


def serve_many(settings: Settings, ready: Callable[[str, str | None], None]) -> None:
    """Serve until Ctrl-C or SIGTERM, by processes that are started again when they die.

    The kernel gives each connection to one of them. Those of one that has died wait in its socket,
    which we keep, until it is there again. `ready` is called with the address and, if it was made
    just now, the administrator's key. Raises `SettingsError` for an address that is taken, and
    where the warehouse has no process of its own.
    """
    if not settings.warehouse:
        raise SettingsError(
            "Several processes that answer need the warehouse in one of its own: start it by "
            "`keyline warehouse`, and name it by KEYLINE_WAREHOUSE."
        )
    with parenthood():
        places = _places(settings)
        local = dataclasses.replace(settings, host="127.0.0.1", port=0)
        own = [bound(local)[0] for _ in places]
        for each in own:
            each.listen()
        names = [f"api-{number}" for number in range(1, len(places) + 1)]
        addresses = dict(zip(names, map(address_of, own), strict=True))
        inner = warmed()
        share()
        key = prepared_apart(settings)

        def answer(name: str, sockets: Sequence[socket.socket], up: Up) -> None:
            with recording(settings, "api", beside=name != names[0]):
                entrance = application(settings, inner=inner, peers=Peers(name, addresses))
                run(entrance, settings, lambda _: up(), sockets)

        children = {
            name: Child(name, partial(answer, name, [*place, private]))
            for name, place, private in zip(names, places, own, strict=True)
        }
        address = address_of(places[0][0])
        Family(children, ProcessBook(settings.data)).run(lambda: ready(address, key))


def _places(settings: Settings) -> list[list[socket.socket]]:
    """Return sockets for each process, all at one address that nobody else has."""
    taken = bound(settings)
    found = dataclasses.replace(settings, port=taken[0].getsockname()[1])
    for each in taken:
        each.close()
    return [bound(found, shared=True) for _ in range(answering(settings))]
