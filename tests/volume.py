"""How much is tried: some of everything by `make test`, all of it by `make nightly`.

`TEST_VOLUME=full` chooses the latter, `TEST_SEED` what is drawn. Each volume and each seed has a
name besides, by which it alone can be set; the head of a run prints the two, a failure its own.
"""

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

FULL = os.environ.get("TEST_VOLUME", "quick") == "full"
"""Whether all is tried."""


def volume(name: str, quick: int, full: int) -> int:
    """Return how often something is tried, unless the variable `name` says otherwise."""
    return int(os.environ.get(name) or (full if FULL else quick))


def seed(name: str, usual: int) -> int:
    """Return what chance begins with: as `name` or `TEST_SEED` says, else as usual."""
    return int(os.environ.get(name) or os.environ.get("TEST_SEED") or usual)


def examples(quick: int) -> int:
    """Return how many examples of a property are drawn: in full twenty times as many."""
    return 20 * quick if FULL else quick


def some(values: Sequence[T], quick: int) -> Sequence[T]:
    """Return at most so many values, spread evenly from the first on; in full all of them."""
    return values if FULL else values[:: -(-len(values) // quick) or 1]
