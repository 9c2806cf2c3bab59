"""The whole history verified, proofs, and what hashing adds to appends."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from adapters.journal.group_commit import Writer
from adapters.journal.journal import Journal
from adapters.local.postgres import LocalPostgres
from adapters.proofs.audit import audit
from adapters.proofs.merkle import Frontier, inclusion_path
from adapters.proofs.merkle_store import AT_ONCE, LOGS, Growth, backfill, leaf_of, proof
from tests.bench.bulk import fill
from tests.bench.figure import Figure, best, rate
from tests.bench.p1_appends import _appends
from tests.bench.sample import EACH_CUSTOMER, journal_in, large

GOAL = 1_000_000
"""Events that one core should verify in a second."""

RUNS = 3
TURNS = 9
"""Measurements with hashing, and as many without, of which the median counts."""

PROVED = 100_000
POSTGRES = 200_000


def measure() -> Iterator[Figure]:
    """Measure verification on one core beside bare hashing, proofs, and appends both ways."""
    journal = journal_in(large())
    events = journal.head().position
    yield Figure("bare SHA-256 of the same leaves and nodes", _bare(journal), "/s")
    value = best(*(rate(events, lambda: _verify(journal)) for _ in range(RUNS)))
    yield Figure(f"SQLite, {events:,} events verified", value, "/s", GOAL, "/s", at_least=1)
    longest = len(inclusion_path(PROVED // 2 - 1, PROVED))
    yield Figure(f"hashes in a proof at {PROVED:,}", longest, "", 17, "", at_most=1)
    yield Figure("proofs made", rate(2000, lambda: _prove(journal, 2000)), "/s")
    journal.close()
    with tempfile.TemporaryDirectory() as folder:
        yield from _added("SQLite", lambda name: f"sqlite:///{folder}/{name}.db")
        with LocalPostgres(Path(folder) / "postgres") as server:
            yield from _added("PostgreSQL", server.create_database)
            yield _postgres(server.create_database("verified"))


def _verify(journal: Journal) -> None:
    with journal.engine.connect() as connection:
        assert audit(connection) == []


def _postgres(url: str) -> Figure:
    journal = Journal(url)
    journal.create()
    customers = int(POSTGRES / EACH_CUSTOMER)
    events = fill(journal, customers, 2 * customers)
    backfill(journal.engine)
    value = best(*(rate(events, lambda: _verify(journal)) for _ in range(RUNS)))
    journal.close()
    return Figure(f"PostgreSQL, {events:,} events verified", value, "/s", GOAL, "/s", at_least=1)


def _bare(journal: Journal) -> float:
    """Hash leaves that are in memory, each once and with it, on average, one node."""
    leaves = [b"\x00" + leaf_of(row) for row in journal.raw(0, AT_ONCE)]

    def hashed() -> None:
        for _ in range(10):
            Frontier().extend([sha256(leaf).digest() for leaf in leaves])

    return best(*(rate(10 * len(leaves), hashed) for _ in range(RUNS)))


def _prove(journal: Journal, count: int) -> None:
    log, size = LOGS["events"], journal.head().position
    with journal.engine.connect() as connection:
        for number in range(count):
            proof(connection, log, inclusion_path(number * 7919 % size, size))


def _added(name: str, database: Callable[[str], str]) -> Iterator[Figure]:
    """Measure appends with and without hashing, taking turns so that both meet the same noise."""
    for in_flight, count in ((1, 200), (64, 4000), (512, 8000)):
        with (
            _writer(database(f"bare_{in_flight}")) as bare,
            _writer(database(f"hashed_{in_flight}")) as hashed,
        ):
            with_, without = [], []
            for _ in range(TURNS):
                with patch("adapters.journal.unit_of_work.grown", _nothing):
                    without.append(rate(count, partial(_appends, bare, in_flight, count)))
                with_.append(rate(count, partial(_appends, hashed, in_flight, count)))
        title = f"{name}, {in_flight} in flight, hashed"
        yield Figure(title, median(with_), "/s", median(without), "/s unhashed", at_least=0.9)


def _nothing(*_: Any) -> Growth:
    return Growth({}, [])


@contextmanager
def _writer(url: str) -> Iterator[Writer]:
    journal = Journal(url)
    journal.create()
    writer = Writer(journal)
    writer.start()
    try:
        yield writer
    finally:
        writer.stop()
        journal.close()
