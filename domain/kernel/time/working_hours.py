"""Working hours: when work is done, by the week and on days of their own, as a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from domain.kernel.types.values import Day, Value

BEGINNING = date(1900, 1, 1)
"""The first day of the first week."""

A_DAY = timedelta(days=1)


def _known(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        text = "No time zone is called '{zone}'"
        raise PydanticCustomError("zone", text, {"zone": zone}) from None
    return zone


Zone = Annotated[
    str,
    StringConstraints(max_length=64, pattern=r"^([A-Z][A-Za-z_]*(/[A-Za-z0-9_+-]+)+|UTC)$"),
    AfterValidator(_known),
    Field(examples=["Asia/Shanghai"]),
]
"""The IANA name of a time zone."""

_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"

Interval = Annotated[
    str,
    StringConstraints(pattern=rf"^{_TIME}-({_TIME}|24:00)$"),
    Field(examples=["08:30-12:00"]),
]
"""A stretch of a day by the clock on the wall, up to the minute at which it ends."""

Intervals = Annotated[tuple[Interval, ...], Field(max_length=24)]
"""The hours of a day; a day without any is one of rest."""


def minutes(interval: str) -> tuple[int, int]:
    """Return at which minutes of the day an interval begins and ends."""
    hour, minute, last_hour, last_minute = map(int, interval.replace("-", ":").split(":"))
    return hour * 60 + minute, last_hour * 60 + last_minute


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


WEEKDAYS = tuple(Weekday)
"""The days of the week as `date.weekday` numbers them."""


class Week(Value):
    """The hours of each day of a week."""

    monday: Intervals = ()
    tuesday: Intervals = ()
    wednesday: Intervals = ()
    thursday: Intervals = ()
    friday: Intervals = ()
    saturday: Intervals = ()
    sunday: Intervals = ()

    def on(self, weekday: Weekday) -> tuple[str, ...]:
        """Return the hours of a day of the week."""
        hours: tuple[str, ...] = getattr(self, weekday)
        return hours


class WeekFrom(Value):
    """A week that holds from its first day on, until the first day of another one."""

    first: Day
    week: Week


class DaysOff(Value):
    """Days on which nobody works, from the first to the last of them."""

    first: Day
    last: Day

    def days(self) -> Iterator[date]:
        """Yield the days, none when the last is before the first."""
        return (self.first + A_DAY * n for n in range((self.last - self.first).days + 1))


class ExtraDay(Value):
    """A day that is worked otherwise than the week says: like another weekday, or in hours."""

    day: Day
    like: Weekday | None = None
    hours: Intervals | None = None


Manner = Weekday | tuple[str, ...]
"""How a day is worked: like a weekday, or in hours, none when it is off."""


class OwnDays(Value):
    """Days that are not worked as the week says: those off, and those worked otherwise."""

    off: tuple[DaysOff, ...] = ()
    extra: tuple[ExtraDay, ...] = ()

    def manners(self) -> dict[date, Manner]:
        """Return how each of the days is worked."""
        off: dict[date, Manner] = {day: () for each in self.off for day in each.days()}
        return off | {each.day: each.like or each.hours or () for each in self.extra}


class Hours(OwnDays):
    """When work is done: by the week and on days of their own, in years announced and others.

    Two that are made of the same weeks, days and years are equal, in whatever order these came.
    """

    zone: str
    weeks: tuple[WeekFrom, ...]
    announced: tuple[int, ...] = ()

    @classmethod
    def by(cls, zone: str, week: Week) -> Self:
        """Return the hours of a zone in which every week is the same."""
        return cls(zone=zone, weeks=(WeekFrom(first=BEGINNING, week=week),))

    def week_of(self, day: date) -> Week:
        """Return the week that holds on a day."""
        return next((each.week for each in reversed(self.weeks) if each.first <= day), Week())

    def since(self, day: date) -> Self:
        """Return the hours without what only tells of years before that of a day."""
        later = {each: manner for each, manner in self.manners().items() if each.year >= day.year}
        announced = tuple(year for year in self.announced if year >= day.year)
        bare = self.model_copy(update={"off": (), "extra": (), "announced": announced})
        return bare.with_days(later)

    def with_week(self, first: date, week: Week) -> Self:
        """Return the hours with another week from a day on."""
        weeks = {each.first: each.week for each in self.weeks} | {first: week}
        told = tuple(WeekFrom(first=day, week=weeks[day]) for day in sorted(weeks))
        return self.model_copy(update={"weeks": told})

    def with_days(self, manners: Mapping[date, Manner]) -> Self:
        """Return the hours with some days that are worked in ways of their own."""
        known = sorted({**self.manners(), **manners}.items())
        extra = tuple(_extra(day, manner) for day, manner in known if manner)
        off = tuple(_runs([day for day, manner in known if not manner]))
        return self.model_copy(update={"off": off, "extra": extra})

    def with_year(self, year: int, own: OwnDays) -> Self:
        """Return the hours with a year announced, which has days of its own."""
        announced = tuple(sorted({*self.announced, year}))
        return self.with_days(own.manners()).model_copy(update={"announced": announced})


def _extra(day: date, manner: Manner) -> ExtraDay:
    if isinstance(manner, Weekday):
        return ExtraDay(day=day, like=manner)
    return ExtraDay(day=day, hours=manner)


def _runs(days: Sequence[date]) -> Iterator[DaysOff]:
    """Yield sorted days as the stretches of them that follow one another."""
    for _, run in groupby(enumerate(days), lambda each: each[1].toordinal() - each[0]):
        stretch = [day for _, day in run]
        yield DaysOff(first=stretch[0], last=stretch[-1])
