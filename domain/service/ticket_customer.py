"""The customer of a ticket: named anew where it was mistaken, or where customers are merged."""

from __future__ import annotations

from datetime import date

from domain.kernel.aggregate import Aggregate, MovedMeanwhile, NothingChanged, applies, command
from domain.kernel.part import Part
from domain.kernel.types.values import CustomerId, Id


class OfCustomer(Part):
    """Whose ticket it is."""

    class CustomerNamed(Aggregate.Event):
        """{who} named {customer_id} as the customer[, before {was.customer_id}]."""

        customer_id: str
        on: date | None = None

    customer_id: str

    @command
    def name_customer(self, customer_id: CustomerId) -> None:
        """Name the customer whose ticket it is, in whatever state the ticket is."""
        if customer_id == self.customer_id:
            raise NothingChanged("customer_id")
        self.trigger_event(self.CustomerNamed, customer_id=customer_id)

    @command(system=True)
    def follow_customer(self, customer_id: Id, former_id: Id) -> None:
        """Follow the customer where a merge or its undoing brought it."""
        if former_id != self.now.customer_id:
            raise MovedMeanwhile
        self.trigger_event(self.CustomerNamed, customer_id=customer_id)

    @applies(CustomerNamed)
    def _customer_named(self, customer_id: str) -> None:
        self.customer_id = customer_id
