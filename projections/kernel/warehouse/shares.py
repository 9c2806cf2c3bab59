"""Shares: how many events are folded at once, by the versions of rows that come of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from domain.kernel.aggregate import Recorded
from projections.kernel.read_model import Row

TOGETHER = 100_000
"""Elements that the lists of the versions have together, about, which are in memory at once."""


def shares(
    events: Sequence[Recorded], rows: Mapping[str, Row], lists: Sequence[str]
) -> Iterator[Sequence[Recorded]]:
    """Cut events to what is folded at once: each version of a row has lists of its own.

    Args:
        events: In the order in which they are folded.
        rows: The rows of the streams concerned, as far as there are any.
        lists: The columns with lists.
    """
    times = Counter(event.stream for event in events)
    length = {
        id_: 1 + sum(len(row[name] or ()) for name in lists)
        for id_ in times
        if (row := rows.get(id_)) is not None
    }
    if sum(n * (length.get(id_, 1) + n // 2) for id_, n in times.items()) <= TOGETHER:
        yield events
        return
    start, together = 0, 0
    for end, event in enumerate(events, 1):
        length[event.stream] = length.get(event.stream, 0) + 1  # nearly all that grow, by one
        together += length[event.stream]
        if together >= TOGETHER:
            yield events[start:end]
            start, together = end, 0
    if start < len(events):
        yield events[start:]
