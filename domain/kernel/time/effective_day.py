"""Effective days: from when a fact is true of the business, whenever it was recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

import orjson

from domain.kernel.envelope import Recorded
from domain.kernel.time.business_day import day_at, recorded_day

T = TypeVar("T")

STATED = "on"
"""The field of a payload that states the day, unless the event names another."""

TIMED = "at"
"""The field of a payload that states a moment, of which the day counts."""

stating: dict[str, str] = {}
"""The field that states the day, for the types of events that name another than the usual one."""


def as_day(stated: date, recorded: datetime | None = None) -> date:
    """Return a day as it is, of a moment its day: as stated now, or in what was `recorded`."""
    return day_at(stated, recorded) if isinstance(stated, datetime) else stated


def day_of(stated: date | None, time: datetime) -> date:
    """Return the day of a fact recorded at `time` (UTC): as stated, but no later than recorded.

    Of a moment it is the business day. A later one may be stated where the day begins earlier,
    or by a clock that is ahead: it counts as the day of recording.
    """
    recorded = recorded_day(time)
    return recorded if stated is None else min(as_day(stated, time), recorded)


def moment_of(stated: Any, time: datetime) -> datetime:
    """Return the moment of a fact recorded at `time`: as stated, but no later than recorded.

    What was not stated counts to the second, in which people and their programs state moments.
    """
    recorded = time.replace(microsecond=0)
    return min(stated, time) if isinstance(stated, datetime) else recorded


def effective_day(type_: str, data: Mapping[str, Any], time: datetime) -> date:
    """Return the day from which a stored event is true of the business.

    `data` is its payload as plain JSON values, `time` when it was recorded (UTC). The day is the
    business date in the payload, of a moment its business day; at most, and where none is stated,
    the day of recording.
    """
    recorded, stated = recorded_day(time), data.get(stating.get(type_, STATED))
    if stated is None:
        return recorded
    try:
        if len(stated) == 10:
            day = date.fromisoformat(stated)
        else:
            day = day_at(datetime.fromisoformat(stated), time)
        return day if day < recorded else recorded
    except (TypeError, ValueError):  # another program's idea of a day
        return recorded


def stated_in(type_: str, data: str | bytes) -> date | None:
    """Return the day, or the moment, that a stored event states, if it can be read there."""
    try:
        text = orjson.loads(data).get(stating.get(type_, STATED))
        return text and (date if len(text) == 10 else datetime).fromisoformat(text)
    except (AttributeError, TypeError, ValueError):
        return None


def in_effect(history: Iterable[Recorded]) -> list[Recorded]:
    """Return the events of one record, which come by version, in the order in which they hold."""
    return by_day(history, lambda event: effective_day(event.type, event.data, event.time))


def by_day(facts: Iterable[T], day: Callable[[T], date]) -> list[T]:
    """Return the facts of one record in the order in which they hold: by day, then by version.

    They come by version, each with the `day` from which it is true. The first one stays the
    first, since nothing is true of a record before it begins: what is dated earlier counts as of
    that day.
    """
    first, rest = (every := list(facts))[:1], every[1:]
    begun = day(first[0]) if first else date.min
    return first + sorted(rest, key=lambda fact: max(day(fact), begun))
