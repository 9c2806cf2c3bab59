"""What time and a signature bring about: noted once, dated the day it was due, also long after."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.kernel.aggregate import Recorded, Stored, new_id, to_stored
from domain.kernel.time.business_day import begin_of, today
from domain.kernel.time.effective_day import effective_day
from domain.sales.contract import Contract
from domain.sales.contract_clock import Renewal
from projections.sales.contract_watch import terms_of
from projections.sales.contracts import contracts
from tests.domain.sales.contracts import line
from tests.streams.desk import Desk
from tests.streams.flow import happen
from tests.streams.organised import Company


def signed(house: Any, customer_id: str, first: date, last: date, on: date, **more: Any) -> str:
    """Record, today, a contract that was drafted and signed on a day; return its id."""
    told = {"starts_on": first, "ends_on": last, "lines": [line("a", "100")], **more}
    drafted = to_stored(Contract.draft(customer_id, "gd-gz", "Lines", **told).unrecorded[0])
    id_ = new_id()
    data = {**json.loads(drafted.data), "on": on.isoformat()}
    signature: dict[str, Any] = {"signed_on": on.isoformat(), "ours": "e1", "checksum": "a0"}
    signature |= {"contact_id": None, "document_id": None}
    facts = [(drafted.type, data), ("contract.signed", signature)]
    happen(
        house.journal,
        [
            Stored(id_, n, type_, 1, json.dumps(each).encode())
            for n, (type_, each) in enumerate(facts, 1)
        ],
    )
    return id_


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(f"sqlite:///{tmp_path / 'test.db'}")
    yield desk
    desk.close()


def noted(desk: Desk, id: str) -> list[Recorded]:
    """Have all noted that is due, until nothing is; return what was."""
    keeping = desk.timekeeping()
    with desk.projecting():
        while keeping.answer(desk.journal.now()):
            desk.projected()
    return [each for each in desk.journal.history(id) if each.actor_kind == "deadline"]


def day(event: Recorded) -> date:
    return effective_day(event.type, event.data, event.time)


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
    assert rows[-1]["due_at"] is None
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


def test_a_signature_wins_the_sale_with_the_number_and_worth_of_the_contract(
    tmp_path: Path,
) -> None:
    company = Company(f"sqlite:///{tmp_path / 'test.db'}")
    customer, sale, _ = company.account("e1")
    first = today()
    with company.reacting():
        told = {"number": "HT-7", "opportunity_id": sale}
        id_ = signed(company, customer, first, first + timedelta(days=40), first, **told)
    row, contract = company.row("opportunities", sale), company.row("contracts", id_)
    assert (row["status"], row["contract_number"]) == ("won", "HT-7")
    assert (row["amount"], row["closed_on"]) == (contract["value"], first)
    company.close()
