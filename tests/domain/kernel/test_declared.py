"""What aggregates declare: states and what leads to them, commands without bodies, misuse told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Any

import pytest

from domain.kernel import aggregate as kernel
from domain.kernel.aggregate import (
    Aggregate,
    Misdeclared,
    NothingChanged,
    RuleViolation,
    applies,
    begins,
    command,
    discover,
    starts,
)
from domain.kernel.commands import _declared, every_command
from domain.kernel.part import Part
from domain.kernel.registry import Registry
from domain.kernel.types.values import Line
from tests.domain.play import stated


class Stand(StrEnum):
    LAID = "laid"
    FLOWN = "flown"
    DOWN = "down"
    BURNT = "burnt"


class Other(StrEnum):
    LAID = "laid"


class LaidRequired(RuleViolation):
    """Only a kite that is laid out flies."""


class AirRequired(RuleViolation):
    """Only a kite in the air comes down."""


class KiteBurnt(RuleViolation):
    """A kite that was burnt is not changed any more."""


class EndRequired(RuleViolation):
    """Only a kite that was burnt is made anew."""


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the aggregates of a test out of the registry of the business."""
    monkeypatch.setattr(kernel, "registry", Registry())


BUSINESS, kernel.registry = kernel.registry, Registry()


class Kite(Aggregate):
    stand = begins(Stand.LAID, ends=(Stand.BURNT,), ended=KiteBurnt)
    flights: list[str] = starts(list)

    class Made(Aggregate.Created, changes=("name", "line")):
        name: str
        line: int = 0

    class Flown(Aggregate.Event, to=Stand.FLOWN, changes="line"):
        wind: str
        line: int = 5
        on: date | None = None

    class Landed(Aggregate.Event, to=Stand.DOWN):
        def apply(self, aggregate: Kite) -> None:
            """Remember that it came down."""
            aggregate.flights.append(f"down from {aggregate.stand}")

    class Named(Aggregate.Event, changes="name"):
        name: str

    class Burnt(Aggregate.Event, to=Stand.BURNT):
        pass

    class Remade(Aggregate.Event, to=Stand.LAID):
        pass

    name: str
    line: int

    @classmethod
    @command(states=Made)
    def make(cls, name: Line) -> None:
        """Make a kite."""

    @command(states=Flown, only=(Stand.LAID, LaidRequired))
    def fly(self, wind: Line, line: int = 7) -> None:
        """Let it fly."""

    @applies(Flown)
    def _flown(self, wind: str) -> None:
        self.flights.append(f"{wind} from {self.stand}")

    @command(states=Landed, only=(Stand.LAID, Stand.FLOWN, LaidRequired, Stand.FLOWN, AirRequired))
    def land(self) -> None:
        """Let it come down."""

    @command(states=Named)
    def rename(self, name: Line) -> None:
        """Give it another name."""

    @command
    def burn(self) -> None:
        """Burn it."""
        self.trigger_event(self.Burnt)

    @command(states=Remade, only=(Stand.BURNT, EndRequired))
    def remake(self) -> None:
        """Make it anew of what is left."""

    @command(always=True)
    def mourn(self) -> None:
        """Think of it, burnt or not."""
        self.trigger_event(self.Landed)


KITES, kernel.registry = kernel.registry, BUSINESS


@pytest.fixture
def kite(monkeypatch: pytest.MonkeyPatch) -> Kite:
    monkeypatch.setattr(kernel, "registry", KITES)
    return Kite.make("Dragon")


def test_a_record_begins_as_declared(kite: Kite) -> None:
    assert vars(kite).items() >= {"stand": Stand.LAID, "flights": [], "name": "Dragon"}.items()
    assert Kite.make("Carp").flights is not kite.flights
    assert kite.course is Stand.LAID


def test_a_command_without_a_body_states_its_parameters_by_place_by_name_and_by_default(
    kite: Kite,
) -> None:
    kite.fly("north")
    assert (kite.stand, kite.line, kite.flights) == (Stand.FLOWN, 7, ["north from laid"])
    other = Kite.make(name="Carp")
    other.fly(line=9, wind="south")
    assert (other.name, other.line, stated(other)) == ("Carp", 9, ["made", "flown"])
    with pytest.raises(TypeError, match="strength"):
        Kite.make("Crane").fly("west", strength=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="wind"):
        Kite.make("Crane").fly()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="4 were given"):
        Kite.make("Crane").fly("west", 1, 2)  # type: ignore[call-arg]


def test_a_command_is_refused_by_the_rule_of_the_states_that_it_is_for(kite: Kite) -> None:
    with pytest.raises(AirRequired):
        kite.land()
    kite.fly("north")
    with pytest.raises(LaidRequired):
        kite.fly("north")
    kite.land()
    assert (kite.stand, kite.flights) == (Stand.DOWN, ["north from laid", "down from flown"])
    with pytest.raises(LaidRequired):  # the first of the rules that are broken
        kite.land()


def test_what_a_fact_changes_has_to_change(kite: Kite) -> None:
    with pytest.raises(NothingChanged) as refusal:
        kite.rename("Dragon")
    assert refusal.value.field == "name"
    kite.rename("Carp")
    assert kite.name == "Carp"


