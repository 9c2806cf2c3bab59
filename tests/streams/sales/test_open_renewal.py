"""Half a year before a contract ends, its renewal is a sale of its manager: once, while it ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.kernel.aggregate import Recorded
from domain.kernel.time.business_day import begin_of, today
from domain.sales.contract_clock import Renewal
from projections.kernel.read_model import Row
from streams.kernel.policy import policies
from tests.streams.flow import until, working
from tests.streams.organised import Company
from tests.streams.sales.test_contract_clock import facts_of, record

CHOSEN = {"open-renewal": policies()["open-renewal"]}


class Market(Company):
    """A company with a contract of the manager `e1` that ends in 170 days."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.owner, *_ = self.account("e1")
        self.last = today() + timedelta(days=170)

    def contract(self, *more_facts: Any, days: int = 180, of: str = "term", **more: Any) -> str:
        """Record one of which it was told how many days are left; return its id."""
        first = self.last - timedelta(days=364)
        told = {"manager": "e1", **more}
        facts = facts_of(self.owner, first, self.last, today(), **told)
        return record(self, [*facts, self.neared(self.last, days, of), *more_facts])

    @staticmethod
    def neared(end: date, days: int, of: str = "term") -> tuple[str, dict[str, Any]]:
        due = begin_of(end - timedelta(days=days)).isoformat()
        return ("contract.end-neared", {"days": days, "of": of, "due_at": due, "on": None})

    def answered(self, again: bool = False) -> None:
        """Have all events answered, from the beginning if asked again."""
        reactions = self.reactions(chosen=CHOSEN)
        if again:
            reactions.lease.acquire()
            reactions.checkpoint.set(0)
            reactions.lease.release()
        told = [e.position for e in self.journal.read(0, 9999) if e.type == "contract.end-neared"]
        for work in ((), (reactions.work,)):
            with working(self.projection(), *work):
                until(lambda: not work or reactions.checkpoint.get() >= max(told))  # noqa: B023
                until(lambda: self.projector.position() == self.journal.head().position)

    def renewals(self, contract: str) -> list[Row]:
        every = [e.stream for e in self.journal.read(0, 9999) if e.type == "opportunity.opened"]
        rows = [self.row("opportunities", each) for each in every]
        return [row for row in rows if row["renews_id"] == contract]

    def event(self, contract: str) -> Recorded:
        (found, *_) = (e for e in self.journal.history(contract) if e.type.endswith("neared"))
        return found


@pytest.fixture
def market(tmp_path: Path) -> Iterator[Market]:
    market = Market(f"sqlite:///{tmp_path / 'test.db'}")
    yield market
    market.close()


def test_it_is_opened_once_for_its_manager_however_often_that_is_answered(market: Market) -> None:
    contract = market.contract()
    market.answered()
    market.answered(again=True)
    (sale,) = market.renewals(contract)
    assert sale["id"] == market.event(contract).naming("renewal")
    assert (sale["manager"], sale["customer_id"], sale["unit"]) == ("e1", market.owner, "gd-gz")
    assert (sale["expected_close"], sale["amount"], sale["currency"]) == (market.last, 1200, "CNY")
    assert (sale["source"], sale["title"]) == ("renewal", "Renewal of Lines")


def test_there_is_none_of_a_contract_about_which_it_is_decided(market: Market) -> None:
    more = {"competitor": None, "remaining": "0.00", "penalty": None, "on": None}
    ended = {"last_day": str(market.last), "by": "us", "reason": "x", **more}
    notice = {"by": "customer", "for_day": str(market.last), "given_on": None}
    later = {"lines": None, "document_id": None, "notice_day": None, "on": None}
    later["ends_on"] = str(market.last + timedelta(days=365))  # type: ignore[assignment]
    decided = [
        market.contract(("contract.notice-given", notice)),
        market.contract(("contract.terminated", ended)),
        market.contract(("contract.renewed", later)),
        market.contract(days=90),
        market.contract(of="notice", renewal=Renewal.AUTOMATIC, notice_days=0),
    ]
    market.answered()
    assert [market.renewals(each) for each in decided] == [[]] * 5


def test_there_is_none_of_a_contract_that_had_ended_when_that_was_noted(market: Market) -> None:
    market.last = today() - timedelta(days=1)
    contract = market.contract()
    market.answered()
    assert market.renewals(contract) == []


def test_there_is_none_while_somebody_sells_it_already(market: Market) -> None:
    contract = market.contract()
    told = {"title": "More sites", "unit": "gd-gz", "customer_id": market.owner}
    before = market.do("opportunity.open", **told, renews_id=contract)
    market.answered()
    assert [row["id"] for row in market.renewals(contract)] == [before]
    market.do("opportunity.lose", before, reason="price")
    market.answered(again=True)
    assert len(market.renewals(contract)) == 2


def test_whoever_cannot_have_it_does_not_keep_it_from_being_opened(market: Market) -> None:
    market.do("employee.leave", market.people["e1"], reason="Retired")
    contract = market.contract()
    market.answered()
    (sale,) = market.renewals(contract)
    assert sale["manager"] is None
