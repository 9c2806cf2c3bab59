"""Hindsight: a fact stated for an earlier day, decided there, told before what followed."""

from __future__ import annotations

from collections.abc import Sequence
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

    def __init__(self, now: Aggregate, history: History, day: date, field: str | None) -> None:
        """Go back to a day, which the parameter `field` of a command names.

        `history` is the whole of the record, as `now` is at its end. Raises `DatesContradict`
        when that cannot be told by its days, as it was not always required.
        """
        facts = by_day(read(0, history), DAY)
        back = max(day, facts[0].effective_day)
        known = 1 + sum(fact.effective_day <= back for fact in facts[1:])
        self._now, self._field = now, field
        self._earlier, self._later = facts[:known], facts[known:]
        self.then = self._then()
        """The record as it was at the end of the day."""

    def _then(self) -> Aggregate:
        record = self._tell(None, self._earlier)
        record.look_back(self._now)
        return record

    def _tell(self, record: Aggregate | None, facts: Sequence[Aggregate.Event]) -> Aggregate:
        try:
            return cast("Aggregate", tell(record, facts))
        except UnreadableEvent as error:
            raise DatesContradict(self._field) from error

    def retold(self) -> Aggregate:
        """Return the record as it is with the fact that `then` has stated, before what followed.

        Raises `DatesContradict` when the fact ends the record before what followed, is a step of
        its course before another one, or what followed cannot be applied any more.
        """
        record, before = self.then, self._then()
        ended = record.retired and not before.retired
        if self._later and (ended or (record.course != before.course and self._steps(before))):
            raise DatesContradict(self._field)
        self._tell(record, self._later)
        record.look_up()
        return record

    def _steps(self, record: Aggregate) -> bool:
        """Tell whether what followed took the record any further in its course."""
        course = record.course
        return any(self._tell(record, [fact]).course != course for fact in self._later)
