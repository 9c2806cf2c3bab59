"""Strangers who wait: they hold places that others need, with nothing or with a byte at a time."""

import asyncio
from collections import Counter
from pathlib import Path

from tests.hostile.siege import besiege, caught
from tests.hostile.system import SIGNED_IN, System, attacked
from tests.hostile.wire import Wire, request

FEW = {"connections": "160", "strangers": "40", "requests": "50", "body_seconds": "1"}
COUNT = 100


async def _told(wire: Wire) -> str:
    answer = await wire.answer(seconds=10)
    return "closed" if answer is None else answer.name


async def silence(system: System) -> Counter[str]:
    """Connect a hundred times and say nothing; then come with credentials."""
    wires = [await Wire.open(system.address) for _ in range(COUNT)]
    found: Counter[str] = Counter()
    for _ in range(5):
        async with await Wire.open(system.address) as newcomer:
            await newcomer.send(request("GET", "/me", SIGNED_IN))
            found[f"newcomer {await _told(newcomer)}"] += 1
    for wire in wires:
        await wire.close()
    return found


async def dripping(system: System) -> Counter[str]:
    """Sign in a hundred times at once, a byte now and then; who finds no place comes again."""

    async def drip() -> str:
        async with await Wire.open(system.address) as wire:
            await wire.send(request("POST", "/sign-in", "Content-Length: 1000"))
            for _ in range(10):
                await asyncio.sleep(system.chance.uniform(0.1, 0.3))
                if not await wire.send(b" "):
                    break
            try:
                return await _told(wire)
            except TimeoutError:
                return "waits"

    async def insist() -> str:
        for _ in range(3):
            if (told := await drip()) != "503 crowded":
                break
        return told

    return Counter(await asyncio.gather(*(insist() for _ in range(COUNT))))


def test_silent_strangers_keep_nobody_out(tmp_path: Path) -> None:
    with attacked(tmp_path, **FEW) as system:
        found = besiege(system, silence)
    assert found.faults == []
    assert found.answers == {"newcomer 200": 5}


def test_a_server_where_they_do_not_make_way_is_caught(tmp_path: Path) -> None:
    with attacked(tmp_path, "tests.hostile.without_making_way", **FEW) as system:
        assert besiege(system, silence).answers == {"newcomer 503 crowded": 5}


def test_dripping_strangers_take_no_places_of_others(tmp_path: Path) -> None:
    with attacked(tmp_path, **FEW) as system:
        found = besiege(system, dripping)
    assert found.faults == []
    assert {*found.answers} <= {"503 crowded", "408 body-too-slow", "closed"}


def test_a_server_that_waits_for_them_is_caught(tmp_path: Path) -> None:
    patient = FEW | {"connections": "1000", "strangers": "1000", "body_seconds": "1000"}
    with attacked(tmp_path, **patient) as system:
        assert caught(system, dripping)
