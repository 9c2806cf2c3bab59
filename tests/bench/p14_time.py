"""Reads of the past: lists as of a position and a day beside those of now, and a report."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import TypeVar

import httpx

from adapters.storage.databases import connect
from adapters.warehouse.warehouse import Warehouse
from api.kernel.reading.as_of_reads import page_then
from projections.customers.customers import customers
from projections.kernel.lists.list_query import Question, question
from projections.kernel.lists.listing import Listing
from projections.kernel.read_model import ReadModel
from projections.kernel.reports.report import run
from projections.kernel.visibility.sealed_columns import as_sealed
from projections.organisation.units import units
from projections.sales.opportunities import opportunities
from tests.bench.bulk import MARKS, TRADES, UNITS
from tests.bench.figure import Figure, percentile
from tests.bench.p6_reads import CUSTOMERS, PROVINCE
from tests.bench.sample import folder, journal_in, large, raw_batches, with_rows
from tests.bench.served import KEY, served

SECONDS = 20.0
"""How long one kind of read is asked at most."""

TIMES = 100

GOAL = 50.0
"""Milliseconds that half of the lists of the past may take."""

AT_ONCE = 16
"""How many ask at a time."""

LISTING = Listing(customers)

T = TypeVar("T")


def measure() -> Iterator[Figure]:
    """Measure with a million customers and ten million facts at full scale.

    `BENCH_SCALE=1` and `BENCH_EVENTS=10000000` are full scale.
    """
    path = with_rows(folder(CUSTOMERS))
    with ExitStack() as stack:
        warehouse = _warehouse(stack, path, customers)
        engine = connect(f"sqlite:///{path / 'rows.db'}", "normal")
        connection = stack.enter_context(engine.connect())
        random, middle = Random(1), warehouse.position() // 2
        reads = list[Callable[[], object]]()
        for kind, ask in KINDS.items():
            asked = [ask(random) for _ in range(TIMES)]
            now = _median(asked, lambda each: LISTING.page(connection, each))
            name = f"{CUSTOMERS:,} customers {kind}, p50"
            yield Figure(f"{name}, now", now, "ms")
            for then, valid_at in MOMENTS.items():
                read = partial(_then, warehouse, middle, valid_at)
                yield Figure(f"{name}, {then}", _median(asked, read), "ms", GOAL, "ms", at_most=1)
                reads += [partial(read, each) for each in asked]
        random.shuffle(reads)
        with ThreadPoolExecutor(AT_ONCE) as readers:
            spent = percentile(list(readers.map(_milliseconds, reads)), 50)
        yield Figure(f"all of them, {AT_ONCE} at a time, p50", spent, "ms")
        connection.close()
        engine.dispose()
    yield from _over_http(path, middle)
    with ExitStack() as stack:
        warehouse = _warehouse(stack, large(), opportunities, units)
        cursor, last = stack.enter_context(warehouse.reader()), warehouse.position()
        for by in (["stage"], ["stage", "unit"]):
            spent = _median([by] * 10, lambda by: run(cursor, "pipeline", by, as_of=last // 2))
            name = f"pipeline by {' and '.join(by)} as of the middle of {last:,} facts"
            yield Figure(name, spent, "ms", 1000, "ms goal", at_most=1)


def _warehouse(stack: ExitStack, path: Path, *models: ReadModel) -> Warehouse:
    """Return a warehouse with the facts and the histories of these models."""
    journal = journal_in(path)
    stack.callback(journal.close)
    made = stack.enter_context(tempfile.TemporaryDirectory())
    warehouse = Warehouse(Path(made) / "warehouse.duckdb", {each.name: each for each in models})
    stack.callback(warehouse.close)
    warehouse.rebuild(lambda after: raw_batches(journal, after))
    return warehouse


def _by_revenue(random: Random) -> Question:
    return question(customers, {"grade": random.choice("ABC")}, sort="-annual_revenue")


def _by_name(random: Random) -> Question:
    where = {"unit": random.choice(UNITS), "industry": random.choice("ABCDEFGHIJ")}
    return question(customers, where, sort="name")


def _in_a_province(random: Random) -> Question:
    where = {"grade": random.choice("ABC")}
    return question(customers, where, sort="-annual_revenue", sight=PROVINCE)


def _by_words(random: Random) -> Question:
    words = f"{random.choice(MARKS)}{random.choice(MARKS)}{random.choice(TRADES)}"
    return question(customers, {}, words=words)


KINDS = {
    "by revenue": _by_revenue,
    "by name": _by_name,
    "in a province": _in_a_province,
    "with words": _by_words,
}

MOMENTS = {
    "as of the middle": None,
    "true half a year ago": datetime.now(UTC).date() - timedelta(days=180),
}


def _then(warehouse: Warehouse, position: int, valid_at: date | None, asked: Question) -> object:
    return page_then(
        warehouse, LISTING, asked, None, position, as_sealed, count=False, valid_at=valid_at
    )


def _over_http(path: Path, position: int) -> Iterator[Figure]:
    """Measure what a client waits for, in one process and where another has the warehouse."""
    with served("keyline", path, processes="1") as embedded:
        yield from _asked(path, embedded.address, "one process", position)
    with (
        served("warehouse", path) as other,
        served("keyline", path, warehouse=other.address) as api,
    ):
        yield from _asked(path, api.address, "forwarded", position)


def _asked(path: Path, address: str, mode: str, position: int) -> Iterator[Figure]:
    headers = {"Authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=address, headers=headers, timeout=60, trust_env=False) as http:

        def get(parameters: str) -> None:
            assert http.get(f"/customers?{parameters}").raise_for_status().json()["items"]

        while http.get(f"/customers?as_of_position={position}").status_code == 503:
            time.sleep(0.5)  # until the warehouse has come to it
        random = Random(1)
        asked = [f"grade={random.choice('ABC')}&sort=-annual_revenue" for _ in range(TIMES)]
        known = f"&as_of_position={position}"
        moments = [f"{known}&valid_at={day}" if day else known for day in MOMENTS.values()]
        spent = _in_turns(asked, ["", *moments], get)
        for then, value in zip(MOMENTS, spent[1:], strict=True):
            name = f"{CUSTOMERS:,} customers by revenue over HTTP, {mode}, p50, {then}"
            yield Figure(name, value, "ms", GOAL, "ms", at_most=1)


def _in_turns(
    asked: Sequence[str], moments: Sequence[str], get: Callable[[str], None]
) -> list[float]:
    """Return the milliseconds that half of the reads of each moment take at most."""
    spent: list[list[float]] = [[] for _ in moments]
    for each in asked:
        for moment, values in zip(moments, spent, strict=True):
            began = time.perf_counter()
            get(each + moment)
            values.append((time.perf_counter() - began) * 1000)
    return [percentile(values, 50) for values in spent]


def _median(asked: Sequence[T], read: Callable[[T], object]) -> float:
    """Return the milliseconds that half of the reads take at most."""
    spent, until = [], time.monotonic() + SECONDS
    read(asked[0])  # so that what is read is in memory
    for each in asked:
        spent.append(_milliseconds(partial(read, each)))
        if time.monotonic() > until and len(spent) > 2:
            break
    return percentile(spent, 50)


def _milliseconds(read: Callable[[], object]) -> float:
    began = time.perf_counter()
    read()
    return (time.perf_counter() - began) * 1000
