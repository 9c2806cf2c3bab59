"""Policy: when the hours of a calendar change, what is still open counts in those of now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.organisation.working_calendars import working_calendars
from projections.service.service_tickets import service_tickets
from streams.kernel.policy import Facts, Wish, policy

CHANGES = ("week-set", "year-announced", "day-amended")


def open_tickets(event: Recorded) -> sa.Select[Any]:
    """Return the query of the open tickets that have terms, each with the calendar that changed."""
    ticket, calendar = service_tickets.table, working_calendars.table
    return (
        sa.select(ticket.c.id, ticket.c.terms, calendar.c.code, calendar.c.hours)
        .join(calendar, calendar.c.id == event.stream)
        .where(service_tickets.belongs.open(ticket), ticket.c.priority.is_not(None))
    )


@policy(on=[f"working-calendar.{each}" for each in CHANGES], facts=open_tickets)
def reckon_anew(_: Recorded, facts: Facts) -> Iterator[Wish]:
    """Have those whose terms count in the calendar take its hours."""
    for row in facts:
        if any(each["code"] == row["code"] for each in row["terms"]["calendars"]):
            told = {"calendars": [{"code": row["code"], "hours": row["hours"]}]}
            yield Wish("service-ticket.set-terms", row["id"], told)
