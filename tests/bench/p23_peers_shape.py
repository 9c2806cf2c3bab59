"""What any such back end does, lists, registrations, steps of sales, bulk: against bare ones.

The limits are an empty POST and a bare Starlette endpoint that runs the same statement and writes
the same bytes, both by the same client in the same run.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import httpx
import orjson
from sqlalchemy.dialects import sqlite

from adapters.local.postgres import LocalPostgres
from api.kernel.process_book import ProcessBook
from domain.kernel.aggregate import new_id
from projections.customers.customers import customers
from projections.kernel.lists.list_query import question
from projections.kernel.lists.listing import Listing
from tests.bench.bulk import MARKS, PLACES, TRADES
from tests.bench.figure import Figure, rate
from tests.bench.http_load import Asked, Outcome, load, regrades
from tests.bench.served import KEY, Served, served

CUSTOMERS = int(30_000 * float(os.environ.get("BENCH_SCALE", "0.2")))
"""`BENCH_SCALE=1` has as many as the peers had; of sales twice as many."""

CONNECTIONS = (1, 16, 64)
LISTS, COMMANDS = 1600, 1920
LINES = 5_000
"""Lines of one request of many."""

WHERE = {"grade": "A"}
SORT = "-name"
HEADERS = {"Authorization": f"Bearer {KEY}"}
UNIT = {"unit": "group"}


def measure() -> Iterator[Figure]:
    """Measure the embedded server with all three numbers of connections, and loads of many."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with served("empty", folder) as empty, served("keyline", folder / "own") as server:
            yield _load("bulk, SQLite", server, _registrations(CUSTOMERS), 10_000)
            ids = [each["id"] for each in _items(server, "customers", 1000)]
            sales = _batch(server, _openings(ids, 2 * CUSTOMERS))
            limits = {
                each: _best(empty, regrades([new_id() for _ in range(COMMANDS)], 1, 1), each)
                for each in CONNECTIONS
            }
            yield from _lists(server, folder / "own", limits)
            yield from _commands("register, names alike", server, _alike(), limits, 0.15)
            yield from _commands("register, names apart", server, _apart(), limits, 0.15)
            yield from _commands("advance", server, _steps(sales), limits, 0.25)
            yield Figure("memory after that", server.memory, "MB", 300, "MB", at_most=1)
            yield from _killed(ProcessBook(folder / "own"))
        with LocalPostgres(folder / "postgres") as postgres:
            journal = postgres.create_database("bench")
            with served("keyline", folder / "rest", journal=journal) as server:
                yield _load("bulk, PostgreSQL", server, _registrations(CUSTOMERS), 5_000)


def _load(name: str, server: Served, lines: Sequence[Any], goal: float) -> Figure:
    value = rate(len(lines), lambda: _batch(server, lines))
    return Figure(name, value, "rows/s", goal, "rows/s", at_least=1)


def _lists(server: Served, folder: Path, limits: dict[int, Outcome]) -> Iterator[Figure]:
    path = f"/customers?grade={WHERE['grade']}&sort={SORT}&limit=50"
    answer = httpx.get(server.address + path, headers=HEADERS, timeout=60).json()
    assert len(answer["items"]) == 50
    asked = question(customers, WHERE, sort=SORT)
    query = Listing(customers).select(asked)
    statement = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    bare = {"statement": str(statement), "path": "/customers", "answer": answer}
    (folder / "bare.json").write_bytes(orjson.dumps(bare))
    requests = [Asked("GET", path)] * LISTS
    with served("bare", folder) as other:
        for each in CONNECTIONS:
            limit, own = _best(other, requests, each), _best(server, requests, each)
            name = f"list of 50, {each} conn."
            goal = 0.5 if each == 16 else None
            yield Figure(name, own.rate, "/s", limit.rate, "/s bare", at_least=goal)
            yield Figure(f"{name}, p99", own.p99, "ms", own.p50, "ms p50", at_most=5)
            if each == 16:
                yield Figure(name, own.rate, "/s", limits[each].rate, "/s empty", at_least=0.12)


