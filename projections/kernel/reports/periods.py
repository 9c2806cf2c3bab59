"""Periods: days, months, quarters and years, and the way from one to another."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

Span = tuple[date, date]
"""The first and the last day of a period."""

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def span_of(period: str, text: str) -> Span:
    """Return the span that a text names, as `2026-Q1` a quarter. Raises `ValueError`."""
    year, _, part = text.partition("-")
    month = 3 * int(part[1:]) - 2 if period == "quarter" else int(part[:2] or 1)
    begin = date.fromisoformat(text) if period == "day" else date(int(year), month, 1)
    return begin, end_of(period, begin)


def text_of(period: str, day: date) -> str:
    """Return how the period that has a day is written."""
    if period == "quarter":
        return f"{str(day)[:4]}-Q{(day.month + 2) // 3}"
    return str(day)[: {"year": 4, "month": 7, "day": 10}[period]]


def end_of(period: str, day: date) -> date:
    """Return the last day of the period that has a day."""
    if period == "day":
        return day
    length = _MONTHS[period]
    month = (day.month - 1) // length * length + length
    return date(day.year, month, monthrange(day.year, month)[1])


def cut(period: str | None, first: date, last: date) -> Iterator[Span]:
    """Yield the parts of a stretch of days that lie in one period each."""
    while (end := last if period is None else min(end_of(period, first), last)) < last:
        yield first, end
        first = end + timedelta(days=1)
    yield first, last


def texts_between(period: str, first: date, last: date) -> Iterator[str]:
    """Yield how the periods are written that have days of a stretch."""
    return (text_of(period, begin) for begin, _ in cut(period, first, last))


class Move(NamedTuple):
    """A way between periods of the same length: so many months and days, back if negative."""

    months: int = 0
    days: int = 0

    @classmethod
    def over(cls, period: str, number: int) -> Move:
        """Return the way over so many periods."""
        return cls(days=number) if period == "day" else cls(months=number * _MONTHS[period])

    @property
    def back(self) -> Move:
        """The way back."""
        return Move(-self.months, -self.days)

    def day(self, day: date) -> date:
        """Return where a day leads; the 29th to 31st to the last day of a month without it.

        Raises `OverflowError` where there is no such year.
        """
        count = day.year * 12 + day.month - 1 + self.months
        year, month = count // 12, count % 12 + 1
        if not date.min.year <= year <= date.max.year:
            raise OverflowError(year)
        moved = date(year, month, min(day.day, monthrange(year, month)[1]))
        return moved + timedelta(days=self.days)

    def end(self, day: date) -> date:
        """Return where the last day of a stretch leads: the end of a month to the end of one."""
        moved = self.day(day)
        whole = self.months and day == end_of("month", day)
        return end_of("month", moved) if whole else moved

    def text(self, period: str, text: str) -> str:
        """Return where a period leads."""
        return text_of(period, self.day(span_of(period, text)[0]))

    def sources(self, period: str, text: str) -> Iterator[str]:
        """Yield the periods that lead to one: two days where a February is a day shorter."""
        begin = self.back.day(span_of(period, text)[0])
        for days in range(4 if period == "day" and self.months else 1):
            source = text_of(period, begin + timedelta(days=days))
            if self.text(period, source) == text:
                yield source
