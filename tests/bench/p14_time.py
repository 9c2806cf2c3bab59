"""Reads of the past: lists as of a position and a day beside those of now, and a report."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

from duckdb import DuckDBPyConnection

from adapters.databases import connect
from adapters.warehouse import Warehouse
from projections.customers import customers
from projections.duck import compiled, decoded, past
from projections.opportunities import opportunities
from projections.queries import Listing
from projections.question import Question, question
from projections.reports import run
from tests.bench.bulk import UNITS
from tests.bench.figure import Figure, percentile
from tests.bench.p6_reads import CUSTOMERS
from tests.bench.sample import folder, journal_in, large, raw_batches, with_rows

SECONDS = 20.0
"""How long one kind of read is asked at most."""

TIMES = 100
LISTING = Listing(customers)

T = TypeVar("T")


def measure() -> Iterator[Figure]:
    """Measure with a million customers and ten million facts at full scale.

    `BENCH_SCALE=1` and `BENCH_EVENTS=10000000` are full scale.
    """
    path = with_rows(folder(CUSTOMERS))
    with ExitStack() as stack:
        cursor, last = _warehouse(stack, path, customers)
        engine = connect(f"sqlite:///{path / 'rows.db'}", "normal")
        connection = stack.enter_context(engine.connect())
        random = Random(1)
        for kind, ask in (("by revenue", _by_revenue), ("by name", _by_name)):
            asked = [ask(random) for _ in range(TIMES)]
            now = _median(asked, lambda each: LISTING.page(connection, each))
            name = f"{CUSTOMERS:,} customers {kind}, p50"
            for then, valid_at in (
                ("as of the middle", None),
                ("true half a year ago", datetime.now(UTC).date() - timedelta(days=180)),
            ):
                spent = _median(asked, _then(cursor, last // 2, valid_at))
                yield Figure(f"{name}, {then}", spent, "ms", now, "ms now", at_most=2)
        connection.close()
        engine.dispose()
    with ExitStack() as stack:
        cursor, last = _warehouse(stack, large(), opportunities)
        for by in (["stage"], ["stage", "unit"]):
            spent = _median([by] * 10, lambda by: run(cursor, "pipeline", by, as_of=last // 2))
            name = f"pipeline by {' and '.join(by)} as of the middle of {last:,} facts"
            yield Figure(name, spent, "ms", 1000, "ms goal", at_most=1)


def _warehouse(stack: ExitStack, path: Path, model: object) -> tuple[DuckDBPyConnection, int]:
    """Return a cursor of a warehouse with the facts and one model's histories, and its position."""
    journal = journal_in(path)
    stack.callback(journal.close)
    made = stack.enter_context(tempfile.TemporaryDirectory())
    models = {each.name: each for each in (customers, opportunities) if each is model}
    warehouse = Warehouse(Path(made) / "warehouse.duckdb", models)
    stack.callback(warehouse.close)
    warehouse.rebuild(lambda after: raw_batches(journal, after))
    return stack.enter_context(warehouse.reader()), warehouse.position()


def _by_revenue(random: Random) -> Question:
    return question(customers, {"grade": random.choice("ABC")}, sort="-annual_revenue")


def _by_name(random: Random) -> Question:
    where = {"unit": random.choice(UNITS), "industry": random.choice("ABCDEFGHIJ")}
    return question(customers, where, sort="name")


def _then(
    cursor: DuckDBPyConnection, position: int, valid_at: date | None
) -> Callable[[Question], object]:
    tables = past(position, valid_at)

    def read(asked: Question) -> object:
        query = LISTING.select(asked, None, tables, "duckdb")
        return decoded(query, cursor.execute(*compiled(query)).fetchall())

    return read


def _median(asked: Sequence[T], read: Callable[[T], object]) -> float:
    """Return the milliseconds that half of the reads take at most."""
    spent, until = [], time.monotonic() + SECONDS
    read(asked[0])  # so that what is read is in memory
    for each in asked:
        began = time.perf_counter()
        read(each)
        spent.append((time.perf_counter() - began) * 1000)
        if time.monotonic() > until and len(spent) > 2:
            break
    return percentile(spent, 50)
