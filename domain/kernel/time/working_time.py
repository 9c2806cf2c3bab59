"""Working time: how much of it lies between two instants, and when so much of it is over."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple
from zoneinfo import ZoneInfo

from domain.kernel.time.working_hours import A_DAY, WEEKDAYS, Hours, Weekday, minutes

END = 2200
"""The year before which working time ends."""

KEPT = 50
"""Years at most that stay compiled: who asks for more waits for it again."""

OBJECTS = 1024
"""Hours at most whose clocks are found by the object."""

NONE = timedelta(0)


class NeverDue(ValueError):
    """So much working time does not come."""


class Worked(NamedTuple):
    """How much was worked; `provisional` when a year of it is not announced."""

    time: timedelta
    provisional: bool


class Due(NamedTuple):
    """The instant, in UTC, at which so much is worked, and whether it is `provisional`."""

    at: datetime
    provisional: bool


class Workday(NamedTuple):
    """A day on which work is done, and whether it is `provisional`."""

    day: date
    provisional: bool


class _Spans(NamedTuple):
    """The working time of some years, in stretches that follow one another in time."""

    first: int
    years: list[datetime]
    """When each year begins, and the last one ends."""
    open: list[int]
    """How many of the years before each are not announced."""
    begins: list[datetime]
    ends: list[datetime]
    over: list[timedelta]
    """How much was worked before the first stretch, and by the end of each."""

    def before(self, instant: datetime) -> timedelta:
        """Return how much was worked before an instant of these years."""
        begun = bisect_right(self.begins, instant)
        left = max(self.ends[begun - 1] - instant, NONE) if begun else NONE
        return self.over[begun] - left

    def provisional(self, begin: datetime, end: datetime) -> bool:
        """Tell whether a year between two instants is not announced."""
        first = bisect_right(self.years, begin)
        return self.open[max(bisect_left(self.years, end), first)] > self.open[first - 1]


class Clock:
    """Counts working time: what lies in some hours, as they are by the clock on the wall.

    What a clock shows twice, as when summer time ends, counts twice; what it leaves out does not.
    """

    def __init__(self, hours: Hours) -> None:
        """Count by these hours. They are compiled for the years that are asked about."""
        self._hours = hours
        self._zone = ZoneInfo(hours.zone)
        self._manners = hours.manners()
        self._announced = frozenset(hours.announced)
        self._spans: _Spans | None = None

    def on(self, day: date) -> tuple[str, ...]:
        """Return the hours of a day."""
        manner = self._manners.get(day, WEEKDAYS[day.weekday()])
        return self._hours.week_of(day).on(manner) if isinstance(manner, Weekday) else manner

    def worked(self, begin: datetime, end: datetime) -> Worked:
        """Return how much working time lies between two instants; it is less than none backwards.

        Raises `TypeError` for times without a zone.
        """
        first, last = (begin, end) if begin <= end else (end, begin)
        spans = self._reaching(first, last)
        time = spans.before(end) - spans.before(begin)
        return Worked(time, spans.provisional(first, last))

    def due(self, begin: datetime, target: timedelta) -> Due:
        """Return the earliest instant at which so much is worked since another one.

        Raises `NeverDue` when that is not before the year 2200, `ValueError` for a target of less
        than none, `TypeError` for a time without a zone.
        """
        if target < NONE:
            raise ValueError("Working time does not run backwards.")
        spans = self._reaching(begin, begin)
        if not target:
            return Due(begin.astimezone(UTC), spans.provisional(begin, begin))
        while (goal := spans.before(begin) + target) > spans.over[-1]:
            if spans.years[-1].astimezone(self._zone).year >= END:
                raise NeverDue(f"So much working time does not come before the year {END}.")
            # Twice as many years, so that few of many are compiled again.
            last = spans.first + 2 * len(spans.years)
            spans = self._compiled(spans.first, min(last, END) - 1)
        stretch = bisect_left(spans.over, goal)
        at = spans.ends[stretch - 1] - (spans.over[stretch] - goal)
        return Due(at, spans.provisional(begin, at))

    def workday(self, after: date, count: int) -> Workday:
        """Return the working day that is so many, one or more, after a day. Raises `NeverDue`."""
        day = after
        while count:
            day += A_DAY
            if day.year >= END:
                raise NeverDue(f"So many working days do not come before the year {END}.")
            count -= bool(self.on(day))
        return Workday(day, not self._announced.issuperset(range(after.year, day.year + 1)))

    def closing(self, day: date) -> datetime:
        """Return the instant, in UTC, at which work ends on a day on which it is done."""
        return max(end for _, end in self._stretches(day))

    def _reaching(self, first: datetime, last: datetime) -> _Spans:
        """Return spans that reach over both instants, and over what was asked for before."""
        spans = self._spans
        if spans is not None and spans.years[0] <= first and last < spans.years[-1]:
            return spans
        years = [each.astimezone(self._zone).year for each in (first, last)]
        if spans is not None:
            years += (spans.first, spans.first + len(spans.years) - 2)
        return self._compiled(min(years), max(years))

    def _compiled(self, first: int, last: int) -> _Spans:
        """Return the spans of some years, and keep them."""
        days = range(date(first, 1, 1).toordinal(), date(last + 1, 1, 1).toordinal())
        found = [each for day in days for each in self._stretches(date.fromordinal(day))]
        begins, ends = [begin for begin, _ in found], [end for _, end in found]
        years = range(first, last + 1)
        spans = _Spans(
            first,
            [
                datetime(year, 1, 1, tzinfo=self._zone).astimezone(UTC)
                for year in (*years, last + 1)
            ],
            [*accumulate((year not in self._announced for year in years), initial=0)],
            begins,
            ends,
            [*accumulate((end - begin for begin, end in found), initial=NONE)],
        )
        if len(years) <= KEPT:
            self._spans = spans
        return spans

    def _stretches(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Yield when work begins and ends on a day, in UTC."""
        hours = self.on(day)
        if not hours:
            return
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        for offset, first, last in self._offsets(midnight):
            for begin, end in map(minutes, hours):
                since = max(midnight + timedelta(minutes=begin) - offset, first)
                until = min(midnight + timedelta(minutes=end) - offset, last)
                if since < until:
                    yield since, until

    def _offsets(self, midnight: datetime) -> Iterator[tuple[timedelta, datetime, datetime]]:
        """Yield how far the clock is ahead of UTC on a day, from when until when."""
        first, last = (each.replace(tzinfo=self._zone) for each in (midnight, midnight + A_DAY))
        before, after = first.utcoffset() or NONE, last.utcoffset() or NONE
        begin, end = midnight - before, midnight + A_DAY - after
        if before == after:
            yield before, begin, end
            return
        seconds = range(int(begin.timestamp()), int(end.timestamp()))
        changed = bisect_left(seconds, True, key=lambda each: self._offset(each) == after)
        change = begin + timedelta(seconds=changed)
        yield before, begin, change
        yield after, change, end

    def _offset(self, second: int) -> timedelta | None:
        return datetime.fromtimestamp(second, self._zone).utcoffset()


_named: dict[int, tuple[Hours, Clock]] = {}
"""Clocks by the objects they were asked for by: to compare all that hours say takes ten times as
long as to count by them."""


def clock(hours: Hours) -> Clock:
    """Return the clock of some hours, which are compiled once however often they are named."""
    found = _named.get(id(hours))
    if found is None or found[0] is not hours:
        if len(_named) >= OBJECTS:
            _named.clear()
        found = _named[id(hours)] = hours, _compiled(hours)
    return found[1]


@lru_cache(256)
def _compiled(hours: Hours) -> Clock:
    return Clock(hours)
