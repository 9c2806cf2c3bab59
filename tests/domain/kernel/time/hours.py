"""Random working hours in zones with and without summer time, and instants that lie among them."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from domain.kernel.time.working_hours import DaysOff, ExtraDay, Hours, OwnDays, Week, Weekday

ZONES = (
    *("Asia/Shanghai", "Asia/Kolkata", "Europe/London", "America/New_York"),
    *("Australia/Lord_Howe", "Africa/Cairo", "America/Santiago"),
)
"""Some change their clocks in the night, by half an hour, or at midnight."""

FIRST, LAST = datetime(2025, 6, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)
DAYS = st.dates(FIRST.date(), LAST.date())
DAYS_OF_2026 = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@cache
def _changes() -> list[datetime]:
    """Return the hours in which some zone changes its clocks."""
    hours = [FIRST + timedelta(hours=n) for n in range((LAST - FIRST) // timedelta(hours=1))]
    return [
        hour
        for zone in map(ZoneInfo, ZONES)
        for hour in hours
        if hour.astimezone(zone).utcoffset()
        != (hour + timedelta(hours=1)).astimezone(zone).utcoffset()
    ]


def instants() -> st.SearchStrategy[datetime]:
    """Return instants of two years, often near those at which clocks are changed."""
    plain = st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None))
    near = st.tuples(st.sampled_from(_changes()), st.integers(-3000, 3000))
    return st.one_of(
        plain.map(lambda at: at.replace(tzinfo=UTC)),
        near.map(lambda each: each[0] + timedelta(minutes=each[1])),
    )


def written(minute: int) -> str:
    """Return a minute of the day as the clock shows it."""
    return f"{minute // 60:02}:{minute % 60:02}"


ANY = st.integers(0, 1440)
BY_DAY = st.one_of(st.sampled_from([0, 1440]), st.integers(240, 1379))
"""Minutes at which no clock is changed: there nobody doubts what is meant."""


def of_a_day(
    least: int = 0, minute: st.SearchStrategy[int] = ANY
) -> st.SearchStrategy[tuple[str, ...]]:
    """Return the hours of a day, none at all too."""
    marks = st.sets(minute, min_size=2 * least, max_size=6).map(sorted)
    return marks.map(
        lambda at: tuple(
            f"{written(begin)}-{written(end)}"
            for begin, end in zip(at[::2], at[1::2], strict=False)
        )
    )


def weeks() -> st.SearchStrategy[Week]:
    """Return weeks in which some work is done on Mondays."""
    others = {str(day): of_a_day() for day in Weekday}
    return st.builds(Week, **{**others, "monday": of_a_day(1)})


def _stretch(days: tuple[date, int]) -> DaysOff:
    first, more = days
    return DaysOff(first=first, last=min(first + timedelta(days=more), date(2026, 12, 31)))


def own_days(like_others: bool = False) -> st.SearchStrategy[OwnDays]:
    """Return days of 2026 that are not worked as the week says, but perhaps as other days are."""
    off = st.lists(st.tuples(DAYS_OF_2026, st.integers(0, 9)).map(_stretch), max_size=4)
    like = st.builds(ExtraDay, day=DAYS_OF_2026, like=st.sampled_from(Weekday))
    own = st.builds(ExtraDay, day=DAYS_OF_2026, hours=of_a_day(1))
    extra = st.lists(like if like_others else st.one_of(like, own), max_size=4)
    return st.builds(OwnDays, off=off.map(tuple), extra=extra.map(tuple))


@st.composite
def some_hours(draw: st.DrawFn) -> Hours:
    """Return hours with up to three weeks, one after the other, and perhaps a year announced."""
    hours = Hours.by(draw(st.sampled_from(ZONES)), draw(weeks()))
    for first in draw(st.lists(DAYS, max_size=2)):
        hours = hours.with_week(first, draw(weeks()))
    return hours.with_year(2026, draw(own_days())) if draw(st.booleans()) else hours
