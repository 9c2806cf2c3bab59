"""Attempts by nobody known are all counted, and cannot fill the disk."""

from __future__ import annotations

import asyncio
import dataclasses

from adapters.logs.anonymous_attempts import ADDRESSES, OTHERS, Strangers
from adapters.logs.operation_log_writer import Entry
from tests.adapters.logs.test_operation_log_writer import REFUSED

STRANGER = dataclasses.replace(REFUSED, actor="nobody", status=401, refusal="unauthenticated")


def noted(*attempts: Entry) -> list[Entry]:
    """Return what is noted of attempts within one period."""
    found: list[Entry] = []

    async def work() -> None:
        strangers = Strangers(found.append)
        for each in attempts:
            strangers.note(each)
        strangers.report()

    asyncio.run(work())
    return found


def test_a_single_attempt_is_noted_whole() -> None:
    assert noted(STRANGER) == [STRANGER]


def test_further_attempts_of_an_address_are_counted_in_one_entry() -> None:
    first, rest = noted(*[STRANGER] * 1000)
    assert first == STRANGER
    assert (rest.address, rest.times, rest.status) == (STRANGER.address, 999, 401)
    assert (rest.command, rest.target, rest.query) == ("any", None, None)


def test_a_flood_from_everywhere_makes_a_bounded_number_of_entries() -> None:
    flood = [
        dataclasses.replace(STRANGER, address=f"10.0.{n // 250}.{n % 250}", target=str(n))
        for n in [*range(5000), *range(5000)]
    ]
    found = noted(*flood)
    assert len(found) <= 2 * (ADDRESSES + 1)
    assert sum(each.times for each in found) == len(flood)
    assert found[-1].address == OTHERS


def test_each_period_begins_anew() -> None:
    found: list[Entry] = []

    async def work() -> None:
        strangers = Strangers(found.append)
        for _ in range(2):
            strangers.note(STRANGER)
            strangers.report()

    asyncio.run(work())
    assert found == [STRANGER, STRANGER]
