"""What is added to answers is looked up once for all that wait, and never fails a command."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest

from adapters.commands.executor import Answer
from api.commands.additions import Additions, Done, More, Shaped, additions
from api.kernel.access.authentication import Principal
from api.kernel.process import Parts

ANN, BEN = Principal("ann", "group"), Principal("ben", "group")
PARTS = cast("Parts", None)


@pytest.fixture
def calls() -> Iterator[list[tuple[Principal, list[str]]]]:
    found: list[tuple[Principal, list[str]]] = []

    def add(_: Parts, who: Principal, done: Sequence[Done]) -> More:
        found.append((who, [answer.id for answer, _ in done]))
        if any(answer.id == "bad" for answer, _ in done):
            raise ValueError("bad")
        return [{"of": answer.id} for answer, _ in done]

    additions["test.add"] = Shaped(add, dict)
    yield found
    del additions["test.add"]


def _done(*ids: str) -> list[Done]:
    return [(Answer(id=each, version=1, position=1), {}) for each in ids]


def test_all_that_wait_are_looked_up_together_each_by_what_they_see(
    calls: list[tuple[Principal, list[str]]],
) -> None:
    async def ask() -> Sequence[Any]:
        looking = Additions(PARTS)
        return await asyncio.gather(
            looking.to(ANN, "test.add", _done("1", "2")),
            looking.to(BEN, "test.add", _done("3")),
            looking.to(ANN, "test.add", _done("4")),
            looking.to(ANN, "test.other", _done("5")),
            looking.to(ANN, "test.add", []),
        )

    assert [*asyncio.run(ask())] == [
        [{"of": "1"}, {"of": "2"}],
        [{"of": "3"}],
        [{"of": "4"}],
        [{}],
        [],
    ]
    assert calls == [(ANN, ["1", "2", "4"]), (BEN, ["3"])]


def test_what_cannot_be_looked_up_is_left_out_and_who_has_gone_is_not_waited_for(
    calls: list[tuple[Principal, list[str]]],
) -> None:
    async def ask() -> list[Any]:
        looking = Additions(PARTS)
        gone = asyncio.create_task(looking.to(ANN, "test.add", _done("1")))
        bad = asyncio.create_task(looking.to(BEN, "test.add", _done("bad", "2")))
        await asyncio.sleep(0)
        gone.cancel()
        found = [await bad, await looking.to(ANN, "test.add", _done("3"))]
        assert gone.cancelled()
        return found

    assert asyncio.run(ask()) == [[{}, {}], [{"of": "3"}]]
    assert calls == [(ANN, ["1"]), (BEN, ["bad", "2"]), (ANN, ["3"])]
