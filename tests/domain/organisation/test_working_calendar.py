"""Working calendars: what may be announced, amended and retired, and what comes of it."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.aggregate import NothingChanged
from domain.kernel.commands import commands
from domain.kernel.time.working_hours import DaysOff, ExtraDay, Hours, OwnDays, Week, Weekday
from domain.organisation.working_calendar import (
    CalendarCodeTaken,
    CalendarRetired,
    DayOutsideYear,
    DayUnclear,
    HoursOverlap,
    HoursReversed,
    MakeUpOnRestDay,
    OwnSuccessor,
    WorkingCalendar,
    YearAnnounced,
    YearRequired,
)
from tests.domain.play import Step, last, play, plays

MORNING = Week(**dict.fromkeys(list(Weekday)[:5], ("08:00-12:00",)))
SATURDAY, MONDAY = date(2026, 2, 14), date(2026, 2, 16)


def opened(week: Week = MORNING) -> WorkingCalendar:
    return WorkingCalendar.open("office", "办公时间", "Asia/Shanghai", week, "group")


def off(first: date, last: date) -> DaysOff:
    return DaysOff(first=first, last=last)


@pytest.fixture
def calendar() -> WorkingCalendar:
    """A calendar with a year that is announced."""
    found = opened()
    found.announce_year(2026, "Notice 7")
    return found


def test_a_calendar_claims_its_code_and_belongs_to_its_unit(calendar: WorkingCalendar) -> None:
    assert calendar.claims == {CalendarCodeTaken: "office"}
    assert calendar.units == {"group"}
    assert calendar.hours == Hours.by("Asia/Shanghai", MORNING).with_year(2026, OwnDays())


@pytest.mark.parametrize(
    ("hours", "rule"),
    [
        (("12:00-08:00",), HoursReversed),
        (("08:00-08:00",), HoursReversed),
        (("08:00-12:00", "11:59-13:00"), HoursOverlap),
        (("13:00-14:00", "08:00-12:00"), HoursOverlap),
    ],
)
def test_hours_that_are_out_of_order_are_refused_wherever_they_are_stated(
    calendar: WorkingCalendar, hours: tuple[str, ...], rule: type[Exception]
) -> None:
    week, rest = Week(sunday=hours), SATURDAY
    with pytest.raises(rule):
        opened(week)
    with pytest.raises(rule):
        calendar.set_week(week, date(2026, 3, 1))
    with pytest.raises(rule):
        opened().announce_year(2026, "Notice", extra=(ExtraDay(day=rest, hours=hours),))
    with pytest.raises(rule):
        calendar.amend_day(rest, "Storm", "Notice", hours=hours)


def test_hours_may_follow_one_another_at_once_and_last_until_midnight() -> None:
    always = Week(**dict.fromkeys(Weekday, ("00:00-12:00", "12:00-24:00")))
    assert opened(always).hours.weeks[0].week == always


def test_another_week_may_begin_on_a_day_to_come(calendar: WorkingCalendar) -> None:
    first = date.today() + timedelta(days=400)  # noqa: DTZ011
    calendar.set_week(Week(monday=("09:00-10:00",)), first)
    assert last(calendar)["since"] == first.isoformat()
    assert calendar.hours.week_of(first - timedelta(days=1)) == MORNING
    with pytest.raises(NothingChanged):
        calendar.set_week(Week(monday=("09:00-10:00",)), first)


def test_what_the_client_calls_from_is_the_first_day_of_a_week(calendar: WorkingCalendar) -> None:
    command = commands()["working-calendar.set-week"]
    assert "from" in command.body.model_fields
    told = command.body.model_validate_json('{"week": {"monday": []}, "from": "2027-01-01"}')
    command.give(calendar, dict(told))
    assert calendar.hours.weeks[-1].first == date(2027, 1, 1)


def test_a_year_is_announced_once(calendar: WorkingCalendar) -> None:
    with pytest.raises(YearAnnounced):
        calendar.announce_year(2026, "Notice 8")
    calendar.announce_year(2025, "Notice 6", (off(date(2025, 1, 1), date(2025, 1, 1)),))
    assert calendar.hours.announced == (2025, 2026)


def test_only_a_day_of_rest_makes_up_for_a_day_off() -> None:
    with pytest.raises(MakeUpOnRestDay):
        opened().announce_year(2026, "Notice", extra=(ExtraDay(day=MONDAY, like=Weekday.MONDAY),))
    found = opened()
    found.announce_year(
        2026, "Notice", (off(MONDAY, MONDAY),), (ExtraDay(day=SATURDAY, like=Weekday.MONDAY),)
    )
    assert found.hours.manners() == {SATURDAY: Weekday.MONDAY, MONDAY: ()}


@pytest.mark.parametrize(
    "own",
    [
        {"off": (off(date(2025, 12, 31), date(2026, 1, 1)),)},
        {"off": (off(date(2026, 12, 31), date(2027, 1, 1)),)},
        {"off": (off(date(2026, 2, 2), date(2026, 2, 1)),)},
        {"extra": (ExtraDay(day=date(2027, 2, 14), like=Weekday.MONDAY),)},
    ],
)
def test_a_year_has_no_days_of_another_one(own: dict[str, Any]) -> None:
    with pytest.raises(DayOutsideYear):
        opened().announce_year(2026, "Notice", **own)


@pytest.mark.parametrize(
    "extra",
    [
        (ExtraDay(day=SATURDAY),),
        (ExtraDay(day=SATURDAY, hours=()),),
        (ExtraDay(day=SATURDAY, like=Weekday.MONDAY, hours=("08:00-09:00",)),),
        (ExtraDay(day=SATURDAY, like=Weekday.MONDAY),) * 2,
        (ExtraDay(day=date(2026, 2, 21), like=Weekday.MONDAY),),
    ],
)
def test_a_day_that_makes_up_is_worked_in_one_way(extra: tuple[ExtraDay, ...]) -> None:
    with pytest.raises(DayUnclear):
        opened().announce_year(2026, "Notice", (off(MONDAY, date(2026, 2, 22)),), extra)


def test_a_day_of_an_announced_year_is_amended(calendar: WorkingCalendar) -> None:
    calendar.amend_day(MONDAY, "Storm", "Notice 9", off=True)
    assert calendar.hours.off == (off(MONDAY, MONDAY),)
    calendar.amend_day(MONDAY, "Calm", "Notice 10", hours=("10:00-12:00",))
    assert calendar.hours.manners() == {MONDAY: ("10:00-12:00",)}
    with pytest.raises(NothingChanged):
        calendar.amend_day(MONDAY, "Calm", "Notice 10", hours=("10:00-12:00",))
    with pytest.raises(YearRequired):
        calendar.amend_day(date(2027, 1, 4), "Early", "Notice 11", off=True)
    with pytest.raises(DayUnclear):
        calendar.amend_day(MONDAY, "Both", "Notice 12", off=True, like=Weekday.MONDAY)
    with pytest.raises(DayUnclear):
        calendar.amend_day(MONDAY, "Neither", "Notice 12")


@pytest.mark.parametrize(
    "change",
    [
        lambda calendar: calendar.set_week(Week(), MONDAY),
        lambda calendar: calendar.announce_year(2027, "Late"),
        lambda calendar: calendar.amend_day(MONDAY, "Late", "Late", off=True),
        lambda calendar: calendar.retire("another"),
    ],
)
def test_a_retired_calendar_is_not_changed(
    calendar: WorkingCalendar, change: Callable[[WorkingCalendar], None]
) -> None:
    with pytest.raises(OwnSuccessor):
        calendar.retire("office")
    calendar.retire("office-2")
    assert calendar.retired
    with pytest.raises(CalendarRetired):
        change(calendar)


@settings(max_examples=50)
@given(st.dictionaries(st.dates(date(2025, 1, 1), date(2026, 12, 31)), st.booleans()), st.randoms())
def test_any_order_of_announcing_and_amending_gives_the_same_hours(
    days: dict[date, bool], chance: random.Random
) -> None:
    def amend(calendar: WorkingCalendar, day: date, resting: bool) -> None:
        hours = None if resting else ("06:00-07:00",)
        calendar.amend_day(day, "Storm", "Notice", off=resting, hours=hours)

    found = set()
    for _ in range(3):
        calendar, years = opened(), [2024, 2025, 2026]
        chance.shuffle(years)
        steps = list(days.items())
        chance.shuffle(steps)
        for year in years:
            calendar.announce_year(year, "Notice", (off(date(year, 5, 1), date(year, 5, 5)),))
            later = []
            for day, resting in steps:
                if day.year in calendar.hours.announced and not _holds(calendar, day, resting):
                    amend(calendar, day, resting)
                elif day.year not in calendar.hours.announced:
                    later.append((day, resting))
            steps = later
        found.add(calendar.hours)
    assert len(found) == 1


def _holds(calendar: WorkingCalendar, day: date, resting: bool) -> bool:
    return resting and calendar.hours.manners().get(day) == ()


@settings(max_examples=50, deadline=None)
@given(plays(WorkingCalendar))
def test_every_life_of_a_calendar_replays_to_itself(lived: tuple[int, list[Step]]) -> None:
    play(WorkingCalendar, *lived)
