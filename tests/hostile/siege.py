"""The one check that every attack, and every control, goes through."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import NamedTuple

from tests.hostile.others import Measured, Others
from tests.hostile.system import System

Attack = Callable[[System], Awaitable[Counter[str]]]
"""Attacks a system, for a few seconds at most, and returns how often it was answered what."""

SECONDS = 1.0
"""Seconds in which the others are measured without an attack, and at least with it."""

ALLOWED = 100.0
"""Milliseconds by which others may wait longer than twice as long as without an attack.

That is on a machine that counts to a million in `COUNTED`, and as much more on a slower one.
"""

COUNTED = 0.02
"""Seconds."""

ATTEMPTS = 3
"""Of these the best counts: this machine has other work too, a limit holds each time."""

CALM = 10
"""How often they are measured again while an attack has an aftermath: it is no standard."""

MEMORY = 64_000_000
"""Bytes that an attack may make the server need more, unless its row says otherwise."""


class Outcome(NamedTuple):
    """What is wrong with how a system stood an attack, if anything, and how it answered."""

    faults: list[str]
    answers: Counter[str]


def besiege(system: System, attack: Attack, memory: int = MEMORY) -> Outcome:
    """Attack a system while others use it; returns the best of some attempts.

    Nobody else may be refused anything, wait longer than `ALLOWED` tells, nor may
    the server need more than so many bytes of `memory` beyond what it needed at first.
    """
    found = _attempts(system, attack, memory, lambda outcome: not outcome.faults)
    return min(asyncio.run(found), key=lambda outcome: len(outcome.faults))


def caught(system: System, attack: Attack, memory: int = MEMORY) -> bool:
    """Attack a system without the limit in the same way; tells whether that is ever noticed."""
    found = _attempts(system, attack, memory, lambda outcome: bool(outcome.faults))
    return bool(asyncio.run(found)[-1].faults)


async def _attempts(
    system: System, attack: Attack, memory: int, enough: Callable[[Outcome], bool]
) -> list[Outcome]:
    found: list[Outcome] = []
    first: Measured | None = None
    allowed = ALLOWED * _slowness()
    async with Others(system) as others:
        while len(found) < ATTEMPTS and not (found and enough(found[-1])):
            before = await _calm(others, first, allowed)
            first = first or before
            answers, _ = await asyncio.gather(attack(system), asyncio.sleep(SECONDS))
            during = await others.met()
            print(f"before: {before}\nduring: {during}\nanswered: {dict(answers)}")
            faults = _faults(before, during, allowed, during.memory - first.memory, memory)
            found.append(Outcome(list(faults), answers))
    return found


async def _calm(others: Others, first: Measured | None, allowed: float) -> Measured:
    """Return what others meet without an attack: when the last one is over, if it ever is."""
    for _ in range(CALM):
        await others.met()
        await asyncio.sleep(SECONDS)
        found = await others.met()
        if first is None or found.longest <= 2 * first.longest + allowed:
            break
    return found


def _slowness() -> float:
    """Return how often as long as `COUNTED` this machine takes; never less than once."""
    took = []
    for _ in range(5):
        began = time.perf_counter()
        count = 0
        while count < 1_000_000:
            count += 1
        took.append(time.perf_counter() - began)
    slowness = max(1.0, statistics.median(took) / COUNTED)
    print(f"slowness {slowness:.2f}")
    return slowness


def _faults(
    before: Measured, during: Measured, allowed: float, grown: int, memory: int
) -> Iterator[str]:
    if before.failed:
        yield f"{before.failed} requests of others failed in the aftermath of an attack"
    if during.failed:
        yield f"{during.failed} requests of others failed"
    if during.longest > 2 * before.longest + allowed:
        yield f"others waited {during.longest:.0f} ms, before {before.longest:.0f} ms"
    if grown > memory:
        yield f"the server needed {grown / 1e6:.0f} MB more"
