"""Noted: people comment on the record, in whatever state it is."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from domain.kernel.aggregate import Aggregate, command
from domain.kernel.part import Part
from domain.kernel.types.values import Prose

Remark = Annotated[Prose, Field(min_length=1, examples=["As they asked", "Well done"])]
"""What somebody has to say of a record."""


class Noted(Part):
    """What people remark on the record."""

    class Commented(Aggregate.Event):
        """{who} commented on the {record}: "{text}"."""

        text: str
        on: date | None = None

    @command(states=Commented, always=True)
    def comment(self, text: Remark) -> None:
        """Comment on the {record}, open or ended."""
