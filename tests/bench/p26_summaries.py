"""Summaries: what it costs to keep them, of all that a batch of events costs rows."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from statistics import median

from adapters.storage.databases import connect
from domain.kernel.aggregate import Recorded
from projections.kernel.read_model import read_models
from projections.kernel.rows.projector import Projector
from projections.kernel.summary import kept_with, summaries
from tests.bench.figure import Figure
from tests.bench.sample import folder, journal_in

CUSTOMERS = int(1_000_000 * float(os.environ.get("BENCH_SCALE", "0.002")))
BATCHES = (50, 500, 5_000)
RUNS = 3
MEASURED = 10_000
"""Events of small batches; of large ones there are four batches."""


OTHERS = ("customers", "opportunities", "sites", "teams", "visits")
"""As many read models as summaries are made of, with all that happens: none is made of these."""


def measure() -> Iterator[Figure]:
    """Measure the same events with and without summaries, in turn, on SQLite."""
    journal = journal_in(folder(CUSTOMERS))
    events = _mixed(journal.read(0, journal.head().position))
    journal.close()
    every = {name for each in summaries().values() for name in each.of}
    assert len(every) == len(OTHERS)
    assert not kept_with(OTHERS)
    for size in BATCHES:
        some = events[: size * max(4, MEASURED // size)]
        pairs = [(_spent(some, size, every), _spent(some, size, OTHERS)) for _ in range(RUNS)]
        whole, without = median(each[0] for each in pairs), median(each[1] for each in pairs)
        batches = -(-len(some) // size)
        yield Figure(
            f"summaries, batches of {size:,}",
            1000 * (whole - without) / batches,
            "ms a batch",
            1000 * whole / batches,
            "ms all of it",
            at_most=0.25,
        )


def _mixed(events: Sequence[Recorded]) -> list[Recorded]:
    """Return events of customers and of sales in turn, as they come when all are at work."""
    kinds: dict[str, list[Recorded]] = {}
    for event in events:
        kinds.setdefault(event.aggregate, []).append(event)
    placed = [(n / len(each), event) for each in kinds.values() for n, event in enumerate(each)]
    return [event for _, event in sorted(placed, key=itemgetter(0))]


def _spent(events: Sequence[Recorded], size: int, names: Collection[str]) -> float:
    """Return the seconds of the processor in which events are brought into rows, in batches."""
    with tempfile.TemporaryDirectory() as made:
        engine = connect(f"sqlite:///{Path(made) / 'rows.db'}", "normal")
        projector = Projector(engine, {name: read_models()[name] for name in sorted(names)})
        projector.create()
        began = time.process_time()
        for start in range(0, len(events), size):
            batch = events[start : start + size]
            projector.apply(batch, batch[-1].position)
        spent = time.process_time() - began
        engine.dispose()
    return spent
