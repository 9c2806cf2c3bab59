"""Many lines cost nobody else much: results wait within bounds, and the event loop is shared."""

import asyncio
import contextlib
from collections import Counter
from pathlib import Path

import pytest

from tests.hostile.siege import Attack, besiege, caught
from tests.hostile.system import SIGNED_IN, System, attacked, registrations
from tests.hostile.wire import Wire, request

SECONDS = 2.0
"""How long the attacker reads nothing."""

KEPT = 160_000_000
"""Bytes that the customers of all attempts may take: the newest are kept at hand."""

JUNK = b"x\n" * 60_000

LARGE = b'{"command":"customer.register","body":{"of":[' + b"[],[]," * 160_000 + b"1]}}\n"
"""A line of a million bytes and half as many values."""


async def unread(system: System, content: bytes) -> Counter[str]:
    """Send lines, as far as they are taken, and read nothing."""
    async with await Wire.open(system.address) as wire:
        headers = (SIGNED_IN, "Content-Type: application/x-ndjson")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SECONDS):
                await wire.send(request("POST", "/commands", *headers, body=content))
                await asyncio.sleep(SECONDS)
    async with await Wire.open(system.address) as wire:
        await wire.send(request("GET", "/livez"))
        await wire.answer()  # what is measured next is not this attack
    return Counter()


async def junk(system: System) -> Counter[str]:
    """Send 120 kB of lines that are nothing."""
    return await unread(system, JUNK)


async def large_lines(system: System) -> Counter[str]:
    """Send 4 MB of lines that take long to read."""
    return await unread(system, LARGE * 4)


async def good_lines(system: System) -> Counter[str]:
    """Register 4,000 customers by one request and read what comes back."""
    async with await Wire.open(system.address) as wire:
        headers = (SIGNED_IN, "Content-Type: application/x-ndjson")
        await wire.send(
            request("POST", "/commands", *headers, body=registrations(4_000, "Customer"))
        )
        answer = await wire.answer(60)
        assert answer is not None
        return Counter({"done": answer.body.count(b'"position"')})


def test_junk_holds_nobody_up(system: System) -> None:
    assert besiege(system, junk).faults == []


@pytest.mark.parametrize("attack", [junk, good_lines])
def test_a_server_that_shares_nothing_is_caught(tmp_path: Path, attack: Attack) -> None:
    with attacked(tmp_path, "tests.hostile.without_turns", rate="0") as selfish:
        assert caught(selfish, attack)


def test_lines_of_many_values_hold_nobody_up(system: System) -> None:
    assert besiege(system, large_lines).faults == []


def test_a_server_that_reads_any_number_of_values_is_caught(tmp_path: Path) -> None:
    with attacked(tmp_path, values_limit="1000000000") as reading:
        assert caught(reading, large_lines)


def test_many_commands_hold_nobody_up(system: System) -> None:
    found = besiege(system, good_lines, KEPT)
    assert found.faults == []
    assert found.answers == {"done": 4_000}
