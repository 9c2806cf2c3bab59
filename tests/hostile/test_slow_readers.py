"""Answers that nobody takes cost bounded memory: past it those go for whom the most is kept."""

import asyncio
import contextlib
from collections import Counter
from pathlib import Path

from tests.hostile.siege import besiege, caught
from tests.hostile.system import SIGNED_IN, System, attacked, fill
from tests.hostile.wire import Wire, request

READERS = 120

LIMIT = 8_000_000
"""Bytes that the server keeps for all of them."""

MEMORY = 64_000_000
"""Bytes that it may need more: these, and what it takes to find the answers."""


async def slow_readers(system: System) -> Counter[str]:
    """Ask for a list of 700 kB each, a few at a time, and read nothing."""
    async with contextlib.AsyncExitStack() as stack:
        wires = []
        for _ in range(READERS):
            wire = await stack.enter_async_context(await Wire.open(system.address, narrow=True))
            await wire.send(request("GET", "/customers?limit=1000", SIGNED_IN))
            await asyncio.sleep(0.02)
            wires.append(wire)
        await asyncio.sleep(4)
        return Counter({"read": sum([not await wire.ended(0.01) for wire in wires])})


def test_who_takes_nothing_costs_bounded_memory(tmp_path: Path) -> None:
    with attacked(tmp_path, unread_total=str(LIMIT)) as system:
        asyncio.run(fill(system, 1_000))
        found = besiege(system, slow_readers, MEMORY)
    assert found.faults == []


def test_a_server_that_keeps_everything_is_caught(tmp_path: Path) -> None:
    with attacked(tmp_path, unread_total="1000000000") as system:
        asyncio.run(fill(system, 1_000))
        assert caught(system, slow_readers, MEMORY)
