"""Delegations: a deputy for a time, a year at most."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings

from domain.permissions.delegation import (
    LONGEST,
    Delegation,
    DelegationReversed,
    DelegationTooLong,
    DelegationWithdrawn,
    OtherDeputyRequired,
)
from tests.domain.play import Step, play, plays
from tests.volume import examples

START = datetime(2026, 1, 1, tzinfo=UTC)


def given_for(lasting: timedelta, deputy: str = "zhang.min") -> Delegation:
    return Delegation.give("li.wei", deputy, START, START + lasting, "Holiday")


def test_a_delegation_lasts_a_year_at_most() -> None:
    given_for(LONGEST)
    with pytest.raises(DelegationTooLong):
        given_for(LONGEST + timedelta(seconds=1))


def test_a_delegation_ends_after_it_starts() -> None:
    with pytest.raises(DelegationReversed):
        given_for(timedelta(0))


def test_nobody_is_their_own_deputy() -> None:
    with pytest.raises(OtherDeputyRequired):
        given_for(timedelta(days=1), deputy="li.wei")


def test_a_delegation_is_withdrawn_once() -> None:
    delegation = given_for(timedelta(days=1))
    delegation.withdraw("Back early")
    assert delegation.retired
    with pytest.raises(DelegationWithdrawn):
        delegation.withdraw("Again")


def test_a_delegation_concerns_both() -> None:
    assert given_for(timedelta(days=1)).owners == {"li.wei", "zhang.min"}


@given(plays(Delegation))
@settings(max_examples=examples(20))
def test_whatever_happens_a_delegation_is_what_its_history_says(
    story: tuple[int, list[Step]],
) -> None:
    play(Delegation, *story)
