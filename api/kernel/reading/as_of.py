"""When: of which moment a read is, by what was known and by what was true; and of which it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import Depends, Query
from starlette.concurrency import run_in_threadpool

from adapters.journal.history_queries import any_between, position_at
from api.kernel.process import Parts
from api.kernel.reading.read_parameters import AsOf, TheParts, instant_of, invalid, require_told
from domain.kernel.time.business_day import end_of, recorded_day, today
from domain.kernel.types.days import AHEAD, plain_day
from projections.kernel.rows.tables import reached

AsOfPosition = Annotated[
    int | None,
    Query(
        ge=1,
        le=2**53,
        description="instead of `as_of`: the position of an answer, to have it again as it was",
    ),
]

ValidAt = Annotated[
    str | None,
    Query(
        max_length=10,
        description="a day of the business: only what was true by then counts, of what is known, "
        "or was known `as_of`",
        examples=["2026-03-31"],
    ),
]


@dataclass(frozen=True, slots=True)
class When:
    """The moment that a read asks for, on both axes; neither of them: now."""

    position: int | None = None
    """What was known: everything up to this position; `None` for all there is."""
    valid_at: date | None = None
    """What was true by the end of this day; `None` for all that is known."""
    day: date | None = None
    """The business day of what was known, where the read names it."""
    at: datetime | None = None
    """The instant of what was known, where the read names it."""

    @property
    def now(self) -> bool:
        """Whether it is what holds now that is asked for."""
        return self.position is None and self.valid_at is None


async def known_at(
    parts: TheParts, as_of: AsOf = None, as_of_position: AsOfPosition = None
) -> When:
    """Return what is to have been known. Raises `InvalidParameter`, naming the parameter."""
    if as_of is None:
        await require_told(parts, "as_of_position", as_of_position or 0)
        return When(as_of_position)
    if as_of_position is not None:
        raise invalid("as_of_position", "Give either as_of or as_of_position.")
    position = await run_in_threadpool(_position, parts, as_of)
    instant = instant_of(as_of)
    return When(position, day=recorded_day(instant), at=instant)


AtPosition = Annotated[When, Depends(known_at)]
"""The moment that a read of what was recorded asks for."""


async def true_at(known: AtPosition, as_of: AsOf = None, valid_at: ValidAt = None) -> When:
    """Return the moment on both axes. Raises `InvalidParameter`, naming the parameter."""
    if valid_at is None:
        return known
    return replace(known, valid_at=_day(valid_at, as_of))


AtMoment = Annotated[When, Depends(true_at)]
"""The moment that a read of what is true asks for."""


def reckoned_at(parts: Parts, when: When) -> datetime:
    """Return the moment that is asked about: up to which clocks count, by which things are due."""
    now = datetime.now(UTC)
    if when.valid_at is not None:
        return min(now, end_of(when.valid_at))
    if when.at is None and when.position is not None:
        return parts.journal.read(when.position - 1, 1)[0].time
    return min(now, when.at or now)


def _position(parts: Parts, as_of: str) -> int:
    found = position_at(parts.journal, instant_of(as_of))
    if not found:
        raise invalid("as_of", "Nothing had been recorded by then.")
    return found


def _day(valid_at: str, as_of: str | None) -> date:
    try:
        day = plain_day(valid_at)
    except ValueError:
        raise invalid("valid_at", "Give a day, as in 2026-03-31.") from None
    if day > today() + AHEAD:
        raise invalid("valid_at", "This is in the future.")
    if as_of is not None and day > recorded_day(instant_of(as_of)) + AHEAD:
        raise invalid("valid_at", "This was in the future at as_of: nothing was known of it.")
    return day


@dataclass(frozen=True, slots=True)
class Present:
    """The rows as they are now, in one state however much is applied meanwhile."""

    connection: sa.Connection
    position: int
    """Everything up to here is in the rows."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What an answer made of these rows says of its moment."""


@contextmanager
def present(parts: Parts, *kinds: str) -> Iterator[Present]:
    """Read the rows of some kinds of records as they are now.

    In one process they are those of the position exactly. Where Kafka brings events, some kinds or
    partitions may be ahead of others for a moment: if so, `Ahead` says up to where.
    """
    with parts.rows.connect() as connection, parts.patience.rows(connection):
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        connection.begin()
        least, most = reached(connection, parts.projector.models)
        headers = {"Position": str(least)}
        if least < most and any_between(parts.journal, kinds, least, most):
            headers["Ahead"] = str(most)
        yield Present(connection, least, headers)
