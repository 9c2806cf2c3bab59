"""Roles: defined, revised and retired."""

import pytest
from hypothesis import given, settings

from domain.kernel.aggregate import NothingChanged
from domain.kernel.types.codes import RoleCodeAlike
from domain.permissions.role import Role, RoleCodeTaken, RoleRetired
from tests.domain.play import Step, last, play, plays, stated
from tests.volume import examples


@pytest.fixture
def role() -> Role:
    return Role.define("seller", "Seller", ["customer.read"], "group", "Sells")


def test_a_role_is_revised_by_what_is_given(role: Role) -> None:
    role.revise(permissions=["customer.*"])
    assert last(role) == {"name": None, "permissions": ["customer.*"], "description": None}
    assert role.definition == {
        "name": "Seller",
        "permissions": ["customer.*"],
        "description": "Sells",
    }


def test_a_revision_has_to_change_something(role: Role) -> None:
    with pytest.raises(NothingChanged):
        role.revise(name="Seller")
    with pytest.raises(NothingChanged):
        role.revise()


def test_a_retired_role_stays_as_it_was(role: Role) -> None:
    role.retire("Nobody sells")
    assert role.retired
    with pytest.raises(RoleRetired):
        role.revise(name="Sales")
    with pytest.raises(RoleRetired):
        role.retire("Again")
    assert stated(role) == ["defined", "retired"]


def test_a_code_is_given_once_for_ever(role: Role) -> None:
    role.retire("Nobody sells")
    assert role.claims == {RoleCodeTaken: "seller", RoleCodeAlike: "seller"}


@given(plays(Role))
@settings(max_examples=examples(20))
def test_whatever_happens_a_role_is_what_its_history_says(story: tuple[int, list[Step]]) -> None:
    play(Role, *story)
