"""The bar: the days that a page can be asked for on either axis, and what its moment is called."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool

from api.console.texts import Words
from api.kernel.process import Parts
from domain.kernel.time.business_day import recorded_day, today
from projections.customers.customers import customers

AXES = ("as_of", "valid_at")
"""What was known on a day, what was true on it."""

_BEGIN = date(1970, 1, 1)

_NAMES = {"as_of": "known", "as_of_position": "known at", "valid_at": "true"}


class Bar(NamedTuple):
    """The days from the first event to today, and the moment of a page."""

    first: Mapping[str, int]
    """The first day of each axis, in days since 1970, as all here."""
    last: int
    axis: str
    """That which the slider turns."""
    at: int
    words: str
    """What the moment is called; nothing for now."""


async def bar_of(parts: Parts, moment: Mapping[str, str], words: Words) -> Bar:
    """Return the bar of a page of a moment."""
    day = today()
    begun = await run_in_threadpool(parts.own(_Begun).by, day)
    first = {axis: _number(each) for axis, each in zip(AXES, begun, strict=True)}
    chosen = [axis for axis in AXES if _day(moment.get(axis, ""))]
    axis = chosen[0] if chosen else "as_of" if begun[0] < day else "valid_at"
    at = _day(moment.get(axis, "")) or day
    told = [_told(name, value, words) for name, value in moment.items()]
    return Bar(first, _number(day), axis, _number(at), " · ".join(told))


class _Begun:
    """The days on which a journal began: that of its first event, and the first that it tells of.

    Asked once a day: what is recorded later may tell of earlier days.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._known: tuple[date, tuple[date, date]] | None = None

    def by(self, day: date) -> tuple[date, date]:
        if self._known is None or self._known[0] != day:
            found = self._find(day)
            if found[1] == day:  # nothing is there yet
                return found
            self._known = day, found
        return self._known[1]

    def _find(self, day: date) -> tuple[date, date]:
        recorded = [recorded_day(each.time) for each in self._parts.journal.read(0, 1)]
        with self._parts.rows.connect() as connection:
            query = sa.select(sa.func.min(customers.table.c.registered_on))
            told = connection.scalar(query)
        first = min([day, *recorded])
        return first, min(first, told or first)


def _number(day: date) -> int:
    return (day - _BEGIN).days


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _told(name: str, value: str, words: Words) -> str:
    """Return a part of a moment in words, as in `known on 31 March 2026`."""
    day = _day(value)
    return f"{words(_NAMES[name])} {value if day is None else words.day(day)}"
