"""Noted: people comment on the record, in whatever state it is."""

from __future__ import annotations

from datetime import date

from domain.kernel.aggregate import Aggregate, command
from domain.kernel.part import Part
from domain.kernel.types.values import Prose


class Noted(Part):
    """What people remark on the record."""

    class Commented(Aggregate.Event):
        """{who} commented on the {record}: "{text}"."""

        text: str
        on: date | None = None

    @command(states=Commented, always=True)
    def comment(self, text: Prose) -> None:
        """Comment on the {record}, open or ended."""
