"""Units: the tree, what fits where, how units end."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given, settings

from domain.kernel.aggregate import NothingChanged
from domain.organisation.unit import (
    LevelMisfit,
    RootRequired,
    RootTaken,
    Unit,
    UnitClosed,
    UnitCodeTaken,
    UnitCycle,
    UnitLevel,
)
from tests.domain.play import Step, last, play, plays
from tests.volume import examples


@pytest.fixture
def group() -> Unit:
    return Unit.open("group", "集团", UnitLevel.GROUP, levels=())


@pytest.fixture
def network() -> Unit:
    levels = [UnitLevel.PROVINCE, UnitLevel.GROUP]
    return Unit.open("gd-gz", "广州", UnitLevel.NETWORK, levels, parent="gd")


def test_the_group_is_below_nothing_and_claims_to_be_the_only_one(group: Unit) -> None:
    assert group.claims == {UnitCodeTaken: "group", RootTaken: "root"}
    assert group.units == {"group"}
    assert group.leads_to is None


def test_a_unit_claims_its_code_and_belongs_to_the_unit_above(network: Unit) -> None:
    assert network.claims == {UnitCodeTaken: "gd-gz"}
    assert network.units == {"gd"}
    assert last(network)["parent"] == "gd"


@pytest.mark.parametrize(
    ("level", "above"),
    [
        (UnitLevel.GROUP, [UnitLevel.GROUP]),
        (UnitLevel.PROVINCE, []),
        (UnitLevel.PROVINCE, [UnitLevel.PROVINCE, UnitLevel.GROUP]),
        (UnitLevel.NETWORK, [UnitLevel.GROUP]),
        (UnitLevel.NETWORK, [UnitLevel.TEAM, UnitLevel.PROVINCE, UnitLevel.GROUP]),
        (UnitLevel.TEAM, []),
    ],
)
def test_a_level_that_does_not_fit_its_place_is_refused(
    level: UnitLevel, above: list[UnitLevel]
) -> None:
    with pytest.raises(LevelMisfit):
        Unit.open("x", "X", level, above, parent="y" if above else None)


def test_a_team_is_below_anything() -> None:
    for above in UnitLevel:
        assert Unit.open("t", "Team", UnitLevel.TEAM, [above], parent="x").parent == "x"


def test_a_unit_is_renamed_and_keeps_an_english_name_that_is_not_given(network: Unit) -> None:
    network.rename("广州分公司", "Guangzhou")
    network.rename("广州市分公司")
    assert last(network) == {
        "name": "广州市分公司",
        "english_name": "Guangzhou",
        "on": None,
    }
    with pytest.raises(NothingChanged):
        network.rename("广州市分公司")


def test_a_unit_moves_under_another_of_the_right_level(network: Unit) -> None:
    levels = [UnitLevel.PROVINCE, UnitLevel.GROUP]
    network.move("gx", "New borders", above=["gx", "group"], levels=levels)
    assert network.parent == "gx"
    with pytest.raises(NothingChanged):
        network.move("gx", "Again", above=["gx", "group"], levels=levels)
    with pytest.raises(LevelMisfit):
        network.move("group", "Up", above=["group"], levels=[UnitLevel.GROUP])


def test_no_unit_comes_to_stand_above_itself(network: Unit) -> None:
    below = ["gd-gz-sales", "gd-gz", "gd"]
    with pytest.raises(UnitCycle):
        network.move("gd-gz-sales", "Odd", above=below, levels=[UnitLevel.TEAM, UnitLevel.NETWORK])
    with pytest.raises(UnitCycle):
        network.merge("gd-gz-sales", "Odd", above=below)
    with pytest.raises(UnitCycle):
        network.close("Odd", above=["gd-gz", "gd"], successor="gd-gz")


def test_a_merged_unit_leads_to_the_one_that_took_it_over(network: Unit) -> None:
    network.merge("gd-fs", "One city", above=["gd-fs", "gd", "group"])
    network.since(date(2025, 1, 1))
    assert (network.retired, network.leads_to) == (True, "gd-fs")
    assert network.claims == {UnitCodeTaken: "gd-gz"}


def test_a_closed_unit_leads_to_the_one_above_unless_another_succeeds_it(network: Unit) -> None:
    network.close("Given up", above=())
    assert last(network)["successor"] == network.leads_to == "gd"


def test_the_group_does_not_end(group: Unit) -> None:
    with pytest.raises(RootRequired):
        group.close("Enough", above=())
    with pytest.raises(RootRequired):
        group.merge("gd", "Enough", above=["gd"])


@pytest.mark.parametrize(
    "change",
    [
        lambda unit: unit.rename("X"),
        lambda unit: unit.move("gx", "Late", above=["gx"], levels=[UnitLevel.PROVINCE]),
        lambda unit: unit.merge("gx", "Late", above=["gx"]),
        lambda unit: unit.close("Late", above=()),
    ],
)
def test_a_unit_that_ended_is_not_changed(network: Unit, change: Callable[[Unit], None]) -> None:
    network.close("Given up", above=())
    with pytest.raises(UnitClosed):
        change(network)


@settings(max_examples=examples(20), deadline=None)
@given(plays(Unit))
def test_every_life_of_a_unit_replays_to_itself(lived: tuple[int, list[Step]]) -> None:
    play(Unit, *lived)
