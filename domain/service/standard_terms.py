"""Standard terms: what is promised of which ticket, who hears when it takes long; version 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from domain.kernel.types.decided import Decision, decides
from domain.service.service_terms import Escalation, Promise, Promised, Rung, Target

VERSION = 1
OFFICE, ALWAYS = "cn-office", "around-the-clock"
CALENDARS = (OFFICE, ALWAYS)
"""The calendars in which the terms count."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400

SEVERITIES = ("critical", "major", "minor", "low")

PRIORITIES: Mapping[str, tuple[int, ...]] = {
    "A": (1, 2, 3, 3),
    "B": (1, 2, 3, 4),
    "C": (2, 3, 4, 4),
}
"""By the grade of the customer, that of each severity in turn; without a grade as C."""

_FOLLOW_UP_DAYS = 2


class _Row(NamedTuple):
    """What a kind of ticket is promised: by priority, the most minutes to respond and resolve."""

    calendar: str
    minutes: tuple[tuple[int, int], ...]
    legal_seconds: int | None = None


_ASKED = _Row(OFFICE, ((60, 8 * 60), (120, 16 * 60), (240, 24 * 60), (480, 40 * 60)))

TARGETS: Mapping[str, _Row] = {
    "fault": _Row(ALWAYS, ((10, 4 * 60), (15, 8 * 60), (30, 24 * 60), (60, 48 * 60)), 48 * _HOUR),
    "complaint": _Row(
        OFFICE, ((30, 8 * 60), (60, 16 * 60), (120, 24 * 60), (240, 40 * 60)), 15 * _DAY
    ),
    "consultation": _ASKED,
    "request": _ASKED,
}
"""By kind. The law: a fault in a town is mended in 48 hours, a complaint answered in 15 days."""

LADDER = (
    Escalation(of=Promised.RESPONSE, percent=50, to=Rung.SUPERIOR),
    Escalation(of=Promised.RESOLUTION, percent=75, to=Rung.UNIT),
    Escalation(of=Promised.RESOLUTION, percent=100, to=Rung.PROVINCE),
)
TO_THE_GROUP = Escalation(of=Promised.RESOLUTION, percent=150, to=Rung.GROUP)


@decides("service-terms")
def terms(rule: str, facts: Mapping[str, Any]) -> Decision[tuple[int, Promise]]:
    """Return the priority of a ticket and what it is promised.

    Args:
        rule: `service-terms`.
        facts: Its `kind_of_ticket` and `severity`; `grade` and `category` of its customer, one
            that is `important` comes one priority higher.
    """
    by_severity = PRIORITIES[facts["grade"] or "C"]
    priority = by_severity[SEVERITIES.index(facts["severity"])]
    if facts["category"] == "important":
        priority = max(priority - 1, 1)
    row = TARGETS[facts["kind_of_ticket"]]
    response, resolution = (
        Target(seconds=minutes * _MINUTE, calendar=row.calendar)
        for minutes in row.minutes[priority - 1]
    )
    promise = Promise(
        response=response,
        resolution=resolution,
        legal_seconds=row.legal_seconds,
        follow_up_days=_FOLLOW_UP_DAYS,
        workdays=OFFICE,
    )
    return Decision(rule, VERSION, (priority, promise))


@decides("escalation")
def escalation(rule: str, facts: Mapping[str, Any]) -> Decision[tuple[Escalation, ...]]:
    """Return the ladder of a ticket of a customer of a `grade`; only that of A goes to the top."""
    return Decision(rule, VERSION, (*LADDER, *([TO_THE_GROUP] if facts["grade"] == "A" else [])))
