"""Histories told in a few words, the row that they fold to, and the plain fold of both axes."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from domain.kernel.aggregate import Recorded
from domain.kernel.time.effective_day import effective_day
from projections.kernel.read_model import ReadModel, Row, fold
from tests.projections.accounts import happened


def told(kind: str, *events: tuple[str, dict[str, Any]]) -> list[Recorded]:
    """Return the events of one record `r`, a second apart: `("lapsed", {"reason": "price"})`."""
    return [
        happened(version, "r", version, f"{kind}.{name}", **data)
        for version, (name, data) in enumerate(events, 1)
    ]


def row_after(model: ReadModel, *events: tuple[str, dict[str, Any]]) -> Row:
    """Return the row of a record after some events."""
    folded = fold(model, {}, told(model.aggregate, *events))
    assert folded.parked == {}
    return folded.rows["r"]


def plainly(
    model: ReadModel, events: Iterable[Recorded], upto: int, valid_at: date | None = None
) -> dict[str, Row]:
    """Return the rows of a read model at a moment of both axes: each one event after the other.

    It knows the folds of single events, and of the product nothing else: neither tables nor
    histories nor the way in which something late is folded in.
    """
    streams: dict[str, list[tuple[date, int, Recorded]]] = {}
    for event in sorted(events, key=lambda each: each.position):
        if event.aggregate == model.aggregate and event.position <= upto:
            mine = streams.setdefault(event.stream, [])
            day = effective_day(event.type, event.data, event.time)
            mine.append((max(day, mine[0][0]) if mine else day, event.version, event))
    rows = {}
    for stream, (first, *rest) in streams.items():
        in_order = [first, *sorted(rest, key=lambda each: each[:2])]
        held = [each for each in in_order if valid_at is None or each[0] <= valid_at]
        row = model.blank
        for _, _, event in held:
            change = model.folds[event.type]
            assert change is not None
            row = {**row, **change(row, event)}
            row |= {due.name: due.moment(row) for due in model.dues}
        if held:
            last = max(held, key=lambda each: each[1])[2]
            row |= {"id": stream, "version": last.version, "position": last.position}
            row |= {"created_at": first[2].time, "changed_at": last.time}
            rows[stream] = row
    return rows
