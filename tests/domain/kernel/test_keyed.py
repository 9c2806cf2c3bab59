"""Keyed: what a record has several of is put there, corrected, dropped as declared, or refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from domain.kernel import aggregate as kernel
from domain.kernel.aggregate import (
    Aggregate,
    Misdeclared,
    NothingChanged,
    RuleViolation,
    command,
    keyed,
    starts,
)
from domain.kernel.commands import _declared
from domain.kernel.registry import Registry
from domain.kernel.time.correction import Fields
from domain.kernel.types.values import Code, Line
from tests.domain.play import stated


class StringTaken(RuleViolation):
    """A string of a kite is named once."""


class StringRequired(RuleViolation):
    """Only a string that the kite has is changed."""


class TailRequired(RuleViolation):
    """Only a tail that the kite has comes off."""


class TooLong(RuleViolation):
    """A string is no longer than 100."""


@pytest.fixture(scope="module")
def kite() -> Any:
    """Return a kind of record with strings by name, weights by place and side, and tails."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "registry", Registry())
        return _kite()


def _kite() -> Any:
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Strand(Fields):
        length: int | None = None
        made_of: str | None = None

    @dataclasses.dataclass(frozen=True)
    class Weight:
        grams: int

    class Spar(Aggregate):
        class Made(Aggregate.Created):
            pass

        class StringTied(Strand, Aggregate.Event, puts="strings"):
            name: str

        class StringCorrected(Strand, Aggregate.Event, corrects="strings"):
            name: str
            cleared: tuple[str, ...] = ()

        class StringCut(Aggregate.Event, drops="strings"):
            name: str

        class Weighted(Aggregate.Event, puts="weights"):
            place: str
            side: str
            grams: int

        class TailHung(Aggregate.Event, puts="tails"):
            colour: str

        class TailTaken(Aggregate.Event, drops="tails"):
            colour: str

        strings: dict[str, dict[str, Any]] = keyed(
            "name", Strand, StringRequired, taken=StringTaken
        )
        weights: dict[tuple[str, str], Weight] = keyed(("place", "side"), Weight)
        tails: set[str] = keyed("colour", required=TailRequired)

        @classmethod
        @command(states=Made)
        def make(cls) -> None:
            """Make it."""

        @command(states=StringTied)
        def tie(self, name: Code, length: int, made_of: Line | None = None) -> None:
            """Tie a string."""
            if length > 100:
                raise TooLong("length")

        @command(states=StringCorrected)
        def correct(
            self,
            name: Code,
            length: int | None = None,
            made_of: Line | None = None,
            clear: tuple[str, ...] = (),
        ) -> None:
            """Correct a string."""

        @command(states=StringCut)
        def cut(self, name: Code) -> None:
            """Cut a string."""

        @command(states=Weighted)
        def weight(self, place: Code, side: Code, grams: int) -> None:
            """Hang a weight."""

        @command(states=TailHung)
        def hang(self, colour: Code) -> None:
            """Hang a tail."""

        @command(states=TailTaken)
        def take(self, colour: Code) -> None:
            """Take a tail."""

    return Spar


def test_what_is_put_is_there_what_is_corrected_differs_and_what_is_dropped_is_gone(
    kite: Any,
) -> None:
    one = kite.make()
    one.tie("a", 10, made_of="hemp")
    one.tie("b", 20)
    one.correct("a", length=12, clear=("made_of",))
    one.cut("b")
    one.weight("nose", "left", grams=5)
    one.weight("nose", "left", grams=6)
    one.hang("red")
    assert one.strings == {"a": {"length": 12, "made_of": None}}
    assert {key: each.grams for key, each in one.weights.items()} == {("nose", "left"): 6}
    assert one.tails == {"red"}
    one.take("red")
    assert one.tails == set()


@pytest.mark.parametrize(
    ("ask", "rule", "field"),
    [
        (lambda one: one.tie("a", 1), StringTaken, "name"),
        (lambda one: one.tie("a", 101), StringTaken, "name"),
        (lambda one: one.tie("c", 101), TooLong, "length"),
        (lambda one: one.correct("c", length=1), StringRequired, "name"),
        (lambda one: one.correct("a", length=10), NothingChanged, None),
        (lambda one: one.cut("c"), StringRequired, "name"),
        (lambda one: one.weight("nose", "left", 5), NothingChanged, None),
        (lambda one: one.hang("red"), NothingChanged, "colour"),
        (lambda one: one.take("blue"), TailRequired, "colour"),
    ],
)
def test_what_does_not_fit_what_is_there_is_refused_and_nothing_is_stated(
    kite: Any, ask: Callable[[Any], None], rule: type[RuleViolation], field: str | None
) -> None:
    one = kite.make()
    one.tie("a", 10)
    one.weight("nose", "left", 5)
    one.hang("red")
    before = stated(one)
    with pytest.raises(rule) as refused:
        ask(one)
    assert refused.value.field == field
    assert stated(one) == before


def test_a_key_that_is_there_by_now_is_taken_on_an_earlier_day_too(kite: Any) -> None:
    now, then = kite.make(), kite.make()
    now.tie("a", 10)
    then.look_back(now)
    with pytest.raises(StringTaken):
        then.tie("a", 10)


def test_commands_tell_the_rules_that_follow_from_what_is_declared(kite: Any) -> None:
    rules = {each.method: {*each.rules} for each in _declared(kite)}
    assert rules["tie"] == {StringTaken, TooLong}
    assert rules["correct"] == {StringRequired, NothingChanged}
    assert rules["cut"] == {StringRequired}
    assert rules["weight"] == rules["hang"] == {NothingChanged}


def test_a_command_without_its_key_is_an_error_of_whoever_gives_it(kite: Any) -> None:
    with pytest.raises(TypeError, match="cut is given without name"):
        kite.make().cut()


def _unknown() -> None:
    class Box(Aggregate):
        class Shut(Aggregate.Event, closes="lids"):
            on: date | None = None


def _undeclared() -> None:
    class Box(Aggregate):
        class LidPut(Aggregate.Event, puts="lids"):
            name: str

        lids: dict[str, str] = starts(dict)


@pytest.mark.parametrize(
    ("misuse", "told"),
    [
        (_unknown, "Shut declares closes besides, which no fact does"),
        (_undeclared, "Box.LidPut puts lids, which is not declared as keyed"),
    ],
)
def test_misuse_is_told_by_name_at_the_import(
    monkeypatch: pytest.MonkeyPatch, misuse: Callable[[], None], told: str
) -> None:
    monkeypatch.setattr(kernel, "registry", Registry())
    with pytest.raises(Misdeclared, match=told):
        misuse()
