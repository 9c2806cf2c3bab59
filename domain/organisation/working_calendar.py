"""Working calendars: the hours in which work is done, the days off that notices order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Annotated

from pydantic import Field

from domain.kernel.aggregate import Aggregate, NothingChanged, RuleViolation, applies, command
from domain.kernel.time.working_hours import (
    WEEKDAYS,
    DaysOff,
    ExtraDay,
    Hours,
    Intervals,
    Manner,
    OwnDays,
    Week,
    Weekday,
    Zone,
    minutes,
)
from domain.kernel.types.values import CalendarCode, Day, Line, PlainCalendarCode, UnitCode

Year = Annotated[int, Field(ge=1900, lt=2200)]
"""A year of our calendar."""

Off = Annotated[tuple[DaysOff, ...], Field(max_length=100)]
"""The days off of a year."""

Extra = Annotated[tuple[ExtraDay, ...], Field(max_length=100)]
"""The days of rest of a year that are worked to make up for days off."""


class CalendarCodeTaken(RuleViolation):
    """The code of a calendar is given once."""


class HoursReversed(RuleViolation):
    """Hours end after they begin."""


class HoursOverlap(RuleViolation):
    """The hours of a day follow one another without overlap."""


class MakeUpOnRestDay(RuleViolation):
    """A make-up workday falls on a day on which the calendar otherwise rests."""


class YearAnnounced(RuleViolation):
    """A year is announced once; what changes afterwards is an amendment of single days."""


class YearRequired(RuleViolation):
    """Only a day of an announced year is amended."""


class DayOutsideYear(RuleViolation):
    """A year is announced with days of its own, the first of those off before the last."""


class DayUnclear(RuleViolation):
    """A day is off, like a weekday, or has hours of its own: one of these."""


class CalendarRetired(RuleViolation):
    """A retired calendar is not changed any more."""


class OwnSuccessor(RuleViolation):
    """Another calendar succeeds one that is retired."""


class WorkingCalendar(Aggregate):
    """The hours in which work is done somewhere: by the week, and on days that are announced."""

    titles = {"week": "每周工作时间", "zone": "时区"}

    class Opened(Aggregate.Created):
        """{who} opened the working calendar "{name}" ({code}) for hours in {zone}."""

        code: str
        name: str
        zone: str
        week: Week
        unit: str
        on: date | None = None

    class WeekSet(Aggregate.Event):
        """{who} set the hours of the week from {since} on."""

        week: Week
        since: date
        on: date | None = None

    class YearAnnounced(Aggregate.Event):
        """{who} announced {year} ({source}): days off {off} times, make-up days {extra}."""

        year: int
        off: tuple[DaysOff, ...]
        extra: tuple[ExtraDay, ...]
        source: str
        on: date | None = None

    class DayAmended(Aggregate.Event):
        """{who} amended {day} (off: {off}[, like a {like}][, hours: {hours}]), because "{reason}".

        The source is {source}.
        """

        day: date
        off: bool
        like: Weekday | None
        hours: tuple[str, ...] | None
        reason: str
        source: str
        on: date | None = None

    class Retired(Aggregate.Event):
        """{who} retired the calendar, which {successor} succeeds."""

        successor: str
        on: date | None = None

    @classmethod
    @command
    def open(
        cls, code: PlainCalendarCode, name: Line, zone: Zone, week: Week, unit: UnitCode
    ) -> WorkingCalendar:
        """Open a calendar: the hours of each day of its weeks, by the clock of a time zone."""
        _require_ordered_week(week)
        return cls._create(cls.Opened, code=code, name=name, zone=zone, week=week, unit=unit)

    @applies(Opened)
    def __init__(self, code: str, name: str, zone: str, week: Week, unit: str) -> None:
        self.code = code
        self.name = name
        self.unit = unit
        self.hours = Hours.by(zone, week)
        self.successor: str | None = None

    @property
    def retired(self) -> bool:
        """Whether the calendar is retired."""
        return self.successor is not None

    @property
    def claims(self) -> Mapping[type[RuleViolation], str]:
        """The code of the calendar, for ever."""
        return {CalendarCodeTaken: self.code}

    def require_open(self) -> None:
        """Refuse when the calendar is retired."""
        if self.retired:
            raise CalendarRetired

    @command
    def set_week(self, week: Week, from_: Day) -> None:
        """Set the hours of the week from a day on, which may be one to come."""
        self.require_open()
        _require_ordered_week(week)
        if self.hours.with_week(from_, week) == self.hours:
            raise NothingChanged("week")
        self.trigger_event(self.WeekSet, week=week, since=from_)

    @applies(WeekSet)
    def _week_set(self, week: Week, since: date) -> None:
        self.hours = self.hours.with_week(since, week)

    @command
    def announce_year(self, year: Year, source: Line, off: Off = (), extra: Extra = ()) -> None:
        """Announce a year as a notice orders it: its days off, and those worked to make up.

        A day that makes up is worked like a weekday, or has hours of its own.
        """
        self.require_open()
        if year in self.hours.announced:
            raise YearAnnounced("year")
        resting = OwnDays(off=off).manners()
        for stretch in off:
            if not date(year, 1, 1) <= stretch.first <= stretch.last <= date(year, 12, 31):
                raise DayOutsideYear("off")
        for each in extra:
            if each.day.year != year:
                raise DayOutsideYear("extra")
            if not _manner("extra", False, each.like, each.hours) or each.day in resting:
                raise DayUnclear("extra")
            if self.hours.week_of(each.day).on(WEEKDAYS[each.day.weekday()]):
                raise MakeUpOnRestDay("extra")
            resting[each.day] = ()
        self.trigger_event(self.YearAnnounced, year=year, off=off, extra=extra, source=source)

    @applies(YearAnnounced)
    def _year_announced(
        self, year: int, off: tuple[DaysOff, ...], extra: tuple[ExtraDay, ...]
    ) -> None:
        self.hours = self.hours.with_year(year, OwnDays(off=off, extra=extra))

    @command
    def amend_day(
        self,
        day: Day,
        reason: Line,
        source: Line,
        off: bool = False,
        like: Weekday | None = None,
        hours: Intervals | None = None,
    ) -> None:
        """Amend a day of an announced year: it is off, like a weekday, or has its own hours."""
        self.require_open()
        if day.year not in self.hours.announced:
            raise YearRequired("day")
        if self.hours.with_days({day: _manner("hours", off, like, hours)}) == self.hours:
            raise NothingChanged("day")
        self.trigger_event(
            self.DayAmended, day=day, off=off, like=like, hours=hours, reason=reason, source=source
        )

    @applies(DayAmended)
    def _day_amended(self, day: date, like: Weekday | None, hours: tuple[str, ...] | None) -> None:
        self.hours = self.hours.with_days({day: like or hours or ()})

    @command
    def retire(self, successor: CalendarCode) -> None:
        """Retire the calendar; another one succeeds it."""
        self.require_open()
        if successor == self.code:
            raise OwnSuccessor("successor")
        self.trigger_event(self.Retired, successor=successor)

    @applies(Retired)
    def _retired(self, successor: str) -> None:
        self.successor = successor


def _require_ordered(hours: tuple[str, ...], field: str) -> None:
    """Refuse hours of a day, stated in a field, that end before they begin, or overlap."""
    spans = [minutes(each) for each in hours]
    if any(end <= begin for begin, end in spans):
        raise HoursReversed(field)
    if any(begin < end for (_, end), (begin, _) in pairwise(spans)):
        raise HoursOverlap(field)


def _require_ordered_week(week: Week) -> None:
    for day in Weekday:
        _require_ordered(week.on(day), "week")


def _manner(field: str, off: bool, like: Weekday | None, hours: tuple[str, ...] | None) -> Manner:
    """Return how a day is worked, as a field states it in one of three ways."""
    if [off, like is not None, hours is not None].count(True) != 1:
        raise DayUnclear(field)
    _require_ordered(hours or (), field)
    return like or hours or ()
