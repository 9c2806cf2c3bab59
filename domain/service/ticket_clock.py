"""The clock of a ticket: when it ran and stood still, and what that makes of what is promised.

Nothing is added up as time goes by: figures follow from the spans and the terms, so that terms that
come late, or hours that are amended, give what they would have given from the beginning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple, Protocol

from domain.kernel.time.business_day import day_at
from domain.kernel.time.working_hours import Hours
from domain.kernel.time.working_time import Clock, NeverDue, clock
from domain.service.service_terms import Escalation, Promised, Target, Terms

NONE = timedelta(0)


class Run(StrEnum):
    """Whether the clock runs, stands still, or is over with the ticket."""

    RUNNING = "running"
    WAITING = "waiting"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


RUNNING, WAITING, WITHDRAWN = Run.RUNNING, Run.WAITING, Run.WITHDRAWN


class Span(NamedTuple):
    """A stretch of a ticket's life; the last one has no end."""

    run: Run
    begin: datetime
    end: datetime | None


class Turn(NamedTuple):
    """From when the clock ran, or stood still."""

    run: Run
    at: datetime


class Calendars(Protocol):
    """What knows the hours of calendars, as the terms of a ticket do."""

    def hours(self, code: str) -> Hours:
        """Return the hours of a calendar."""


class Reached(NamedTuple):
    """The instant at which so much is worked, and whether that is `provisional`."""

    at: datetime
    provisional: bool


class TicketClock(NamedTuple):
    """When the clock of a ticket ran, by its turns, and when it was first accepted."""

    turns: tuple[Turn, ...]
    responded_at: datetime | None = None

    @property
    def opened_at(self) -> datetime:
        """When the clock began to run."""
        return self.turns[0].at

    @property
    def run(self) -> Run:
        """What it does now."""
        return self.turns[-1].run

    def turned(self, run: Run, at: datetime) -> TicketClock:
        """Return the clock after a turn, which comes no earlier than the last one."""
        if self.turns:
            at = max(at, self.turns[-1].at)
        return self._replace(turns=(*self.turns, Turn(run, at)))

    def accepted(self, at: datetime) -> TicketClock:
        """Return the clock after somebody accepted the ticket; the first time counts."""
        return self if self.responded_at is not None else self._replace(responded_at=at)

    @property
    def spans(self) -> Iterator[Span]:
        """The spans of the ticket's life, which touch one another."""
        for turn, after in pairwise(self.turns):
            yield Span(turn.run, turn.at, after.at)
        yield Span(*self.turns[-1], None)

    def passed(self, run: Run, hours: Hours | None = None) -> timedelta:
        """Return how long it did something until its last turn, in some hours or all of them."""
        ended = ((each.begin, each.end) for each in self.spans if each.run is run and each.end)
        if hours is None:
            return sum((end - begin for begin, end in ended), NONE)
        count = clock(hours)
        return sum((count.worked(begin, end).time for begin, end in ended), NONE)

    def due(self, target: Target, terms: Calendars, percent: int = 100) -> Reached | None:
        """Return when a part of the time to resolve the ticket is used, at the earliest.

        `None` while it waits, or after it was withdrawn, with time left: nobody knows when then.
        """
        left, at = _part(target, percent), self.opened_at
        count = clock(terms.hours(target.calendar))
        for begin, end in ((each.begin, each.end) for each in self.spans if each.run is RUNNING):
            if end is None:
                at = begin
                break
            worked = count.worked(begin, end).time
            if worked >= left:
                return _reached(count, begin, left)
            left, at = left - worked, end
        return None if self.run in (WAITING, WITHDRAWN) else _reached(count, at, left)

    def response_due(self, target: Target, terms: Calendars, percent: int = 100) -> Reached | None:
        """Return when a part of the time to accept the ticket is used; it never stands still."""
        left = _part(target, percent)
        return _reached(clock(terms.hours(target.calendar)), self.opened_at, left)

    def response_met(self, terms: Terms) -> bool | None:
        """Tell whether it was accepted in time; `None` as long as it was not."""
        if self.responded_at is None:
            return None
        used = clock(terms.hours(terms.response.calendar)).worked(self.opened_at, self.responded_at)
        return used.time <= timedelta(seconds=terms.response.seconds)

    def resolution_met(self, terms: Terms) -> bool | None:
        """Tell whether it was resolved in time; `None` as long as it may be either."""
        used = self.passed(Run.RUNNING, terms.hours(terms.resolution.calendar))
        if used > timedelta(seconds=terms.resolution.seconds):
            return False
        return True if self.run is Run.RESOLVED else None

    def steps(
        self, terms: Terms, done: Sequence[Escalation] = ()
    ) -> Iterator[tuple[datetime, Escalation]]:
        """Yield the steps of the ladder that are to come, or were not taken, with their instants.

        There are none while the ticket waits, or is resolved; none of the response once it came.
        """
        if self.run is not Run.RUNNING:
            return
        for step in terms.escalations:
            if step in done or (step.of is Promised.RESPONSE and self.responded_at is not None):
                continue
            found = (
                self.response_due(terms.response, terms, step.percent)
                if step.of is Promised.RESPONSE
                else self.due(terms.resolution, terms, step.percent)
            )
            if found is not None:
                yield found.at, step


def last_moment(terms: Terms, since: datetime, days: int) -> datetime | None:
    """Return the end of work on the working day that is so many after that of a moment."""
    hours = terms.hours(terms.workdays)
    count = clock(hours)
    try:
        return count.closing(count.workday(day_at(since), days).day)
    except NeverDue:
        return None


def _part(target: Target, percent: int) -> timedelta:
    return timedelta(seconds=target.seconds) * percent / 100


def _reached(count: Clock, begin: datetime, target: timedelta) -> Reached | None:
    try:
        found = count.due(begin, target)
    except NeverDue:
        return None
    return Reached(found.at.astimezone(UTC), found.provisional)
