"""Service terms: how soon a ticket is answered and resolved, in which hours, who hears of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.kernel.time.working_hours import Hours
from domain.kernel.types.values import PlainCalendarCode, Value

Priority = Annotated[int, Field(ge=1, le=4)]
"""How urgent a ticket is, from 1 (most) to 4 (least)."""

Seconds = Annotated[int, Field(ge=1, le=366 * 86_400)]
"""For how long something may take."""

Percent = Annotated[int, Field(ge=1, le=300)]
"""How much of the time that something may take is used."""

Workdays = Annotated[int, Field(ge=1, le=60)]
"""A number of days on which work is done."""


class ServiceTicketKind(StrEnum):
    """What the customer wants."""

    FAULT = "fault"
    COMPLAINT = "complaint"
    CONSULTATION = "consultation"
    REQUEST = "request"


class Severity(StrEnum):
    """How badly the customer is hit."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    LOW = "low"


class Promised(StrEnum):
    """What is promised in a time: that somebody accepts the ticket, that it is resolved."""

    RESPONSE = "response"
    RESOLUTION = "resolution"


class Rung(StrEnum):
    """Who hears of a ticket that takes long, from below upwards."""

    SUPERIOR = "superior"
    UNIT = "unit"
    PROVINCE = "province"
    GROUP = "group"


class Target(Value):
    """The time within which something is done, in the hours of a calendar."""

    seconds: Seconds
    calendar: PlainCalendarCode


class Escalation(Value):
    """A step of the ladder: at how much of which time who is told."""

    of: Promised
    percent: Percent
    to: Rung


class Calendar(Value):
    """A calendar by its code, with its hours as they were known."""

    code: PlainCalendarCode
    hours: Hours


class Promise(Value):
    """What a ticket is promised: targets, what the law asks for, when the customer is called back.

    `legal_seconds` are counted by the clock on the wall; days of work are those of `workdays`.
    """

    response: Target
    resolution: Target
    legal_seconds: Seconds | None
    follow_up_days: Workdays
    workdays: PlainCalendarCode

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the calendars in which it counts, each once."""
        named = (self.response.calendar, self.resolution.calendar, self.workdays)
        return tuple(dict.fromkeys(named))


class Terms(Promise):
    """What a ticket is promised, with the hours that it counts in and the ladder of escalations."""

    escalations: tuple[Escalation, ...]
    calendars: tuple[Calendar, ...]

    def hours(self, code: str) -> Hours:
        """Return the hours of a calendar that the terms count in."""
        return next(each.hours for each in self.calendars if each.code == code)


class Basis(Value):
    """By which rules terms were chosen, for whom."""

    customer_id: str | None
    grade: str | None
    category: str | None
    terms_version: int
    escalation_version: int
