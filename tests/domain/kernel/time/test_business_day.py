"""Business days: which day a moment has, also where clocks change, and after a zone was stated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.aggregate import discover
from domain.kernel.time.business_day import (
    EVER,
    ZONE,
    begin_of,
    count_in,
    day_at,
    end_of,
    recorded_day,
)
from domain.kernel.time.effective_day import day_of, effective_day

ZONES = (
    *(ZONE, "UTC", "Europe/Berlin", "America/New_York", "America/Havana", "Asia/Beirut"),
    *("Pacific/Kiritimati", "Pacific/Apia", "Pacific/Pago_Pago", "Atlantic/Azores"),
)
MOMENTS = st.datetimes(datetime(2005, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=UTC)
)
AN_INSTANT = timedelta(microseconds=1)

discover()


@pytest.fixture(autouse=True)
def _here() -> Iterator[None]:
    """Go on afterwards where the tests are."""
    yield
    count_in(ZONE)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 2, 28, 15, 59, 59, 999999, UTC), date(2026, 2, 28)),
        (datetime(2026, 2, 28, 16, tzinfo=UTC), date(2026, 3, 1)),
        (datetime(2026, 10, 31, 16, 30, tzinfo=UTC), date(2026, 11, 1)),
    ],
)
def test_a_day_begins_at_midnight_in_beijing(moment: datetime, day: date) -> None:
    assert day_at(moment) == recorded_day(moment) == day_of(None, moment) == day
    stated = {"at": moment.isoformat()}
    later = moment + timedelta(days=100)
    assert effective_day("service-ticket.opened", stated, later) == day_of(moment, later) == day


@given(st.sampled_from(ZONES), st.one_of(st.just(EVER), MOMENTS), st.lists(MOMENTS, min_size=2))
def test_days_follow_one_another_without_gap_or_overlap(
    zone: str, since: datetime, moments: list[datetime]
) -> None:
    count_in(zone, since)
    days = [recorded_day(moment) for moment in sorted(moments)]
    assert days == sorted(days)
    for moment, day in zip(sorted(moments), days, strict=True):
        assert begin_of(day) <= moment <= end_of(day)
        assert end_of(day) == begin_of(day + timedelta(days=1)) - AN_INSTANT
        if moment >= since + timedelta(days=2) or since == EVER:
            assert recorded_day(begin_of(day)) == recorded_day(end_of(day)) == day == day_at(moment)


def test_what_was_recorded_before_the_zone_was_stated_keeps_its_day_of_utc() -> None:
    since = datetime(2026, 3, 1, 12, tzinfo=UTC)
    count_in(ZONE, since)
    moment = datetime(2026, 2, 28, 18, tzinfo=UTC)
    stated = {"at": moment.isoformat()}
    for recorded, day in ((since - AN_INSTANT, date(2026, 2, 28)), (since, date(2026, 3, 1))):
        assert effective_day("service-ticket.opened", stated, recorded) == day
        assert day_of(moment, recorded) == day
        assert day_at(moment, recorded) == day
    assert recorded_day(moment) == date(2026, 2, 28)
    assert end_of(date(2026, 2, 28)) == datetime(2026, 2, 28, 23, 59, 59, 999999, UTC)
    assert end_of(date(2026, 3, 1)) == datetime(2026, 3, 1, 15, 59, 59, 999999, UTC)


def test_the_day_of_recording_never_goes_back_where_the_zone_is_west_of_utc() -> None:
    since = datetime(2026, 3, 1, 2, tzinfo=UTC)
    count_in("America/New_York", since)
    assert recorded_day(since - AN_INSTANT) == recorded_day(since) == date(2026, 3, 1)
    assert day_at(since) == date(2026, 2, 28)  # as it may be stated later


def test_the_calendar_has_a_first_and_a_last_moment() -> None:
    assert (begin_of(date.min), end_of(date.max).date()) == (EVER, date.max)
