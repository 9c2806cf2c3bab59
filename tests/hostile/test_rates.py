"""One caller asks without end: they are refused past their rate, and nobody else is."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.hostile.siege import Attack, besiege
from tests.hostile.system import System, attacked
from tests.hostile.wire import Wire, request

FEW = {"stranger_rate": "5", "stranger_burst": "50"}
NO_LIMIT = {"stranger_rate": "0"}
CALLERS = 4
COUNT = 125


def asking(target: str, *headers: str) -> Attack:
    """Return an attack by one caller that asks the same on a few connections, without a pause."""

    async def ask(system: System) -> Counter[str]:
        found: Counter[str] = Counter()
        async with await Wire.open(system.address) as wire:
            for _ in range(COUNT):
                await wire.send(request("GET", target, *headers))
                answer = await wire.answer()
                found["closed" if answer is None else answer.name] += 1
        return found

    async def attack(system: System) -> Counter[str]:
        return sum(await asyncio.gather(*(ask(system) for _ in range(CALLERS))), Counter())

    return attack


ATTACKS = {
    "nobody": (asking("/livez"), "200"),
    "guessing": (asking("/me", "Authorization: Bearer no-such-key"), "401 unauthenticated"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_who_asks_more_than_they_may_is_refused_and_others_go_on(tmp_path: Path, name: str) -> None:
    attack, usual = ATTACKS[name]
    with attacked(tmp_path, **FEW) as system:
        found = besiege(system, attack)
    assert found.faults == []
    assert {*found.answers} <= {usual, "429 too-many-requests"}
    assert found.answers["429 too-many-requests"] > CALLERS * COUNT // 4


@pytest.mark.parametrize("name", ATTACKS)
def test_a_server_without_rates_is_caught(tmp_path: Path, name: str) -> None:
    attack, usual = ATTACKS[name]
    with attacked(tmp_path, **NO_LIMIT) as unlimited:
        assert besiege(unlimited, attack).answers == {usual: CALLERS * COUNT}
