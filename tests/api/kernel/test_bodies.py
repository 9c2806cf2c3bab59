"""Bodies: limits of size and time, at their edges."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from api.kernel.bodies import Disconnected, Pace, pieces, read_body
from api.kernel.problems import BodyTooLarge, BodyTooSlow

Receive = Callable[[], Awaitable[dict[str, Any]]]


def sender(*parts: bytes, pause: float = 0.0, ends: bool = True) -> Receive:
    """Return what a server receives from a client that pauses before each part."""
    left = list(parts)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(pause)
        if not left:
            await asyncio.Event().wait()
        part = left.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(left) or not ends}

    return receive


def read(receive: Receive, limit: int = 10, seconds: float = 30) -> bytes:
    return asyncio.run(read_body({}, receive, limit, seconds))


def taken(receive: Receive, pace: Pace, limit: int = 10_000, rest: float = 0.0) -> list[bytes]:
    """Take a body piece by piece, with a rest after each."""

    async def take() -> list[bytes]:
        found = []
        async for piece in pieces({}, receive, limit, pace):
            found.append(piece)
            await asyncio.sleep(rest)
        return found

    return asyncio.run(take())


def test_a_body_is_taken_up_to_its_limit() -> None:
    assert read(sender(b"0123456789")) == b"0123456789"
    assert read(sender(b"01234", b"56789")) == b"0123456789"
    for parts in [[b"0123456789X"], [b"01234", b"56789X"], [b"0123456789", b"X"]]:
        with pytest.raises(BodyTooLarge):
            read(sender(*parts))
        with pytest.raises(BodyTooLarge):
            taken(sender(*parts), Pace(30, 1), limit=10)


def test_a_body_without_end_is_not_read_to_it() -> None:
    with pytest.raises(BodyTooLarge):
        read(sender(*[b"0123456789"] * 2, ends=False))


def test_a_body_that_never_begins_is_given_up() -> None:
    with pytest.raises(BodyTooSlow):
        read(sender(), seconds=0.01)
    with pytest.raises(BodyTooSlow):
        taken(sender(), Pace(0.01, 1))


def test_a_body_that_drips_is_given_up_however_small_the_pauses() -> None:
    dripping = [b"x"] * 1000
    with pytest.raises(BodyTooSlow):
        read(sender(*dripping, pause=0.005), limit=10_000, seconds=0.2)
    with pytest.raises(BodyTooSlow):
        taken(sender(*dripping, pause=0.005), Pace(stall=0.2, rate=10_000))


def test_a_long_body_that_keeps_its_rate_is_taken() -> None:
    parts = [b"x" * 100] * 40
    assert len(taken(sender(*parts, pause=0.01), Pace(stall=0.2, rate=100))) == 40


def test_a_long_body_must_not_stand_still_however_much_has_come() -> None:
    with pytest.raises(BodyTooSlow):
        taken(sender(b"x" * 9000, ends=False), Pace(stall=0.05, rate=1))


def test_the_time_in_which_nobody_reads_does_not_count() -> None:
    parts = [b"x"] * 10
    assert len(taken(sender(*parts), Pace(stall=0.2, rate=1_000_000), rest=0.05)) == 10


def test_a_client_that_goes_away_is_no_body() -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    with pytest.raises(Disconnected):
        read(receive)
