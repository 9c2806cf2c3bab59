"""A connection: what is no request, or comes too large, too slowly or too often, has its answer."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from adapters.settings import Settings
from api.server.connection import OVERHEAD
from tests.api.conftest import KEY, serving
from tests.hostile.wire import Answer, Wire, request

SIGNED_IN = f"Authorization: Bearer {KEY}"
LIMIT = 4_000
ALIVE = request("GET", "/livez")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with little room and little patience."""
    folder: Path = tmp_path_factory.mktemp("keyline")
    settings = Settings(
        data=folder,
        port=0,
        admin_key=KEY,
        header_limit=LIMIT,
        header_seconds=1,
        pipelined=4,
        stall_seconds=1,
    )
    with serving(settings) as address:
        yield address


def on(address: str, talk: Callable[[Wire], Awaitable[None]]) -> None:
    """Talk with a server over one connection."""

    async def connected() -> None:
        async with await Wire.open(address) as wire:
            await talk(wire)

    asyncio.run(connected())


def answer_to(address: str, sent: bytes) -> Answer | None:
    """Return what is answered to some bytes."""
    found: list[Answer | None] = []

    async def talk(wire: Wire) -> None:
        await wire.send(sent)
        found.append(await wire.answer())

    on(address, talk)
    return found[0]


def padded(size: int) -> bytes:
    """Return a request whose line and headers count as so many bytes."""
    counted = len("/livez") + len("Host") + len("keyline") + len("X") + 2 * OVERHEAD
    return request("GET", "/livez", f"X: {'x' * (size - counted)}")


def refused(answer: Answer | None, name: str) -> None:
    """Check that an answer is a problem, and the last one of its connection."""
    assert answer is not None
    assert answer.name == name
    assert answer.headers["connection"] == "close"
    assert "trace-id" in answer.headers


def test_headers_are_taken_up_to_the_limit_and_refused_past_it(own: str) -> None:
    good = answer_to(own, padded(LIMIT))
    assert good is not None
    assert good.status == 200
    refused(answer_to(own, padded(LIMIT + 1)), "431 headers-too-large")


