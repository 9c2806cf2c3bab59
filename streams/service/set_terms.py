"""Policy: a ticket that is opened, reclassified or named otherwise gets its terms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from domain.service.standard_terms import CALENDARS
from projections.organisation.working_calendars import working_calendars
from streams.kernel.policy import Facts, Wish, policy

RENEWED = "service-ticket.terms-renewed"
ASKS = ("opened", "reclassified", "customer-named")


def calendars(_: Recorded) -> sa.Select[Any]:
    """Return the query of the calendars in which terms count, by code, with their hours."""
    calendar = working_calendars.table
    return sa.select(calendar.c.code, calendar.c.hours).where(calendar.c.code.in_(CALENDARS))


@policy(on=[*(f"service-ticket.{each}" for each in ASKS), RENEWED], facts=calendars)
def set_terms(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Have it choose them, in hours as they are known now; anew if somebody renews them."""
    hours = [{"code": row["code"], "hours": row["hours"]} for row in facts]
    told = {"calendars": hours, "anew": event.type == RENEWED}
    yield Wish("service-ticket.set-terms", event.stream, told)
