"""Hindsight: a fact stated for an earlier day, decided there, told before what followed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from typing import cast

from domain.kernel.aggregate import Aggregate, RuleViolation
from domain.kernel.codec import fields_of
from domain.kernel.envelope import History, UnreadableEvent
from domain.kernel.time.effective_day import as_day, by_day
from domain.kernel.time.replay import DAY, read, tell
from domain.kernel.types.values import Come


class FutureFact(RuleViolation):
    """Nothing is dated later than tomorrow."""


class DatesContradict(RuleViolation):
    """Nothing is dated before the records it is about begin, or out of order with what is known."""


def require_begun(
    kind: str, begun: date, recorded: datetime, stated: date, field: str | None
) -> None:
    """Refuse what is stated, by `field`, for before a record of some kind begins.

    Either is a day or a moment; that of the beginning was `recorded` then.
    """
    if isinstance(begun, datetime) and isinstance(stated, datetime):
        early = stated < begun
    else:
        early = as_day(stated) < as_day(begun, recorded)
    if early:
        raise DatesContradict(field, f"The {kind} begins on {begun.isoformat()}.")


def require_turn(record: Aggregate, stated: date, field: str | None) -> None:
    """Refuse a moment that is stated, by `field`, for before the last step, stated or recorded."""
    if isinstance(stated, datetime) and stated < record.last_step:
        raise DatesContradict(field, f"The last step is of {record.last_step.isoformat()}.")


def require_come(facts: Sequence[Aggregate.Event]) -> None:
    """Refuse facts that tell, for the day that they state, of days or years to come."""
    for fact in facts:
        for name in _come(type(fact)) if fact.stated else ():
            told, day = getattr(fact, name), fact.effective_day
            if told and told > (day if isinstance(told, date) else day.year):
                raise DatesContradict(name, f"It is stated for {day}.")


@cache
def _come(event_class: type[Aggregate.Event]) -> tuple[str, ...]:
    hints = fields_of(event_class).items()
    return tuple(name for name, hint in hints if Come() in getattr(hint, "__metadata__", ()))


class Hindsight:
    """A look back to an earlier day of a record: what held then is decided, what followed stays."""

    def __init__(self, now: Aggregate, history: History, day: date, field: str | None) -> None:
        """Go back to a day, which the parameter `field` of a command names.

        `history` is the whole of the record, as `now` is at its end. Raises `DatesContradict`
        when that cannot be told by its days, as it was not always required.
        """
        facts = by_day(read(0, history), DAY)
        known = 1 + sum(fact.effective_day <= day for fact in facts[1:])
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
        for fact in record.unrecorded:
            record.come_to(fact.effective_day)
        self._tell(record, self._later)
        record.look_up()
        return record

    def _steps(self, record: Aggregate) -> bool:
        """Tell whether what followed took the record any further in its course."""
        course = record.course
        return any(self._tell(record, [fact]).course != course for fact in self._later)
