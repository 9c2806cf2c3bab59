"""In a unit: a record is kept by one unit at a time, and is transferred for a reason."""

from __future__ import annotations

from datetime import date

from domain.kernel.aggregate import Aggregate, command
from domain.kernel.part import Part
from domain.kernel.types.values import Line, UnitCode


class InUnit(Part):
    """Which unit keeps the record."""

    needs = ("unit",)

    class Transferred(Aggregate.Event, changes="unit"):
        """{who} transferred the {record}[ from {was.unit}] to {unit}, because "{reason}"."""

        unit: str
        reason: str
        on: date | None = None

    unit: str

    @command(states=Transferred)
    def transfer(self, unit: UnitCode, reason: Line) -> None:
        """Transfer the {record} to another unit, for a reason."""
