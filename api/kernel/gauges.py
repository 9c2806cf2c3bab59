"""Gauges: the numbers of a server that are read off when somebody asks for the metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    failing = "Parts whose work, or its upkeep, fails"
    gauge("keyline_failing", failing, lambda: sum(not each.healthy for each in parts.workers))
    gauge("keyline_parked", "Events put aside", lambda: len(parts.parked()))
    passed = "Events that operators have passed over"
    gauge("keyline_passed_over", passed, lambda: len(parts.passed_over()))
    if (warehouse := parts.warehouse) is not None:
        gauge("keyline_warehouse_position", "Events in the warehouse", warehouse.position)
        taken = "Bytes of memory that the warehouse takes"
        gauge("keyline_warehouse_memory_bytes", taken, warehouse.memory)
        most = "Bytes of memory that it may take"
        gauge("keyline_warehouse_memory_limit_bytes", most, lambda: warehouse.memory_limit)
