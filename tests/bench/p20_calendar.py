"""Working time: what it costs to count it, and to tell when so much of it is over."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from domain.kernel.time.working_time import Clock
from domain.organisation.standard_calendars import STANDARD_CALENDARS
from tests.bench.figure import Figure

GOAL = 5.0
"""Microseconds that an answer may take."""

TIMES = 20_000
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def measure() -> Iterator[Figure]:
    """Ask about random instants of a year of the office, once it is compiled."""
    random.seed(20)
    hours = {each.code: each.hours for each in STANDARD_CALENDARS}["cn-office"]
    counts = Clock(hours)
    began = time.perf_counter()
    counts.worked(BEGIN, BEGIN)
    yield Figure("a year compiled", (time.perf_counter() - began) * 1000, "ms")
    at = [BEGIN + timedelta(minutes=random.randrange(400_000)) for _ in range(TIMES + 1)]
    targets = [timedelta(minutes=random.randrange(1, 5_000)) for _ in range(TIMES)]
    for name, ask in (
        ("worked", lambda i: counts.worked(at[i], at[i + 1])),
        ("due", lambda i: counts.due(at[i], targets[i])),
    ):
        yield Figure(name, _microseconds(ask), "µs", GOAL, "µs", at_most=1)


def _microseconds(ask: Callable[[int], object]) -> float:
    """Return what one answer takes, by the median of five rounds."""
    rounds = []
    for _ in range(5):
        began = time.perf_counter()
        for i in range(TIMES):
            ask(i)
        rounds.append((time.perf_counter() - began) / TIMES * 1e6)
    return statistics.median(rounds)
