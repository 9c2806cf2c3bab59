"""Remaking the warehouse, as a whole or in parts, and sealing history, from the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.journal.journal import Journal
from adapters.settings import Settings
from adapters.warehouse.rebuild_requests import NobodyAnswers, RebuildRequests
from adapters.warehouse.segments import Segment, Segments
from adapters.warehouse.warehouse import Warehouse, WarehouseInUse
from api.cli.rebuild_jobs import print_compared, rows_of
from api.kernel.terminal import Failure, notes, out, progress_to
from projections.kernel.read_model import read_models
from projections.kernel.warehouse.facts import facts
from projections.kernel.warehouse.refill import FACTS, units
from streams.followers.warehouse_upkeep import told

WAREHOUSE = "warehouse"
"""Stands for everything in the warehouse."""


def in_warehouse(name: str) -> bool:
    """Tell whether a name is that of something in the warehouse: all, facts, or a history."""
    known = {fact.name for fact in facts().values()}
    known |= {f"history_{model}" for model in read_models()}
    return name in (WAREHOUSE, FACTS) or name in known


def rebuild_warehouse(settings: Settings, names: Sequence[str]) -> dict[str, Any]:
    """Make the warehouse anew, or the facts and the histories named, and compare with the old.

    A running server that has it open is asked to do it while it goes on answering. Returns what
    `streams.followers.warehouse_upkeep.told` says. Raises `Failure` when the server does not do it.
    """
    wanted = None if WAREHOUSE in names else sorted(units(names))
    journal = Journal(settings.journal_url)
    try:
        journal.create(settings.zone)
        title = f"Rebuilding {', '.join(wanted or [WAREHOUSE])}"
        with progress_to(title, journal.head().position) as reach:
            try:
                warehouse = Warehouse(
                    settings.warehouse_path,
                    memory=settings.warehouse_memory,
                    histories=journal.history,
                )
            except WarehouseInUse:
                notes.print("A running server has the warehouse; it is asked to rebuild.")
                return _asked(settings, wanted, reach)
            try:
                remade = warehouse.rebuild(rows_of(journal), reach, wanted)
                reach(remade.position)
                return told(remade)
            finally:
                warehouse.close()
    finally:
        journal.close()


def _asked(
    settings: Settings, names: list[str] | None, reach: Callable[[int], None]
) -> dict[str, Any]:
    try:
        outcome = RebuildRequests(settings.warehouse_path).ask("rebuild", names, reach)
    except (NobodyAnswers, RuntimeError) as error:
        raise Failure(f"The warehouse was not rebuilt: {error}") from error
    reach(outcome["position"])
    return outcome


def seal(settings: Settings, least: int) -> list[Segment]:
    """Seal the history that is not sealed yet, if it has at least so many events.

    Shows progress and prints what was made. Returns the segments that were made.
    """
    journal = Journal(settings.journal_url)
    try:
        journal.create(settings.zone)
        segments = Segments(settings.warehouse_path.parent / "segments")
        head, made = journal.head().position, []
        with progress_to("Sealing", head) as reach:
            reach(segments.last())
            for segment in segments.seal(rows_of(journal), head, least=least):
                made.append(segment)
                reach(segment.last)
    finally:
        journal.close()
    for segment in made:
        size = sum(part.size for part in segment.parts.values()) / 1e6
        places = f"positions {segment.first:,} to {segment.last:,}"
        out.print(f"Sealed {places}: {len(segment.parts)} files, {size:,.1f} MB.")
    if not made:
        out.print("There is nothing to seal yet.")
    return made


def print_remade(remade: Mapping[str, Any]) -> None:
    """Print what a rebuild did, and where it found something else than was in use."""
    out.print(
        f"Rebuilt {', '.join(remade['made'])} up to position {remade['position']:,}, facts "
        f"up to {remade['sealed']:,} from segments; switched in {remade['switch_ms']:.1f} ms."
    )
    print_compared(remade["compared"], remade["differ"], remade["examples"])
