"""Bills: lines that come to the amount, payments that do not exceed it, disputes one at a time."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.billing.bill import (
    AccountCurrency,
    Bill,
    BillOnce,
    BillPaid,
    DisputeOpen,
    DisputeRequired,
    DueBeforeIssue,
    LineRequired,
    LinesDisagree,
    Outcome,
)
from domain.billing.bill_lines import BillLine, LineKind
from domain.billing.bill_payments import (
    BillCancelled,
    BillState,
    Overpaid,
    PaymentReferenceTaken,
    RecordedPaymentRequired,
)
from domain.billing.billing_terms import AccountClosed, Billed, RunBalanced, RunTerms, last_day
from domain.kernel.aggregate import MovedMeanwhile, NothingChanged
from domain.kernel.commands import commands
from tests.bodies import IDS
from tests.domain.play import Step, play, plays, stated

DAY = date(2026, 4, 5)
HELD = Billed(((date.min, IDS[0]), (date(2026, 3, 31), IDS[1])), "gd-gz", "CNY")


def line(amount: str | int, **more: Any) -> BillLine:
    return BillLine(kind=more.pop("kind", LineKind.RECURRING), amount=Decimal(amount), **more)


def bill(*amounts: str | int, **more: Any) -> Bill:
    lines = [line(each) for each in amounts]
    told = {"account_number": "ZH-1", "month": "2026-03", "issued_on": DAY, "due_on": DAY}
    told |= {"lines": lines, "amount": sum(each.amount for each in lines)}
    filled = {"account": (HELD,), "closed": False, "run": ()}
    return Bill.receive(**{**told, **filled, **more})


def test_it_is_of_whoever_held_the_account_on_the_last_day_of_its_month() -> None:
    assert bill(100).customer_id == IDS[1]
    assert bill(100, month="2026-02").customer_id == IDS[0]
    old = bill(100, month="1900-01", issued_on=date(1900, 1, 31), due_on=date(1900, 1, 31))
    assert old.id == Bill.create_id("ZH-1", "1900-01", "billing")  # before ids know of moments
    waiting = bill(100, account=(), run=(RunTerms(balanced=False, unit="gd"),))
    assert (waiting.customer_id, waiting.unit, waiting.currency) == (None, "gd", "CNY")


def test_its_id_follows_from_account_month_and_system() -> None:
    assert bill(100).id == bill(200).id
    others = [bill(100, account_number="ZH-2"), bill(100, month="2026-02"), bill(100, source="b")]
    assert len({bill(100).id, *(each.id for each in others)}) == 4
    assert bill(100).claims == {BillOnce: ("billing", "2026-03", "ZH-1")}


@pytest.mark.parametrize(
    ("rule", "more", "field"),
    [
        (RunBalanced, {"run": (RunTerms(balanced=True, unit="gd"),)}, "month"),
        (AccountClosed, {"closed": True}, "account_number"),
        (DueBeforeIssue, {"due_on": DAY - timedelta(1)}, "due_on"),
        (AccountCurrency, {"currency": "USD"}, "currency"),
        (LinesDisagree, {"amount": Decimal("100.01")}, "amount"),
    ],
)
def test_what_contradicts_itself_or_what_is_known_is_refused(
    rule: type[Exception], more: dict[str, Any], field: str
) -> None:
    with pytest.raises(rule) as refused:
        bill(100, **more)
    assert getattr(refused.value, "field", None) == field


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"month": "2199-12"}, ("month",)),
        ({"month": "2026-13"}, ("month",)),
        ({"amount": "NaN"}, ("amount",)),
        ({"amount": "1.005"}, ("amount",)),
        ({"amount": "12345678901234567.00"}, ("amount",)),
        ({"issued_on": "2199-12-31"}, ("issued_on",)),
        ({"lines": [{"kind": "usage", "amount": "1.001"}]}, ("lines", 0, "amount")),
        ({"lines": [{"kind": "usage", "amount": "0"}] * 201}, ("lines",)),
        ({"lines": []}, ("lines",)),
        ({"months": ["2026-01", "2026-02"]}, ("months",)),
    ],
)
def test_bad_values_are_refused_where_they_stand(
    more: dict[str, Any], pointer: tuple[str | int, ...]
) -> None:
    whole: dict[str, Any] = {"account_number": "ZH-1", "month": "2026-03", "amount": "0"}
    whole |= {"issued_on": "2026-04-05", "due_on": "2026-04-25"}
    whole |= {"lines": [{"kind": "usage", "amount": "0"}]}
    body = commands()["bill.receive"].body
    body.model_validate(whole, strict=False)
    with pytest.raises(ValidationError) as refused:
        body.model_validate({**whole, **more}, strict=False)
    assert [each["loc"] for each in refused.value.errors()] == [pointer]


def test_it_is_paid_in_parts_and_no_more_than_it_comes_to() -> None:
    it = bill(60, 40)
    it.record_payment(Decimal(70), DAY, "p1")
    assert (it.state, it.remaining) == (BillState.PART_PAID, Decimal(30))
    with pytest.raises(PaymentReferenceTaken):
        it.record_payment(Decimal(30), DAY, "p1")
    with pytest.raises(Overpaid):
        it.record_payment(Decimal("30.01"), DAY, "p2")
    it.record_payment(Decimal(30), DAY, "p2")
    assert it.state is BillState.PAID
    it.reverse_payment("p1", "退票")
    with pytest.raises(RecordedPaymentRequired):
        it.reverse_payment("p1", "退票")
    with pytest.raises(Overpaid):
        it.write_off(Decimal(71), "坏账")
    it.write_off(Decimal(70), "坏账")
    assert (it.state, it.remaining) == (BillState.WRITTEN_OFF, Decimal(0))


def test_a_correction_is_not_below_what_is_paid_and_changes_something() -> None:
    it = bill(100)
    it.record_payment(Decimal(50), DAY, "p1")
    with pytest.raises(Overpaid):
        it.correct([line(49)], Decimal(49), "多计")
    with pytest.raises(LinesDisagree):
        it.correct([line(80)], Decimal(81), "多计")
    with pytest.raises(NothingChanged):
        it.correct([line(100)], Decimal(100), "多计")
    it.correct([line(50)], Decimal(50), "多计")
    assert it.state is BillState.PAID


def test_it_is_cancelled_without_payments_and_stands_again_by_a_correction() -> None:
    it = bill(100)
    it.record_payment(Decimal(50), DAY, "p1")
    with pytest.raises(BillPaid):
        it.cancel("误出")
    it.reverse_payment("p1", "退票")
    it.cancel("误出")
    assert it.tallied == {}
    with pytest.raises(BillCancelled):
        it.record_payment(Decimal(50), DAY, "p2")
    it.correct([line(100)], Decimal(100), "应收")
    assert (it.state, it.tallied) == (BillState.RECEIVED, {'["billing","2026-03"]': Decimal(100)})


def test_lines_are_disputed_once_at_a_time() -> None:
    it = bill(60, 40)
    with pytest.raises(DisputeRequired):
        it.settle_dispute(Outcome.REJECTED)
    with pytest.raises(LineRequired):
        it.dispute([3], "不符")
    it.dispute([2], "不符")
    with pytest.raises(DisputeOpen):
        it.dispute([1], "不符")
    it.settle_dispute(Outcome.PARTLY, Decimal(5))
    assert (it.disputed, stated(it)) == ([], ["received", "disputed", "dispute-settled"])


def test_it_goes_with_its_account_and_with_merges() -> None:
    it = bill(100)
    with pytest.raises(NothingChanged):
        it.follow_account(IDS[1], "gd-gz")
    it.follow_account(IDS[2], "gd-gz")
    with pytest.raises(MovedMeanwhile):
        it.follow_customer(IDS[3], IDS[1])
    it.follow_customer(IDS[3], IDS[2])
    assert it.customer_id == IDS[3]


@given(st.dates(date(1999, 1, 1), date(2100, 1, 1)))
def test_the_day_after_the_last_of_a_month_is_of_the_next(day: date) -> None:
    month = f"{day:%Y-%m}"
    assert f"{last_day(month):%Y-%m}" == month != f"{last_day(month) + timedelta(1):%Y-%m}"


@settings(deadline=None)
@given(plays(Bill))
def test_any_commands_are_refused_whole_or_replay_to_the_same_bill(
    scene: tuple[int, list[Step]],
) -> None:
    play(Bill, *scene)
