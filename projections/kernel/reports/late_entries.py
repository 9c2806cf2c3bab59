"""Late entries: what was recorded since a time about days that had passed by then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from domain.kernel.aggregate import Recorded
from domain.kernel.time.business_day import recorded_day
from domain.kernel.time.effective_day import by_day, effective_day


def late_entries(
    history: Sequence[Recorded], since: int, valid_at: date
) -> list[tuple[date, Recorded]]:
    """Return what is known about a record by a day only since a position, by position.

    These events are the whole difference between the record on that day as reported at `since`
    and as it is known by its `history`: all its events by version. Each comes with its day.
    """
    if not history or history[-1].position <= since:
        return []

    def day(event: Recorded) -> date:
        if not hasattr(event.data, "get"):
            return recorded_day(event.time)  # nobody can read it, so it states none
        return effective_day(event.type, event.data, event.time)

    begun = day(history[0])
    found = by_day(history, day)
    late = [(max(begun, day(each)), each) for each in found if each.position > since]
    return sorted(
        ((on, each) for on, each in late if on <= valid_at), key=lambda pair: pair[1].position
    )
