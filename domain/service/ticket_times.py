"""What time brings to a ticket: it is escalated, its wait is remembered, it is closed unheard."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from domain.kernel.aggregate import Aggregate, deadline, starts
from domain.kernel.part import Part
from domain.kernel.types.values import Moment
from domain.service.service_terms import Escalation, Terms
from domain.service.ticket_clock import Run, TicketClock, last_moment
from domain.service.ticket_handling import UNFINISHED, Handling, Status, WaitRequired

REMINDED_AFTER, CLOSED_AFTER = 2, 3
"""Working days for which a ticket waits until it is remembered; is resolved, and nothing heard."""


def remind_at(
    terms: Terms | None, clock: TicketClock, reminded_at: datetime | None
) -> datetime | None:
    """Return when it is remembered that a ticket waits, unless it was since the wait began."""
    if terms is None or clock.run is not Run.WAITING:
        return None
    begun = clock.turns[-1].at
    told = reminded_at is not None and reminded_at >= begun
    return None if told else last_moment(terms, begun, REMINDED_AFTER)


def close_at(terms: Terms | None, clock: TicketClock, known_at: datetime | None) -> datetime | None:
    """Return when a resolved ticket is closed of which nothing is heard since that is known."""
    if terms is None or known_at is None or clock.run is not Run.RESOLVED:
        return None
    return last_moment(terms, known_at, CLOSED_AFTER)


class TicketTimes(Part):
    """What is done when a part of the time for a ticket is used, or nothing is heard of it.

    What is only told of a ticket is no step in its work: one that is stated late comes before it.
    """

    class LadderClimbed(Aggregate.Event):
        """{who} escalated the ticket by a step of the ladder, as so much of its time is used."""

        step: Escalation
        due_at: datetime
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Remember the step."""
            aggregate.ladder = (*aggregate.ladder, self.step)

    class Reminded(Aggregate.Event):
        """{who} remembered that the ticket waits for its customer."""

        due_at: datetime
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Remember when."""
            aggregate.reminded_at = self.due_at

    terms: Terms | None
    ladder: tuple[Escalation, ...] = starts(tuple)
    reminded_at: datetime | None = starts(lambda: None)
    _clock: TicketClock = starts(lambda: TicketClock(()))
    _known_at: datetime | None = starts(lambda: None)

    def turn_clock(self, fact: Any) -> None:
        """Turn the clock as a fact that was recorded has it."""
        at = getattr(fact, "at", None) or fact.timestamp
        if (run := getattr(fact, "runs", None)) is not None:
            self._clock, self._known_at = self._clock.turned(run, at), fact.timestamp
        elif isinstance(fact, Handling.Accepted):
            self._clock = self._clock.accepted(at)

    @property
    def next_escalation_at(self) -> datetime | None:
        """When the next step of the ladder is to be taken."""
        steps = self._clock.steps(self.terms, self.ladder) if self.terms else ()
        return min((at for at, _ in steps), default=None)

    @property
    def remind_at(self) -> datetime | None:
        """When it is remembered that the ticket waits."""
        return remind_at(self.terms, self._clock, self.reminded_at)

    @property
    def close_at(self) -> datetime | None:
        """When the ticket is closed of which nothing is heard."""
        return close_at(self.terms, self._clock, self._known_at)

    @deadline(at="next_escalation_at", only=UNFINISHED)
    def escalate_in_time(self, due_at: Moment) -> None:
        """Escalate the ticket by the steps of the ladder whose part of the time is used."""
        assert self.terms is not None
        steps = list(self._clock.steps(self.terms, self.ladder))
        for step in [step for moment, step in steps if moment == due_at]:
            self.trigger_event(self.LadderClimbed, step=step, due_at=due_at)

    @deadline(at="remind_at", states=Reminded, only=(Status.WAITING, WaitRequired))
    def remember_wait(self) -> None:
        """Remember that the ticket has waited for two working days."""
