"""Reads of many rows: lists, counts, search, a page, a report; against their bare SQL."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

import sqlalchemy as sa
from duckdb import DuckDBPyConnection

from adapters.storage.databases import connect
from adapters.warehouse.warehouse import Warehouse
from projections.customers.customer_page import customer_page
from projections.customers.customers import customers
from projections.kernel.lists.list_query import question
from projections.kernel.lists.listing import Listing
from projections.kernel.lists.point_in_time import Now
from projections.kernel.read_model import ReadModel, read_models
from projections.kernel.reports.report import run
from projections.kernel.visibility.visibility import Sight, View
from projections.sales.opportunities import opportunities
from tests.bench.bulk import MARKS, TRADES, UNITS
from tests.bench.figure import Figure, percentile
from tests.bench.sample import folder, journal_in, raw_batches, with_rows

CUSTOMERS = int(1_000_000 * float(os.environ.get("BENCH_SCALE", "0.1")))
"""`BENCH_SCALE=1` has a million, and two million opportunities, but takes minutes to make them."""

TIMES = 200
"""How often each read is asked, each time for something else."""

SECONDS = 20.0
"""How long one kind of read is asked at most."""

Read = Callable[[sa.Connection], object]
Statements = list[tuple[str, Sequence[Any]]]

LISTINGS = {model.name: Listing(model) for model in (customers, opportunities)}

PROVINCE = Sight((View("province", frozenset(UNITS[:5]) | {f"gd-{n}" for n in range(300)}),))
"""Half of the units that have anything, among 300 others: a province with its departments."""

PIPELINE = """
SELECT stage, unit, currency, count(*), sum(amount), sum(weighted_amount)
FROM opportunities_as_of(?) WHERE status = 'open' GROUP BY ALL
"""


def measure() -> Iterator[Figure]:
    """Measure on the embedded databases, what is asked for being in the machine's memory."""
    path = with_rows(folder(CUSTOMERS))
    engine = connect(f"sqlite:///{path / 'rows.db'}", "normal")
    random = Random(1)
    ids = _ids(engine)
    for name, read in _reads(random, ids, _managers(engine)).items():
        yield from _figures(name, *_timed(engine, read))
    engine.dispose()
    journal = journal_in(path)
    models = {opportunities.name: read_models()[opportunities.name]}
    warehouse = Warehouse(path / "warehouse.duckdb", models)
    warehouse.rebuild(lambda after: raw_batches(journal, after))
    with warehouse.reader() as cursor:
        yield from _figures("pipeline by stage and unit", *_timed_report(cursor))
    warehouse.close()
    journal.close()


def _reads(
    random: Random, ids: Sequence[str], managers: Sequence[str]
) -> Mapping[str, Callable[[], Read]]:
    """Return the kinds of reads; each gives a new read of its kind."""
    choose = random.choice
    return {
        "customers of a grade by revenue": lambda: _list(
            customers, {"grade": choose("ABC")}, "-annual_revenue"
        ),
        "customers of a unit and industry by name": lambda: _list(
            customers, {"unit": choose(UNITS), "industry": choose("ABCDEFGHIJ")}, "name"
        ),
        "open sales of a stage by expected close": lambda: _list(
            opportunities, {"status": "open", "stage": choose(["lead", "proposal"])}
        ),
        "open sales, the largest": lambda: _list(opportunities, {"status": "open"}, "-amount"),
        "the same, seen by a province": lambda: _list(
            opportunities, {"status": "open"}, "-amount", sight=PROVINCE
        ),
        "an account manager's own sales": lambda: _list(
            opportunities, {"status": "open"}, "-amount", sight=_own(choose(managers))
        ),
        "count of customers of a grade, seen by a province": lambda: _count(
            customers, {"grade": choose("ABC")}, PROVINCE
        ),
        "count of open sales of a unit": lambda: _count(
            opportunities, {"status": "open", "unit": choose(UNITS)}
        ),
        "count of customers of a grade": lambda: _count(customers, {"grade": choose("ABC")}),
        "search for two characters": lambda: _list(customers, {}, None, choose(MARKS)),
        "search for a name": lambda: _list(
            customers, {}, None, f"{choose(MARKS)}{choose(MARKS)}{choose(TRADES)}"
        ),
        "one customer's page": lambda: _page(choose(ids)),
    }


def _list(
    model: ReadModel,
    where: Mapping[str, str],
    sort: str | None = None,
    words: str | None = None,
    sight: Sight | None = None,
) -> Read:
    asked = question(model, where, sort=sort, words=words, sight=sight)
    listing = LISTINGS[model.name]
    return lambda connection: listing.page(connection, asked)


def _own(manager: str) -> Sight:
    return Sight((View("own", PROVINCE.views[0].units, frozenset({manager})),))


def _count(model: ReadModel, where: Mapping[str, str], sight: Sight | None = None) -> Read:
    asked = question(model, where, sight=sight)
    listing = LISTINGS[model.name]
    return lambda connection: listing.count(connection, asked)


def _page(id_: str) -> Read:
    return lambda connection: customer_page(Now(connection), id_)


def _managers(engine: sa.Engine) -> list[str]:
    column = customers.table.c.manager
    with engine.connect() as connection:
        query = sa.select(column).where(column.is_not(None)).distinct().limit(1000)
        return list(connection.scalars(query))


def _ids(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(sa.select(customers.table.c.id).limit(10_000)))


def _timed(engine: sa.Engine, kind: Callable[[], Read]) -> tuple[list[float], list[float]]:
    """Return the seconds that reads of a kind take, and those of their SQL alone."""
    own, bare = [], []
    until = time.monotonic() + SECONDS
    with engine.connect() as connection, connection.begin():
        driver: Any = connection.connection.driver_connection
        for number in range(TIMES):
            read = kind()
            with _captured(engine) as statements:
                read(connection)  # as well, so that both find the pages in memory

            def alone(statements: Statements = statements) -> None:
                for statement, parameters in statements:
                    driver.execute(statement, parameters).fetchall()

            first_own = number % 2 == 0
            if first_own:
                own.append(_seconds(lambda r=read: r(connection)))  # type: ignore[misc]
            bare.append(_seconds(alone))
            if not first_own:
                own.append(_seconds(lambda r=read: r(connection)))  # type: ignore[misc]
            if time.monotonic() > until and number >= 10:
                break
    return own, bare


def _timed_report(cursor: DuckDBPyConnection) -> tuple[list[float], list[float]]:
    own, bare = [], []
    until = time.monotonic() + SECONDS
    now = run(cursor, "pipeline").position
    for number in range(TIMES):
        own.append(_seconds(lambda: run(cursor, "pipeline", ["stage", "unit"])))
        bare.append(_seconds(lambda: cursor.execute(PIPELINE, [now]).fetchall()))
        if time.monotonic() > until and number >= 10:
            break
    return own, bare


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextmanager
def _captured(engine: sa.Engine) -> Iterator[Statements]:
    """Note the statements that are executed within the block, with their parameters."""
    statements: Statements = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        statements.append((statement, parameters))

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def _figures(name: str, own: Sequence[float], bare: Sequence[float]) -> Iterator[Figure]:
    for percent in (50, 99):
        value, limit = (percentile(values, percent) * 1000 for values in (own, bare))
        yield Figure(f"{name}, p{percent}", value, "ms", limit, "ms bare SQL")
