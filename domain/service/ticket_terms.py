"""The terms of a ticket: what is promised of it, as the rules of its opening choose it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from domain.kernel.aggregate import Aggregate, NothingChanged, RuleViolation, command, starts
from domain.kernel.part import Part
from domain.kernel.time.effective_day import day_of
from domain.kernel.types.decided import Decided, Decision
from domain.kernel.types.values import Line, Moment, attribute
from domain.service.service_terms import Basis, Calendar, Escalation, Promise, Terms
from domain.service.ticket_handling import UNFINISHED
from domain.service.ticket_step import Step

Calendars = Annotated[tuple[Calendar, ...], Field(max_length=20)]
Grade = Annotated[str | None, attribute("customer", "customer_id", "grade")]
Category = Annotated[str | None, attribute("customer", "customer_id", "category")]
Chosen = Annotated[
    Decision[tuple[int, Promise]],
    Decided("service-terms", "kind_of_ticket", "severity", "grade", "category"),
]
Ladder = Annotated[Decision[tuple[Escalation, ...]], Decided("escalation", "grade")]


class CalendarRequired(RuleViolation):
    """What is promised counts in the hours of a calendar that there is."""


class TicketTerms(Part):
    """What the ticket is promised. It keeps the terms of its opening, whatever becomes of others.

    All of them count from the opening, whenever they were set: the day of such a fact is that of
    the opening.
    """

    class TermsSet(Aggregate.Event, changes=("priority", "terms", "basis")):
        """{who} set the terms of the ticket, which has priority {priority}."""

        priority: int
        terms: Terms
        basis: Basis
        on: date | None = None

    class TermsRenewed(Step):
        """{who} renewed the terms as they are in force now, because "{reason}"."""

        reason: str
        at: datetime | None = None

    customer_id: str | None
    created_on: datetime
    priority: int | None = starts(lambda: None)
    terms: Terms | None = starts(lambda: None)
    basis: Basis | None = starts(lambda: None)

    def grade(self, grade: str | None, anew: bool) -> str | None:
        """Return the grade of the customer that counts: that of the opening, or the one of now."""
        kept = self._kept(anew)
        return kept.grade if kept else grade

    def category(self, category: str | None, anew: bool) -> str | None:
        """Return the category of the customer that counts, as of the same moment."""
        kept = self._kept(anew)
        return kept.category if kept else category

    def _kept(self, anew: bool) -> Basis | None:
        same = self.basis is not None and self.basis.customer_id == self.customer_id
        return self.basis if same and not anew else None

    @command(system=True)
    def set_terms(
        self,
        calendars: Calendars,
        grade: Grade,
        category: Category,
        chosen: Chosen,
        ladder: Ladder,
        anew: bool = False,
    ) -> None:
        """Set the terms by the rules for its kind, severity and customer, in hours as known now.

        The customer counts as it was when terms were first set, or `anew` as it is.
        """
        priority, promise = chosen.outcome
        opened = day_of(self.begun, self.created_on)
        kept = self.terms.calendars if self.terms else ()
        known = {each.code: each.hours for each in (*kept, *calendars)}
        if not known.keys() >= {*promise.codes}:
            raise CalendarRequired("calendars")
        terms = Terms(
            **dict(promise),
            escalations=ladder.outcome,
            calendars=tuple(
                Calendar(code=code, hours=known[code].since(opened)) for code in promise.codes
            ),
        )
        basis = Basis(
            customer_id=self.customer_id,
            grade=self.grade(grade, anew),
            category=self.category(category, anew),
            terms_version=chosen.version,
            escalation_version=ladder.version,
        )
        if (priority, terms) == (self.priority, self.terms):
            raise NothingChanged
        self.trigger_event(self.TermsSet, priority=priority, terms=terms, basis=basis, on=opened)

    @command(states=TermsRenewed, only=UNFINISHED)
    def renew_terms(self, reason: Line, at: Moment | None = None) -> None:
        """Have the terms chosen by what is in force now, and by what the customer is now."""
