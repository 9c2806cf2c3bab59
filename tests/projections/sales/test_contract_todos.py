"""To-dos about contracts come and go by the days of a contract, whoever has noted these or not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.storage.databases import connect
from domain.kernel.aggregate import Recorded, to_stored
from domain.kernel.time.business_day import begin_of
from domain.sales.contract_clock import Renewal
from domain.sales.contract_end import Party
from domain.sales.contract_payments import Payment
from projections.kernel.lists.todo_list import Turn, some, sources
from projections.kernel.rows.projector import Projector
from projections.kernel.visibility.visibility import Sight, View
from projections.sales.contracts import contracts
from tests.domain.sales.contracts import Life, year

ALL, NOBODY = Sight((View("group"),)), Sight(())
FIRST, LAST = date(2027, 1, 1), date(2027, 12, 31)
RENEW = "Renew the contract Leased lines, or let it end"
SEE = "See to it that the contract Leased lines is renewed, or let it end"
NOTICE = "Decide whether to give notice of the contract Leased lines"
DECIDE = "Decide how the contract Leased lines ends, as the file of its customer was closed"
PAY = "Have a payment for the contract Leased lines made"

Ask = Callable[..., list[str]]


def events(life: Life) -> list[Recorded]:
    """Return what a contract has told as readers have it."""
    found = []
    for n, fact in enumerate(life.facts, 1):
        data = json.loads(to_stored(fact).data)
        of = (n, life.now.id, n, fact.type, 1, fact.timestamp, "li", "gd-gz", f"c-{n}")
        found.append(Recorded(*of, on_behalf_of=None, cause=None, data=data))
    return found


@pytest.fixture
def todos(tmp_path: Path) -> Iterator[Ask]:
    """Give what is to be done about a contract on a day, for its manager unless told otherwise."""
    engines = list[sa.Engine]()

    def ask(life: Life, day: date, may: Sight = NOBODY, overdue: bool | None = None) -> list[str]:
        path = tmp_path / f"rows-{len(engines)}.db"
        engines.append(engine := connect(f"sqlite:///{path}", "normal"))
        projector = Projector(engine, {contracts.name: contracts})
        projector.create()
        projector.apply(events(life))
        moment, employee = begin_of(day) + timedelta(hours=9), None if may else "li"
        told = (ALL, 1, moment, employee, None, overdue, may)
        mine = [each for each in sources() if each.model is contracts]
        asked = [(each, q) for each in mine if (q := each.question(*told)) is not None]
        items: list[dict[str, Any]] = []
        turn: Turn | None = None
        with engine.connect() as connection:
            while True:
                part, turn = some(
                    asked, turn, 1, lambda listing, q, at: listing.page(connection, q, at)
                )
                items += [source.item(row, moment) for source, row in part]
                if turn is None:
                    break
        assert all(each["since"] <= moment for each in items)
        return [each["text"] + ", overdue" * each["overdue"] for each in items]

    yield ask
    for engine in engines:
        engine.dispose()


def before(day: date, days: int) -> date:
    return day - timedelta(days=days)


def managed(**more: Any) -> Life:
    life = year(2027, manager="li", **more).signed(FIRST)
    life.do(FIRST, "take_effect", begin_of(FIRST))
    return life


def test_the_manager_is_asked_90_days_before_the_end_and_somebody_above_30(todos: Ask) -> None:
    life, above = managed(), Sight((View("group", frozenset({"gd-gz"})),))
    assert todos(life, before(LAST, 91)) == []
    assert todos(life, before(LAST, 90)) == todos(life, LAST) == [RENEW]
    assert todos(life, LAST + timedelta(days=1)) == [f"{RENEW}, overdue"]
    assert [todos(life, before(LAST, n), above) for n in (31, 30)] == [[], [SEE]]
    own = Sight((View("group", frozenset({"gd-gz"}), frozenset({"li"})),))
    elsewhere = Sight((View("group", frozenset({"js"})),))
    assert todos(life, LAST, own) == todos(life, LAST, elsewhere) == []


def test_what_is_done_is_not_to_be_done(todos: Ask) -> None:
    day = before(LAST, 10)
    noticed, expired = managed(), managed()
    noticed.do(before(LAST, 100), "give_notice", Party.CUSTOMER, LAST, before(LAST, 100))
    assert todos(noticed, day) == []
    noticed.do(before(LAST, 50), "withdraw_notice")
    assert todos(noticed, day) == [RENEW]
    over = LAST + timedelta(days=1)
    expired.do(over, "expire", begin_of(over))
    assert todos(expired, over) == []
    by_itself = managed(renewal=Renewal.AUTOMATIC, renewal_months=12)
    assert todos(by_itself, day) == []
    by_itself.do(over, "renew_automatically", begin_of(over))
    assert todos(by_itself, over) == []
    assert todos(year(2027, manager="li"), day) == []  # a draft


def test_when_the_customer_is_closed_it_is_decided_how_the_contract_ends(todos: Ask) -> None:
    life, day = managed(), date(2027, 3, 1)
    assert todos(life, day) == []
    life.do(day, "note_customer_closed")
    assert todos(life, day) == [DECIDE]
    assert todos(life, day + timedelta(days=1)) == [f"{DECIDE}, overdue"]
    life.do(day, "give_notice", Party.US, date(2027, 4, 30), day)
    assert todos(life, day) == []


def test_it_is_decided_about_a_notice_until_its_last_day(todos: Ask) -> None:
    life = managed(notice_days=120)
    notice = before(LAST, 120)
    assert [todos(life, before(notice, n)) for n in (91, 90, 0)] == [[], [NOTICE], [NOTICE]]
    assert todos(life, before(notice, -1)) == []
    assert todos(life, before(LAST, 90)) == [RENEW]
    assert todos(life, notice, overdue=True) == []
    assert todos(life, notice, overdue=False) == [NOTICE]


def test_a_payment_is_asked_for_from_the_day_on_which_it_is_due_until_it_is_made(
    todos: Ask,
) -> None:
    life, due = managed(), date(2027, 3, 1)
    items = [Payment(id="p1", amount=Decimal(10), due_on=due, for_="x")]
    items.append(Payment(id="p2", amount=Decimal(10), due_on=date(2027, 4, 1), for_="x"))
    life.do(FIRST, "schedule_payments", items)
    late = due + timedelta(days=1)
    for _ in ("before that was noted", "after it"):
        assert todos(life, before(due, 1)) == []
        assert (todos(life, due), todos(life, late)) == ([PAY], [f"{PAY}, overdue"])
        assert (todos(life, due, overdue=True), todos(life, late, overdue=False)) == ([], [])
        if life.now.falls_due_on == due:
            life.do(due, "fall_due", begin_of(due))
    life.do(late, "record_payment", "p1", Decimal(4))
    assert todos(life, late) == [f"{PAY}, overdue"]
    life.do(late, "record_payment", "p1", Decimal(6))
    assert todos(life, late) == []
    assert todos(life, date(2027, 4, 1)) == [PAY]
