"""What is billed by how many customers there are, worked out by hand: totals by totals."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
import pytest

from domain.customers.customer import Customer
from domain.customers.customer_profile import Grade
from domain.customers.customer_standing import LapseReason
from projections.kernel.lists.parameters import BadParameter
from projections.kernel.reports.comparing import Comparing
from projections.kernel.reports.drill_across import Across, Joined, ask_each, join
from projections.kernel.reports.report_scope import Standpoint
from projections.kernel.reports.stretches import Question
from tests.projections.billing.test_billing_reports import THOUSANDS, bill, line, warehouse
from tests.projections.happenings import Ledger

MARCH = date(2025, 3, 1), date(2025, 3, 31)
QUARTER = date(2025, 1, 1), date(2025, 3, 31)


class World(NamedTuple):
    """A warehouse, and the position before a correction."""

    cursor: duckdb.DuckDBPyConnection
    then: int

    def joined(
        self,
        measures: str,
        by: str = "",
        days: tuple[date, date] = MARCH,
        where: dict[str, list[str]] | None = None,
        known: int | None = None,
        compare: tuple[str, ...] = (),
        **told: Any,
    ) -> Joined:
        names = by.split(",") if by else []
        across = Across(measures.split(","), names, where or {})
        question = Question(names, where or {}, *days, known)
        report = next(iter(across.reports.values()))
        comparing = Comparing(report, compare, self.then, False, False, days[1])
        found = ask_each(self.cursor, across, question, comparing, Standpoint())
        return join(self.cursor, across, names, found, **told)

    def rows(self, measures: str, by: str = "", **more: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.joined(measures, by, **more).table.to_pylist()
        return rows


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Have ten customers, of which the last lapses on 20 March, and three months of bills."""
    ledger, fifth = Ledger(), None
    for n, march in enumerate(THOUSANDS, 1):
        customer = Customer.register(
            name=f"C{n:02}",
            unit="gd" if n < 3 else "gd-gz",
            grade=Grade.A if n < 4 else Grade.B,
            registered_on=date(2024, 6, 1),
        )
        customer.activate()
        customer.since(date(2024, 6, 1))
        ledger.record(customer)
        if n == len(THOUSANDS):
            customer.lapse(LapseReason.PRICE)
            customer.since(date(2025, 3, 20))
            ledger.record(customer)
        less = {"2025-01": 40 if n == 1 else 0, "2025-02": 20 if n == 1 else 0, "2025-03": 0}
        for month, off in less.items():
            record = bill(customer.id, line((march - off) * 1000), month=month)
            ledger.record(record)
            if n == 5 and month == "2025-03":
                fifth = record
    then = len(ledger.rows)
    assert fifth is not None
    fifth.correct([line(30_000)], Decimal(30_000), "多计")
    ledger.record(fifth)
    with warehouse(ledger) as cursor:
        yield World(cursor, then)


def test_arpa_is_by_those_active_on_the_last_day(world: World) -> None:  # A1
    asked = "arpa,billed_revenue,customer_months"
    (row,) = world.rows(asked, known=world.then)
    assert row["arpa"] == Decimal("111111.11")
    assert (row["billed_revenue"], row["customer_months"]) == (Decimal(1_000_000), 9)
    (row,) = world.rows("arpa", compare=("known", "previous"))
    assert row["arpa"] == Decimal("110444.44")
    assert (row["arpa_known"], row["arpa_known_change"]) == (
        Decimal("111111.11"),
        Decimal("-666.67"),
    )
    assert row["arpa_known_share"] == -0.006
    assert row["arpa_previous"] == Decimal("98000.00")
    assert row["arpa_previous_change"] == Decimal("12444.44")


def test_of_several_months_it_is_total_by_total_and_no_mean_of_months(world: World) -> None:  # A1
    (whole,) = world.rows("arpa", days=QUARTER, known=world.then)
    assert whole["arpa"] == Decimal("101379.31")
    months = world.rows("arpa", "month", days=QUARTER, known=world.then)
    assert [row["arpa"] for row in months] == [
        Decimal("96000.00"),
        Decimal("98000.00"),
        Decimal("111111.11"),
    ]
    mean = sum(row["arpa"] for row in months) / 3
    assert round(mean, 2) == Decimal("101703.70") != whole["arpa"]
    (quarter,) = world.rows("arpa,active_customers", "quarter", days=QUARTER, known=world.then)
    assert (quarter["arpa"], quarter["active_customers"]) == (whole["arpa"], 9)
    named = world.rows("arpa", where={"month": ["2025-01", "2025-02"]}, days=QUARTER)
    assert named[0]["arpa"] == Decimal("97000.00")
    grades = {row["grade"]: row["arpa"] for row in world.rows("arpa", "grade", days=QUARTER)}
    assert grades == {"A": Decimal("276666.67"), "B": Decimal("22200.00")}


