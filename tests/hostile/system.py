"""The system under attack: a real server in a process of its own, with the settings of a row."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.chaos.system import KEY, Process, base, ending, environment
from tests.hostile.wire import Wire, request
from tests.volume import seed

SEED = seed("HOSTILE_SEED", 20261129)

SIGNED_IN = f"Authorization: Bearer {KEY}"
"""The header of who is signed in: the administrator, who attacks."""


class System(NamedTuple):
    """Where it answers, which process it is, and the chance by which it is attacked."""

    address: str
    pid: int
    others: str
    """The header of the others, who are somebody else."""
    chance: random.Random


@contextlib.contextmanager
def attacked(folder: Path, program: str = "api.cli.main", **settings: str) -> Iterator[System]:
    """Run a server with these settings, as in `header_limit="1000"`, until the block ends.

    `program` runs `keyline` otherwise, for the control of a limit that is no setting: a module
    as `tests.hostile.without_rates`.
    """
    print(f"seed {SEED}")
    chosen = environment(folder, **settings)
    server = Process(chosen, "serve", program)
    with ending([server]):
        server.start()
        others = asyncio.run(_ready(server, base(chosen)))
        yield System(base(chosen), server.pid, others, random.Random(SEED))
        server.end(signal.SIGTERM)


async def _ready(server: Process, address: str) -> str:
    """Wait until it answers; returns the header of the others, who have a key of their own."""
    deadline = time.monotonic() + 300
    while True:
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with await Wire.open(address) as wire:
                await wire.send(request("GET", "/livez"))
                answer = await wire.answer()
                if answer is not None and answer.status == 200:
                    break
        assert time.monotonic() < deadline, server.log()
        await asyncio.sleep(0.05)
    permissions = ["customer.read", "customer.register"]
    role = {"code": "others", "name": "Others", "unit": "group", "permissions": permissions}
    key = {"name": "others", "role": "others", "unit": "group"}
    await _made(address, "/roles", role)
    return f"Authorization: Bearer {(await _made(address, '/api-keys', key))['key']}"


async def _made(address: str, path: str, body: Any) -> Any:
    json_ = "Content-Type: application/json"
    async with await Wire.open(address) as wire:
        await wire.send(request("POST", path, SIGNED_IN, json_, body=json.dumps(body).encode()))
        answer = await wire.answer()
    assert answer is not None
    assert answer.status == 201, answer.body
    return json.loads(answer.body)


def registrations(count: int, name: str) -> bytes:
    """Return lines that register so many customers, each of this name behind a number."""
    line = '{"command":"customer.register","body":{"name":"%d %s","unit":"group"}}\n'
    return "".join(line % (number, name) for number in range(count)).encode()


async def fill(system: System, count: int) -> None:
    """Register so many customers."""
    body = registrations(count, "B" * 180)
    headers = (SIGNED_IN, "Content-Type: application/x-ndjson")
    async with await Wire.open(system.address) as wire:
        await wire.send(request("POST", "/commands", *headers, body=body))
        answer = await wire.answer(60)
    assert answer is not None
    assert answer.body.count(b'"position"') == count
