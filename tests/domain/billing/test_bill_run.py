"""Bill runs: balanced when the number and the sum of their bills are those announced."""

from decimal import Decimal

import pytest
from hypothesis import given, settings

from domain.billing.bill_run import BalanceRequired, BillRun, ControlTotalsDiffer, RunOnce
from domain.billing.billing_terms import RunBalanced, RunTerms
from domain.kernel.tally import Tally
from tests.domain.play import Step, play, plays

ALL = Tally(10, Decimal("1000000.00"))


@pytest.fixture
def run() -> BillRun:
    return BillRun.announce("2026-03", ALL.number, ALL.amount, "gd")


@pytest.mark.parametrize("received", [Tally(9, ALL.amount), Tally(10, ALL.amount - 1), Tally()])
def test_it_is_not_balanced_while_number_or_sum_differ(run: BillRun, received: Tally) -> None:
    with pytest.raises(ControlTotalsDiffer):
        run.balance(received)


def test_a_balanced_run_takes_no_bills_until_it_is_opened_again(run: BillRun) -> None:
    with pytest.raises(BalanceRequired):
        run.reopen("补账")
    run.balance(ALL)
    assert run.gives == RunTerms(balanced=True, unit="gd")
    with pytest.raises(RunBalanced):
        run.balance(ALL)
    run.reopen("补账", total=Decimal(994_000))
    assert (run.gives.balanced, run.bills, run.total) == (False, 10, Decimal(994_000))


def test_a_system_has_one_run_a_month(run: BillRun) -> None:
    assert run.claims == {RunOnce: ("billing", "2026-03")}


@settings(deadline=None)
@given(plays(BillRun))
def test_any_commands_are_refused_whole_or_replay_to_the_same_run(
    scene: tuple[int, list[Step]],
) -> None:
    play(BillRun, *scene)
