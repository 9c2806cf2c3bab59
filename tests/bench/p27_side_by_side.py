"""Measures side by side with comparisons, and a stock at many ends of months; each alone beside."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from statistics import median

from duckdb import DuckDBPyConnection

from adapters.warehouse.warehouse import Warehouse
from domain.kernel.time.business_day import today
from projections.kernel.read_model import read_models
from projections.kernel.reports.comparing import Comparing
from projections.kernel.reports.drill_across import Across, ask_each, join
from projections.kernel.reports.periods import Move, end_of
from projections.kernel.reports.report import run
from projections.kernel.reports.report_scope import Standpoint
from projections.kernel.reports.stretches import Question
from projections.kernel.warehouse.loader import position
from tests.bench.figure import Figure, rate
from tests.bench.sample import folder, journal_in, raw_batches

CUSTOMERS = int(1_000_000 * float(os.environ.get("BENCH_SCALE", "0.1")))
RUNS = 5
MODELS = ("customers", "opportunities", "units")

MEASURES = {"sales": "won", "pipeline": "opportunities", "customer-base": "customers"}
BY = ("unit", "month")
AGO = 12
"""How many months the question is of."""

STOCKS = 36
"""At how many ends of months a stock is asked for."""

AT_MOST = 1.0
"""Seconds that measures side by side may take."""


def measure() -> Iterator[Figure]:
    """Measure on a warehouse with a customer and two sales each; all that is read is in memory."""
    path = folder(CUSTOMERS)
    journal = journal_in(path)
    models = {name: read_models()[name] for name in MODELS}
    warehouse = Warehouse(path / "warehouse.duckdb", models)
    warehouse.rebuild(lambda after: raw_batches(journal, after))
    last = end_of("month", today().replace(day=1) - timedelta(days=1))
    with warehouse.reader() as cursor:
        yield from _side_by_side(cursor, last)
        yield _stock(cursor, last)
    warehouse.close()
    journal.close()


def _side_by_side(cursor: DuckDBPyConnection, last: date) -> Iterator[Figure]:
    at, first = position(cursor), _begin(last, AGO)
    names = [f"{report}.{of}" for report, of in MEASURES.items()]
    across = Across(names, BY, ())
    question = Question(BY, {}, first, last, at)

    def together() -> None:
        (report, *_) = across.reports.values()
        comparing = Comparing(report, ("previous", "year-ago"), None, False, False, last)
        results = ask_each(cursor, across, question, comparing, Standpoint())
        join(cursor, across, BY, results)

    def alone() -> None:
        for report, of in MEASURES.items():
            run(cursor, report, BY, None, first, last, at, [of])

    whole, parts = _seconds(together), _seconds(alone)
    name = f"{len(names)} measures by {' and '.join(BY)} of {AGO} months, compared with two others"
    yield Figure(name, 1000 * whole, "ms", 1000 * parts, "ms each alone", at_most=2.5)
    yield Figure("the same", 1000 * whole, "ms", 1000 * AT_MOST, "ms", at_most=1)


def _stock(cursor: DuckDBPyConnection, last: date) -> Figure:
    at = position(cursor)

    def asked(months: int) -> Callable[[], object]:
        first = _begin(last, months)
        return lambda: run(cursor, "customer-base", ["month"], None, first, last, at, ["customers"])

    many, one = _seconds(asked(STOCKS)), _seconds(asked(1))
    name = f"customers at {STOCKS} ends of months"
    return Figure(name, 1000 * many, "ms", 1000 * one, "ms at one", at_most=4)


def _begin(last: date, months: int) -> date:
    """Return the first day of so many months up to a last day."""
    return Move(months=1 - months).day(last.replace(day=1))


def _seconds(work: Callable[[], object]) -> float:
    return median(1 / rate(1, work) for _ in range(RUNS))
