"""Contracts: draft, approval, signature, amendments, renewal, notice, payments, end."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from domain.kernel.aggregate import NothingChanged, RuleViolation
from domain.kernel.commands import every_command
from domain.kernel.parts.reviewed import DraftRequired
from domain.kernel.rule import NotDue
from domain.kernel.time.business_day import begin_of, recorded_day, today
from domain.kernel.time.retroactive import DatesContradict
from domain.kernel.types.authority import Level
from domain.permissions.authority_limits import decide
from domain.sales.contract import (
    Contract,
    ContractApprovalRequired,
    ContractNumberTaken,
    EarlierSignatureRequired,
)
from domain.sales.contract_amendment import (
    AmendmentApprovalRequired,
    AmendmentOutsideTerm,
    AmendmentRequired,
    ApprovedTextOnly,
)
from domain.sales.contract_clock import Renewal
from domain.sales.contract_course import (
    ContractEnded,
    InForceRequired,
    SignatureRequired,
    SignedStands,
    Status,
    SuspendedRequired,
)
from domain.sales.contract_end import (
    NoticeRequired,
    NoticeTooLate,
    OnePenalty,
    Party,
    TerminationOutsideTerm,
)
from domain.sales.contract_payments import (
    PaidTwice,
    Payment,
    PaymentRequired,
    PaymentsBeyondValue,
    PaymentStands,
)
from domain.sales.contract_terms import (
    ContractTooLarge,
    LineEnd,
    LineInForceRequired,
    LineOutsideTerm,
    LinePeriodsOverlap,
    TermInverted,
)
from tests.domain.play import SEATS, Step, play, plays, stated
from tests.domain.sales.contracts import Life, line, year

ENDED = line("b", "5000", **{"from": "2027-06-01", "to": "2027-07-31"})
MARCH, APRIL = date(2027, 3, 10), date(2027, 4, 1)


def amended() -> Life:
    """Return the contract of 2027 with an amendment of 10 March, in effect from 1 April."""
    life = year(2027).signed(date(2027, 1, 1))
    ends = [LineEnd(id="a", last_day=date(2027, 3, 31))]
    life.do(MARCH, "draft_amendment", APRIL, ends, [line("a", "25000"), ENDED])
    (id_,) = life.now.proposed
    with pytest.raises(AmendmentApprovalRequired):
        life.now.sign_amendment(id_)
    facts = {"at_stake": life.now.at_stake(id_), "currency": "CNY"}
    life.do(MARCH, "submit_amendment", id_, SEATS, decide("contract-value", facts))
    life.do(MARCH, "approve_amendment", id_, Level.NETWORK)
    life.do(MARCH, "sign_amendment", id_, signed_on=MARCH)
    return life


def test_an_amendment_changes_what_is_due_from_its_day_on() -> None:
    life = amended()
    terms = life.now.terms
    fees = {day: terms.fee(day) for day in (date(2027, 3, 31), APRIL, date(2027, 6, 15))}
    assert list(fees.values()) == [20_000, 25_000, 30_000]
    assert terms.fee(date(2027, 8, 1)) == 25_000
    assert life.now.value == 295_000
    (drafted,) = [each for each in life.facts if each.type.endswith("amendment-drafted")]
    assert drafted.value_change == 55_000
    before = year(2027).signed(date(2027, 1, 1)).now.terms
    assert before.fee(date(2027, 6, 15)) == 20_000  # as known on 9 March


def test_a_termination_takes_a_share_of_what_is_left_as_its_penalty() -> None:
    life = amended()
    life.do(date(2027, 1, 1), "take_effect", begin_of(date(2027, 1, 1)))
    told = {"competitor": "Rival", "penalty_percent": Decimal(30)}
    life.do(MARCH, "terminate", date(2027, 9, 30), Party.CUSTOMER, "Moves away", **told)
    fact = life.facts[-1]
    assert (fact.remaining, fact.penalty) == (75_000, Decimal("22500.00"))
    assert life.now.terms.fee(date(2027, 9, 30)) == 25_000
    assert life.now.terms.fee(date(2027, 10, 1)) == 0
    assert life.now.status is Status.TERMINATED
    with pytest.raises(ContractEnded):
        life.now.suspend("x")


def test_it_is_told_of_the_end_four_times_and_of_the_day_for_notice() -> None:
    life = year(2027, notice_days=60).signed(date(2027, 1, 1))
    assert told_ahead(life) == [
        (date(2027, 5, 5), 180, "notice"),
        (date(2027, 7, 4), 180, "term"),
        (date(2027, 8, 3), 90, "notice"),
        (date(2027, 9, 2), 60, "notice"),
        (date(2027, 10, 2), 90, "term"),
        (date(2027, 10, 2), 30, "notice"),
        (date(2027, 11, 1), 60, "term"),
        (date(2027, 12, 1), 30, "term"),
    ]
    late = year(2027).signed(date(2027, 11, 15))
    assert told_ahead(late) == [(date(2027, 12, 1), 30, "term")]  # nothing that had passed by then


def told_ahead(life: Life) -> list[tuple[date, int, str]]:
    """Have it told that its end is near until nothing is left; return when what was told."""
    before = len(life.facts)
    while due := Contract.near_end.due.of_record(life.now):  # type: ignore[attr-defined]
        life.do(recorded_day(due), "near_end", due)
        with pytest.raises(NotDue):
            life.now.near_end(due)
    return [(recorded_day(each.due_at), each.days, each.of) for each in life.facts[before:]]


def test_what_moves_the_end_moves_when_that_is_told() -> None:
    life = year(2027).signed(date(2027, 1, 1))
    life.do(date(2027, 1, 1), "take_effect", begin_of(date(2027, 1, 1)))
    life.do(date(2027, 7, 4), "near_end", begin_of(date(2027, 7, 4)))
    life.do(date(2027, 8, 1), "give_notice", Party.CUSTOMER, date(2027, 10, 31))
    life.do(date(2027, 8, 2), "near_end", begin_of(date(2027, 8, 2)))  # 90 days before that
    life.do(date(2027, 8, 10), "withdraw_notice")
    with pytest.raises(NotDue):
        life.now.near_end(begin_of(date(2027, 9, 1)))
    life.do(date(2027, 8, 20), "draft_amendment", date(2027, 9, 1), ends_on=date(2028, 3, 31))
    (id_,) = life.now.proposed
    nothing = {"at_stake": Decimal(0), "currency": "CNY"}
    life.do(date(2027, 8, 20), "submit_amendment", id_, SEATS, decide("contract-value", nothing))
    life.do(date(2027, 8, 20), "sign_amendment", id_)
    life.do(date(2027, 9, 1), "suspend", "Unpaid")  # it ends all the same
    assert told_ahead(life) == [
        (date(2027, 10, 3), 180, "term"),
        (date(2028, 1, 1), 90, "term"),
        (date(2028, 1, 31), 60, "term"),
        (date(2028, 3, 1), 30, "term"),
    ]
    over = date(2028, 4, 1)
    life.do(over, "expire", begin_of(over))
    with pytest.raises(NotDue):
        life.now.expire(begin_of(over))


def test_without_notice_it_goes_on_by_itself_and_with_notice_it_expires() -> None:
    more: dict[str, Any] = {"renewal": Renewal.AUTOMATIC, "renewal_months": 6, "notice_days": 60}
    life = year(2027, **more).signed(date(2027, 1, 1))
    life.do(date(2027, 1, 1), "take_effect", begin_of(date(2027, 1, 1)))
    noted = date(2027, 11, 2)
    with pytest.raises(NotDue):
        life.now.expire(begin_of(date(2028, 1, 1)))
    life.do(noted, "renew_automatically", begin_of(noted))
    assert life.now.terms.ends_on == date(2028, 6, 30)
    assert (life.facts[-1].notice_day, life.now.value) == (date(2027, 11, 1), Decimal(360_000))
    told: dict[str, Any] = {"by": Party.CUSTOMER, "for_day": date(2028, 6, 30)}
    with pytest.raises(NoticeTooLate):
        life.now.give_notice(**told, given_on=date(2028, 5, 3))
    life.do(date(2028, 5, 1), "give_notice", **told, given_on=date(2028, 5, 1))
    with pytest.raises(NotDue):
        life.now.renew_automatically(begin_of(date(2028, 5, 2)))
    end = date(2028, 7, 1)
    life.do(end, "expire", begin_of(end))
    assert life.now.status is Status.EXPIRED


def test_while_suspended_nothing_is_due_a_month() -> None:
    life = year(2027).signed(date(2027, 1, 1))
    life.do(date(2027, 1, 1), "take_effect", begin_of(date(2027, 1, 1)))
    life.do(date(2027, 4, 1), "suspend", "Unpaid")
    assert life.now.terms.fee(date(2027, 12, 31)) == 0
    assert life.now.value == 60_000
    life.do(date(2027, 5, 1), "resume", "Paid")
    assert life.now.terms.fee(date(2027, 4, 30)) == 0
    assert life.now.terms.fee(date(2027, 5, 1)) == 20_000
    assert life.now.value == 220_000
    with pytest.raises(SuspendedRequired):
        life.now.resume("x")


def test_payments_are_scheduled_made_and_fall_due() -> None:
    life = year(2027).signed(date(2027, 1, 1))
    items = [
        Payment(id=f"p{n}", amount=Decimal(120_000), due_on=date(2027, 6 * n, 15), for_="Half")
        for n in (1, 2)
    ]
    life.do(MARCH, "schedule_payments", items)
    with pytest.raises(PaymentRequired):
        life.now.record_payment("p3", Decimal(1))
    life.do(MARCH, "record_payment", "p1", Decimal(70_000))
    with pytest.raises(PaidTwice):
        life.now.record_payment("p1", Decimal(50_001))
    with pytest.raises(PaymentStands):
        life.now.schedule_payments(items[1:])
    day = date(2027, 6, 15)
    both = [each.model_copy(update={"due_on": day}) for each in items]
    life.do(MARCH, "schedule_payments", both)
    life.do(day, "fall_due", begin_of(day))
    assert stated_since(life, "payments-scheduled") == ["p1", "p2"]
    with pytest.raises(NotDue):
        life.now.fall_due(begin_of(day))
    life.do(day, "record_payment", "p1", Decimal(50_000))
    life.do(day, "schedule_payments", items)  # one of them is due on another day now
    later = date(2027, 12, 15)
    life.do(later, "fall_due", begin_of(later))
    assert stated_since(life, "payments-scheduled") == ["p2"]  # the other one is paid
    moved = [items[0], items[1].model_copy(update={"amount": Decimal("120000.01")})]
    with pytest.raises(PaymentsBeyondValue):
        life.now.schedule_payments(moved)


def stated_since(life: Life, fact: str) -> list[str]:
    types = [each.type for each in life.facts]
    at = len(types) - types[::-1].index(f"contract.{fact}")
    return [each.item for each in life.facts[at:]]


def test_a_draft_is_revised_a_number_is_claimed_and_what_was_signed_stands() -> None:
    life = year(2027, number="HT-1", checksum="a1")
    assert life.now.claims == {ContractNumberTaken: "HT-1"}
    with pytest.raises(ContractApprovalRequired):
        life.now.sign("wang.fang", "a1")
    life.do(MARCH, "revise", lines=[line("a", "10")], clear=["number"])
    assert (life.now.claims, life.now.value) == ({}, Decimal(120))
    with pytest.raises(NothingChanged):
        life.now.revise(lines=[line("a", "10")])
    life.approved(MARCH)
    with pytest.raises(DraftRequired):
        life.now.revise(title="x")
    with pytest.raises(ApprovedTextOnly):
        life.now.sign("wang.fang", "a2")
    life.do(MARCH, "sign", "wang.fang", "a1", signed_on=MARCH)
    for late in (life.now.revise, life.now.void):
        with pytest.raises(SignedStands):
            late("x")
    void = year(2027)
    void.do(MARCH, "void", "The customer declined")
    assert void.now.status is Status.VOID


def test_what_was_signed_before_it_was_entered_is_taken_over_without_an_approval() -> None:
    life = Life(date(2026, 1, 1), date(2027, 12, 31), line("a", "10"), on=MARCH)
    with pytest.raises(EarlierSignatureRequired):
        life.now.take_over(MARCH)
    submitted = Life(date(2026, 1, 1), date(2027, 12, 31), line("a", "10"), on=MARCH)
    submitted.approved(MARCH)
    with pytest.raises(DraftRequired):
        submitted.now.take_over(date(2025, 12, 1))
    life.do(MARCH, "take_over", date(2025, 12, 1), "Chen Gang")
    assert [each.type for each in life.facts] == ["contract.drafted", "contract.taken-over"]
    assert (life.now.status, life.facts[-1].signed_on) == (Status.SIGNED, date(2025, 12, 1))
    with pytest.raises(SignedStands):
        life.now.take_over(date(2025, 12, 1))
    life.do(MARCH, "take_effect", begin_of(date(2026, 1, 1)))
    assert told_ahead(life)[0] == (date(2027, 7, 4), 180, "term")  # nothing that had passed


def test_an_amendment_that_does_not_fit_is_refused() -> None:
    life = amended()
    now, may = life.now, date(2027, 5, 1)
    cases: list[tuple[type[RuleViolation], tuple[Any, ...]]] = [
        (NothingChanged, (may,)),
        (DatesContradict, (date(2027, 3, 1), None, [line("c", "1")])),  # before the last one
        (AmendmentOutsideTerm, (may, [LineEnd(id="a", last_day=date(2027, 4, 15))])),
        (LineInForceRequired, (may, [LineEnd(id="b", last_day=date(2027, 7, 31))])),
        (LineInForceRequired, (may, [LineEnd(id="x", last_day=may)])),
        (LinePeriodsOverlap, (may, None, [line("a", "1")])),
        (AmendmentOutsideTerm, (date(2028, 1, 1), None, [line("c", "1")])),
        (AmendmentOutsideTerm, (may, None, [line("c", "1", **{"from": "2027-04-15"})])),
        (AmendmentOutsideTerm, (may, None, [line("c", "1", to="2028-01-01")])),
    ]
    for rule, told in cases:
        with pytest.raises(rule):
            now.draft_amendment(*told)
    for command in (now.sign_amendment, now.drop_amendment):
        with pytest.raises(AmendmentRequired):
            command("0192f3a1-0000-7000-8000-000000000009")
    life.do(MARCH, "draft_amendment", may, ends_on=date(2028, 12, 31), checksum="c1")
    (id_,) = life.now.proposed
    nothing = {"at_stake": Decimal(0), "currency": "CNY"}
    life.do(MARCH, "submit_amendment", id_, SEATS, decide("contract-value", nothing))
    with pytest.raises(ApprovedTextOnly):
        life.now.sign_amendment(id_, checksum="c2")
    life.do(MARCH, "drop_amendment", id_, "Not wanted")
    assert life.now.proposed == {}


def test_terms_that_contradict_themselves_are_refused() -> None:
    first, last = date(2027, 1, 1), date(2027, 12, 31)
    huge = line("a", "9999999999999999.99", quantity=2)
    cases: list[tuple[type[RuleViolation], Callable[[], Life]]] = [
        (TermInverted, lambda: Life(last, first, line("a", "1"))),
        (LinePeriodsOverlap, lambda: year(2027, line("a", "1"), line("a", "2"))),
        (LineOutsideTerm, lambda: year(2027, line("a", "1", to="2028-01-01"))),
        (LineOutsideTerm, lambda: year(2027, line("a", "1", **{"from": "2026-12-31"}))),
        (ContractTooLarge, lambda: year(2027, huge)),
    ]
    for rule, make in cases:
        with pytest.raises(rule):
            make()


def test_only_what_is_signed_and_in_force_is_suspended_renewed_and_ended() -> None:
    day = today()
    draft = Life(day, day + timedelta(days=100), line("a", "1"), notice_days=30)
    for command, told in (("suspend", ("x",)), ("renew", (day + timedelta(days=200),))):
        with pytest.raises(InForceRequired):
            getattr(draft.now, command)(*told)
    with pytest.raises(SignatureRequired):
        draft.now.give_notice(Party.US, day)
    signed = draft.signed(day).now
    with pytest.raises(NoticeRequired):
        signed.withdraw_notice()
    with pytest.raises(TermInverted):
        signed.renew(day + timedelta(days=100))
    soon = day + timedelta(days=10)
    cases: list[tuple[type[RuleViolation], date, dict[str, Any]]] = [
        (TerminationOutsideTerm, day + timedelta(days=101), {}),
        (OnePenalty, soon, {"penalty": Decimal(1), "penalty_percent": Decimal(1)}),
        (NoticeTooLate, soon, {}),
    ]
    for rule, last_day, told_more in cases:
        with pytest.raises(rule):
            signed.terminate(last_day, Party.CUSTOMER, "x", **told_more)
    with pytest.raises(TerminationOutsideTerm):
        signed.give_notice(Party.US, day + timedelta(days=101))
    with pytest.raises(NoticeTooLate):
        signed.give_notice(Party.US, soon)
    signed.terminate(soon, Party.BOTH, "Agreed")
    assert stated(signed) == ["terminated"]
    coming = Life(day, soon, line("a", "1")).signed(day - timedelta(days=0)).now
    coming.terms = coming.terms.model_copy(update={"starts_on": day + timedelta(days=5)})
    with pytest.raises(InForceRequired):
        coming.terminate(soon, Party.BOTH, "x")


def test_what_is_stated_for_an_earlier_day_is_so_at_once() -> None:
    day = today()
    life = Life(day - timedelta(days=90), day + timedelta(days=90), line("a", "1"))
    life.signed(day - timedelta(days=90))
    life.do(day - timedelta(days=60), "suspend", "Unpaid")
    told = {"reason": "Paid", "effective": day - timedelta(days=10)}
    every_command()["contract.resume"].give(life.now, told)
    assert life.now.terms.suspensions[-1].last == day - timedelta(days=11)


@given(plays(Contract))
@settings(max_examples=60)
def test_whatever_is_asked_of_a_contract_is_told_again_alike(
    played: tuple[int, list[Step]],
) -> None:
    play(Contract, *played)
