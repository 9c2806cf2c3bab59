"""Headers without end, or without number, from a stranger: refused before they are joined."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.siege import Attack, besiege, caught
from tests.hostile.system import System, attacked
from tests.hostile.wire import Wire, request

NO_LIMIT = {"header_limit": str(10**9), "pipelined": str(10**9)}


def sending(begin: bytes, piece: Callable[[System], bytes], pieces: int) -> Attack:
    """Return an attack that begins a request and goes on with pieces of it."""

    async def attack(system: System) -> Counter[str]:
        async with await Wire.open(system.address) as wire:
            await wire.send(begin)
            sent, more = 0, piece(system)
            while sent < pieces and await wire.send(more):
                sent += 1
            await wire.send(b"\r\n\r\n")
            answer = await wire.answer()
            return Counter({"pieces": sent, "closed" if answer is None else answer.name: 1})

    return attack


ONE_HEADER = sending(b"GET /livez HTTP/1.1\r\nX: ", lambda _: b"x" * 1_000_000, 25)
MANY_HEADERS = sending(
    b"GET /livez HTTP/1.1\r\n",
    lambda system: b"".join(b"X%d: 1\r\n" % system.chance.randrange(10**6) for _ in range(60_000)),
    10,
)
LINE = sending(b"GET /", lambda _: b"x" * 1_000_000, 25)
TRAILER = sending(
    request("POST", "/sign-in", "Transfer-Encoding: chunked") + b"0\r\nX: ",
    lambda _: b"x" * 1_000_000,
    25,
)
EXTENSION = sending(
    request("POST", "/sign-in", "Transfer-Encoding: chunked") + b"1;",
    lambda _: b"x" * 1_000_000,
    25,
)
PIPELINED = sending(b"", lambda _: b"GET /livez HTTP/1.1\r\n\r\n" * 60_000, 3)

ATTACKS = {
    "one header": ONE_HEADER,
    "many headers": MANY_HEADERS,
    "line": LINE,
    "trailer": TRAILER,
    "extension": EXTENSION,
    "pipelined": PIPELINED,
}


@pytest.mark.parametrize("name", ATTACKS)
def test_they_hold_nobody_up(system: System, name: str) -> None:
    found = besiege(system, ATTACKS[name], memory=16_000_000)
    assert found.faults == []
    refusal = "503 crowded" if name == "pipelined" else "431 headers-too-large"
    assert {*found.answers} - {"pieces"} <= {refusal, "200", "closed"}


@pytest.mark.parametrize("name", ["one header", "many headers", "pipelined"])
def test_a_server_that_takes_them_is_caught(tmp_path: Path, name: str) -> None:
    with attacked(tmp_path, **NO_LIMIT) as unlimited:
        assert caught(unlimited, ATTACKS[name], memory=16_000_000)
