"""Commands over HTTP (idempotency key, If-Match, operation log) against an empty POST route."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx

from adapters.local_postgres import LocalPostgres
from tests.bench.figure import Figure
from tests.bench.http_load import Outcome, load
from tests.bench.served import KEY, served

CUSTOMERS = 1024
"""How many records the commands go to."""

LOADS = {1: 1, 16: 3, 64: 4}
"""Commands for each record, by the number of connections."""

RUNS = 3


def measure() -> Iterator[Figure]:
    """Measure the embedded server and one on PostgreSQL with 1, 16 and 64 connections."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        postgres = stack.enter_context(LocalPostgres(folder / "postgres"))
        servers = {
            "empty": stack.enter_context(served("empty", folder)).address,
            "SQLite": stack.enter_context(served("keyline", folder / "sqlite")).address,
            "PostgreSQL": stack.enter_context(
                served("keyline", folder / "rest", journal=postgres.create_database("bench"))
            ).address,
        }
        customers = {"empty": ["0" * 36] * CUSTOMERS} | {
            name: _register(address) for name, address in servers.items() if name != "empty"
        }
        version = 1
        for connections, rounds in LOADS.items():
            found: dict[str, list[Outcome]] = {name: [] for name in servers}
            for _ in range(RUNS):
                for name, address in servers.items():
                    found[name].append(
                        load(address, KEY, customers[name], version, connections, rounds)
                    )
                version += rounds
            middle = {name: _middle(outcomes) for name, outcomes in found.items()}
            for name in ("SQLite", "PostgreSQL"):
                yield from _figures(f"{name}, {connections} conn.", middle[name], middle["empty"])


def _register(address: str) -> list[str]:
    """Register customers and return their ids."""
    lines = (
        json.dumps({"command": "customer.register", "body": {"name": f"客户 {i}", "unit": "gd"}})
        for i in range(CUSTOMERS)
    )
    answer = httpx.post(
        f"{address}/commands",
        content="\n".join(lines),
        headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/x-ndjson"},
        timeout=60,
    )
    return [json.loads(line)["id"] for line in answer.text.splitlines()]


def _middle(outcomes: list[Outcome]) -> Outcome:
    return Outcome(*(statistics.median(values) for values in zip(*outcomes, strict=True)))


def _figures(name: str, own: Outcome, empty: Outcome) -> Iterator[Figure]:
    yield Figure(name, own.rate, "/s", empty.rate, "/s empty", at_least=0.75)
    yield Figure(f"{name}, p50", own.p50, "ms", empty.p50, "ms empty")
    yield Figure(f"{name}, p99", own.p99, "ms", empty.p99, "ms empty")