@pytest.mark.parametrize(
    "sent",
    [
        request("GET", "/" + "a" * LIMIT),
        request("GET", "/livez", *[f"X{n}:" for n in range(LIMIT // OVERHEAD)]),
        request("POST", "/sign-in", "Transfer-Encoding: chunked")
        + b"0\r\n"
        + b"".join(b"X%d: y\r\n" % n for n in range(LIMIT // OVERHEAD))
        + b"\r\n",
    ],
    ids=["line", "many", "trailers"],
)
def test_a_long_line_many_headers_and_trailers_count_too(own: str, sent: bytes) -> None:
    refused(answer_to(own, sent), "431 headers-too-large")


@pytest.mark.parametrize(
    "begun",
    [
        b"GET /",
        b"GET /livez HTTP/1.1\r\nX: ",
        b"GET /livez HTTP/1.1\r\n",
        request("POST", "/sign-in", "Transfer-Encoding: chunked") + b"1;",
        request("POST", "/sign-in", "Transfer-Encoding: chunked") + b"0\r\nX: ",
    ],
    ids=["line", "value", "name", "extension", "trailer"],
)
def test_what_has_no_end_is_refused_before_it_ends(own: str, begun: bytes) -> None:
    async def talk(wire: Wire) -> None:
        await wire.send(begun)
        for _ in range(100):
            await asyncio.sleep(0.001)
            if not await wire.send(b"x" * 100):
                break
        refused(await wire.answer(), "431 headers-too-large")
        assert await wire.ended()

    on(own, talk)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200)),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /livez\r\n\r\n",
        b"GET /livez HTTP/9.9\r\n\r\n",
        b"GET /livez HTTP/1.1\r\n: nameless\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nX : space\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nX: a\r\n folded\r\n\r\n",
        b"GET /livez HTTP/1.1\nHost: bare\n\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        request("CONNECT", "other:443"),
        request("POST", "/customers", SIGNED_IN, f"Content-Length: {10**30}"),
        request("POST", "/customers", SIGNED_IN, "Content-Length: -1"),
        request("POST", "/customers", SIGNED_IN, "Content-Length: 1", "Content-Length: 2"),
        request("POST", "/x", SIGNED_IN, "Content-Length: 5", "Transfer-Encoding: chunked"),
        request("POST", "/customers", SIGNED_IN, "Transfer-Encoding: chunked, identity"),
    ],
)
def test_what_is_no_request_is_refused_as_everything_is(own: str, sent: bytes) -> None:
    refused(answer_to(own, sent), "400 malformed-request")


def test_a_body_that_breaks_off_its_form_is_refused_and_not_served(own: str) -> None:
    sent = request("POST", "/customers", SIGNED_IN, "Transfer-Encoding: chunked")
    refused(answer_to(own, sent + b"2\r\n{}\r\nnothing\r\n"), "400 malformed-request")


def test_headers_that_come_too_slowly_are_refused(own: str) -> None:
    refused(answer_to(own, b"GET /livez HTTP/1.1\r\nHost: a\r\nX"), "408 headers-too-slow")


def test_answers_come_in_order_and_so_does_a_refusal(own: str) -> None:
    async def talk(wire: Wire) -> None:
        await wire.send(ALIVE * 3 + b"nonsense\r\n\r\n" + ALIVE)
        for _ in range(3):
            answer = await wire.answer()
            assert answer is not None
            assert answer.status == 200
        refused(await wire.answer(), "400 malformed-request")
        assert await wire.answer() is None

    on(own, talk)


def test_who_asks_for_more_than_may_wait_is_told_so(own: str) -> None:
    async def talk(wire: Wire) -> None:
        await wire.send(ALIVE * 1000)
        for _ in range(1 + 4):
            answer = await wire.answer()
            assert answer is not None
            assert answer.status == 200
        refused(await wire.answer(), "503 crowded")

    on(own, talk)


UPGRADE = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAAA")


def test_an_upgrade_is_not_heeded_and_loses_nothing(own: str) -> None:
    async def talk(wire: Wire) -> None:
        await wire.send(request("GET", "/livez", *UPGRADE) + ALIVE)
        for _ in range(2):
            answer = await wire.answer()
            assert answer is not None
            assert answer.status == 200

    on(own, talk)


def test_an_upgrade_with_a_body_is_refused_because_the_body_would_be_lost(own: str) -> None:
    sent = request("POST", "/customers", SIGNED_IN, *UPGRADE, body=b"{}")
    refused(answer_to(own, sent), "400 malformed-request")


def test_an_answer_that_ends_the_connection_reaches_who_is_still_sending(own: str) -> None:
    async def talk(wire: Wire) -> None:
        await wire.send(request("GET", "/" + "a" * LIMIT))
        for _ in range(20):
            await wire.send(b"x" * 100_000)
        refused(await wire.answer(), "431 headers-too-large")
        assert await wire.ended()

    on(own, talk)


def test_a_body_that_nobody_wants_does_not_hold_the_connection(own: str) -> None:
    async def talk(wire: Wire) -> None:
        await wire.send(request("POST", "/customers", "Content-Length: 1000"))
        answer = await wire.answer()
        assert answer is not None
        assert answer.status == 401
        for _ in range(6):
            await asyncio.sleep(0.5)
            await wire.send(b" ")
        assert await wire.ended(5)

    on(own, talk)


def test_empty_lines_between_requests_do_not_hold_it_either(own: str) -> None:
    async def talk(wire: Wire) -> None:
        await wire.send(ALIVE)
        assert await wire.answer() is not None
        for _ in range(6):
            await asyncio.sleep(0.5)
            await wire.send(b"\r\n")
        assert await wire.ended(5)

    on(own, talk)
