"""Commands over HTTP (idempotency key, If-Match, operation log) against an empty POST route."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import httpx

from adapters.local.postgres import LocalPostgres
from tests.bench.figure import Figure
from tests.bench.http_load import Outcome, load, regrades
from tests.bench.served import KEY, served

CUSTOMERS = 1024
"""How many records the commands go to."""

LOADS = {1: 1, 16: 3, 64: 4}
"""Commands for each record, by the number of connections."""

RUNS = 3


def measure() -> Iterator[Figure]:
    """Measure the embedded server, then one on PostgreSQL, with 1, 16 and 64 connections."""
    with tempfile.TemporaryDirectory() as name, served("empty", Path(name)) as empty:
        with served("keyline", Path(name) / "sqlite") as server:
            yield from _database("SQLite", server.address, empty.address)
        with LocalPostgres(Path(name) / "postgres") as postgres:
            journal = postgres.create_database("bench")
            with served("keyline", Path(name) / "rest", journal=journal) as server:
                yield from _database("PostgreSQL", server.address, empty.address)


def _database(name: str, address: str, empty: str) -> Iterator[Figure]:
    customers = _register(address)
    version = 1
    for connections, rounds in LOADS.items():
        outcomes = []
        for _ in range(RUNS):
            outcomes.append(
                [
                    load(each, KEY, regrades(customers, version, rounds), connections)
                    for each in (empty, address)
                ]
            )
            version += rounds
        limit, own = map(_middle, zip(*outcomes, strict=True))
        yield from _figures(f"{name}, {connections} conn.", own, limit)


def _register(address: str) -> list[str]:
    """Register customers and return their ids."""
    lines = (
        json.dumps({"command": "customer.register", "body": {"name": f"客户 {i}", "unit": "group"}})
        for i in range(CUSTOMERS)
    )
    answer = httpx.post(
        f"{address}/commands",
        content="\n".join(lines),
        headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/x-ndjson"},
        timeout=60,
    )
    return [json.loads(line)["id"] for line in answer.text.splitlines()]


def _middle(outcomes: Iterable[Outcome]) -> Outcome:
    return Outcome(*(statistics.median(values) for values in zip(*outcomes, strict=True)))


def _figures(name: str, own: Outcome, empty: Outcome) -> Iterator[Figure]:
    yield Figure(name, own.rate, "/s", empty.rate, "/s empty", at_least=0.75)
    yield Figure(f"{name}, p50", own.p50, "ms", empty.p50, "ms empty")
    yield Figure(f"{name}, p99", own.p99, "ms", empty.p99, "ms empty")
