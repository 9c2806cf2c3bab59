"""A crowded server: strangers make way, whoever is known stays, nobody keeps a place by waiting."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest

from adapters.settings import Settings
from tests.api.conftest import KEY, serving
from tests.hostile.wire import Wire, request

WHO = request("GET", "/me", f"Authorization: Bearer {KEY}")
CONNECTIONS, STRANGERS = 12, 8
SHARE = CONNECTIONS // 2
"""Connections of one address; of strangers' it has half, too."""

COUNT = 1 + 16
"""Answers of a megabyte, which come to more than the buffers on the way hold."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with room for few."""
    settings = Settings(
        data=tmp_path_factory.mktemp("keyline"),
        port=0,
        admin_key=KEY,
        connections=CONNECTIONS,
        strangers=STRANGERS,
        body_seconds=1,
        stall_seconds=1,
    )
    with serving(settings) as address:
        yield address


async def status(wire: Wire, sent: bytes = WHO) -> str:
    """Return what is answered."""
    await wire.send(sent)
    answer = await wire.answer()
    assert answer is not None
    return answer.name


def test_the_stranger_who_has_been_here_longest_is_told_to_come_again(own: str) -> None:
    async def crowd() -> None:
        known = await Wire.open(own)
        assert await status(known) == "200"
        strangers = [await Wire.open(own) for _ in range(STRANGERS // 2)]
        newcomer = await Wire.open(own)
        answer = await strangers[0].answer()
        assert answer is not None
        assert answer.name == "503 crowded"
        assert answer.headers["retry-after"] == "1"
        assert await strangers[0].ended()
        for wire in (newcomer, known):
            assert await status(wire) == "200"
        for wire in (known, newcomer, *strangers):
            await wire.close()

    asyncio.run(crowd())


def test_where_everybody_is_known_a_newcomer_is_told_to_come_again(own: str) -> None:
    async def crowd() -> None:
        known = []
        for _ in range(SHARE):
            known.append(await Wire.open(own))
            assert await status(known[-1]) == "200"
        newcomer = await Wire.open(own)
        answer = await newcomer.answer()
        assert answer is not None
        assert answer.name == "503 crowded"
        await known[0].close()
        deadline = time.monotonic() + 20
        while True:
            async with await Wire.open(own) as another:
                with suppress(AssertionError):
                    if await status(another) == "200":
                        break
            assert time.monotonic() < deadline
        for wire in (newcomer, *known):
            await wire.close()

    asyncio.run(crowd())


@pytest.mark.parametrize("path", ["/sign-in", "/customers", "/commands"])
def test_a_body_that_drips_is_given_up(own: str, path: str) -> None:
    async def drip() -> None:
        async with await Wire.open(own) as wire:
            headers = (f"Authorization: Bearer {KEY}", "Transfer-Encoding: chunked")
            await wire.send(request("POST", path, *headers))
            for _ in range(15):
                await asyncio.sleep(0.1)
                await wire.send(b"1\r\n \r\n")
            answer = await wire.answer()
            assert answer is not None
            if path == "/commands":  # it has begun to answer; the refusal is a line of it
                assert b"/problems/body-too-slow" in answer.body
            else:
                assert answer.name == "408 body-too-slow"
                assert await wire.ended()

    asyncio.run(drip())


def test_an_answer_that_is_not_taken_is_given_up(
    own: str, caplog: pytest.LogCaptureFixture
) -> None:
    whole = httpx.get(f"{own}/openapi.json", headers={"Accept-Encoding": "identity"})
    for seconds in (4, 16, 64):  # a busy machine may not have made them all by then
        with suppress(TimeoutError):
            assert 0 < taken_after(own, seconds) < COUNT * len(whole.content)
            assert [each for each in caplog.records if each.levelname == "ERROR"] == []
            return
    pytest.fail("Whoever takes nothing keeps the place.")


def taken_after(own: str, seconds: float) -> int:
    """Ask for much and take none of it for so long; returns how much there was to take then.

    Raises `TimeoutError` where the connection is not given up.
    """
    parts, taken = urlsplit(own), 0
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 100_000)  # else as the machine likes
        client.connect((parts.hostname, parts.port))
        client.settimeout(20)
        client.sendall(request("GET", "/openapi.json") * COUNT)
        time.sleep(seconds)
        with suppress(ConnectionError):
            while piece := client.recv(1_000_000):
                taken += len(piece)
    return taken