def test_a_record_that_has_ended_is_asked_only_what_is_for_the_ended_or_always_good(
    kite: Kite,
) -> None:
    with pytest.raises(EndRequired):
        kite.remake()
    kite.burn()
    assert kite.retired
    for refused in (kite.burn, kite.land, lambda: kite.fly("north"), lambda: kite.rename("Carp")):
        with pytest.raises(KiteBurnt):
            refused()
    kite.remake()
    assert kite.stand is Stand.LAID
    kite.burn()
    kite.mourn()


def test_the_rules_and_facts_that_are_declared_are_those_of_the_command() -> None:
    found = {each.method: each for each in _declared(Kite)}
    rules = {
        name: {rule for rule in each.rules if rule.__module__ == __name__ or rule is NothingChanged}
        for name, each in found.items()
    }
    assert rules == {
        "make": set(),
        "fly": {KiteBurnt, LaidRequired, NothingChanged},
        "land": {KiteBurnt, LaidRequired, AirRequired},
        "rename": {KiteBurnt, NothingChanged},
        "burn": {KiteBurnt},
        "remake": {EndRequired},
        "mourn": set(),
    }
    assert [each.__name__ for each in found["fly"].facts] == ["Flown"]
    assert set(found["fly"].body.model_fields) == {"wind", "line", "effective"}
    assert found["make"].creates


def test_every_state_that_is_declared_is_one_that_some_fact_leads_to() -> None:
    for name, each in discover().aggregates.items():
        if each.states is not None:
            reached = {getattr(fact, "leading", None) for fact in vars(each).values()}
            kind: Any = type(each.states.first)
            every = {False, True} if kind is bool else {*kind}
            assert every - reached <= {each.states.first}, name


def test_no_command_of_the_system_is_kept_from_a_record_by_its_end() -> None:
    for each in every_command().values():
        due = hasattr(getattr(each.aggregate, each.method), "due")  # that goes by the states itself
        if each.system and not due and each.aggregate.states and each.aggregate.states.ended:
            assert each.aggregate.states.ended not in each.rules, each.name


def twice() -> None:
    class Box(Aggregate):
        stand = begins(Stand.LAID)
        other = begins(Other.LAID)


def stateless() -> None:
    class Box(Aggregate):
        class Shut(Aggregate.Event, to=Stand.DOWN):
            pass


def strange() -> None:
    class Box(Aggregate):
        stand = begins(Stand.LAID)

        class Shut(Aggregate.Event, to=Other.LAID):
            pass


def unruly() -> None:
    class Box(Aggregate):
        stand = begins(Stand.LAID)

        class Shut(Aggregate.Event):
            pass

        @command(states=Shut, only=(Stand.LAID,))
        def shut(self) -> None:
            """Shut it."""


def aimless() -> None:
    class Box(Aggregate):
        stand = begins(Stand.LAID)

        @command(only=(LaidRequired,))
        def shut(self) -> None:
            """Shut it."""


def bodiless() -> None:
    class Box(Aggregate):
        @command
        def shut(self) -> None:
            """Shut it."""


def usurping() -> None:
    class Box(Aggregate):
        class Held(Aggregate.Event):
            pass

        @command(states=Held)
        def hold(self) -> None:  # type: ignore[override]
            """Hold it."""


def embodied() -> None:
    class Box(Aggregate):
        class Shut(Aggregate.Event):
            pass

        @command(states=Shut)
        def shut(self) -> None:
            """Shut it."""
            self.trigger_event(self.Shut)


def foreign() -> None:
    class Box(Aggregate):
        @command(states=Kite.Landed)
        def shut(self) -> None:
            """Shut it."""


def other_fields() -> None:
    class Box(Aggregate):
        class Shut(Aggregate.Event):
            reason: str
            by: str = ""

        @command(states=Shut)
        def shut(self, cause: Line) -> None:
            """Shut it."""


def needy() -> None:
    class Wheeled(Part):
        needs = ("wheels",)

    class Box(Wheeled, Aggregate):
        class Made(Aggregate.Created):
            name: str


@pytest.mark.usefixtures("apart")
@pytest.mark.parametrize(
    ("misuse", "told"),
    [
        (twice, "Box begins in stand and in other"),
        (stateless, "Box.Shut names <Stand.DOWN: 'down'>, but Box begins in no state"),
        (strange, "Box.Shut names <Other.LAID: 'laid'>, which is no state of Box"),
        (unruly, "Box.shut is for <Stand.LAID: 'laid'> only, by no rule"),
        (aimless, "Box.shut names .*LaidRequired.*, which is no state of Box"),
        (bodiless, "Box.shut has no body, and states no fact"),
        (usurping, "Box.hold is a name of the kernel's own"),
        (embodied, "Box.shut states Shut, and its body states facts besides"),
        (foreign, "Box.shut states Landed, which Box has not"),
        (other_fields, "Box.shut and its fact Shut differ in cause, reason"),
        (needy, "Box is Wheeled, which needs wheels"),
    ],
)
def test_misuse_is_told_by_name_at_the_import(misuse: Callable[[], None], told: str) -> None:
    with pytest.raises(Misdeclared, match=told):
        misuse()