def test_a_month_that_has_not_ended_has_nobody_below(world: World) -> None:
    days = QUARTER[0], date(2025, 3, 30)
    rows = world.rows("arpa", "month", days=days, known=world.then)
    assert [row["arpa"] for row in rows] == [Decimal("96000.00"), Decimal("98000.00")]
    assert world.rows("arpa", days=days, known=world.then)[0]["arpa"] == Decimal("97000.00")
    cut = world.joined("arpa", "month", days=days)
    assert cut.results["customer-months"].partial == ("2025-03",)


def test_a_figure_by_nobody_is_nothing_and_by_somebody_of_nothing_is_zero(world: World) -> None:
    days = date(2024, 5, 1), date(2024, 6, 30)
    rows = world.rows("arpa,customer_months", "month", days=days)
    assert [(row["month"], row["arpa"]) for row in rows] == [("2024-06", Decimal(0))]
    (before,) = world.rows("arpa", days=(date(2024, 5, 1), date(2024, 5, 31)))
    assert before["arpa"] is None
    kept = world.rows("arpa", "customer", days=QUARTER, having="arpa>=200000", sort="-arpa")
    assert [row["arpa"] for row in kept] == [Decimal("400000.00"), Decimal("310000.00")]


def test_the_records_of_both_parts_are_behind_a_ratio(world: World) -> None:
    found = world.joined("arpa", "grade", days=QUARTER)
    assert {*found.places} == {"revenue", "customer-months"}
    for name, places in found.places.items():
        told = found.results[name].table.to_pylist()
        grades = [told[place or 0]["grade"] for place in places]
        assert grades == found.table.column("grade").to_pylist() == ["A", "B"], name


def test_what_is_billed_by_the_billed_is_by_each_of_them_once(world: World) -> None:
    asked = "revenue_per_billed_customer,customers_billed"
    (row,) = world.rows(asked, days=QUARTER, known=world.then)
    assert row["revenue_per_billed_customer"] == Decimal("294000.00")
    assert row["customers_billed"] == 10
    (march,) = world.rows(asked)
    assert march["revenue_per_billed_customer"] == Decimal("99400.00")


def test_a_dimension_that_one_part_lacks_is_refused_by_name() -> None:
    for measures, name, told in (
        ("arpa", "product", "arpa has no dimension 'product'; customer_months, of which"),
        ("tickets,arpa", "severity", "arpa has no dimension 'severity'; billed_revenue, of which"),
        ("penetration", "medium", "penetration has no dimension 'medium'"),
        ("penetration,active_customers", "product", "active_customers has no dimension 'product'"),
    ):
        for by, filters in (([name], []), ([], [name])):
            with pytest.raises(BadParameter) as refused:
                Across(measures.split(","), by, filters)
            assert refused.value.name == ("by" if by else name)
            assert told in refused.value.detail


def test_two_currencies_are_each_by_all_customers(world: World) -> None:
    ledger = Ledger()
    customer = Customer.register(name="C", unit="gd", registered_on=date(2025, 1, 1))
    customer.activate()
    customer.since(date(2025, 1, 1))
    ledger.record(customer)
    for currency, amount, month in (("CNY", 60, "2025-03"), ("USD", 9, "2025-02")):
        ledger.record(bill(customer.id, line(amount), currency=currency, month=month))
    with warehouse(ledger) as cursor:
        here = World(cursor, 1)
        rows = here.rows("arpa", days=QUARTER)
        beside = here.rows("arpa,customer_months", days=QUARTER)
    assert [tuple(row.values()) for row in rows] == [("CNY", Decimal(20)), ("USD", Decimal(3))]
    assert [tuple(row.values()) for row in beside] == [
        ("CNY", Decimal(20), None),
        ("USD", Decimal(3), None),
        (None, None, 3),
    ]
