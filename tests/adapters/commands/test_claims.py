"""What only one record may hold: a value, each of several, a key of fields; two never have it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from adapters.commands.executor import Executor
from adapters.journal.journal import Journal
from adapters.refusals import Refusal, RuleBroken
from domain.kernel import aggregate as kernel
from domain.kernel.aggregate import (
    Aggregate,
    RuleViolation,
    applies,
    command,
    discover,
    new_id,
    starts,
)
from domain.kernel.claim import LONGEST, Claims, each
from domain.kernel.commands import _declared, every_command
from domain.kernel.registry import Registry
from domain.kernel.time.business_day import today
from domain.kernel.types.values import Day, Line
from tests.adapters.commands.test_executor import call, started, stop

BUSINESS, kernel.registry = discover(), Registry()


class NameTaken(RuleViolation):
    """A name or alias belongs to one rival."""


class MonthTaken(RuleViolation):
    """A unit has one figure of a measure a month."""


class Rival(Aggregate):
    """A rival, known by a name and by others."""

    aliases: frozenset[str] = starts(frozenset)

    class Watched(Aggregate.Created, changes=("name", "aliases")):
        name: str
        aliases: frozenset[str]
        on: date | None = None

    class Renamed(Aggregate.Event, changes=("name", "aliases")):
        name: str
        aliases: frozenset[str]
        on: date | None = None

    class Dropped(Aggregate.Event):
        on: date | None = None

    name: str

    @property
    def claims(self) -> Claims:
        """Its name and aliases, until it is dropped."""
        return {NameTaken: frozenset({self.name, *self.aliases})} if self.name else {}

    @classmethod
    @command(guarded=[NameTaken])
    def watch(cls, name: Line, aliases: list[Line] | None = None) -> Rival:
        """Watch a rival."""
        return cls._create(cls.Watched, name=name, aliases=frozenset(aliases or ()))

    @command(guarded=[NameTaken])
    def rename(self, name: Line, aliases: list[Line]) -> None:
        """Give it other names."""
        self.trigger_event(self.Renamed, name=name, aliases=frozenset(aliases))

    @command
    def drop(self) -> None:
        """Watch it no longer."""
        self.trigger_event(self.Dropped)

    @applies(Dropped)
    def _dropped(self) -> None:
        self.name = ""


class Figure(Aggregate):
    """What a unit is to reach in a month."""

    class Set(Aggregate.Created, changes=("place", "month", "measure")):
        place: str
        month: date
        measure: str
        on: date | None = None

    class Moved(Aggregate.Event, changes="place"):
        place: str
        on: date | None = None

    place: str
    month: date
    measure: str

    @property
    def claims(self) -> Claims:
        """The measure of the month at the unit."""
        return {MonthTaken: (self.place, self.month, self.measure)}

    @classmethod
    @command(states=Set)
    def set(cls, place: Line, month: Day, measure: Line) -> None:
        """Set it."""

    @command(states=Moved)
    def move(self, place: Line) -> None:
        """Move it to another place, or back."""


OURS, kernel.registry = kernel.registry, BUSINESS


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program know the aggregates of this test."""
    both = Registry()
    for part in (BUSINESS, OURS):
        for name in ("aggregates", "events", "owners"):
            getattr(both, name).update(getattr(part, name))
    monkeypatch.setattr(kernel, "registry", both)


@pytest.fixture
def executor(known: None, tmp_path: Path) -> Iterator[Executor]:
    """Yield a program at work."""
    executor = taught(started(f"sqlite:///{tmp_path / 'test.db'}"))
    yield executor
    stop(executor)


def taught(executor: Executor) -> Executor:
    more = {each.name: each for kind in (Rival, Figure) for each in _declared(kind)}
    executor._commands = {**every_command(), **more}
    return executor


def do(executor: Executor, command: str, id: str | None = None, **body: Any) -> str:
    return executor.execute(call(command, id, **body)).id


def broken(executor: Executor, command: str, id: str | None = None, **body: Any) -> Refusal:
    with pytest.raises(RuleBroken) as raised:
        do(executor, command, id, **body)
    return raised.value


def holders(journal: Journal, rule: type[RuleViolation], *values: str) -> list[str | None]:
    with journal.transaction() as transaction:
        return [transaction.holder(rule.rule(), value) for value in values]


