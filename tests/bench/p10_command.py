"""What a command costs in a small and in a large journal, and on a record with a long history."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from adapters.commands.executor import Call, Executor
from adapters.journal.journal import Journal
from domain.kernel.aggregate import Origin, new_id
from tests.bench.figure import Figure
from tests.bench.sample import folder, journal_in, large
from tests.organisation import organise

SMALL = 1_750
"""Customers whose lives, with those of their opportunities, come to 10,000 events, about."""

RUNS = 3
COMMANDS = 500
AT_ONCE = 256
ORIGIN = Origin("bench", "gd", "")
LENGTHS = (10, 1000, 10_000)


@dataclasses.dataclass(frozen=True)
class Costs:
    """Milliseconds a command: on a record never seen, seen before, and with many at once."""

    first: float
    again: float
    together: float


def measure() -> Iterator[Figure]:
    """Measure on SQLite; a limit is the same in the small journal, or on a short history."""
    small, many = folder(SMALL), large()
    few_events, events = (_position(path) for path in (small, many))
    costs: dict[Path, list[Costs]] = {small: [], many: []}
    for number in range(RUNS):
        for path, found in costs.items():
            found.append(_costs(path, number))
    for field, name in (
        ("first", "record not seen before"),
        ("again", "record seen before"),
        ("together", f"{AT_ONCE} at once"),
    ):
        value, limit = (
            statistics.median(getattr(each, field) for each in costs[path])
            for path in (many, small)
        )
        yield Figure(f"{events:,} events: {name}", value, "ms", limit, f"ms at {few_events:,}")
    yield from _lengths(small)


def _position(path: Path) -> int:
    journal = journal_in(path)
    position = journal.head().position
    journal.close()
    return position


def _costs(path: Path, number: int) -> Costs:
    """Command customers from all over a journal, by a process that has just started."""
    journal = journal_in(path)
    ids = _customers(journal)[number :: RUNS + 1]
    ids = ids[:: max(1, len(ids) // (COMMANDS // 2))][: COMMANDS // 2]
    executor = Executor(journal, capacity=COMMANDS * 4)
    executor.start()
    try:
        first = statistics.median(_one(executor, id_) for id_ in ids)
        again = statistics.median(_one(executor, id_) for id_ in ids)
        began = time.perf_counter()
        for start in range(0, len(ids) * 4, AT_ONCE):
            calls = [_call(ids[i % len(ids)]) for i in range(start, start + AT_ONCE)]
            for future in [executor.submit(call) for call in calls]:
                future.result()
        count = -(-len(ids) * 4 // AT_ONCE) * AT_ONCE
        together = (time.perf_counter() - began) / count
    finally:
        executor.stop()
        journal.close()
    return Costs(first * 1000, again * 1000, together * 1000)


def _customers(journal: Journal) -> list[str]:
    """Return ids of customers of a filled journal, where they come first."""
    found = journal.read(0, min(100_000, journal.head().position))
    return [each.stream for each in found if each.type == "customer.registered"]


def _one(executor: Executor, id_: str) -> float:
    call = _call(id_)
    began = time.perf_counter()
    executor.execute(call)
    return time.perf_counter() - began


def _call(id_: str) -> Call:
    """Return a command that any open customer takes at any time."""
    key = new_id()
    body = {"employee": f"e-{key[-8:]}", "role": "sales"}
    return Call("customer.add-team-member", id_, body, dataclasses.replace(ORIGIN, command_id=key))


def _lengths(path: Path) -> Iterator[Figure]:
    """Measure the first command of a process on a record, and the next ones."""
    journal = journal_in(path)
    records = {length: _grown(journal, length) for length in LENGTHS}
    journal.close()
    found: dict[int, list[tuple[float, float]]] = {length: [] for length in LENGTHS}
    for _ in range(RUNS):
        for length, id_ in records.items():
            found[length].append(_first_and_next(path, id_))
    for index, name in enumerate(("first time", "then")):
        times = {n: statistics.median(each[index] for each in found[n]) * 1000 for n in LENGTHS}
        for length in LENGTHS:
            yield Figure(
                f"record with {length:,} events, {name}",
                times[length],
                "ms",
                times[LENGTHS[0]],
                f"ms with {LENGTHS[0]} events",
            )


def _grown(journal: Journal, length: int) -> str:
    """Return the id of a new customer with so many events."""
    executor = Executor(journal, capacity=length)
    executor.start()
    organise(executor, units=["group"])
    body = {"name": f"客户 {length}", "unit": "group"}
    id_ = executor.execute(Call("customer.register", None, body, Origin("b", "gd", new_id()))).id
    grades: Sequence[str] = "ABC"
    calls = (
        Call(
            "customer.regrade",
            id_,
            {"grade": grades[number % 3], "reason": "the yearly review"},
            Origin("bench", "gd", new_id()),
        )
        for number in range(length - 1)
    )
    for future in [executor.submit(call) for call in calls]:
        future.result()
    executor.stop()
    return id_


def _first_and_next(path: Path, id_: str) -> tuple[float, float]:
    journal = journal_in(path)
    executor = Executor(journal)
    executor.start()
    try:
        # The writer has its statements ready by then, as it has in a server that runs.
        _one(executor, _customers(journal)[0])
        return _one(executor, id_), statistics.median(_one(executor, id_) for _ in range(20))
    finally:
        executor.stop()
        journal.close()
