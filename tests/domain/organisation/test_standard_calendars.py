"""Standard calendars: as the notices have them; what is due by them is what was worked out."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest

from domain.kernel.time.working_hours import DaysOff, Hours, OwnDays, Week, Weekday
from domain.kernel.time.working_time import clock
from domain.organisation.standard_calendars import STANDARD_CALENDARS

CALENDARS = {each.code: each.hours for each in STANDARD_CALENDARS}
OFFICE = CALENDARS["cn-office"]
WEEKS = Hours.by(OFFICE.zone, OFFICE.weeks[0].week)
"""The weeks of the office alone."""

NO_MAKE_UP = WEEKS.with_year(2026, OwnDays(off=OFFICE.off))
ALWAYS = CALENDARS["around-the-clock"]


def at(text: str) -> datetime:
    """Return an instant of Beijing, as in 2026-02-13 16:30."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


def of_2026(text: str) -> datetime:
    return at(f"2026-{text}")


def days(year: int) -> list[date]:
    first, last = date(year, 1, 1), date(year, 12, 31)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_the_office_works_on_the_days_on_which_china_does(year: int) -> None:
    works = [day for day in days(year) if clock(OFFICE).on(day)]
    assert works == [day for day in days(year) if chinese_calendar.is_workday(day)]


def test_2026_has_248_working_days_of_eight_hours() -> None:
    assert sum(bool(clock(OFFICE).on(day)) for day in days(2026)) == 248
    worked = clock(OFFICE).worked(of_2026("01-01"), at("2027-01-01"))
    assert worked == (timedelta(hours=248 * 8), False)


def test_there_is_always_somebody_around_the_clock() -> None:
    year = clock(ALWAYS).worked(of_2026("01-01"), at("2027-01-01"))
    assert year == (timedelta(days=365), False)


@pytest.mark.parametrize(
    ("hours", "begin", "target", "due"),
    [
        # An expert asked on a Friday: back on the make-up workday.
        (OFFICE, "02-13 16:30", 4, "02-14 11:00"),
        # A complaint before the Spring Festival.
        (OFFICE, "02-13 16:30", 16, "02-24 16:30"),
        (NO_MAKE_UP, "02-13 16:30", 16, "02-25 16:30"),
        (WEEKS, "02-13 16:30", 16, "02-17 16:30"),
        (ALWAYS, "02-13 16:30", 16, "02-14 08:30"),
        (OFFICE, "02-13 16:30", 8, "02-14 16:30"),
        (OFFICE, "02-13 16:30", 12, "02-24 11:00"),
        (OFFICE, "02-13 16:30", 24, "02-25 16:30"),
        (OFFICE, "02-13 17:30", 1, "02-14 09:00"),
        # It waited; 16 less the three hours before are left, and then five of eight.
        (OFFICE, "02-24 09:30", 13, "02-25 16:00"),
        (OFFICE, "02-24 09:30", 9, "02-25 10:30"),
        (OFFICE, "02-24 09:30", 5, "02-24 16:00"),
        # In the holiday, to the end of a day, over noon.
        (OFFICE, "02-17 20:00", 1, "02-24 09:30"),
        (OFFICE, "02-24 08:30", 8, "02-24 18:00"),
        (OFFICE, "02-24 12:15", 0.5, "02-24 14:00"),
        # A fault at night.
        (ALWAYS, "02-16 23:10", 4, "02-17 03:10"),
        (ALWAYS, "02-16 23:10", 3, "02-17 02:10"),
        (ALWAYS, "02-16 23:10", 6, "02-17 05:10"),
    ],
)
def test_what_is_due_in_2026_is_what_was_worked_out(
    hours: Hours, begin: str, target: float, due: str
) -> None:
    found = clock(hours).due(of_2026(begin), timedelta(hours=target))
    assert found == (of_2026(due), hours is WEEKS)
    assert found.at.tzinfo is UTC


def test_what_is_worked_leaves_out_the_holiday() -> None:
    worked = clock(OFFICE).worked
    assert worked(of_2026("02-13 16:30"), of_2026("02-14 10:00")).time == timedelta(hours=3)
    assert worked(of_2026("02-14 10:00"), of_2026("02-24 09:30")).time == timedelta(hours=7.5)


def test_a_day_that_is_amended_moves_what_is_due() -> None:
    amended = OFFICE.with_days({date(2026, 2, 24): ()})
    due = clock(amended).due(of_2026("02-13 16:30"), timedelta(hours=16))
    assert due.at == of_2026("02-25 16:30")


def test_the_holiday_of_2020_was_prolonged() -> None:
    off = DaysOff(first=date(2020, 1, 24), last=date(2020, 1, 30))
    announced = WEEKS.with_year(2020, OwnDays(off=(off,)))
    announced = announced.with_days({date(2020, 2, 1): Weekday.MONDAY})
    begin, target = at("2020-01-23 16:30"), timedelta(hours=16)
    assert clock(announced).due(begin, target).at == at("2020-02-01 16:30")
    prolonged = announced.with_days({date(2020, 1, 31): (), date(2020, 2, 1): ()})
    assert clock(prolonged).due(begin, target).at == at("2020-02-04 16:30")


def test_other_hours_end_at_other_times() -> None:
    other = ("08:30-12:00", "14:00-17:30")
    week = Week(**dict.fromkeys(list(Weekday)[:5], other))
    own = OwnDays(off=OFFICE.off, extra=OFFICE.extra)
    hours, target = Hours.by("Asia/Shanghai", week).with_year(2026, own), timedelta(hours=8)
    assert clock(hours).due(of_2026("09-18 16:00"), target).at == of_2026("09-20 17:00")
    assert clock(hours).due(of_2026("09-30 15:00"), target).at == of_2026("10-08 16:00")
    plain = Hours.by("Asia/Shanghai", week)
    assert clock(plain).due(of_2026("09-18 16:00"), target).at == of_2026("09-21 17:00")


@pytest.mark.parametrize(
    ("after", "count", "day"),
    [
        # A follow-up of what was closed on 25 February.
        ("02-25", 2, "02-27"),
        ("02-25", 3, "02-28"),
        # An order accepted on 18 September: access, trunk, what is promised; the joint test later.
        ("09-18", 5, "09-24"),
        ("09-18", 6, "09-28"),
        ("09-28", 1, "09-29"),
        ("09-18", 10, "10-09"),
        ("09-30", 1, "10-08"),
        ("10-09", 1, "10-10"),
    ],
)
def test_working_days_are_counted_over_holidays(after: str, count: int, day: str) -> None:
    found = clock(OFFICE).workday(of_2026(after).date(), count)
    assert found == (of_2026(day).date(), False)
