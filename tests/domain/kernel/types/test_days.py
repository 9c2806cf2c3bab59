"""Every day and moment of every command is written one way, within the bounds that it means."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, get_args

import pytest
from pydantic import AfterValidator, BaseModel

from domain.kernel.aggregate import Aggregate, discover
from domain.kernel.codec import fields_of
from domain.kernel.time.business_day import today
from domain.kernel.time.retroactive import DatesContradict, require_come
from domain.kernel.types.days import (
    Day,
    LastDay,
    Moment,
    NearDay,
    PastDay,
    TermMoment,
    plain_day,
    plain_moment,
)
from domain.kernel.types.values import Come
from tests.domain.fields import Leaf, leaves

NO_DAYS: list[Any] = [
    *("0", "00", "86400", "1699920000", "-1", "1e3", "", " ", "today"),
    *("20260301", "2026-3-1", "2026-03-01 ", " 2026-03-01", "2026-W01-1", "2026-060", "26-03-01"),
    *("2026-02-30", "2026-13-01", "0000-01-01", "2026-03-01T00:00:00", "2026-03-01T00:00:00Z"),
    *("２０２６-03-01", "2026\u201003\u201001", "+2026-03-01", "1/3/2026", "2026/03/01"),
    *(0, 86400, 1699920000, 20260301, 1.5, True, False, [], {}, ["2026-03-01"]),
]
NO_MOMENTS: list[Any] = [
    *("0", "00", "86400", "1699920000", "-1", "", "2026-03-01", "20260301T000000Z"),
    *("2026-03-01T10:00:00", "2026-03-01T10:00:00+08", "2026-03-01T10:00:00+0800"),
    *("2026-03-01T10:00Z", "2026-03-01 10:00:00Z", "2026-03-01_10:00:00Z"),
    *("2026-03-01T24:00:00Z", "2026-03-01T10:00:60Z", "2026-02-30T10:00:00Z"),
    *("2026-03-01T10:00:00\u221205:00", "2026-03-01T10:00:00 Z", "2026-03-01T10:00:00+25:00"),
    *(0, 86400, 1699920000, 1.5, True, [], {}),
]

YEAR = timedelta(days=366)


def checks(hint: Any) -> frozenset[Any]:
    """Return what a type checks beyond how a day is written."""
    marks = (mark for each in within(hint) for mark in getattr(each, "__metadata__", ()))
    return frozenset(mark.func for mark in marks if isinstance(mark, AfterValidator))


def within(hint: Any) -> Iterator[Any]:
    """Yield a type, and all that it is made of."""
    yield hint
    for part in get_args(hint):
        yield from within(part)


def type_of(leaf: Leaf) -> Any:
    """Return the type by which a field of a command is declared."""
    hint: Any = leaf.command.body
    for step in leaf.place:
        if isinstance(step, str):
            field = next(
                field
                for each in within(hint)
                if isinstance(each, type) and issubclass(each, BaseModel)
                for name, field in each.model_fields.items()
                if step in (name, field.alias)
            )
            hint = Annotated[field.annotation, step, *field.metadata]
    return hint


def bounds(leaf: Leaf) -> tuple[date, date]:
    """Return the first and last day of a field, by what its type means."""
    now, begin, end = today(), date(1900, 1, 1), date(2200, 1, 1)
    meant = {
        Day: (begin, end),  # ends with FutureFact, where it is decided
        Moment: (begin, end),
        PastDay: (begin, now + timedelta(days=1)),
        NearDay: (now - 20 * YEAR, now + 20 * YEAR),
        LastDay: (begin, now + 50 * YEAR),
        TermMoment: (begin, now + 50 * YEAR),
    }
    return {checks(each): of for each, of in meant.items()}[checks(type_of(leaf))]


DAYS = [leaf for leaf in leaves() if leaf.of("date")]
MOMENTS = [leaf for leaf in leaves() if leaf.of("date-time")]


def test_no_command_takes_for_a_day_what_is_not_written_as_one() -> None:
    taken = [(str(leaf), odd) for leaf in DAYS for odd in NO_DAYS if leaf.fault(odd) is None]
    assert len(DAYS) > 50
    assert taken == []


def test_no_command_takes_for_a_moment_what_is_not_written_as_one() -> None:
    taken = [(str(leaf), odd) for leaf in MOMENTS for odd in NO_MOMENTS if leaf.fault(odd) is None]
    assert len(MOMENTS) > 10
    assert taken == []


def test_every_field_that_says_when_is_declared_as_a_day_or_a_moment() -> None:
    ends: tuple[str, ...] = ("_on", "_at", "/at", "day", "close", "until", "starts", "effective")
    ends += ("/from", "/0/to", "/first", "/last")
    number = "/tiers/0/from"  # the number of pieces from which a price counts
    named = {str(leaf) for leaf in leaves() if str(leaf).endswith(ends)}
    named = {each for each in named if not each.endswith(number)}
    assert len(named) > 60
    assert named <= set(map(str, DAYS + MOMENTS))


@pytest.mark.parametrize("leaf", DAYS + MOMENTS, ids=str)
def test_a_day_is_within_what_its_field_means(leaf: Leaf) -> None:
    first, last = bounds(leaf)
    day = timedelta(days=1)

    def written(on: date) -> str:
        return f"{on}T12:00:00Z" if leaf.of("date-time") else str(on)

    for good in (first + day, last - day, today()):
        assert leaf.fault(written(good)) is None
    for odd in (first - 2 * day, last + 2 * day):
        assert leaf.fault(written(odd)) is not None


def test_an_organisation_is_founded_in_a_year_that_has_begun() -> None:
    founded = [leaf for leaf in leaves() if leaf.place == ("founded",)]
    assert len(founded) == 2
    for leaf in founded:
        assert leaf.fault(today().year) is leaf.fault(1500) is leaf.fault(1949) is None
        for odd in (today().year + 2, 2150, 1499, 0, -1, "1949", 1949.5):
            assert leaf.fault(odd) is not None


def reads(reader: Callable[[str], date], text: str) -> bool:
    try:
        reader(text)
    except ValueError:
        return False
    return True


def test_parameters_are_read_as_strictly() -> None:
    assert plain_day("2024-02-29") == date(2024, 2, 29)
    assert plain_moment("2024-02-29t08:00:00.123456789+08:00") == datetime(
        2024, 2, 29, 0, 0, 0, 123456, UTC
    )
    assert [odd for odd in NO_DAYS if isinstance(odd, str) and reads(plain_day, odd)] == []
    assert [odd for odd in NO_MOMENTS if isinstance(odd, str) and reads(plain_moment, odd)] == []


EVENTS = discover().events
COME = [
    (type_, name)
    for type_, event_class in EVENTS.items()
    for name, hint in fields_of(event_class).items()
    if Come() in getattr(hint, "__metadata__", ())
]


def stated(type_: str, **fields: Any) -> Aggregate.Event:
    """Return a fact that states the second of March 2026, and these fields."""
    fact = object.__new__(EVENTS[type_])
    nothing = dict.fromkeys(fields_of(EVENTS[type_]))
    time = datetime(2026, 3, 10, tzinfo=UTC)
    vars(fact).update(nothing | {EVENTS[type_].dated: date(2026, 3, 2), "timestamp": time} | fields)
    return fact


def test_every_day_of_a_fact_that_is_never_ahead_has_come_by_its_own() -> None:
    past = checks(PastDay)
    given = {
        (fact.type, str(leaf.place[0]))
        for leaf in DAYS
        for fact in leaf.command.facts
        if leaf.place[0] in fields_of(fact) and checks(type_of(leaf)) == past
    }
    dated = {(type_, event_class.dated) for type_, event_class in EVENTS.items()}
    corrected = (
        "opportunity.win-corrected",
        "closed_on",
    )  # by its rule it is among the sale's days
    assert given - dated - set(COME) == {corrected}


@pytest.mark.parametrize(("type_", "name"), COME)
def test_nothing_is_told_of_days_to_come(type_: str, name: str) -> None:
    year = name == "founded"
    require_come([stated(type_, **{name: 2026 if year else date(2026, 3, 2)})])
    early = stated(type_, **{name: 2027 if year else date(2026, 3, 3)})
    with pytest.raises(DatesContradict) as refusal:
        require_come([early])
    assert refusal.value.field == name
