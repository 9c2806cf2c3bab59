"""Working hours: the same by whatever way they came to be; what is none is refused."""

import random
from collections.abc import Callable
from datetime import date
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.kernel.time.working_hours import (
    BEGINNING,
    DaysOff,
    Hours,
    Interval,
    OwnDays,
    Week,
    Zone,
)
from tests.domain.kernel.time.hours import DAYS, own_days, weeks


@settings(max_examples=50)
@given(weeks(), st.dictionaries(DAYS, weeks(), max_size=3), own_days(), st.randoms())
def test_any_order_of_weeks_years_and_days_gives_the_same_hours(
    week: Week, later: dict[date, Week], own: OwnDays, chance: random.Random
) -> None:
    steps: list[Callable[[Hours], Hours]] = [
        *(partial(Hours.with_week, first=first, week=each) for first, each in later.items()),
        *(partial(Hours.with_year, year=year, own=OwnDays()) for year in (2024, 2025, 2026)),
        *(partial(Hours.with_days, manners={day: how}) for day, how in own.manners().items()),
    ]
    found = set()
    for _ in range(3):
        chance.shuffle(steps)
        hours = Hours.by("Asia/Shanghai", week)
        for step in steps:
            hours = step(hours)
        found.add(hours)
    assert len(found) == 1
    assert Hours.model_validate_json(hours.model_dump_json()) == hours


def test_a_week_holds_from_its_first_day_until_that_of_another() -> None:
    first, second = Week(monday=("08:00-12:00",)), Week(monday=("09:00-12:00",))
    hours = Hours.by("UTC", first).with_week(date(2026, 3, 2), second)
    assert [hours.week_of(date(2026, 3, day)) for day in (1, 2)] == [first, second]
    assert hours.with_week(BEGINNING, second).week_of(date(2026, 3, 1)) == second
    assert hours.week_of(date(1899, 12, 31)) == Week()


def test_days_off_that_follow_one_another_are_one_stretch() -> None:
    hours = Hours.by("UTC", Week()).with_days({date(2026, 1, day): () for day in (3, 1, 2, 5)})
    assert hours.off == (
        DaysOff(first=date(2026, 1, 1), last=date(2026, 1, 3)),
        DaysOff(first=date(2026, 1, 5), last=date(2026, 1, 5)),
    )


@pytest.mark.parametrize(
    "zone", ["Asia/Peking", "Asia", "localtime", "posix/UTC", "../etc/passwd", "/etc/localtime", ""]
)
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Zone).validate_python(zone)


@pytest.mark.parametrize(
    "text", ["8:30-12:00", "24:00-24:00", "08:60-09:00", "08:30", "08:30-24:01"]
)
def test_an_interval_is_two_times_of_the_clock(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Interval).validate_python(text)