def _commands(
    name: str, server: Served, requests: Iterator[Asked], limits: dict[int, Outcome], goal: float
) -> Iterator[Figure]:
    for each in CONNECTIONS:
        some = [next(requests) for _ in range(COMMANDS if each > 1 else COMMANDS // 4)]
        own = load(server.address, KEY, some, each)
        least = goal if each == 64 else None
        title = f"{name}, {each} conn."
        yield Figure(title, own.rate, "/s", limits[each].rate, "/s empty", at_least=least)
        yield Figure(f"{title}, p99", own.p99, "ms", own.p50, "ms p50")


def _killed(book: ProcessBook) -> Iterator[Figure]:
    """Kill each process that was begun beside the first, and see when it does its part again."""
    for name in ("api", "rows", "warehouse"):
        (before,) = (each for each in book.entries() if each["name"] == name)
        began = time.perf_counter()
        os.kill(before["pid"], signal.SIGKILL)
        while not any(
            each["name"] == name and each["up"] and each["restarts"] > before["restarts"]
            for each in book.entries()
        ):
            time.sleep(0.01)
        seconds = time.perf_counter() - began
        yield Figure(f"{name} killed, until it is back", seconds, "s", 2, "s", at_most=1)


def _best(server: Served, requests: Sequence[Asked], connections: int) -> Outcome:
    """Return the better of two runs, the first of which warms the server."""
    return max(load(server.address, KEY, requests, connections) for _ in range(2))


def _alike() -> Iterator[Asked]:
    for number in range(10**6):
        yield Asked(
            "POST", "/customers", {}, {"name": f"中国建设银行股份有限公司{number}支行", **UNIT}
        )


def _apart() -> Iterator[Asked]:
    random = Random(2)
    while True:
        yield Asked("POST", "/customers", {}, {"name": _company(random), **UNIT})


def _steps(sales: Sequence[str]) -> Iterator[Asked]:
    for id_ in sales:
        headers = {"If-Match": '"1"', "Idempotency-Key": id_}
        yield Asked("POST", f"/opportunities/{id_}/advance", headers, {"stage": "qualified"})


def _registrations(count: int) -> list[Any]:
    random = Random(1)
    return [
        {
            "command": "customer.register",
            "key": f"customer-{number}",
            "body": {"name": _company(random), "grade": random.choice("ABC"), **UNIT},
        }
        for number in range(count)
    ]


def _openings(ids: Sequence[str], count: int) -> list[Any]:
    return [
        {
            "command": "opportunity.open",
            "key": f"sale-{number}",
            "body": {"title": f"Line {number}", "customer_id": ids[number % len(ids)], **UNIT},
        }
        for number in range(count)
    ]


def _batch(server: Served, lines: Sequence[Any]) -> list[str]:
    """Send lines of many commands, some thousands a request; return the ids of the records."""
    found: list[str] = []
    headers = {**HEADERS, "Content-Type": "application/x-ndjson"}
    for start in range(0, len(lines), LINES):
        text = b"\n".join(map(orjson.dumps, lines[start : start + LINES]))
        answer = httpx.post(
            f"{server.address}/commands", content=text, headers=headers, timeout=600
        )
        found += [orjson.loads(line)["id"] for line in answer.text.splitlines()]
    return found


def _items(server: Served, path: str, limit: int) -> list[Any]:
    answer = httpx.get(f"{server.address}/{path}?limit={limit}", headers=HEADERS, timeout=60)
    items: list[Any] = answer.json()["items"]
    return items


def _company(random: Random) -> str:
    mark = random.choice(MARKS) + random.choice(MARKS) + random.choice(TRADES)
    return f"{random.choice(PLACES)}{mark}{random.randrange(10**6)}有限公司"
