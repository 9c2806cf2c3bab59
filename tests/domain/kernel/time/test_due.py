"""Deadlines of a record come at the moment that it says of itself, and at no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import pytest

from domain.kernel import aggregate as kernel
from domain.kernel.aggregate import (
    Aggregate,
    Misdeclared,
    NotDue,
    RuleViolation,
    begins,
    deadline,
    discover,
)
from domain.kernel.codec import fields_of
from domain.kernel.commands import _declared, every_command
from domain.kernel.registry import Registry
from domain.kernel.time.due import DUE
from domain.kernel.types.values import Moment
from tests.domain.play import last

BUSINESS, kernel.registry = kernel.registry, Registry()
AN_INSTANT = timedelta(microseconds=1)
ENDS = date(2026, 3, 31)
BEGINS, OVER = datetime(2026, 3, 30, 16, tzinfo=UTC), datetime(2026, 3, 31, 16, tzinfo=UTC)
"""The first moment of that day in Beijing, and of the next one."""


class Stand(StrEnum):
    GIVEN = "given"
    LAPSED = "lapsed"


class GivenRequired(RuleViolation):
    """Only a licence that is given lapses."""


@dataclass
class Terms:
    ends_on: date | None


def ahead(ends_on: date | None, warned: int | None) -> date | None:
    days = next((each for each in (30, 7) if warned is None or each < warned), None)
    return ends_on - timedelta(days=days) if ends_on and days else None


class Licence(Aggregate):
    stand = begins(Stand.GIVEN, ends=(Stand.LAPSED,))

    class Given(Aggregate.Created, changes=("ends_on", "seen_until", "warned")):
        ends_on: date | None = None
        seen_until: datetime | None = None
        warned: int | None = None

    class Reviewed(Aggregate.Event):
        due_at: datetime
        on: date | None = None

    class Warned(Aggregate.Event, changes="warned"):
        warned: int
        due_at: datetime
        on: date | None = None

    class Lapsed(Aggregate.Event, to=Stand.LAPSED):
        due_at: datetime
        on: date | None = None

    ends_on: date | None
    seen_until: datetime | None
    warned: int | None

    @property
    def terms(self) -> Terms | None:
        return Terms(self.ends_on) if self.ends_on else None

    @deadline(after="terms.ends_on", states=Lapsed, only=(Stand.GIVEN, GivenRequired))
    def lapse(self) -> None:
        """Lapse after the last day."""

    @deadline(at="terms.ends_on", states=Reviewed, only=(Stand.GIVEN, GivenRequired))
    def review(self) -> None:
        """Be reviewed on the last day."""

    @deadline(at="seen_until", states=Reviewed, only=(Stand.GIVEN, GivenRequired))
    def look(self) -> None:
        """Be reviewed at a moment."""

    @deadline(at=ahead, of=("terms.ends_on", "warned"), only=(Stand.GIVEN, GivenRequired))
    def warn(self, due_at: Moment) -> None:
        """Warn a month before, and a week."""
        self.trigger_event(self.Warned, warned=7 if self.warned else 30, due_at=due_at)


LICENCES, kernel.registry = kernel.registry, BUSINESS


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch) -> None:
    discover()
    monkeypatch.setattr(kernel, "registry", LICENCES)


@pytest.mark.parametrize(
    ("by", "due"),
    [
        (Licence.lapse, OVER),
        (Licence.review, BEGINS),
        (Licence.look, OVER + AN_INSTANT),
        (Licence.warn, BEGINS - timedelta(days=30)),
    ],
)
def test_a_record_is_due_at_its_moment_alone(by: Callable[..., None], due: datetime) -> None:
    licence = Licence._create(Licence.Given, ends_on=ENDS, seen_until=OVER + AN_INSTANT)
    for wrong in (due - AN_INSTANT, due + AN_INSTANT):
        with pytest.raises(NotDue):
            by(licence, wrong)
    by(licence, due)
    assert last(licence)["due_at"] == due.isoformat().replace("+00:00", "Z")
    never = Licence._create(Licence.Given)
    with pytest.raises(NotDue):
        by(never, due)


def test_what_is_due_in_steps_is_due_at_the_next_one() -> None:
    licence = Licence._create(Licence.Given, ends_on=ENDS)
    month, week = (BEGINS - timedelta(days=days) for days in (30, 7))
    licence.warn(month)
    with pytest.raises(NotDue):
        licence.warn(month)
    licence.warn(due_at=week)
    assert licence.warned == 7


def test_a_record_in_another_state_is_refused_by_its_rule() -> None:
    licence = Licence._create(Licence.Given, ends_on=ENDS)
    licence.lapse(OVER)
    with pytest.raises(GivenRequired):
        licence.lapse(OVER)


def test_a_deadline_is_a_command_of_the_system_that_is_told_its_moment() -> None:
    found = {each.method: each for each in _declared(Licence)}
    assert all(each.system for each in found.values())
    assert {*found["lapse"].body.model_fields} == {*found["warn"].body.model_fields}
    assert {*found["lapse"].body.model_fields} == {DUE, "effective"}
    assert {NotDue, GivenRequired} < {*found["lapse"].rules}
    assert found["warn"].facts == (Licence.Warned,)


def test_what_deadlines_of_the_business_state_has_the_moment_and_its_day() -> None:
    every = every_command().values()
    by_time = [each for each in every if hasattr(getattr(each.aggregate, each.method), "due")]
    assert by_time
    for each in by_time:
        assert each.dated, each.name
        assert all(DUE in fields_of(fact) for fact in each.facts), each.name


def both() -> None:
    deadline(at="ends_on", after="ends_on")


def stateless() -> None:
    class Pass(Aggregate):
        stand = begins(Stand.GIVEN)

        @deadline(at="ends_on")
        def lapse(self) -> None:
            """Lapse."""
            self.trigger_event(Licence.Lapsed)


def silent() -> None:
    class Pass(Aggregate):
        class Lapsed(Aggregate.Event):
            pass

        @deadline(at="ends_on", states=Lapsed)
        def lapse(self) -> None:
            """Lapse."""


@pytest.mark.parametrize(
    ("declare", "told"),
    [
        (both, "either at a day or a moment, or after it"),
        (stateless, "Pass.lapse is due by itself, but is for no states only"),
        (silent, "Pass.lapse and its fact Lapsed differ in due_at"),
    ],
)
def test_misuse_is_told_by_name(declare: Callable[[], None], told: str) -> None:
    with pytest.raises((TypeError, Misdeclared), match=told):
        declare()
