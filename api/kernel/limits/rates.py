"""Rates: how many requests a second each caller may make of this process, and how it is told."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from functools import lru_cache
from math import ceil

from api.kernel.problems import TooManyRequests

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
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()
        window = max(1, round(self._burst / rate)) if rate else 1
        self._policy = (b"ratelimit-policy", b'"requests";q=%d;w=%d' % (self._burst, window))
        self._told = lru_cache(1024)(self._headers)  # mostly the same is left

    def take(self, caller: Hashable) -> Sequence[tuple[bytes, bytes]]:
        """Take one from a caller's bucket; returns the headers that tell what is left.

        Raises `TooManyRequests`, which has them too.
        """
        if not self._rate:
            return ()
        now = time.monotonic()
        left = self._left(caller, now) - 1
        if left < 0:
            raise TooManyRequests(ceil(-left / self._rate), self._told(0))
        self._keep(caller, left, now)
        return self._told(int(left))

    def owe(self, caller: Hashable) -> float:
        """Take one even from an empty bucket; returns for how many seconds it then has none."""
        if not self._rate:
            return 0.0
        now = time.monotonic()
        left = self._left(caller, now) - 1
        self._keep(caller, left, now)
        return max(0.0, -left / self._rate)

    def _left(self, caller: Hashable, now: float) -> float:
        kept = self._buckets.get(caller)
        if kept is None:
            return self._burst
        left = kept[0] + (now - kept[1]) * self._rate
        return left if left < self._burst else self._burst

    def _keep(self, caller: Hashable, left: float, now: float) -> None:
        self._buckets[caller] = (left, now)
        self._buckets.move_to_end(caller)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)  # who asked longest ago

    def _headers(self, left: int) -> Sequence[tuple[bytes, bytes]]:
        seconds = -((left - self._burst) // self._rate)  # rounded up
        return (self._policy, (b"ratelimit", b'"requests";r=%d;t=%d' % (left, seconds)))
