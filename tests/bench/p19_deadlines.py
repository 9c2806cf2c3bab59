"""Deadlines: many due at once against appends, how late one due now is, and what idling costs."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import orjson

from adapters.journal.group_commit import Writer
from adapters.local.postgres import LocalPostgres
from domain.kernel.aggregate import Stored, new_id
from tests.bench.figure import Figure, percentile, rate
from tests.bench.p1_appends import _appends
from tests.streams.desk import BEGUN, HOUR, Desk
from tests.streams.flow import happen, until, working

MANY = int(os.environ.get("BENCH_DEADLINES", "100_000"))
"""Deadlines that are due at once."""

OF_ONE_CUSTOMER = 20
"""Tickets of one customer that are open at a time."""

APPENDS = 60_000
IN_FLIGHT = 512
ONE_BY_ONE = 200
EACH = timedelta(milliseconds=25)
IDLE = 20.0
"""Seconds of idling."""


def measure() -> Iterator[Figure]:
    """Measure on both databases."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _database("SQLite", f"sqlite:///{folder}/test.db")
        with LocalPostgres(Path(folder) / "postgres") as server:
            server.create_database("bench")
            yield from _database("PostgreSQL", server.url("bench"))


def _database(name: str, url: str) -> Iterator[Figure]:
    desk = Desk(url)
    try:
        writer = Writer(desk.journal)
        writer.start()
        appends = rate(APPENDS, lambda: _appends(writer, IN_FLIGHT, APPENDS))
        writer.stop()
        _fill(desk, MANY)
        with desk.projecting():
            value = rate(MANY, lambda: _all(desk))
            yield Figure(f"{name}, {MANY:,} due", value, "/s", appends, "/s appends", at_least=0.5)
            late = percentile(_lateness(desk), 99)
            yield Figure(f"{name}, one due now, p99", late, "s", 2, "s goal", at_most=1)
        yield Figure(f"{name}, idle", _idle(desk), "% of a core", 0.5, "% goal", at_most=1)
    finally:
        desk.close()


def _fill(desk: Desk, count: int) -> None:
    """Append the lives of tickets that wait until moments of one day."""
    at = {"at": BEGUN.isoformat()}
    opened = {"kind": "fault", "severity": "major", "channel": "web", "title": "Down"}
    opened |= {"description": "", "unit": "gd-gz", **at}
    opened |= {"level": "local", "contact": None}  # type: ignore[dict-item]
    names = [{"name": new_id(), "unit": "gd-gz"} for _ in range(0, count, OF_ONE_CUSTOMER)]
    customers = desk.do_all("customer.register", [None] * len(names), names)
    facts: list[Stored] = []
    for number in range(count):
        opened["customer_id"] = customers[number // OF_ONE_CUSTOMER]
        over = {"until": (BEGUN + HOUR + number * 24 * HOUR / count).isoformat()}
        life = [("opened", opened), ("assigned", {"owner": "e1", **at})]
        life += [
            ("accepted", {"owner": "e1", **at}),
            ("wait-begun", {"awaited": "x", **at, **over}),
        ]
        id_ = new_id()
        facts += [
            Stored(id_, version, f"service-ticket.{name}", 1, orjson.dumps(data))
            for version, (name, data) in enumerate(life, 1)
        ]
        if len(facts) >= 20_000 or number == count - 1:
            happen(desk.journal, facts)
            facts.clear()


def _all(desk: Desk) -> None:
    timekeeping = desk.timekeeping()
    while timekeeping.answer(desk.journal.now()):
        pass


def _lateness(desk: Desk) -> list[float]:
    """Return by how many seconds ends of waits were recorded after they were due."""
    ids = desk.tickets(ONE_BY_ONE)
    first, after = desk.journal.now() + timedelta(seconds=2), desk.journal.head().position
    desk.wait({id_: first + number * EACH for number, id_ in enumerate(ids)})
    with working(desk.timekeeping().work):
        until(lambda: desk.journal.now() > first + ONE_BY_ONE * EACH)
        until(desk.idle)
    ended = (each for each in desk.journal.read(after, 100_000) if each.actor_kind == "deadline")
    return [(e.time - datetime.fromisoformat(e.data["due_at"])).total_seconds() for e in ended]


def _idle(desk: Desk) -> float:
    """Return how many percent of a core are taken while nothing is due and nothing happens."""
    with working(desk.timekeeping().work):
        time.sleep(1)
        began, used = time.monotonic(), time.process_time()
        time.sleep(IDLE)
        return 100 * (time.process_time() - used) / (time.monotonic() - began)
