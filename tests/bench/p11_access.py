"""What a decision about permission costs, and how soon it knows of a change."""

from __future__ import annotations

import itertools
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from adapters.commands.access_cache import Guard
from adapters.journal.journal import Journal
from adapters.storage.databases import connect
from projections.kernel.visibility.unit_tree import Organisation
from projections.kernel.visibility.visibility import Party, Subject
from projections.permissions.access_control import Access
from tests.bench.figure import Figure
from tests.projections.company import NOW, employee, grant, role, unit

UNITS = 10_000
GRANTS = 20
GOAL = 20.0
"""Microseconds that a decision may take."""

TIMES = 20_000
PARTY = Party("li")


def measure() -> Iterator[Figure]:
    """Decide for an employee with many grants in a large organisation."""
    random.seed(11)
    known = _company()
    subjects = [Subject(frozenset({f"u{random.randrange(UNITS)}"})) for _ in range(TIMES)]
    each = _microseconds(lambda i: known.decide(PARTY, "customer.read", subjects[i], NOW), TIMES)
    name = f"a decision, {GRANTS} grants among {UNITS:,} units"
    yield Figure(name, each, "µs", GOAL, "µs", at_most=1)
    nowhere = Subject(frozenset({"elsewhere"}))
    worst = _microseconds(lambda _: known.decide(PARTY, "customer.read", nowhere, NOW), TIMES)
    yield Figure("the same, refused", worst, "µs", GOAL, "µs", at_most=1)
    numbers = itertools.count()
    first = _microseconds(lambda _: known.sight(PARTY, f"customer.x{next(numbers)}", NOW), 2000)
    yield Figure("the first decision of its kind", first, "µs")
    rows = known.shelves["units"].rows.values()
    anew = _microseconds(lambda _: Organisation(rows).under("u0"), 20)
    yield Figure(f"{UNITS:,} units made anew", anew / 1000, "ms")
    yield _look()


def _company() -> Access:
    """Return a tree of units, eight below each, and an employee with grants all over it."""
    units = [unit(f"u{i}", f"u{(i - 1) // 8}" if i else None) for i in range(UNITS)]
    roles = [role(f"r{i}", "customer.*", "*.read") for i in range(GRANTS)]
    places = random.sample(range(UNITS // 10, UNITS), GRANTS - 2)
    held = [grant("li", f"r{i}", f"u{at}") for i, at in enumerate([3, 77, *places])]
    tables = {"units": units, "roles": roles, "grants": held, "employees": [employee("li")]}
    return Access.of(1, tables)


def _look() -> Figure:
    """Measure how long a server takes to know that nothing has changed."""
    with tempfile.TemporaryDirectory(prefix="keyline-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'journal.db'}"
        journal = Journal(url)
        journal.create()
        rows = connect(url, "normal")
        guard = Guard(journal, rows)
        guard.now()
        each = _microseconds(lambda _: guard.now(), 2000)
        rows.dispose()
        journal.close()
    return Figure("a look whether anything has changed, SQLite", each, "µs")


def _microseconds(work: Callable[[int], object], times: int) -> float:
    """Return what one call takes, by the median of five rounds."""
    rounds = []
    for _ in range(5):
        began = time.perf_counter()
        for i in range(times):
            work(i)
        rounds.append((time.perf_counter() - began) / times * 1e6)
    return statistics.median(rounds)
