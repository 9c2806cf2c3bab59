"""Of a customer: named anew where it was mistaken, or where customers are merged."""

from __future__ import annotations

from datetime import date

from domain.kernel.aggregate import Aggregate, MovedMeanwhile, command
from domain.kernel.part import Part
from domain.kernel.types.values import CustomerId, Id


class OfCustomer(Part):
    """Whose record it is, of all customers."""

    needs = ("customer_id",)

    class CustomerNamed(Aggregate.Event, changes="customer_id"):
        """{who} named {customer_id} as the customer[, before {was.customer_id}]."""

        customer_id: str
        on: date | None = None

    customer_id: str | None

    @command(states=CustomerNamed)
    def name_customer(self, customer_id: CustomerId) -> None:
        """Name the customer of the {record}."""

    @command(system=True)
    def follow_customer(self, customer_id: Id, former_id: Id) -> None:
        """Follow the customer, in whatever state, where a merge or its undoing brought it."""
        if former_id != self.now.customer_id:
            raise MovedMeanwhile
        self.trigger_event(self.CustomerNamed, customer_id=customer_id)
