"""Bills: received against bare commands, and what their lines come to against the bare sum."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

from duckdb import DuckDBPyConnection

from adapters.commands.executor import Call, Executor
from adapters.journal.journal import Journal
from adapters.warehouse.warehouse import Warehouse
from domain.billing.bill import Bill
from domain.billing.bill_lines import BillLine, LineKind
from domain.billing.billing_terms import last_day
from domain.kernel.aggregate import Origin, new_id, to_stored
from projections.kernel.read_model import read_models
from projections.kernel.reports.report import run
from tests.bench.figure import Figure, best, rate
from tests.organisation import organise

SCALE = float(os.environ.get("BENCH_SCALE", "0.02"))
RECEIVED, KEPT = int(1_000_000 * SCALE), int(4_000_000 * SCALE)
"""How many bills of three lines are received, and how many are summed up."""

AT_ONCE = 500
RUNS = 3
MODELS = ("bills", "bill_runs", "products", "customers")
PRODUCTS = 200
MONTHS = [f"{year}-{month:02}" for year in (2024, 2025) for month in range(1, 13)]

BARE = f"""
    SELECT line.product, month, currency, sum(line.amount)
    FROM (SELECT month, currency, unnest(lines_typed) AS line FROM bills_as_of({2**62}))
    GROUP BY ALL"""


def measure() -> Iterator[Figure]:
    """Measure with a fiftieth by default; `BENCH_SCALE=1` has twelve million lines.

    A bare command is one of the same path whose record has one text: a team is formed.
    """
    yield _received()
    yield from _summed()


def _received() -> Figure:
    """Measure how many bills are received a second, beside bare commands in turn with them."""
    bills, bare = list[float](), list[float]()
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(f"sqlite:///{folder}/journal.db")
        journal.create()
        executor = Executor(journal, capacity=2 * AT_ONCE)
        executor.start()
        organise(executor)
        each = RECEIVED // RUNS
        for number in range(RUNS):
            bodies = [_bill(n) for n in range(number * each, (number + 1) * each)]
            formed = [{"name": f"T{n}", "unit": "group", "purpose": "t"} for n in range(each)]
            bare.append(rate(each, lambda f=formed: _all(executor, "team.form", f)))  # type: ignore[misc]
            bills.append(rate(each, lambda b=bodies: _all(executor, "bill.receive", b)))  # type: ignore[misc]
        executor.stop()
        journal.close()
    name = f"{RECEIVED:,} bills of 3 lines received"
    return Figure(name, best(*bills), "/s", best(*bare), "/s bare commands", at_least=0.8)


def _all(executor: Executor, command: str, bodies: Sequence[Mapping[str, Any]]) -> None:
    for start in range(0, len(bodies), AT_ONCE):
        calls = [
            Call(command, None, body, Origin("bench", "group", new_id()))
            for body in bodies[start : start + AT_ONCE]
        ]
        for future in [executor.submit(call) for call in calls]:
            future.result()


def _bill(number: int) -> dict[str, Any]:
    amounts = [f"{number % 900 + place}.50" for place in range(3)]
    lines = [
        {"kind": "recurring", "product": f"P{(number + place) % PRODUCTS}", "amount": amount}
        for place, amount in enumerate(amounts)
    ]
    told = {"account_number": f"A{number}", "month": "2026-03", "lines": lines}
    days = {"issued_on": "2026-04-05", "due_on": "2026-04-25"}
    return told | days | {"amount": str(sum(map(Decimal, amounts)))}


def _summed() -> Iterator[Figure]:
    """Measure the revenue by product and month over lines of bills that are in a warehouse."""
    with tempfile.TemporaryDirectory() as folder:
        known = read_models()
        warehouse = Warehouse(
            Path(folder) / "warehouse.duckdb", {name: known[name] for name in MODELS}
        )
        loaded = rate(KEPT, lambda: warehouse.rebuild(_batches))
        yield Figure("bills brought into the warehouse, with their facts", loaded, "/s")
        with warehouse.reader() as cursor:
            own, bare = _seconds(cursor)
        warehouse.close()
    name = f"revenue by product and month, {3 * KEPT:,} lines"
    yield Figure(name, own, "s", bare, "s bare sum", at_most=2)
    if SCALE >= 1:  # to plan the question takes as long as to answer it of a few lines
        yield Figure("the same by the clock", own, "s", SCALE, "s goal", at_most=1)


def _seconds(cursor: DuckDBPyConnection) -> tuple[float, float]:
    own, bare = list[float](), list[float]()
    for _ in range(10):
        own.append(
            _spent(lambda: run(cursor, "revenue", ["product", "month"], measures=["billed"]))
        )
        bare.append(_spent(lambda: cursor.execute(BARE).fetchall()))
    return median(own), median(bare)


def _spent(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _batches(after: int) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of a journal of bills behind a position: stories told once, under new ids."""
    stories = [_story(number) for number in range(24 * PRODUCTS)]
    for start in range(after, KEPT, 20_000):
        yield [
            _row(at + 1, *stories[at % len(stories)])
            for at in range(start, min(start + 20_000, KEPT))
        ]


def _row(position: int, schema: int, data: str) -> tuple[Any, ...]:
    stream = f"{position:08x}-0000-7000-8000-000000000000"
    told = data.replace("ACCOUNT", f"A{position % 1_000_000}")
    time_us = 1_770_000_000_000_000 + position
    return (
        *(position, stream, 1, "bill.received", schema, time_us),
        *("bench", "group", stream, None, None, told, None, "person"),
    )


def _story(number: int) -> tuple[int, str]:
    month = MONTHS[number % len(MONTHS)]
    lines = [
        BillLine(
            kind=LineKind.RECURRING,
            amount=Decimal(number % 900 + place) + Decimal("0.50"),
            product=f"P{(number + place) % PRODUCTS}",
            service_number=f"1370{number}",
        )
        for place in range(3)
    ]
    issued = last_day(month) + timedelta(5)
    bill = Bill.receive(
        account_number="ACCOUNT",
        month=month,
        issued_on=issued,
        due_on=issued + timedelta(20),
        lines=lines,
        amount=sum((each.amount for each in lines), Decimal(0)),
        account=(),
        closed=False,
        run=(),
    )
    (stored,) = (to_stored(fact) for fact in bill.collect_events())  # type: ignore[arg-type]
    return stored.schema, stored.data.decode()
