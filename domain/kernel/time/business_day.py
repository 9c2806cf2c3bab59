"""Business days: the calendar day that a moment has where the business is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

ZONE = "Asia/Shanghai"
"""The time zone of the business, unless its journal states another."""

EVER = datetime.min.replace(tzinfo=UTC)
"""Since when the zone counts where it always did."""

_REMEMBERED = 3
"""Days: that of recording, and those that a few facts state."""

_NO_DAY = (EVER, EVER, EVER.date())

_DAY, _INSTANT = timedelta(days=1), timedelta(microseconds=1)


@dataclass(slots=True)
class _Reckoning:
    """Where the business of this process is, as its journal states it when it is opened.

    `latest` are the days asked for last, each from its first moment to before that of the next:
    nearly always one is asked for again, and to look the time zone up takes five times as long.
    `recorded` is the latest day of recording, in the same form: it is asked for with every event.
    """

    zone: ZoneInfo = field(default_factory=partial(ZoneInfo, ZONE))
    since: datetime = EVER
    latest: tuple[tuple[datetime, datetime, date], ...] = ()
    recorded: tuple[datetime, datetime, date] = _NO_DAY


_here = _Reckoning()


def count_in(zone: str, since: datetime = EVER) -> None:
    """Count days in a time zone (IANA name) for what is recorded at or after a moment (UTC).

    What was recorded earlier keeps its days, which are those of UTC. The journal says so when it
    is opened; nobody else does. Raises `ZoneInfoNotFoundError`.
    """
    _here.zone, _here.since, _here.latest, _here.recorded = ZoneInfo(zone), since, (), _NO_DAY


def counted_in() -> tuple[str, datetime]:
    """Return the time zone in which days are counted, and since when (UTC)."""
    return _here.zone.key, _here.since


def today() -> date:
    """Return the day that it is."""
    return recorded_day(datetime.now(UTC))


def recorded_day(moment: datetime) -> date:
    """Return the day on which something was recorded at a moment (UTC); it never goes back."""
    first, following, day = _here.recorded
    if first <= moment < following:
        return day
    since = _here.since
    if moment < since:
        return moment.date()
    day = max(_there(moment), since.date())
    _here.recorded = max(_first(day), since), _first(day + _DAY), day
    return day


def day_at(moment: datetime, recorded: datetime | None = None) -> date:
    """Return the day of a moment (UTC) that was stated in what was recorded at another, or now."""
    if recorded is not None and recorded < _here.since:
        return moment.date()
    return _there(moment)


def begin_of(day: date) -> datetime:
    """Return the first moment (UTC) of a day, of those at which something was recorded on it."""
    since = _here.since
    if day <= since.date():
        return datetime.combine(day, time.min, UTC)
    return max(_first(day), since)


def end_of(day: date) -> datetime:
    """Return the last moment (UTC) of a day, to the microsecond, as `begin_of` the first."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return begin_of(day + _DAY) - _INSTANT


def _there(moment: datetime) -> date:
    for first, following, day in _here.latest:
        if first <= moment < following:
            return day
    day = moment.astimezone(_here.zone).date()
    _here.latest = ((_first(day), _first(day + _DAY), day), *_here.latest[: _REMEMBERED - 1])
    return day


def _first(day: date) -> datetime:
    return datetime.combine(day, time.min, _here.zone).astimezone(UTC)
