"""Hindsight: a fact stated for an earlier day, decided there, told before what followed."""

from __future__ import annotations

from datetime import date
from typing import cast

from domain.effective import by_day
from domain.kernel import Aggregate, RuleViolation
from domain.replaying import DAY, read, tell
from domain.stored import History, UnreadableEvent


class FutureFact(RuleViolation):
    """Nothing is dated later than tomorrow."""


class DatesContradict(RuleViolation):
    """A fact is not dated so that what is recorded for later days could not have followed it."""


class Hindsight:
    """A look back to an earlier day of a record: what held then is decided, what followed stays."""

    def __init__(self, now: Aggregate, history: History, day: date) -> None:
        """Go back to a day; `history` is the whole of the record that `now` is at the end."""
        facts = by_day(read(0, history), DAY)
        back = max(day, facts[0].effective_day)
        known = 1 + sum(fact.effective_day <= back for fact in facts[1:])
        self._now, self._earlier, self._later = now, facts[:known], facts[known:]
        self.then = self._then()
        """The record as it was at the end of the day."""

    def _then(self) -> Aggregate:
        record = cast("Aggregate", tell(None, self._earlier))
        record.look_back(self._now)
        return record

    def retold(self, field: str | None = None) -> Aggregate:
        """Return the record as it is with the fact that `then` has stated, before what followed.

        Raises `DatesContradict`, blaming a `field`, when the fact ends the record before what
        followed, is a step of its course before another one, or what followed cannot be applied.
        """
        record, before = self.then, self._then()
        ended = record.retired and not before.retired
        if self._later and (ended or (record.course != before.course and self._steps(before))):
            raise DatesContradict(field)
        try:
            tell(record, self._later)
        except UnreadableEvent as error:
            raise DatesContradict(field) from error
        record.look_up()
        return record

    def _steps(self, record: Aggregate) -> bool:
        """Tell whether what followed took the record any further in its course."""
        course = record.course
        return any(tell(record, [fact]).course != course for fact in self._later)
