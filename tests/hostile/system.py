"""The system under attack: a real server in a process of its own, with the settings of a row."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.chaos.system import KEY, Process, base, ending, environment
from tests.hostile.wire import Wire, request

SEED = int(os.environ.get("HOSTILE_SEED", "20261129"))

SIGNED_IN = f"Authorization: Bearer {KEY}"
"""The header of who is signed in: the administrator."""


class System(NamedTuple):
    """Where it answers, which process it is, and the chance by which it is attacked."""

    address: str
    pid: int
    chance: random.Random


@contextlib.contextmanager
def attacked(folder: Path, program: str = "api.cli", **settings: str) -> Iterator[System]:
    """Run a server with these settings, as in `header_limit="1000"`, until the block ends.

    `program` runs `keyline` otherwise, for the control of a limit that is no setting: a module
    as `tests.hostile.without_rates`.
    """
    print(f"seed {SEED}")
    chosen = environment(folder, **settings)
    server = Process(chosen, "-m", program, "serve")
    with ending([server]):
        server.start()
        asyncio.run(_alive(server, base(chosen)))
        yield System(base(chosen), server.pid, random.Random(SEED))
        server.end(signal.SIGTERM)


async def _alive(server: Process, address: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with await Wire.open(address) as wire:
                await wire.send(request("GET", "/livez"))
                answer = await wire.answer()
                if answer is not None and answer.status == 200:
                    return
        assert time.monotonic() < deadline, server.log()
        await asyncio.sleep(0.05)
