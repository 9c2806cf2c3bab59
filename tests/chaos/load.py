"""A load of commands whose clients never give up, and the proof of what became of each."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections import Counter

import httpx

from adapters.commands.bootstrap import MARK
from adapters.journal.journal import Journal

COURSE = ("engage", "activate", *("suspend", "resume") * 20)
"""What is asked of each customer after its registration, one after another."""


@dataclasses.dataclass(frozen=True)
class Acknowledged:
    """What a client was told of one of its commands."""

    key: str
    id: str
    version: int
    position: int


class Load:
    """Some clients, each with a customer of its own in hand, sending one command at a time.

    A client that gets no answer, or 503, sends the same command with the same key again, as a
    client of ours should, until it is answered.
    """

    def __init__(self, base: str, key: str, clients: int = 8) -> None:
        """Load the server at `base` with the administrator's key."""
        self._base = base
        self._headers = {"Authorization": f"Bearer {key}"}
        self._clients = clients
        self._ending = asyncio.Event()
        self._told = asyncio.Condition()
        self.acknowledged: list[Acknowledged] = []
        self.tries: Counter[str] = Counter()
        self.turned_away = 0
        self.surprises: list[str] = []
        self.read = 0
        """Reads that were answered, each of what had been acknowledged before, now and then."""

    async def run(self) -> None:
        """Send commands until `end`; what has been sent by then is seen through."""
        async with httpx.AsyncClient(base_url=self._base, headers=self._headers) as http:
            clients = (self._client(http, i) for i in range(self._clients))
            await asyncio.gather(*clients, self._reader(http))

    async def acknowledge(self, number: int) -> None:
        """Wait until so many commands have been acknowledged."""
        async with self._told:
            await self._told.wait_for(lambda: len(self.acknowledged) >= number)

    def end(self) -> None:
        """Let each client see its present command through, and stop."""
        self._ending.set()

    async def _client(self, http: httpx.AsyncClient, number: int) -> None:
        for customer in itertools.count():
            key = f"{number}/{customer}"
            told = await self._command(http, "/customers", {"name": key, "unit": "group"}, key)
            for step, verb in enumerate(COURSE):
                if self._ending.is_set():
                    return
                if told is None:
                    break
                body = {"reason": "a test"} if verb == "suspend" else {}
                path = f"/customers/{told.id}/{verb}"
                told = await self._command(http, path, body, f"{key}/{step}")

    async def _reader(self, http: httpx.AsyncClient) -> None:
        """Read what was acknowledged last, as it is now and as it was then, again and again."""
        while not self._ending.is_set():
            await asyncio.sleep(0.02)
            for told in self.acknowledged[-1:]:
                for when in ("min_position", "as_of_position"):
                    await self._read(http, told, when)

    async def _read(self, http: httpx.AsyncClient, told: Acknowledged, when: str) -> None:
        try:
            answer = await http.get(f"/customers/{told.id}", params={when: told.position})
        except httpx.TransportError:
            return
        if answer.status_code == 200:
            self.read += 1
            if answer.json()["version"] < told.version:
                self.surprises.append(f"{told} was read by {when} as {answer.json()}")
        elif answer.status_code != 503 or "Retry-After" not in answer.headers:
            self.surprises.append(f"{told} by {when}: {answer.status_code} {answer.text}")

    async def _command(
        self, http: httpx.AsyncClient, path: str, body: dict[str, str], key: str
    ) -> Acknowledged | None:
        while True:
            self.tries[key] += 1
            try:
                answer = await http.post(path, json=body, headers={"Idempotency-Key": key})
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            if answer.status_code in (200, 201):
                told = answer.json()
                done = Acknowledged(key, told["id"], told["version"], told["position"])
                self.acknowledged.append(done)
                async with self._told:
                    self._told.notify_all()
                return done
            if answer.status_code != 503 or "Retry-After" not in answer.headers:
                self.surprises.append(f"{key} was answered {answer.status_code} {answer.text}")
                return None
            self.turned_away += 1
            await asyncio.sleep(0.05)


def losses(journal: Journal, load: Load) -> list[str]:
    """Return what the journal does not bear out of what the clients were told, in words."""
    acknowledged = load.acknowledged
    recorded = {event.position: event for event in journal.read(after=0, limit=10_000_000)}
    effects = Counter(event.command_id for event in recorded.values())
    found = [*load.surprises]
    found += [f"{key} took effect {n} times" for key, n in effects.items() if n > 1]
    found += [f"position {p} is missing" for p in range(1, len(recorded) + 1) if p not in recorded]
    for told in acknowledged:
        event = recorded.get(told.position)
        known = event and (event.command_id, event.stream, event.version)
        if known != (told.key, told.id, told.version):
            found.append(f"{told} is {known} in the journal")
    keys = {told.key for told in acknowledged}
    found += [
        f"{key} took effect though nobody was told"
        for key in effects.keys() - keys
        if not key.startswith(MARK)
    ]
    return found
