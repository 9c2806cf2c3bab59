"""Parts: what one server process is made of, put together by its settings."""

from __future__ import annotations

from typing import Any

import structlog

from adapters.databases import connect
from adapters.executor import Executor
from adapters.journal import Journal
from adapters.keys import Keys
from adapters.settings import Settings
from api.metrics import Metrics
from api.pulse import Pulse
from projections.runner import Projector
from streams.project import JournalProjection
from streams.worker import Worker

log = structlog.get_logger(__name__)


class Parts:
    """The parts of a running server: made, started and stopped together.

    In one process, workers of its own project the journal's events; scaled out, other processes
    do, and this one only looks how far they have come.
    """

    def __init__(self, settings: Settings) -> None:
        """Open databases and make what is missing in them; nothing runs yet."""
        settings.data.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self.metrics = Metrics()
        self.journal = Journal(settings.journal_url)
        self.journal.create()
        self.keys = Keys(self.journal.engine, settings.admin_key)
        self.executor = Executor(self.journal, settings.queue)
        self.rows = connect(settings.rows_url, "normal")
        self.projector = Projector(self.rows)
        self.projector.create()
        self.appended = Pulse("appended", self.journal.wait)
        """How far the journal has come."""
        self.visible = Pulse("visible", self._rows_wait)
        """How far the rows have come."""
        self.workers: list[Worker] = []
        if not settings.kafka:
            projection = JournalProjection(self.journal, self.projector)
            self.workers.append(Worker("rows", projection.work))
        self.stopping = False
        """Whether streams of events are to end."""
        self._measure()

    def status(self) -> dict[str, Any]:
        """Return how far each part has come, and what is in its way."""
        head = self.journal.head().position
        rows = self.projector.position()
        parked = [
            {"model": each.model, "stream": each.stream, "version": each.version}
            for each in self.projector.parked()
        ]
        return {
            "position": head,
            "parts": {"rows": {"position": rows, "lag": max(0, head - rows)}},
            "parked": parked,
            "faults": [f"{w.name}: {w.error}" for w in self.workers if not w.healthy],
        }

    def start(self) -> None:
        """Start everything, on the running event loop."""
        self.executor.start()
        for worker in self.workers:
            worker.start()
        self.appended.start()
        self.visible.start()
        log.info("server.started", position=self.journal.head().position)

    def end_streams(self) -> None:
        """Tell the streams of events to end."""
        self.stopping = True
        self.appended.release()

    def stop(self) -> None:
        """Finish the commands that wait, then stop everything."""
        self.end_streams()
        self.executor.stop()
        self.appended.stop()
        self.visible.stop()
        for worker in self.workers:
            worker.halt()
        for worker in self.workers:
            worker.stop()
        self.rows.dispose()
        self.journal.close()
        log.info("server.stopped")

    def _rows_wait(self, after: int, seconds: float) -> int:
        self.projector.wait(after + 1, seconds)
        return self.projector.position()

    def _measure(self) -> None:
        gauge, writer = self.metrics.gauge, self.executor.writer
        gauge("keyline_commands_waiting", "Commands that wait", lambda: writer.waiting)
        gauge("keyline_commits", "Commits of the journal by this process", lambda: writer.commits)
        gauge("keyline_commit_units", "Commands in these commits", lambda: writer.units)
        gauge("keyline_position", "Events recorded", lambda: self.journal.head().position)
        gauge("keyline_rows_position", "Events in the rows", self.projector.position)
        gauge("keyline_parked", "Events put aside", lambda: len(self.projector.parked()))
