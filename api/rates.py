"""Rates: how many requests a second each caller may make of this process, and how it is told."""

from __future__ import annotations

import time
from collections.abc import Hashable

from api.problems import TooManyRequests

REMEMBERED = 20_000
"""Callers of whom it is remembered how much they may still ask; the rest may ask in full."""


class Rates:
    """A bucket for each caller: it holds `burst` requests and gains `rate` a second.

    Lines of many commands count one each. A rate of 0 means that there is no limit.
    """

    def __init__(self, rate: int, burst: int) -> None:
        """Begin with all buckets full."""
        self._rate = rate
        self._burst = max(1, burst)
        self._buckets: dict[Hashable, tuple[float, float]] = {}
        window = max(1, round(self._burst / rate)) if rate else 1
        self._policy = (b"ratelimit-policy", b'"requests";q=%d;w=%d' % (self._burst, window))

    def take(self, caller: Hashable) -> list[tuple[bytes, bytes]]:
        """Take one from a caller's bucket; returns the headers that tell what is left.

        Raises `TooManyRequests`, which has them too.
        """
        if not self._rate:
            return []
        left = self._left(caller)
        told = max(0, int(left - 1))
        until_full = round((self._burst - told) / self._rate)
        state = (b"ratelimit", b'"requests";r=%d;t=%d' % (told, until_full))
        if left < 1:
            raise TooManyRequests(max(1, round((1 - left) / self._rate)), [self._policy, state])
        self._buckets[caller] = (left - 1, time.monotonic())
        return [self._policy, state]

    def owe(self, caller: Hashable) -> float:
        """Take one even from an empty bucket; returns for how many seconds it then has none."""
        if not self._rate:
            return 0.0
        left = self._left(caller) - 1
        self._buckets[caller] = (left, time.monotonic())
        return max(0.0, -left / self._rate)

    def _left(self, caller: Hashable) -> float:
        left, then = self._buckets.pop(caller, (float(self._burst), 0.0))
        while len(self._buckets) >= REMEMBERED:  # who asked longest ago
            self._buckets.pop(next(iter(self._buckets)))
        left = min(float(self._burst), left + (time.monotonic() - then) * self._rate)
        self._buckets[caller] = (left, time.monotonic())
        return left
