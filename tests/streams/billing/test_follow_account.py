"""Bills wait for whoever holds their account, and go with it; runs count what is in."""

from collections.abc import Iterator
from concurrent.futures import Future
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.commands.executor import Answer, Call
from adapters.refusals import RuleBroken
from adapters.storage.journal_tables import tallies
from domain.billing.bill import BillOnce
from domain.billing.bill_run import ControlTotalsDiffer, RunOnce
from domain.billing.billing_terms import AccountClosed, RunBalanced
from domain.kernel.aggregate import Origin, RuleViolation, new_id
from projections.billing.bills import bills
from tests.adapters.keyring import keys_in
from tests.streams.customers.test_merge import Merger


class Billing(Merger):
    """A company with accounts and their bills."""

    def open(self, number: str, customer: str | None = None, **more: Any) -> str:
        told = {"account_number": number, "unit": "gd-gz", **more}
        return self.do("billing-account.open", **told, customer_id=customer)

    def bill(self, number: str, amount: str, month: str = "2026-03", **more: Any) -> str:
        return self.do("bill.receive", **bill(number, amount, month, **more))

    def customers(self) -> dict[tuple[str, str], str | None]:
        """Return whose each bill is, by account and month."""
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(bills.table)).all()
        return {(row.account_number, row.month): row.customer_id for row in rows}


def bill(number: str, amount: str, month: str = "2026-03", **more: Any) -> dict[str, Any]:
    lines = [{"kind": "recurring", "product": "专线", "amount": amount}]
    told = {"account_number": number, "month": month, "lines": lines, "amount": amount}
    return {**told, "issued_on": "2026-04-05", "due_on": "2026-04-25", **more}


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Billing]:
    company = Billing(f"sqlite:///{tmp_path / 'test.db'}")
    company.journal.keys = keys_in(tmp_path)
    yield company
    company.close()


def refused(rule: type[RuleViolation], company: Billing, *of: Any, **body: Any) -> str:
    with pytest.raises(RuleBroken) as broken:
        company.do(*of, **body)
    assert isinstance(broken.value.__cause__, rule)
    return str(broken.value)


def test_a_run_is_balanced_once_all_of_its_bills_are_in(company: Billing) -> None:  # B1
    told = {"month": "2026-03", "unit": "gd-gz"}
    run = company.do("bill-run.announce", **told, bills=10, total="1000000.00")
    refused(RunOnce, company, "bill-run.announce", **told, bills=1, total="1.00")
    first = company.bill("ZH-0", "109000.00")
    for number in range(1, 9):
        company.bill(f"ZH-{number}", "111000.00")
    detail = refused(ControlTotalsDiffer, company, "bill-run.balance", run)
    assert "9 bills of 997000.00 together are in." in detail
    refused(BillOnce, company, "bill.receive", **bill("ZH-1", "1.00"))
    company.bill("ZH-9", "3000.00", source="another")
    refused(ControlTotalsDiffer, company, "bill-run.balance", run)
    company.bill("ZH-9", "3000.00")
    company.do("bill.cancel", first, reason="误出")
    refused(ControlTotalsDiffer, company, "bill-run.balance", run)
    lines = bill("ZH-0", "109000.00")["lines"]
    company.do("bill.correct", first, lines=lines, amount="109000.00", reason="应收")
    company.do("bill-run.balance", run)
    refused(RunBalanced, company, "bill.receive", **bill("ZH-10", "1.00"))
    company.do("bill.correct", first, lines=bill("x", "9.00")["lines"], amount="9.00", reason="x")
    company.do("bill-run.reopen", run, reason="补账")
    company.bill("ZH-10", "1.00")
    with company.journal.engine.connect() as connection:
        rows = connection.execute(sa.select(tallies).order_by(tallies.c.key)).all()
    assert [(r.number, Decimal(r.amount)) for r in rows] == [(1, 3000), (11, Decimal("891010.00"))]


def test_what_is_refused_or_repeated_counts_for_nothing(company: Billing) -> None:
    origin = Origin("e-17", "gd-gz", new_id())
    wrong = {**bill("ZH-2", "5.00"), "due_on": "2026-01-01"}
    asked = [(bill("ZH-1", "5.00"), origin)] * 2 + [(wrong, Origin("e-17", "gd-gz", new_id()))]
    asked.append((bill("ZH-1", "5.00"), Origin("e-17", "gd-gz", new_id())))
    futures: list[Future[Answer]] = [
        company.executor.submit(Call("bill.receive", None, body, origin, keyed=True))
        for body, origin in asked
    ]
    told = [type(each.exception()) for each in futures]
    assert told == [type(None), type(None), RuleBroken, RuleBroken]
    with company.journal.engine.connect() as connection:
        assert connection.execute(sa.select(tallies.c.number, tallies.c.amount)).all() == [
            (1, "5.00")
        ]


