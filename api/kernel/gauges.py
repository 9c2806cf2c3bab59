"""Gauges: the numbers of a server that are read off when somebody asks for the metrics."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from api.kernel.process import Parts


def measure(parts: Parts) -> None:
    """Have the metrics of a server tell how far its parts are, and what is in their way."""
    gauge, writer = parts.metrics.gauge, parts.executor.writer
    gauge("keyline_results_kept", "Bytes of results not taken", lambda: parts.kept.bytes)
    gauge("keyline_position", "Events recorded", lambda: parts.journal.head().position)
    gauge("keyline_system_log_dropped", "Entries lost", lambda: parts.system_log.dropped)
    if parts.role == "api":
        gauge("keyline_commands_waiting", "Commands that wait", lambda: writer.waiting)
        gauge("keyline_notes_waiting", "Entries not yet logged", lambda: parts.notes.waiting)
        gauge("keyline_commits", "Commits by this process", lambda: writer.commits)
        gauge("keyline_commit_units", "Commands in these commits", lambda: writer.units)
        gauge("keyline_rows_position", "Events in the rows", parts.projector.position)
        late = "Seconds since the first deadline was due that is still to be answered"
        gauge("keyline_deadlines_overdue_seconds", late, parts.timekeeping.overdue)
    there = partial(parts.of_warehouse, 1.0)
    failing = "Parts whose work, or its upkeep, fails"
    gauge("keyline_failing", failing, lambda: len(parts.faults() + there()["faults"]))
    gauge("keyline_parked", "Events put aside", lambda: len(parts.parked() + there()["parked"]))
    passed = "Events that operators have passed over"
    gauge(
        "keyline_passed_over",
        passed,
        lambda: len(parts.passed_over()) + there()["passed_over"],
    )
    if parts.warehouse is not None or parts.siblings is not None:
        position = "Events in the warehouse"
        gauge("keyline_warehouse_position", position, lambda: there()["position"] or 0)
        taken = "Bytes of memory that the warehouse takes"
        gauge("keyline_warehouse_memory_bytes", taken, lambda: _memory(there(), "bytes"))
        most = "Bytes of memory that it may take"
        gauge("keyline_warehouse_memory_limit_bytes", most, lambda: _memory(there(), "limit"))


def _memory(warehouse: Mapping[str, Any], which: str) -> int:
    found: int = (warehouse["warehouse_memory"] or {}).get(which, 0)
    return found
