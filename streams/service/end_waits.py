"""Deadline: a ticket that waits for its customer until a moment goes on when that has come."""

from __future__ import annotations

from collections.abc import Iterator

from projections.kernel.read_model import Row
from projections.service.service_tickets import service_tickets
from streams.kernel.deadline import deadline
from streams.kernel.policy import Wish


@deadline(rows=service_tickets, at="wait_until")
def end_waits(row: Row) -> Iterator[Wish]:
    """Have work go on, and the clock of the ticket with it, from that moment."""
    yield Wish("service-ticket.end-wait", row["id"])
