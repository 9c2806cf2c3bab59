"""Histories told in a few words, and the row that they fold to."""

from typing import Any

from domain.kernel import Recorded
from projections.kernel import ReadModel, Row, fold
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
