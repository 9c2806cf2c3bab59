"""What many types of events cost: opening a warehouse, and planning a question about all facts."""

from __future__ import annotations

import copy
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle, islice
from pathlib import Path
from unittest.mock import patch

import duckdb

from projections.kernel.warehouse import facts as module
from projections.kernel.warehouse.facts import Fact, fact_statements, facts
from tests.bench.figure import Figure

FEW, MANY = 122, 400
RUNS = 7
QUESTION = "SELECT type, count(*) FROM events WHERE position > 5 GROUP BY type"


def measure() -> Iterator[Figure]:
    """Measure with as many types as there were once, and with as many as there are to be."""
    few, many = _milliseconds(FEW), _milliseconds(MANY)
    for name, value, limit in zip(("opened", "a question about all"), many, few, strict=True):
        title = f"warehouse of {MANY} types of events, empty: {name}"
        yield Figure(title, value, "ms", limit, f"ms with {FEW}", at_most=2)


def _milliseconds(types: int) -> tuple[float, float]:
    """Return what it takes to open an empty warehouse, and to ask it about all facts."""
    with tempfile.TemporaryDirectory() as folder, patch.object(module, "facts", _facts(types)):
        file = Path(folder) / "warehouse.duckdb"
        with duckdb.connect(file) as made:
            made.execute("CREATE SCHEMA store")
            for statement in fact_statements():
                made.execute(statement)

        def opened() -> None:
            with duckdb.connect(file) as connection:
                connection.execute("FROM store.recent").fetchall()

        opening = _best(opened)
        with duckdb.connect(file) as connection:
            return opening, _best(lambda: connection.execute(QUESTION).fetchall())


def _facts(types: int) -> Callable[[], Mapping[str, Fact]]:
    """Return so many facts: those that there are, and as many more like them."""
    found = {}
    for number, fact in enumerate(islice(cycle([*facts().values()]), types)):
        each = copy.copy(fact)
        each.type, each.name = f"{fact.type}-{number}", f"{fact.name}_{number}"
        found[each.type] = each
    return lambda: found


def _best(work: Callable[[], object]) -> float:
    spent = []
    for _ in range(RUNS):
        began = time.perf_counter()
        work()
        spent.append((time.perf_counter() - began) * 1000)
    return min(spent)
