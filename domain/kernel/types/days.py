"""Days and moments: how they are written, and the bounds that their meaning has."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, TypeVar

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from domain.kernel.time.business_day import today

AHEAD = timedelta(days=1)
"""How far ahead a day may be: others have days that begin earlier, or clocks that are ahead."""

NEAR, LONG = timedelta(days=20 * 366), timedelta(days=50 * 366)
"""How far from today plans may be, and terms."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)

_Time = TypeVar("_Time", date, datetime)


def plain_day(text: str) -> date:
    """Read a day written YYYY-MM-DD, and no other way. Raises `ValueError`."""
    if not _DAY.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def plain_moment(text: str) -> datetime:
    """Read a moment as RFC 3339 writes it, with its zone, and no other way. Raises `ValueError`.

    What it has of a second beyond microseconds is left away.
    """
    if not _MOMENT.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text.upper())


def _written(read: Callable[[str], date], form: str) -> BeforeValidator:
    """Return what reads a text in one way alone, of which `form` tells in words."""

    def plain(value: object) -> object:
        try:
            return read(value) if isinstance(value, str) else value
        except ValueError:
            raise PydanticCustomError(read.__name__, form) from None

    return BeforeValidator(plain)


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _past(day: date) -> date:
    if day > today() + AHEAD:
        raise PydanticCustomError("past", "This is in the future")
    return day


def _begun(year: int) -> int:
    if year > (today() + AHEAD).year:
        raise PydanticCustomError("past", "This is in the future")
    return year


def _near(day: date) -> date:
    if abs(day - today()) > NEAR:
        raise PydanticCustomError("near", "This is more than twenty years from today")
    return day


def _ends(time: _Time) -> _Time:
    far = time - datetime.now(UTC) if isinstance(time, datetime) else time - today()
    if far > LONG:
        raise PydanticCustomError("long", "This is more than fifty years from today")
    return time


Day = Annotated[
    date,
    Field(ge=date(1900, 1, 1), le=date(2200, 1, 1)),
    _written(plain_day, "Give a day as YYYY-MM-DD, as in 2026-03-31"),
]
"""A calendar day of the business, in its own time zone (`KEYLINE_ZONE`)."""

PastDay = Annotated[Day, AfterValidator(_past)]
"""A day that has come: a birthday, the day of a certificate."""

PastYear = Annotated[int, Field(ge=1500, le=2200), AfterValidator(_begun)]
"""A year of our calendar that has begun."""

NearDay = Annotated[Day, AfterValidator(_near)]
"""A day that is planned or expected, at most twenty years from today, before or after."""

LastDay = Annotated[Day, AfterValidator(_ends)]
"""The last day of a contract or certificate, in fifty years at most."""

Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(1900, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC)),
    _written(plain_moment, "Give a moment with its zone, as in 2026-03-31T17:00:00+08:00"),
    AfterValidator(_in_utc),
]
"""A moment of the business, stated with its time zone and kept as UTC."""

TermMoment = Annotated[Moment, AfterValidator(_ends)]
"""The moment at which a permission begins or ends, or a wait, in fifty years at most."""
