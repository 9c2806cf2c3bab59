"""Answers about service: the clock of a ticket span by span, what was attained of agreements."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from api.document.answers import Position, Uuid
from domain.service.agreements.agreement_clauses import ClauseMeasure
from domain.service.agreements.exclusion import ExclusionReason
from domain.service.ticket_clock import Run

Until = Annotated[datetime | None, Field(description="null where nothing is due by then")]


class ClockSpan(TypedDict):
    """A stretch in which the clock ran, or stood still."""

    run: Run
    begin: datetime
    end: Annotated[datetime | None, Field(description="null for the one that lasts")]
    seconds: Annotated[int, Field(description="in the hours of the terms, up to the moment asked")]
    wall_seconds: Annotated[int, Field(description="by the clock on the wall")]


class ClockTarget(TypedDict):
    """What is promised, how much of it is used, and whether it was kept."""

    target_seconds: int
    calendar: str
    used_seconds: int
    used_percent: float
    due_at: Until
    met: Annotated[bool | None, Field(description="null as long as it may be either")]


class DueChange(TypedDict):
    """An event that moved something due: from then on it was known to be due like this."""

    position: Position
    time: Annotated[datetime, Field(description="when it was recorded")]
    type: str
    response_due_at: Until
    resolution_due_at: Until
    legal_due_at: Until


class ServiceClock(TypedDict):
    """The clock of a ticket up to a moment: spans that add up, targets, what moved them."""

    id: Uuid
    at: Annotated[datetime, Field(description="up to when it counts")]
    priority: int | None
    worked_seconds: Annotated[int, Field(description="what all running spans come to")]
    paused_seconds: Annotated[int, Field(description="what all waiting spans come to")]
    response: Annotated[ClockTarget | None, Field(description="null without terms")]
    resolution: Annotated[ClockTarget | None, Field(description="null without terms")]
    provisional: bool
    spans: list[ClockSpan]
    changes: list[DueChange]
    position: Position


class MissedCase(TypedDict):
    """A ticket that was not in time."""

    ticket_id: Uuid
    due_at: datetime


class CircuitTime(TypedDict):
    """For how long a product in use was promised in the period, and how much of that was lost."""

    product_in_use_id: Uuid
    promised_seconds: int
    lost_seconds: int


class LeftOut(TypedDict):
    """A ticket, or a product in use from when to when, that does not count as somebody agreed."""

    exclusion_id: Uuid
    reason: ExclusionReason
    ticket_id: Uuid | None
    due_at: Annotated[datetime | None, Field(description="null of a product")]
    kept: Annotated[bool | None, Field(description="whether the ticket was in time all the same")]
    product_in_use_id: Uuid | None
    starts_at: datetime | None
    ends_at: datetime | None


class ClauseAttainment(TypedDict):
    """What was attained of a clause on the days on which its version was in force."""

    clause: str
    measure: ClauseMeasure
    version: int
    period: str
    first_day: date
    last_day: date
    running: Annotated[bool, Field(description="whether the period is not over yet")]
    calendar: str
    target_seconds: int | None
    required_percent: Decimal
    cases: Annotated[int, Field(description="tickets that count")]
    kept: Annotated[int, Field(description="those of them that were in time")]
    missed: list[MissedCase]
    excluded: list[LeftOut]
    circuits: list[CircuitTime]
    attained_percent: Annotated[
        Decimal | None,
        Field(description="cut off after four places; null where nothing counted yet"),
    ]
    met: Annotated[bool, Field(description="by the share itself, which is not rounded")]
    credit_percent: Annotated[Decimal, Field(description="of the fee, that is given back")]


class AgreementAttainment(TypedDict):
    """What was attained of a service agreement up to a moment."""

    id: Uuid
    at: Annotated[datetime, Field(description="up to when it counts")]
    partly: Annotated[bool, Field(description="whether some of what counts is out of sight")]
    clauses: list[ClauseAttainment]
    position: Position
