"""The report on the catalogue, worked out by hand: how long products took, what they lack."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import duckdb
import pytest

from domain.products.price_plan import PricePlan
from projections.kernel.reports.report import run
from projections.kernel.warehouse.loader import Loader
from tests.domain.products.test_price_parts import part
from tests.domain.products.test_product import planned
from tests.projections.happenings import Ledger

PLANNED = date(2025, 3, 1)


def plan(product_id: str, ended: bool = False) -> PricePlan:
    """Return an approved price plan."""
    found = PricePlan.draft(product_id, product_id, "gd", [part()], date(2026, 1, 1))
    found.take_over(date(2025, 12, 1))
    if ended:
        found.end("Replaced")
    return found


@pytest.fixture(scope="module")
def cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    """Have four products on sale, of which one lacks nothing, and one that is planned."""
    ledger, plans = Ledger(), []
    for place, ended in enumerate((None, False, True, False)):
        product = planned()
        product.since(PLANNED)
        if place == 1:
            product.offer_sla("availability", Decimal("99.9"), "cn-office")
        product.put_on_sale(["gd"])
        product.unrecorded[-1].__dict__["on"] = PLANNED + timedelta(days=10 * (place + 1))
        ledger.record(product)
        if ended is not None:
            plans.append(plan(product.id, ended))
    for each in (planned(), *plans):
        ledger.record(each)
    with duckdb.connect() as found:
        loader = Loader(found)
        loader.create()
        loader.load_all([ledger.rows])
        yield found


def test_the_catalogue_says_how_long_products_took_and_what_those_offered_lack(
    cursor: duckdb.DuckDBPyConnection,
) -> None:
    by_state = {row["state"]: row for row in run(cursor, "catalogue", by=("state",)).rows()}
    on_sale = by_state["on-sale"]
    assert (on_sale["products"], on_sale["offered"], on_sale["days_to_sale"]) == (4, 4, 25)
    assert (on_sale["without_price"], on_sale["without_sla"]) == (2, 3)
    assert on_sale["without_comparison"] == 4
    assert by_state["planned"]["products"] == 1
    assert by_state["planned"]["without_price"] == 0
    (category,) = run(cursor, "catalogue", by=("category",)).rows()
    assert (category["category"], category["products"]) == ("专线", 5)