def test_each_of_several_values_is_one_records_alone(executor: Executor) -> None:
    first = do(executor, "rival.watch", name="华为", aliases=["Huawei", "HW"])
    refusal = broken(executor, "rival.watch", name="ZTE", aliases=["中兴", "HW"])
    assert (refusal.name, refusal.status) == ("name-taken", 409)
    assert str(refusal) == f'{NameTaken.text()} "HW" is held by {first}.'
    assert refusal.holder == first
    assert holders(executor.journal, NameTaken, "ZTE", "中兴", "HW") == [None, None, first]


def test_what_is_dropped_of_several_is_free_and_the_rest_stays(executor: Executor) -> None:
    first = do(executor, "rival.watch", name="A", aliases=["B", "C"])
    do(executor, "rival.rename", first, name="B", aliases=["A", "D"])
    assert holders(executor.journal, NameTaken, *"ABCD") == [first, first, None, first]
    second = do(executor, "rival.watch", name="C")
    broken(executor, "rival.rename", first, name="B", aliases=["C", "E"])
    assert holders(executor.journal, NameTaken, *"ABCDE") == [first, first, second, first, None]
    do(executor, "rival.drop", first)
    assert holders(executor.journal, NameTaken, *"ABCD") == [None, None, second, None]
    do(executor, "rival.rename", second, name="C", aliases=["A", "B", "D"])


def test_a_value_was_one_records_on_each_day_gone_by(executor: Executor) -> None:
    year = today().year - 1
    begun, moved = f"{year}-01-01", f"{year}-06-01"
    first = do(executor, "rival.watch", name="A", aliases=["B"], effective=begun)
    do(executor, "rival.rename", first, name="A", aliases=["C"], effective=moved)
    late: dict[str, Any] = {"name": "Z", "aliases": ["B"]}
    words = f"Another one has it from {begun} until {moved}."
    assert words in str(broken(executor, "rival.watch", **late, effective=f"{year}-05-31"))
    do(executor, "rival.watch", **late, effective=moved)


def test_a_key_of_fields_is_held_as_a_whole_also_when_a_field_moves_and_returns(
    executor: Executor,
) -> None:
    month = {"month": "2026-11-01", "measure": "revenue"}
    first = do(executor, "figure.set", place="gd", **month)
    second = do(executor, "figure.set", place="gz", **month)
    do(executor, "figure.set", place="gd", month="2026-11-01", measure="arpu")
    assert broken(executor, "figure.set", place="gd", **month).name == "month-taken"
    assert f"It is held by {first}." in str(broken(executor, "figure.move", second, place="gd"))
    # As a record follows a customer that is merged, and returns when that is undone:
    do(executor, "figure.move", first, place="fs")
    do(executor, "figure.move", second, place="gd")
    broken(executor, "figure.move", first, place="gd")
    do(executor, "figure.move", second, place="gz")
    do(executor, "figure.move", first, place="gd")


def test_of_two_who_claim_the_same_at_once_one_is_told_who_has_it(
    known: None, journal_url: str
) -> None:
    executors = [taught(started(journal_url)) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        for number in range(10):
            shared = f"shared {number}"
            tries = [
                pool.submit(do, each, "rival.watch", name=new_id(), aliases=[shared])
                for each in executors
            ]
            errors = [each.exception() for each in tries]
            (winner,) = (each.result() for each in tries if each.exception() is None)
            (refusal,) = (each for each in errors if each is not None)
            assert isinstance(refusal, RuleBroken)
            assert str(refusal).endswith(f'"{shared}" is held by {winner}.')
    for executor in executors:
        stop(executor)


def test_a_claim_is_kept_as_one_text_that_no_other_has() -> None:
    def texts(key: Any) -> list[str]:
        return [text for _, text in each({NameTaken: key})]

    assert texts("a") == ["a"]
    assert texts(frozenset("ba")) == ["a", "b"]
    assert texts(("gd", date(2026, 11, 1))) == ['["gd","2026-11-01"]']
    assert texts(("a", "b,c")) != texts(("a,b", "c"))
    long = [texts("x" * LONGEST + end)[0] for end in ("a", "b")]
    assert long[0] != long[1]
    assert max(map(len, long)) <= LONGEST
    assert texts(frozenset()) == []


def test_a_command_tells_the_rule_that_guards_what_it_claims() -> None:
    ours = {each.name: each for kind in (Rival, Figure) for each in _declared(kind)}
    assert NameTaken in ours["rival.rename"].rules
    assert MonthTaken in ours["figure.set"].rules
    assert MonthTaken in ours["figure.move"].rules
