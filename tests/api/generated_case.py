"""A generated organisation on a running server, before and after its changes."""

from __future__ import annotations

import dataclasses
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from adapters.settings import Settings
from api.app import application
from api.kernel.process import Parts
from api.server.server import Server
from tests.api.conftest import CHEAP
from tests.api.differential import Comparison
from tests.api.generated import World
from tests.api.oracle import Who
from tests.api.tally import Moment, Ways, moment


@dataclasses.dataclass
class Case:
    """A world on a running server."""

    parts: Parts
    address: str
    world: World
    now: Moment
    then: Moment

    def comparison(self, ways: type[Ways] = Ways) -> Comparison:
        """Return what compares the ways out with the oracle."""
        events = self.parts.journal.read(0, self.now.position)
        return Comparison(ways(self.parts), self.world, self.now, self.then, events)

    def everybody(self, seed: int) -> list[Who]:
        """Return all parties: people, keys, deputies and would-be deputies."""
        chance = random.Random(seed)
        given = [f for f in self.now.facts.values() if f["kind"] == "delegation"]
        deputies = [Who(each["deputy"], each["principal"]) for each in given]
        deputies += [Who(*chance.sample(self.world.people, 2)) for _ in range(3)]
        people = [Who(each) for each in (*self.world.people, "nobody", "admin")]
        return [*people, *deputies, *(Who(key=each) for each in self.world.keys)]


def some(parties: list[Who], number: int, seed: int) -> list[Who]:
    """Return so many parties of each sort, if there are: people, deputies, keys."""
    chance, found = random.Random(seed), list[Who]()
    for sort in (
        [each for each in parties if each.employee and not each.principal],
        [each for each in parties if each.principal],
        [each for each in parties if each.key],
    ):
        found += chance.sample(sort, min(number, len(sort)))
    return found


@contextmanager
def generated(settings: Settings, seed: int) -> Iterator[Case]:
    """Run a server with a world, all of whose changes have been followed."""
    entrance = application(settings, "api", CHEAP)
    parts: Parts = entrance.parts  # the ways in these tests go beside the sockets
    addresses: list[str] = []
    answering = threading.Event()

    def ready(address: str) -> None:
        addresses.append(address)
        answering.set()

    server = Server(entrance, settings, ready)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert answering.wait(60)
        world = World(parts.executor, seed)
        then = moment(parts)
        world.change()
        settle(parts)
        world.do("role.revise", world.ids["role"][0], name="The last word")  # everybody sees it
        settle(parts)
        yield Case(parts, addresses[0], world, moment(parts), then)
    finally:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


def settle(parts: Parts) -> None:
    """Wait until all policies have done what follows from the changes, and all is in view."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        status = parts.status()
        reached = [each["lag"] for name, each in status["parts"].items() if name != "operations"]
        head = parts.journal.head().position
        if not any(reached) and status["position"] == head and len(reached) > 2:
            return
        time.sleep(0.1)
    raise AssertionError(f"not settled: {parts.status()}")
