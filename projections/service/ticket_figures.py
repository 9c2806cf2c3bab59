"""Figures of a ticket: what its row says of its clock, by the spans and the terms that it has."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson
from typing_extensions import TypedDict

from domain.service.service_terms import Escalation, Terms
from domain.service.ticket_clock import Run, TicketClock, Turn, last_moment
from domain.service.ticket_times import close_at, remind_at
from projections.kernel.payload_values import moment
from projections.kernel.read_model import Row

A_SECOND = timedelta(seconds=1)
AT_RISK = 75
"""How many percent of a time are used where it is at risk."""


class RunSpan(TypedDict):
    """A stretch in which the clock of a ticket ran, or stood still; the last one has no end."""

    run: Run
    begin: datetime
    end: datetime | None


def clock_of(row: Row) -> TicketClock:
    """Return the clock of a ticket, by its row."""
    turns = (Turn(Run(each["run"]), _moment(each["begin"])) for each in row["spans"])
    return TicketClock(tuple(turns), row["responded_at"])


def spans_of(clock: TicketClock) -> list[dict[str, Any]]:
    """Return the spans of a clock as rows have them."""
    return [
        {"run": each.run.value, "begin": _text(each.begin), "end": each.end and _text(each.end)}
        for each in clock.spans
    ]


def terms_of(told: dict[str, Any]) -> Terms:
    """Return the terms of a ticket, which its row has as plain JSON values."""
    return _read(orjson.dumps(told))


@lru_cache(512)
def _read(told: bytes) -> Terms:
    return Terms.model_validate_json(told)


def figured(row: Row, told: Row) -> Row:
    """Return what an event tells of a row, with the figures that follow from it."""
    row = {**row, **told}
    clock = clock_of(row)
    if not clock.turns:
        return told  # its opening was passed over
    last = clock.turns[-1]
    worked, waited = clock.passed(Run.RUNNING), clock.passed(Run.WAITING)
    told = {
        **told,
        "running_since": last.at if last.run is Run.RUNNING else None,
        "waiting_since": last.at if last.run is Run.WAITING else None,
        "waiting_seconds": waited // A_SECOND,
        "resolution_seconds": worked // A_SECOND if last.run is Run.RESOLVED else None,
    }
    if row["terms"] is None:
        return {**told, "worked_seconds": worked // A_SECOND, "paused_seconds": waited // A_SECOND}
    return told | _by(terms_of(row["terms"]), clock, row)


def _by(terms: Terms, clock: TicketClock, row: Row) -> Row:
    """Return the figures of a clock by some terms."""
    done = [Escalation.model_validate(each, strict=False) for each in row["ladder"]]
    called = clock.run is not Run.RESOLVED or row["follow_up_reached"]
    closed_at = None if called else row["closed_at"]
    hours = terms.hours(terms.resolution.calendar)
    met = clock.response_met(terms), clock.resolution_met(terms)
    response = clock.response_due(terms.response, terms)
    resolution = clock.due(terms.resolution, terms)
    legal = terms.legal_seconds
    return {
        "response_due_at": response and response.at,
        "resolution_due_at": resolution and resolution.at,
        "legal_due_at": legal and clock.opened_at + timedelta(seconds=legal),
        "next_escalation_at": min((at for at, _ in clock.steps(terms, done)), default=None),
        "remind_at": remind_at(terms, clock, row["reminded_at"]),
        "close_at": close_at(terms, clock, row["turned_known_at"]),
        "at_risk_at": _first(clock, terms, AT_RISK, *met, (None,)),
        "breached_at": _first(clock, terms, 100, *met, (None, False)),
        "follow_up_due_at": closed_at and last_moment(terms, closed_at, terms.follow_up_days),
        "worked_seconds": clock.passed(Run.RUNNING, hours) // A_SECOND,
        "paused_seconds": clock.passed(Run.WAITING, hours) // A_SECOND,
        "response_met": met[0],
        "resolution_met": met[1],
        "provisional": any(each and each.provisional for each in (response, resolution)),
    }


def _first(
    clock: TicketClock,
    terms: Terms,
    percent: int,
    response: bool | None,
    resolution: bool | None,
    met: tuple[bool | None, ...],
) -> datetime | None:
    """Return when so much is used of the first of the times whose targets are `met` like that."""
    found = []
    if response in met and clock.run is not Run.WITHDRAWN:
        found.append(clock.response_due(terms.response, terms, percent))
    if resolution in met:
        found.append(clock.due(terms.resolution, terms, percent))
    return min((each.at for each in found if each), default=None)


def _moment(text: str) -> datetime:
    found = moment(text)
    assert found is not None
    return found


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
