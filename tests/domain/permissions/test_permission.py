"""Permissions: names from the code, patterns that match them, and what makes no sense."""

import json

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.kernel.commands import commands
from domain.permissions.permission import (
    FieldClass,
    Masked,
    Patterns,
    expand,
    hidden,
    matches,
    permissions,
    rooms,
)


def test_every_command_is_a_permission_in_its_own_words() -> None:
    found = permissions()
    assert set(commands()) <= set(found)
    assert found["customer.regrade"] == commands()["customer.regrade"].doc.partition("\n")[0]


def test_every_kind_of_record_can_be_read_by_permission() -> None:
    assert {f"{command.aggregate.kind}.read" for command in commands().values()} <= {*permissions()}


def test_a_permission_says_in_a_sentence_what_it_allows() -> None:
    for name, words in permissions().items():
        assert words[:1].isupper(), name
        assert words.endswith("."), name


@pytest.mark.parametrize(
    ("pattern", "name", "matched"),
    [
        ("*", "role.revise", True),
        ("customer.*", "customer.regrade", True),
        ("customer.*", "customer.read", True),
        ("customer.*", "campaign.plan", False),
        ("*.read", "campaign.read", True),
        ("*.read", "campaign.plan", False),
        ("sales.*", "opportunity.win", True),
        ("sales.*", "campaign.plan", False),
        ("sales.*", "report.read", False),
        ("customers.read", "customer-merge.read", True),
        ("customers.read", "customer-merge.begin", False),
        ("campaign.plan", "campaign.plan", True),
        ("campaign.plan", "campaign.revise-plan", False),
    ],
)
def test_an_entry_of_a_role_allows_what_it_names(pattern: str, name: str, matched: bool) -> None:
    assert matches(pattern, name) is matched
    assert (name in expand([pattern])) is matched


def test_no_kind_of_record_is_called_as_a_room_is() -> None:
    assert {name.partition(".")[0] for name in permissions()}.isdisjoint(rooms().values())


def test_everything_is_all_permissions_and_nothing_is_none() -> None:
    assert expand(["*"]) == set(permissions())
    assert expand([]) == set()


@pytest.mark.parametrize(
    "entry", ["customer.fly", "unicorn.*", "*.fly", "cust*", "", "customer", 1]
)
def test_an_entry_that_allows_nothing_is_refused_by_its_place(entry: object) -> None:
    with pytest.raises(ValidationError) as refusal:
        TypeAdapter(Patterns).validate_json(json.dumps(["customer.*", entry]))
    assert [error["loc"] for error in refusal.value.errors()] == [(1,)]


def test_an_unknown_entry_is_named_in_the_refusal() -> None:
    with pytest.raises(ValidationError, match=r"No permission is called 'customer\.fly'"):
        TypeAdapter(Patterns).validate_json('["customer.fly"]')


def test_entries_given_twice_count_once() -> None:
    assert TypeAdapter(Patterns).validate_json('["*", "*.read", "*"]') == ["*", "*.read"]
    assert TypeAdapter(Masked).validate_json('["phone", "phone"]') == ["phone"]


def test_who_sees_no_amounts_sees_no_costs() -> None:
    assert hidden(["amount", "phone"]) == {"amount", "cost", "phone"}
    assert hidden(["cost"]) == {"cost"}
    assert hidden(FieldClass) == {*FieldClass}
    assert hidden([]) == set()
