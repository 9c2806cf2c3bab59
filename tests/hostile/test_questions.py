"""Questions that take long, many at once by one who is signed in, leave others their turns."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.hostile.siege import besiege, caught
from tests.hostile.system import SIGNED_IN, System, attacked, fill
from tests.hostile.wire import Wire, request

AT_ONCE = 48
"""Questions that one asks at a time."""

LISTS_AT_ONCE = 192
"""Lists, which are quick, that one asks for at a time."""

CUSTOMERS = 600
"""Records that there are."""

MEMORY = 128_000_000
"""Bytes that the server may need for all questions, the warehouse among them."""

QUESTIONS = [
    "/reports/pipeline?by=stage,unit",
    "/customers?as_of_position=300&count=exact&q=a",
    "/customers?count=exact&q=a",
    "/events?limit=1000",
]


async def many_questions(system: System) -> Counter[str]:
    """Ask many questions at once, twice each."""
    return await _many(system, QUESTIONS * (AT_ONCE // len(QUESTIONS)))


async def many_lists(system: System) -> Counter[str]:
    """Ask for a list many times at once."""
    return await _many(system, ["/customers?limit=100"] * LISTS_AT_ONCE)


async def _many(system: System, questions: list[str]) -> Counter[str]:
    async def ask(question: str) -> list[str]:
        async with await Wire.open(system.address) as wire:
            found = []
            for _ in range(2):
                await wire.send(request("GET", question, SIGNED_IN))
                answer = await wire.answer(60)
                found.append("none" if answer is None else answer.name)
            return found

    asked = await asyncio.gather(*map(ask, questions))
    return Counter(each for some in asked for each in some)


@contextlib.contextmanager
def _answering(folder: Path, program: str = "api.cli.main", **settings: str) -> Iterator[System]:
    with attacked(folder, program, **settings) as found:
        asyncio.run(fill(found, CUSTOMERS))
        yield found


def test_many_questions_hold_nobody_up(tmp_path: Path) -> None:
    with _answering(tmp_path) as system:
        found = besiege(system, many_questions, MEMORY)
    assert found.faults == []
    assert set(found.answers) <= {"200", "503 too-many-questions"}
    assert found.answers["200"] > 0


def test_a_server_that_answers_any_number_at_once_is_caught(tmp_path: Path) -> None:
    unlimited = dict.fromkeys(("questions", "questions_each", "reads_each"), "100000")
    with _answering(tmp_path, **unlimited) as system:
        assert caught(system, many_questions, MEMORY)


def test_many_lists_hold_nobody_up(tmp_path: Path) -> None:
    with _answering(tmp_path) as system:
        found = besiege(system, many_lists)
    assert found.faults == []
    assert set(found.answers) == {"200"}


def test_a_server_that_makes_any_number_of_lists_at_once_is_caught(tmp_path: Path) -> None:
    unlimited = "tests.hostile.without_rounds"
    with _answering(tmp_path, unlimited, reads_each="100000") as system:
        assert caught(system, many_lists)
