"""Working time: it adds up, comes back, and is what a plain count and another package say."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from workclock import Holidays, Schedule, WorkDay

from domain.kernel.time.working_hours import (
    A_DAY,
    WEEKDAYS,
    Hours,
    OwnDays,
    Week,
    Weekday,
    minutes,
)
from domain.kernel.time.working_time import Clock, NeverDue, clock
from tests.domain.kernel.time.hours import BY_DAY, ZONES, instants, of_a_day, own_days, some_hours

MINUTE = timedelta(minutes=1)
YEAR = timedelta(days=366)


def counted(hours: Hours, begin: datetime, end: datetime) -> timedelta:
    """Count the minutes between two instants at which a clock on the wall shows working hours."""
    zone, manners, found = ZoneInfo(hours.zone), hours.manners(), 0
    for n in range((end - begin) // MINUTE):
        wall = (begin + n * MINUTE).astimezone(zone)
        manner = manners.get(wall.date(), WEEKDAYS[wall.weekday()])
        if isinstance(manner, Weekday):
            manner = hours.week_of(wall.date()).on(manner)
        minute = wall.hour * 60 + wall.minute
        found += any(first <= minute < last for first, last in map(minutes, manner))
    return found * MINUTE


@settings(max_examples=50)
@given(some_hours(), instants(), instants(), instants())
def test_working_time_adds_up(hours: Hours, a: datetime, b: datetime, c: datetime) -> None:
    worked = clock(hours).worked
    assert worked(a, c).time == worked(a, b).time + worked(b, c).time
    assert worked(a, a).time == timedelta(0)


@settings(max_examples=50)
@given(some_hours(), instants(), st.timedeltas(timedelta(0), timedelta(hours=9)))
def test_what_is_due_is_when_so_much_is_worked_and_not_before(
    hours: Hours, begin: datetime, target: timedelta
) -> None:
    at = clock(hours).due(begin, target).at
    assert clock(hours).worked(begin, at).time == target
    if target:
        assert clock(hours).worked(begin, at - timedelta(microseconds=1)).time < target


@settings(max_examples=50)
@given(
    some_hours(),
    st.lists(instants(), min_size=2, max_size=2).map(sorted),
    st.lists(st.timedeltas(timedelta(0), timedelta(hours=9)), min_size=2, max_size=2).map(sorted),
)
def test_a_later_begin_or_a_larger_target_is_never_due_earlier(
    hours: Hours, begins: Sequence[datetime], targets: Sequence[timedelta]
) -> None:
    due = clock(hours).due
    assert due(begins[0], targets[0]).at <= due(begins[1], targets[0]).at
    assert due(begins[0], targets[0]).at <= due(begins[0], targets[1]).at


@settings(max_examples=50)
@given(
    some_hours(),
    instants().map(lambda at: at.replace(second=0, microsecond=0)),
    st.integers(0, 9000),
)
def test_working_time_is_what_one_counts_minute_by_minute(
    hours: Hours, begin: datetime, count: int
) -> None:
    end = begin + count * MINUTE
    assert clock(hours).worked(begin, end).time == counted(hours, begin, end)


@settings(max_examples=50)
@given(st.data())
def test_working_time_is_what_another_package_says(data: st.DataObject) -> None:
    """It has weekly hours and holidays alone, so every day is alike and each of rest a holiday.

    Hours that begin or end while a clock is changed it takes otherwise than by the clock.
    """
    zone, day = data.draw(st.sampled_from(ZONES)), data.draw(of_a_day(1, BY_DAY))
    resting = data.draw(st.sets(st.sampled_from(Weekday), max_size=4))
    week = Week(**{each: () if each in resting else day for each in Weekday})
    hours = Hours.by(zone, week).with_year(2026, data.draw(own_days(like_others=True)))
    ours, days = clock(hours), (date(2024, 1, 1) + A_DAY * n for n in range(2000))
    theirs = Schedule(
        [
            *(WorkDay(_at(begin), _at(end), range(7)) for begin, end in map(minutes, day)),
            Holidays([each for each in days if not ours.on(each)]),
        ],
        time_zone=zone,
    )
    since, until = data.draw(instants()), data.draw(instants())
    assert ours.worked(since, until).time == theirs.between(since, until)
    target = data.draw(st.timedeltas(timedelta(0), timedelta(hours=90)))
    assume(target < theirs.between(since, since + 2 * YEAR))
    assert ours.due(since, target).at == theirs.add(since, target)


def _at(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


SHANGHAI = ZoneInfo("Asia/Shanghai")
MORNINGS = Hours.by("Asia/Shanghai", Week(**dict.fromkeys(Weekday, ("08:00-12:00",))))


def test_what_is_computed_with_a_year_that_is_not_announced_is_provisional() -> None:
    counts = clock(MORNINGS.with_year(2026, OwnDays()))
    begin, end = datetime(2026, 1, 1, tzinfo=SHANGHAI), datetime(2027, 1, 1, tzinfo=SHANGHAI)
    second = timedelta(seconds=1)
    assert counts.worked(begin, end) == (timedelta(hours=365 * 4), False)
    assert counts.worked(begin - second, end).provisional
    assert counts.worked(begin, end + second).provisional
    assert counts.worked(end, end).provisional
    assert not counts.due(begin, timedelta(hours=365 * 4)).provisional
    assert counts.due(begin, timedelta(hours=365 * 4, seconds=1)).provisional
    assert counts.workday(date(2026, 12, 30), 1) == (date(2026, 12, 31), False)
    assert counts.workday(date(2026, 12, 31), 1) == (date(2027, 1, 1), True)


def test_a_day_that_a_zone_left_out_has_no_working_time() -> None:
    """Samoa had no 30 December 2011."""
    hours = Hours.by("Pacific/Apia", Week(**dict.fromkeys(Weekday, ("00:00-24:00",))))
    begin, end = (datetime(2011, 12, day, tzinfo=ZoneInfo("Pacific/Apia")) for day in (29, 31))
    assert clock(hours).worked(begin, end).time == timedelta(hours=24)


def test_what_does_not_come_is_never_due() -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(NeverDue):
        clock(Hours.by("UTC", Week())).due(begin, timedelta(seconds=1))
    with pytest.raises(NeverDue):
        clock(Hours.by("UTC", Week())).workday(begin.date(), 1)
    with pytest.raises(ValueError, match="backwards"):
        clock(MORNINGS).due(begin, timedelta(seconds=-1))


def test_a_time_without_a_zone_is_no_instant() -> None:
    with pytest.raises(TypeError):
        clock(MORNINGS).worked(datetime(2026, 1, 1), datetime(2026, 1, 2))  # noqa: DTZ001


def test_hours_are_compiled_once_for_all_that_are_equal() -> None:
    again = Hours.model_validate_json(MORNINGS.model_dump_json())
    assert again == MORNINGS
    assert clock(again) is clock(MORNINGS)


def test_whoever_asks_for_centuries_makes_nobody_keep_them() -> None:
    counts = Clock(MORNINGS)
    begin, end = (datetime(year, 1, 1, tzinfo=UTC) for year in (1950, 2150))
    assert counts.worked(begin, end).time == 4 * timedelta(hours=(end - begin).days)
    assert counts._spans is None
    assert counts.worked(begin, begin + A_DAY).time == timedelta(hours=4)
    assert counts._spans is not None
