"""Outliving: a record goes on when its customer's file is closed; how it ends is decided."""

from __future__ import annotations

from datetime import date

from domain.kernel.aggregate import Aggregate, command
from domain.kernel.part import Part


class Outlives(Part):
    """That the record says so when the file of its customer is closed."""

    needs = ("customer_id",)

    class CustomerClosed(Aggregate.Event):
        """{who} noted that the customer's file was closed, and how the {record} ends is open."""

        on: date | None = None

    @command(states=CustomerClosed, system=True)
    def note_customer_closed(self) -> None:
        """Note that the customer's file was closed; how the {record} ends is to be decided."""
