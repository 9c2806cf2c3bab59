"""A figure: what was measured, the limit measured beside it, their ratio and the goal."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable, Sequence


@dataclasses.dataclass(frozen=True)
class Figure:
    """One line of the table.

    `ratio` is value / limit; it should be at least `at_least` or at most `at_most`, if the goal
    is a ratio. A goal that is an absolute value is given as the `limit` itself.
    """

    name: str
    value: float
    unit: str
    limit: float | None = None
    limit_is: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def ratio(self) -> float | None:
        """The value as a part of the limit."""
        return self.value / self.limit if self.limit else None

    @property
    def reached(self) -> bool | None:
        """Whether the goal was reached; `None` when there is none."""
        if self.ratio is None or (self.at_least is None and self.at_most is None):
            return None
        above = self.at_least is None or self.ratio >= self.at_least
        return above and (self.at_most is None or self.ratio <= self.at_most)


def rate(count: int, work: Callable[[], object]) -> float:
    """Return how many of `count` things `work` does a second."""
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def best(*rates: float) -> float:
    """Return the rate of the run that the machine disturbed least."""
    return max(rates)


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile (1 to 99) of some values."""
    return statistics.quantiles(values, n=100)[percent - 1]
