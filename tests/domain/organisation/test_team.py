"""Teams: formed, staffed, dissolved."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings

from domain.kernel.aggregate import NothingChanged
from domain.organisation.team import MembershipRequired, Team, TeamDissolved
from tests.bodies import IDS
from tests.domain.play import Step, last, play, plays
from tests.volume import examples


@pytest.fixture
def team() -> Team:
    return Team.form("Bank team", "gd", customer_id=IDS[0])


def test_a_team_is_kept_by_a_unit_and_owned_by_its_members(team: Team) -> None:
    team.add_member("li.wei", "lead")
    assert team.units == {"gd"}
    assert team.owners == {"li.wei"}
    assert team.customer_id == IDS[0]


def test_a_member_gets_another_role_and_is_removed(team: Team) -> None:
    team.add_member("li.wei", "lead")
    team.add_member("li.wei", "solution")
    assert last(team) == {"employee": "li.wei", "role": "solution", "on": None}
    with pytest.raises(NothingChanged):
        team.add_member("li.wei", "solution")
    team.remove_member("li.wei")
    with pytest.raises(MembershipRequired):
        team.remove_member("li.wei")


def test_a_team_is_renamed(team: Team) -> None:
    team.rename("银行团队")
    with pytest.raises(NothingChanged):
        team.rename("银行团队")


@pytest.mark.parametrize(
    "change",
    [
        lambda team: team.rename("X"),
        lambda team: team.add_member("e1", "x"),
        lambda team: team.remove_member("e1"),
        lambda team: team.dissolve("X"),
    ],
)
def test_a_dissolved_team_is_not_changed(team: Team, change: Callable[[Team], None]) -> None:
    team.dissolve("Contract ended")
    assert team.retired
    with pytest.raises(TeamDissolved):
        change(team)


@settings(max_examples=examples(20), deadline=None)
@given(plays(Team))
def test_every_life_of_a_team_replays_to_itself(lived: tuple[int, list[Step]]) -> None:
    play(Team, *lived)
