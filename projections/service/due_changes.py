"""Changes of what is due: which event of a ticket moved which instant, from when it was known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.kernel.aggregate import Recorded
from domain.kernel.envelope import Unreadable
from projections.kernel.read_model import Row
from projections.service.service_tickets import service_tickets

DUES = ("response_due_at", "resolution_due_at", "legal_due_at")


def due_changes(history: Sequence[Recorded]) -> Iterator[tuple[Recorded, Row]]:
    """Yield the events of a ticket that moved what is due, each with the instants after it.

    They come as they were recorded, whatever day they are true from: so it was known then.
    """
    row = service_tickets.blank
    for event in history:
        fold = service_tickets.folds[event.type]
        if fold is None or isinstance(event.data, Unreadable):
            continue
        before, row = row, {**row, **fold(row, event)}
        if any(row[name] != before[name] for name in DUES):
            yield event, {name: row[name] for name in DUES}
