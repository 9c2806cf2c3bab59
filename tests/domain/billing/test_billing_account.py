"""Billing accounts: held by one customer at a time, from a day on, until they are closed."""

import pytest
from hypothesis import given, settings

from domain.billing.billing_account import (
    AccountElsewhere,
    AccountNumberTaken,
    ArrangementRequired,
    BillingAccount,
    JoinedOnce,
)
from domain.billing.billing_terms import AccountClosed
from domain.kernel.aggregate import NothingChanged
from tests.bodies import IDS
from tests.domain.play import Step, play, plays, stated


@pytest.fixture
def account() -> BillingAccount:
    return BillingAccount.open("ZH-1", "gd-gz")


def test_the_number_is_given_once_for_ever(account: BillingAccount) -> None:
    account.close("销户")
    assert account.claims == {AccountNumberTaken: "ZH-1"}


def test_it_is_one_customers_at_a_time(account: BillingAccount) -> None:
    account.assign(IDS[0])
    with pytest.raises(NothingChanged):
        account.assign(IDS[0])
    with pytest.raises(AccountElsewhere) as refused:
        account.assign(IDS[1])
    assert refused.value.field == "customer_id"
    account.reassign(IDS[1], "过户")
    account.follow_customer(IDS[2], IDS[1])
    assert account.customer_id == IDS[2]


def test_it_joins_one_arrangement_at_a_time(account: BillingAccount) -> None:
    with pytest.raises(ArrangementRequired):
        account.leave("退出")
    account.join(IDS[0])
    with pytest.raises(NothingChanged):
        account.join(IDS[0])
    with pytest.raises(JoinedOnce):
        account.join(IDS[1])
    account.leave("退出")
    account.join(IDS[1])
    assert stated(account) == ["opened", "joined", "left", "joined"]


def test_a_closed_account_joins_nothing_and_is_nobody_elses(account: BillingAccount) -> None:
    account.close("销户")
    with pytest.raises(AccountClosed):
        account.join(IDS[0])
    with pytest.raises(AccountClosed):
        account.assign(IDS[0])


@settings(deadline=None)
@given(plays(BillingAccount))
def test_any_commands_are_refused_whole_or_replay_to_the_same_account(
    scene: tuple[int, list[Step]],
) -> None:
    play(BillingAccount, *scene)
