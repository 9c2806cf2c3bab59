"""Staffed: in every aggregate that is, members of the team come, change roles and go alike."""

import copy
from enum import EnumType
from typing import Any

import pytest
from pydantic import ValidationError

from domain.kernel.aggregate import NothingChanged, to_stored
from domain.kernel.codec import fields_of
from domain.kernel.commands import commands
from domain.kernel.parts.staffed import Role, Staffed
from tests.domain.kernel.parts.taking import end, fields, records
from tests.domain.play import last


def roles(record: Any) -> list[Any]:
    """Return two roles that members may have."""
    given = record.given[Role]
    return list(given)[:2] if isinstance(given, EnumType) else ["lead", "bids"]


@records(Staffed)
def test_a_member_is_added_in_a_role_given_another_and_removed(record: Any) -> None:
    record = copy.deepcopy(record)
    first, second = roles(record)
    record.add_team_member("e9", first)
    with pytest.raises(NothingChanged) as refusal:
        record.add_team_member("e9", first)
    assert refusal.value.field == "role"
    record.add_team_member("e9", second)
    assert (record.team["e9"], "e9" in record.owners) == (second, True)
    assert last(record) == {"employee": "e9", "role": second, "on": None}
    assert to_stored(record.unrecorded[-1]).type == f"{record.kind}.team-member-added"
    record.remove_team_member("e9")
    assert ("e9" in record.team, "e9" in record.owners) == (False, False)
    with pytest.raises(record.NotInTeam) as refusal:
        record.remove_team_member("e9")
    assert refusal.value.field == "employee"
    assert fields(record, "add-team-member") == {"employee", "role"}
    assert fields(record, "remove-team-member") == {"employee"}
    assert record.NotInTeam in commands()[f"{record.kind}.remove-team-member"].rules


@records(Staffed)
def test_manager_and_team_own_the_record(record: Any) -> None:
    record = copy.deepcopy(record)
    record.assign_manager("e8")
    record.add_team_member("e9", roles(record)[0])
    assert record.owners >= {"e8", "e9"}


@records(Staffed)
def test_a_role_is_checked_as_given_and_kept_without_its_bounds(record: Any) -> None:
    body = commands()[f"{record.kind}.add-team-member"].body
    with pytest.raises(ValidationError):
        body.model_validate_json('{"employee": "e9", "role": ""}')
    kept = fields_of(record.TeamMemberAdded)["role"]
    assert isinstance(kept, type)
    assert issubclass(kept, str)


@records(Staffed)
def test_the_team_of_an_ended_record_stands_where_its_end_does(record: Any) -> None:
    record = copy.deepcopy(record)
    role = roles(record)[0]
    if rule := end(record):
        with pytest.raises(rule):
            record.add_team_member("e9", role)
        with pytest.raises(rule):
            record.remove_team_member("e9")
    else:
        record.add_team_member("e9", role)
        record.remove_team_member("e9")
