"""Checking a warehouse in use: made anew from the journal beside it, compared, and thrown away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from adapters.warehouse.blue_green import Generation
from adapters.warehouse.rebuild import telling
from adapters.warehouse.segments import Source
from projections.kernel.findings import Checked, Finding, Report
from projections.kernel.rows.shadow_tables import Progress
from projections.kernel.warehouse import comparison
from projections.kernel.warehouse.loader import position
from projections.kernel.warehouse.refill import follow, until

WAREHOUSE = "warehouse"

ABSENT = "there is none yet, and nothing is answered from it"
"""Why a store is not compared that is not there."""


def check(
    used: Generation,
    fresh: Generation,
    read: Source,
    progress: Progress | None,
    models: Iterable[str],
) -> Report:
    """Compare a warehouse, at its position, with what the journal makes of it.

    Args:
        used: The one in use; it may be loaded and read meanwhile.
        fresh: An empty one, of another file.
        read: The journal: gives the raw rows after a position.
        progress: Told each position that was reached, and the last one now and then while tables
            are compared; may raise to end it.
        models: The read models whose histories it has.
    """
    with used.look() as live:
        upto = position(live)
        going: Callable[[], object] = partial(progress, upto) if progress else bool
        fresh.loader.create()
        fresh.loader.repairs.honour(live)
        follow(fresh.loader, until(telling(read, progress), upto))
        with fresh.look() as made:
            tables = [*_books(used, upto, position(made))]
            for each in comparison.check(live, made, sorted(models)):
                tables.append(each)
                going()
            return Report(WAREHOUSE, upto, tables)


def _books(used: Generation, upto: int, head: int) -> Iterator[Checked]:
    """Look at what a warehouse goes by: how far it says to be, and its files with facts of old."""
    if head < upto:
        text = f"says {upto}, the journal has come to {head}"
        yield Checked("progress", 1, 1, [Finding("progress", "", "position", text)])
    for file in used.inspect():
        text = "is not as it was when it was sealed"
        yield Checked("segments", 1, 1, [Finding("segments", file, None, text)])
