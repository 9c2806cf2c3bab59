"""Product holdings and penetration, worked out by hand: of how many customers how many have it."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest

from domain.customers.customer import Customer
from domain.customers.customer_standing import LapseReason
from domain.customers.sites.product_in_use import ProductInUse
from domain.products.product import Ends, Product
from projections.kernel.reports.comparing import Comparing
from projections.kernel.reports.drill_across import Across, Joined, ask_each, join
from projections.kernel.reports.report import run
from projections.kernel.reports.report_scope import Standpoint
from projections.kernel.reports.stretches import Question
from projections.kernel.warehouse.loader import Loader
from tests.projections.happenings import Ledger, told

DAYS = date(2025, 1, 1), date(2025, 3, 31)


class World:
    """Has 100 active customers: 40 of them have A, 20 B, 14 both; and what does not count."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.cursor, self.ledger = cursor, Ledger()
        products = [Product.plan(each, each, "data", "gd", [], Ends.ONE) for each in "AB"]
        for each in products:
            self.ledger.record(each)
        self.a, self.b = (each.id for each in products)
        for n in range(100):
            customer = self._customer(n)
            self._uses(customer, [self.a] * (n < 40) + [self.b] * (26 <= n < 46))
            if n == 0:
                self._uses(customer, [self.a])  # a second one of the same
                self._uses(customer, [self.b], ceased=date(2025, 2, 1))
        gone = self._customer(100, lapsed=True)
        self._uses(gone, [self.a, self.b])
        loader = Loader(cursor, told=told(self.ledger.rows))
        loader.create()
        loader.load_all([self.ledger.rows])

    def _customer(self, n: int, *, lapsed: bool = False) -> str:
        record = Customer.register(
            name=f"C{n}", unit="gd" if n % 2 else "gd-gz", registered_on=date(2024, 1, 1)
        )
        record.activate()
        record.since(date(2024, 1, 1))
        self.ledger.record(record)
        if lapsed:
            record.lapse(LapseReason.PRICE)
            record.since(date(2025, 3, 1))
            self.ledger.record(record)
        id_: str = record.id
        return id_

    def _uses(self, customer: str, products: list[str], ceased: date | None = None) -> None:
        for each in products:
            held = ProductInUse.install(
                *(customer, "gd", None, None, None),
                product_id=each,
                quantity=1,
                activated_on=date(2024, 6, 1),
            )
            if ceased:
                held.cease("x", None)
                held.since(ceased)
            self.ledger.record(held)

    def joined(self, measures: str, by: str = "", **where: list[str]) -> Joined:
        names = by.split(",") if by else []
        across = Across(measures.split(","), names, where)
        report = next(iter(across.reports.values()))
        comparing = Comparing(report, (), None, False, False, DAYS[1])
        question = Question(names, where, *DAYS, None)
        found = ask_each(self.cursor, across, question, comparing, Standpoint())
        return join(self.cursor, across, names, found)

    def rows(self, measures: str, by: str = "", **where: list[str]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.joined(measures, by, **where).table.to_pylist()
        return rows


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with duckdb.connect() as cursor:
        yield World(cursor)


def test_penetration_is_by_all_active_customers_whatever_they_have(world: World) -> None:  # A4
    told = {row["product"]: row["penetration"] for row in world.rows("penetration", "product")}
    assert told == {world.a: 0.4, world.b: 0.2}
    assert world.rows("penetration") == [{"penetration": 0.46}]  # those with both count once
    assert world.rows("penetration", product=[world.a]) == [{"penetration": 0.4}]


def test_by_a_dimension_that_both_have_it_is_by_the_customers_of_each(world: World) -> None:
    told = {
        (r["unit"], r["product"]): r["penetration"]
        for r in world.rows("penetration", "unit,product")
    }
    assert told == {
        (u, p): share for u in ("gd", "gd-gz") for p, share in ((world.a, 0.4), (world.b, 0.2))
    }
    months = world.rows("penetration", "product,month", product=[world.b])
    assert [row["penetration"] for row in months] == [round(22 / 101, 4), round(21 / 101, 4), 0.2]


def test_customers_have_so_many_products_each(world: World) -> None:
    (row,) = world.rows("products_per_customer,active_customers,product-holdings.holders")
    assert row == {
        "products_per_customer": 0.61,
        "active_customers": 100,
        "product-holdings.holders": 46,
    }
    told = {
        r["product"]: r["products_per_customer"]
        for r in world.rows("products_per_customer", "product")
    }
    assert told == {world.a: 0.41, world.b: 0.2}


def test_the_customers_of_the_whole_are_behind_every_product(world: World) -> None:
    found = world.joined("penetration", "product")
    assert found.places == {"product-holdings": [0, 1], "customer-base": [0, 0]}


def test_holders_are_counted_once_whatever_they_have(world: World) -> None:
    asked: Any = {"first": DAYS[0], "last": DAYS[1]}
    (whole,) = run(world.cursor, "product-holdings", **asked).rows()
    assert whole == {"holders": 46, "holdings": 61}
    rows = run(world.cursor, "product-holdings", ["product_category"], **asked).rows()
    assert rows == [{"product_category": "data", "holders": 46, "holdings": 61}]
