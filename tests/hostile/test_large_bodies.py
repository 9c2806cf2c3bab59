"""A body of any size costs nobody else anything: it is not read past its limit."""

import asyncio
from collections import Counter
from pathlib import Path

from tests.hostile.siege import besiege, caught
from tests.hostile.system import SIGNED_IN, System, attacked
from tests.hostile.wire import Wire, request

PIECES = 150
PIECE = b"f4240\r\n" + b" " * 1_000_000 + b"\r\n"
"""A chunk of a million bytes, as it is sent."""


async def a_body_without_end(system: System) -> Counter[str]:
    """Send 150 MB as the body of one command."""
    async with await Wire.open(system.address) as wire:
        headers = (SIGNED_IN, "Content-Type: application/json", "Transfer-Encoding: chunked")
        await wire.send(request("POST", "/customers", *headers))
        answering = asyncio.create_task(wire.answer())
        sent = 0
        while sent < PIECES and await wire.send(PIECE):
            sent += 1
        await wire.send(b"0\r\n\r\n")
        answer = await answering
        return Counter({"pieces": sent, "none" if answer is None else answer.name: 1})


def test_a_body_without_end_holds_nobody_up(system: System) -> None:
    found = besiege(system, a_body_without_end)
    assert found.faults == []
    assert found.answers["pieces"] < 50
    assert found.answers["413 body-too-large"] == 1


def test_a_server_that_takes_any_body_is_caught(tmp_path: Path) -> None:
    with attacked(tmp_path, body_limit="1000000000") as unlimited:
        assert caught(unlimited, a_body_without_end)