def test_a_bill_waits_for_whoever_holds_its_account_also_for_months_gone_by(
    company: Billing,
) -> None:
    a, b = company.customer("A"), company.customer("B")
    for month in ("2026-01", "2026-02", "2026-03"):
        company.bill("ZH-1", "10.00", month)
    with company.reacting():
        account = company.open("ZH-1", effective="2026-01-01")
    assert {*company.customers().values()} == {None}
    with company.reacting():
        company.do("billing-account.assign", account, customer_id=a, effective="2026-02-10")
    assert company.customers() == {("ZH-1", "2026-01"): None} | dict.fromkeys(
        [("ZH-1", "2026-02"), ("ZH-1", "2026-03")], a
    )
    with company.reacting():
        told = {"customer_id": b, "reason": "过户", "effective": "2026-03-31"}
        company.do("billing-account.reassign", account, **told)
        company.bill("ZH-1", "10.00", "2025-12")
        company.bill("ZH-1", "10.00", "2026-04")
    found = {month: whose for (_, month), whose in company.customers().items()}
    assert found == {
        **dict.fromkeys(["2025-12", "2026-01"]),
        "2026-02": a,
        "2026-03": b,
        "2026-04": b,
    }
    (row,) = (
        event
        for event in company.journal.read(0, 10_000)
        if event.type == "bill.followed" and event.data["customer_id"] == b
    )
    assert row.data["on"] is None


def test_merges_take_accounts_and_bills_along_and_their_undoing_brings_them_back(
    company: Billing,
) -> None:
    a, b = company.customer("A"), company.customer("B")
    company.open("ZH-1", a, effective="2026-01-01")
    company.open("ZH-2", b, effective="2026-01-01")
    with company.reacting():
        company.bill("ZH-1", "10.00", "2026-01")
        company.bill("ZH-2", "20.00", "2026-01")
    merge = company.merge(a, b)
    assert {*company.customers().values()} == {a}
    with company.reacting():
        company.bill("ZH-2", "20.00", "2026-02")
    assert company.customers()["ZH-2", "2026-02"] == a
    undone = company.undo(merge)
    assert undone["state"] == "reversed"
    assert company.customers()["ZH-1", "2026-01"] == a
    assert company.customers()["ZH-2", "2026-01"] == b
    assert company.customers()["ZH-2", "2026-02"] == b


def test_an_account_gets_no_bill_issued_after_it_was_closed(company: Billing) -> None:
    account = company.open("ZH-1", effective="2026-01-01")
    company.do("billing-account.close", account, reason="销户", effective="2026-04-06")
    company.bill("ZH-1", "10.00")
    late = bill("ZH-1", "10.00", "2026-04", issued_on="2026-05-05", due_on="2026-05-25")
    refused(AccountClosed, company, "bill.receive", **late)


def test_a_late_bill_of_a_merged_customer_stands_under_the_survivor_until_that_is_undone(
    company: Billing,
) -> None:
    a, b, c, z = (company.customer(name) for name in ("A", "B", "C", "Z"))
    account = company.open("ZH-1", b, effective="2026-01-01")
    with company.reacting():
        told = {"customer_id": c, "reason": "过户", "effective": "2026-02-10"}
        company.do("billing-account.reassign", account, **told)
        company.bill("ZH-1", "10.00", "2025-12")
    assert company.customers() == {("ZH-1", "2025-12"): b}
    merge = company.merge(a, b)
    with company.reacting():
        company.bill("ZH-1", "10.00", "2026-01")
        company.bill("ZH-1", "10.00", "2026-02")
    assert company.customers() == {
        ("ZH-1", "2025-12"): a,
        ("ZH-1", "2026-01"): a,
        ("ZH-1", "2026-02"): c,
    }
    further = company.merge(z, a)
    with company.reacting():
        company.bill("ZH-1", "10.00", "2025-11")
    found = {month: whose for (_, month), whose in company.customers().items()}
    assert found == {"2025-11": z, "2025-12": z, "2026-01": z, "2026-02": c}
    company.undo(further)
    company.undo(merge)
    found = {month: whose for (_, month), whose in company.customers().items()}
    assert found["2025-12"] == found["2026-01"] == b
    assert found["2026-02"] == c
