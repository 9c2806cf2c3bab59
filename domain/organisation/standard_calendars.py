"""Standard calendars: what is shipped, with the years that were announced when it was."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from domain.kernel.time.working_hours import (
    WEEKDAYS,
    DaysOff,
    ExtraDay,
    Hours,
    OwnDays,
    Week,
    Weekday,
)


class Announced(NamedTuple):
    """A year as a notice announces it, with the days off and those worked to make up for them."""

    year: int
    source: str
    own: OwnDays = OwnDays()


class StandardCalendar(NamedTuple):
    """A calendar as it is shipped."""

    code: str
    name: str
    zone: str
    week: Week
    years: tuple[Announced, ...]

    @property
    def hours(self) -> Hours:
        """The hours with all that was announced."""
        hours = Hours.by(self.zone, self.week)
        for year in self.years:
            hours = hours.with_year(year.year, year.own)
        return hours


def _notice(year: int, source: str, off: str, worked: str) -> Announced:
    """Return a notice of the State Council: days as 06-10, several together as 02-15/02-23."""

    def day(text: str) -> date:
        return date.fromisoformat(f"{year}-{text}")

    stretches = [each.split("/") for each in off.split()]
    own = OwnDays(
        off=tuple(DaysOff(first=day(each[0]), last=day(each[-1])) for each in stretches),
        extra=tuple(ExtraDay(day=day(each), like=Weekday.MONDAY) for each in worked.split()),
    )
    return Announced(year, source, own)


_OFFICE = ("08:30-12:00", "13:30-18:00")
_ALWAYS = ("00:00-24:00",)

STANDARD_CALENDARS = (
    StandardCalendar(
        "around-the-clock",
        "全天候",
        "Asia/Shanghai",
        Week(**dict.fromkeys(Weekday, _ALWAYS)),
        tuple(Announced(year, "Every day is worked") for year in (2024, 2025, 2026)),
    ),
    StandardCalendar(
        "cn-office",
        "办公时间",
        "Asia/Shanghai",
        Week(**dict.fromkeys(WEEKDAYS[:5], _OFFICE)),
        (
            _notice(
                2024,
                "国办发明电〔2023〕7号",
                "01-01 02-10/02-17 04-04/04-06 05-01/05-05 06-10 09-15/09-17 10-01/10-07",
                "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
            ),
            _notice(
                2025,
                "国办发明电〔2024〕12号",
                "01-01 01-28/02-04 04-04/04-06 05-01/05-05 05-31/06-02 10-01/10-08",
                "01-26 02-08 04-27 09-28 10-11",
            ),
            _notice(
                2026,
                "国办发明电〔2025〕7号",
                "01-01/01-03 02-15/02-23 04-04/04-06 05-01/05-05 06-19/06-21 09-25/09-27 "
                "10-01/10-07",
                "01-04 02-14 02-28 05-09 09-20 10-10",
            ),
        ),
    ),
)
"""The calendars that every system has from its first start."""
