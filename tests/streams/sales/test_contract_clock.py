"""What time and a signature bring about: noted once, dated the day it was due, also long after."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.journal import unit_of_work
from adapters.refusals import RuleBroken
from domain.kernel.aggregate import Recorded, Stored, new_id, to_stored
from domain.kernel.time.business_day import begin_of, today
from domain.kernel.time.effective_day import effective_day
from domain.sales.contract import Contract
from domain.sales.contract_clock import Renewal
from projections.sales.contracts import contracts, terms_of
from tests.domain.sales.contracts import line
from tests.streams.desk import Desk
from tests.streams.flow import happen
from tests.streams.kernel.test_policy_runner import House
from tests.streams.organised import Company

Long = Callable[..., tuple[Desk, str]]
ONE = timedelta(days=1)


def facts_of(customer_id: str, first: date, last: date, on: date, **more: Any) -> list[Any]:
    """Return what tells of a contract that was drafted and signed on a day, by type."""
    told = {"starts_on": first, "ends_on": last, "lines": [line("a", "100")], **more}
    drafted = to_stored(Contract.draft(customer_id, "gd-gz", "Lines", **told).unrecorded[0])
    signature: dict[str, Any] = {"signed_on": on.isoformat(), "ours": "e1", "checksum": "a0"}
    signature |= {"contact_id": None, "document_id": None}
    data = {**json.loads(drafted.data), "on": on.isoformat()}
    return [(drafted.type, data), ("contract.signed", signature)]


def record(house: House, facts: list[Any]) -> str:
    """Record the facts of a new record; return its id."""
    id_ = new_id()
    stored = [
        Stored(id_, n, type_, 1, json.dumps(each).encode())
        for n, (type_, each) in enumerate(facts, 1)
    ]
    happen(house.journal, stored)
    return id_


def signed(house: House, customer_id: str, *days: date, **more: Any) -> str:
    """Record, today, a contract from a day to another, signed on a third; return its id."""
    return record(house, facts_of(customer_id, *days, **more))


def noted(desk: Desk, id: str) -> list[Recorded]:
    """Have all noted that is due, until nothing is; return what was."""
    keeping = desk.timekeeping()
    with desk.projecting():
        while keeping.answer(desk.journal.now()):
            desk.projected()
    return [each for each in desk.journal.history(id) if each.actor_kind == "deadline"]


def day(event: Recorded) -> date:
    return effective_day(event.type, event.data, event.time)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(f"sqlite:///{tmp_path / 'test.db'}")
    yield desk
    desk.close()


@pytest.fixture
def recorded_long_ago(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Long]:
    """Have a contract recorded on its first day, with nobody there until today."""
    desks: list[Desk] = []

    def begin(first: date, last: date, *more_facts: Any, **more: Any) -> tuple[Desk, str]:
        then = round((begin_of(first) + timedelta(hours=3)).timestamp())
        with monkeypatch.context() as patched:
            patched.setattr(unit_of_work, "time", SimpleNamespace(time_ns=lambda: then * 10**9))
            desks.append(Desk(f"sqlite:///{tmp_path / 'test.db'}", organised=False))
            facts = facts_of(new_id(), first, last, first, **more)
            return desks[-1], record(desks[-1], [*facts, *more_facts])

    yield begin
    for desk in desks:
        desk.close()


def test_what_was_missed_while_nobody_was_there_comes_once_in_the_order_of_its_instants(
    recorded_long_ago: Long,
) -> None:
    last = today() - timedelta(days=40)
    first = last - timedelta(days=300)
    dues = [first + timedelta(days=20), last - timedelta(days=90)]
    items = [
        {"id": f"p{n}", "amount": "10.00", "due_on": str(dues[n // 2]), "for": "x"}
        for n in range(4)
    ]
    payments = ("contract.payments-scheduled", {"items": items, "on": str(first)})
    desk, id_ = recorded_long_ago(first, last, payments, notice_days=60)
    found = noted(desk, id_)
    told = [
        (day(each), each.type.partition(".")[2], each.data.get("item") or each.data.get("days"))
        for each in found
    ]
    notice = last - timedelta(days=60)
    expected: list[Any] = [(first, "took-effect", None), (last + ONE, "expired", None)]
    expected += [(dues[n // 2], "payment-fell-due", f"p{n}") for n in range(4)]
    for end in (last, notice):
        expected += [(end - timedelta(days=n), "end-neared", n) for n in (180, 90, 60, 30)]
    assert sorted(told, key=str) == sorted(expected, key=str)
    assert [on for on, *_ in told] == sorted(on for on, *_ in told)
    assert [each.data["due_at"] for each in found] == sorted(e.data["due_at"] for e in found)
    assert noted(desk, id_) == found


def test_what_goes_on_by_itself_is_told_of_each_new_end_in_turn(recorded_long_ago: Long) -> None:
    first = today() - timedelta(days=800)
    last = first + timedelta(days=364)
    more = {"renewal": Renewal.AUTOMATIC, "renewal_months": 12, "notice_days": 30}
    desk, id_ = recorded_long_ago(first, last, **more)
    found = noted(desk, id_)
    ends = [last, *(date.fromisoformat(e.data["ends_on"]) for e in found if "ends_on" in e.data)]
    assert len(ends) == 3
    assert all((later - end).days in (365, 366) for end, later in pairwise(ends))
    expected = [first]
    for end in ends:
        notice = end - timedelta(days=30)
        expected.append(notice + ONE)
        expected += [at - timedelta(days=n) for at in (end, notice) for n in (180, 90, 60, 30)]
    assert [day(each) for each in found] == sorted(each for each in expected if each <= today())
    assert noted(desk, id_) == found


def test_a_contract_that_ends_while_nobody_is_there_has_expired_on_the_day_after_its_last(
    desk: Desk,
) -> None:
    last = today() - timedelta(days=4)
    first = last - timedelta(days=30)
    id_ = signed(desk, desk.customer_id, first, last, first - timedelta(days=5))
    began, ended = noted(desk, id_)
    assert (began.type, day(began)) == ("contract.took-effect", first)
    assert (ended.type, day(ended)) == ("contract.expired", last + timedelta(days=1))
    assert noted(desk, id_) == [began, ended]
    rows = contracts.retell(desk.journal.history(id_))
    on_last_day = [row for row in rows if row["in_force"] <= last][-1]
    assert (on_last_day["status"], rows[-1]["status"]) == ("in-force", "expired")
    assert not any(rows[-1][due.name] for due in contracts.dues)
    terms = terms_of(rows[-1])
    assert [terms.fee(last + timedelta(days=each)) for each in (0, 1)] == [Decimal(100), Decimal(0)]


def test_without_notice_it_is_renewed_as_often_as_its_days_have_come(desk: Desk) -> None:
    first = today() - timedelta(days=100)
    last = first + timedelta(days=29)
    more = {"renewal": Renewal.AUTOMATIC, "renewal_months": 2, "notice_days": 10}
    id_ = signed(desk, desk.customer_id, first, last, first, **more)
    found = [each for each in noted(desk, id_) if each.type == "contract.renewed"]
    assert len(found) >= 2
    assert day(found[0]) == last - timedelta(days=9)
    row = contracts.retell(desk.journal.history(id_))[-1]
    assert (row["status"], row["renewals"]) == ("in-force", len(found))
    assert row["last_day"] >= today() + timedelta(days=9)


def test_a_payment_that_is_not_made_falls_due_once(desk: Desk) -> None:
    first = today() - timedelta(days=20)
    id_ = signed(desk, desk.customer_id, first, today() + timedelta(days=20), first)
    due = today() - timedelta(days=3)
    item = {"id": "p1", "amount": "50.00", "due_on": str(due), "for": "Half"}
    desk.do("contract.schedule-payments", id_, items=[item], effective=str(first))
    found = [each for each in noted(desk, id_) if each.type == "contract.payment-fell-due"]
    assert [day(each) for each in found] == [due]
    assert found[0].data["due_at"][:19] == begin_of(due).isoformat()[:19]


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    company = Company(f"sqlite:///{tmp_path / 'test.db'}")
    yield company
    company.close()


def test_a_signature_wins_the_sale_with_the_number_and_worth_of_the_contract(
    company: Company,
) -> None:
    customer, sale, _ = company.account("e1")
    first = today()
    with company.reacting():
        told = {"number": "HT-7", "opportunity_id": sale}
        id_ = signed(company, customer, first, first + timedelta(days=40), first, **told)
    row, contract = company.row("opportunities", sale), company.row("contracts", id_)
    assert (row["status"], row["contract_number"]) == ("won", "HT-7")
    assert (row["amount"], row["closed_on"]) == (contract["value"], first)


def test_a_renewal_or_a_new_text_wins_the_sale_of_the_renewal(company: Company) -> None:
    customer, *_ = company.account("e1")
    first = today().replace(day=1)
    last = first.replace(year=first.year + 1) - ONE
    later = last.replace(year=last.year + 1, day=min(last.day, 28))
    sales, olds = [], []
    for number in ("HT-1", "HT-2", "HT-3"):
        olds.append(signed(company, customer, first, last, first, number=number))
        about = {"title": "Renewal", "unit": "gd-gz", "renews_id": olds[-1]}
        sales.append(company.do("opportunity.open", customer_id=customer, **about))
    with company.reacting():
        company.do("contract.renew", olds[0], ends_on=str(later))
        told = {"number": "HT-2-B", "replaces_id": olds[1]}
        signed(company, customer, last + ONE, later, first, **told)
    renewed, replaced, left = (company.row("opportunities", each) for each in sales)
    assert (renewed["status"], renewed["contract_number"]) == ("won", "HT-1")
    worth = terms_of(company.row("contracts", olds[0])).left(last)
    assert (renewed["amount"], renewed["closed_on"]) == (worth, today())
    assert (replaced["status"], replaced["contract_number"]) == ("won", "HT-2-B")
    assert left["status"] == "open"


def test_when_the_file_of_a_customer_is_closed_what_goes_on_of_it_says_so(
    company: Company,
) -> None:
    customer, *_ = company.account("e1")
    other, *_ = company.account("e1")
    first = today() - timedelta(days=9)
    last = first + timedelta(days=40)
    ended = {"reason": "x", "on": str(first)}
    running, foreign = (signed(company, each, first, last, first) for each in (customer, other))
    drafted = facts_of(customer, first, last, first)[:1]
    void = record(company, [*drafted, ("contract.voided", ended)])
    line = {"customer_id": customer, "unit": "gd-gz", "product_name": "DDN 64K"}
    used = company.do("product-in-use.install", **line, attributes={})
    with company.reacting():
        company.do("customer.close", customer, reason="Bankrupt", effective=str(today() - ONE))
    assert company.row("products_in_use", used)["customer_closed_on"] == today()  # none before it
    rows = [company.row("contracts", each) for each in (running, foreign, void)]
    assert [row["customer_closed_on"] for row in rows] == [today() - ONE, None, None]
    assert [row["status"] for row in rows] == ["signed", "signed", "void"]
    with company.reacting():
        company.do("contract.name-customer", running, customer_id=other)
    assert company.row("contracts", running)["customer_closed_on"] is None


def test_a_contract_is_taken_over_for_an_earlier_day_unless_it_was_submitted_since(
    desk: Desk,
) -> None:
    begun = today() - timedelta(days=10)
    told = {"customer_id": desk.customer_id, "unit": "gd-gz", "title": "Lines"}
    told |= {"starts_on": str(begun), "ends_on": str(today()), "effective": str(begun)}

    def draft() -> str:
        return desk.do("contract.draft", lines=[line("a", "100").model_dump(mode="json")], **told)

    def take_over(id_: str) -> None:
        days = {"signed_on": str(begun - ONE), "effective": str(begun + ONE)}
        desk.do("contract.take-over", id_, **days)

    take_over(draft())
    submitted = draft()
    desk.do("contract.submit", submitted)
    with pytest.raises(RuleBroken, match="out of order"):
        take_over(submitted)
