"""Grants: given for a period, revoked once."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings

from domain.permissions.grant import Grant, GrantReach, GrantReversed, GrantRevoked
from domain.permissions.permission import FieldClass
from tests.domain.play import Step, last, play, plays
from tests.volume import examples

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_grant_is_for_everything_at_the_unit_unless_told() -> None:
    grant = Grant.give("li.wei", "seller", "gd-gz")
    assert last(grant) == {
        "employee": "li.wei",
        "role": "seller",
        "unit": "gd-gz",
        "reach": "unit",
        "masked": [],
        "starts": None,
        "until": None,
        "reason": None,
    }


def test_a_grant_says_which_fields_are_masked() -> None:
    grant = Grant.give("li.wei", "seller", "gd-gz", GrantReach.OWN, [FieldClass.IT_BUDGET])
    assert (last(grant)["reach"], last(grant)["masked"]) == ("own", ["it-budget"])


def test_a_grant_ends_after_it_starts() -> None:
    with pytest.raises(GrantReversed):
        Grant.give("li.wei", "seller", "gd", starts=START, until=START)
    Grant.give("li.wei", "seller", "gd", starts=START, until=START + timedelta(seconds=1))


def test_a_grant_is_revoked_once() -> None:
    grant = Grant.give("li.wei", "seller", "gd")
    grant.revoke("Left the post")
    assert grant.retired
    with pytest.raises(GrantRevoked):
        grant.revoke("Again")


def test_a_grant_belongs_to_its_unit_and_its_holder() -> None:
    grant = Grant.give("li.wei", "seller", "gd")
    assert grant.unit == "gd"
    assert grant.owners == {"li.wei"}


@given(plays(Grant))
@settings(max_examples=examples(20))
def test_whatever_happens_a_grant_is_what_its_history_says(story: tuple[int, list[Step]]) -> None:
    play(Grant, *story)


def test_a_grant_that_starts_at_once_does_not_end_before() -> None:
    now = datetime.now(UTC)
    with pytest.raises(GrantReversed):
        Grant.give("li.wei", "seller", "gd", until=now)
    Grant.give("li.wei", "seller", "gd", until=now + timedelta(hours=1))
