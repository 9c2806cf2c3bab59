"""What customers are like on the day of a fact, and as they are: on both axes of time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import duckdb
import pytest

from domain.customers.customer import Customer
from domain.customers.customer_profile import Grade, Industry
from projections.kernel.reports.drill_down import Explanation
from projections.kernel.reports.report import ask, run
from projections.kernel.reports.report_scope import Standpoint
from projections.kernel.visibility.visibility import Sight, View
from tests.projections.billing.test_billing_reports import bill, line, warehouse
from tests.projections.happenings import Ledger

NOW = Standpoint(attributes="now")
QUARTER: Any = {"first": date(2025, 1, 1), "last": date(2025, 3, 31)}


class World(NamedTuple):
    """A warehouse, and the position before something was told late."""

    cursor: duckdb.DuckDBPyConnection
    then: int

    def told(self, by: str, name: str = "revenue", measure: str = "billed", **more: Any) -> Any:
        names = by.split(",")
        rows = run(self.cursor, name, names, measures=[measure], **QUARTER, **more).rows()
        return {tuple(row[each] for each in names): row[measure] for row in rows if row[measure]}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Have a customer who is regraded on 10 March, which is told late, and one who comes in May."""
    ledger = Ledger()
    known: dict[str, Any] = {"unit": "gd", "grade": Grade.B, "industry": Industry.FINANCE}
    first = Customer.register(name="C1", **known, registered_on=date(2024, 1, 1))
    first.assign_manager("li.na")
    first.since(date(2024, 1, 1))
    second = Customer.register(
        name="C2", **known | {"grade": Grade.C}, registered_on=date(2025, 5, 1)
    )
    for each in (first, second):
        ledger.record(each)
        for n, month in enumerate(("2025-01", "2025-02", "2025-03")):
            amount = 10**n * (1 if each is first else 2)
            ledger.record(bill(each.id, line(amount), month=month, due_on=date(2025, 4, 10)))
    then = len(ledger.rows)
    first.regrade(Grade.A, "moved up")
    first.since(date(2025, 3, 10))
    first.assign_manager("wang.fei")
    first.since(date(2025, 3, 10))
    ledger.record(first)
    with warehouse(ledger) as cursor:
        yield World(cursor, then)


def test_a_fact_is_of_the_grade_that_its_customer_had_on_the_day(world: World) -> None:
    of_may = {("C",): "222.00"}
    assert world.told("grade") == {("B",): "11.00", ("A",): "100.00"} | of_may
    assert world.told("grade", standpoint=NOW) == {("A",): "111.00"} | of_may
    assert world.told("manager") == {
        ("li.na",): "11.00",
        ("wang.fei",): "100.00",
        (None,): "222.00",
    }
    assert world.told("month,grade", where={"grade": ["B"]}) == {
        ("2025-01", "B"): "1.00",
        ("2025-02", "B"): "10.00",
    }


def test_what_it_was_like_is_what_was_known_of_it(world: World) -> None:
    before = {("B",): "111.00", ("C",): "222.00"}
    assert world.told("grade", as_of=world.then) == before
    assert world.told("grade", as_of=world.then, standpoint=NOW) == before
    true = Standpoint(valid_at=date(2025, 3, 9))
    # What was true on 9 March is all there is, of a customer who came in May nothing.
    assert ("A",) not in world.told("grade", standpoint=true)


def test_what_is_due_is_of_the_grade_on_the_day_that_it_is_due_on(world: World) -> None:
    asked: Any = {"name": "arrears", "measure": "receivables", "where": {"grade": ["A", "B"]}}
    february, march = ("2025-02", "B"), ("2025-03", "A")
    assert world.told("month,grade", **asked) == {february: "1.00", march: "11.00"}
    now = world.told("month,grade", **asked, standpoint=NOW)
    assert now == {("2025-02", "A"): "1.00", march: "11.00"}
    before = world.told("month,grade", **asked, as_of=world.then)
    assert before == {february: "1.00", ("2025-03", "B"): "11.00"}


def test_the_records_behind_add_up_by_what_their_customers_were(world: World) -> None:
    for standpoint, number in ((Standpoint(), 2), (NOW, 0)):
        where = {"grade": ["B"], "currency": ["CNY"]}
        asked = ask(
            world.cursor,
            "revenue",
            (),
            where,
            **QUARTER,
            measures=["billed"],
            standpoint=standpoint,
        )
        page = Explanation(world.cursor, asked).page(10)
        assert len(page) == number
        assert sum(each["contributions"]["billed"] for each in page) == (11 if number else 0)


def test_who_is_out_of_sight_is_not_told_of_as_of_any_day(world: World) -> None:
    elsewhere = Standpoint(Sight((View("sz", frozenset({"gd-gz"})),)))
    for attributes in ("then", "now"):
        standpoint = replace(elsewhere, attributes=attributes)
        assert world.told("grade", standpoint=standpoint) == {("(not in sight)",): "333.00"}
