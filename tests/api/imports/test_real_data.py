"""Real sales data, dirt and all, comes in whole, and reports agree with the files themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.api.sales_data import (
    PRODUCTS,
    Desk,
    accounts,
    code,
    industry,
    needs_the_data,
    office,
    pipeline,
    table,
    won,
)

pytestmark = needs_the_data


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = Desk(tmp_path_factory.mktemp("sales"))
    desk.fill()
    desk.load()
    yield desk
    desk.close()


def reported(desk: Desk, by: str) -> dict[str, tuple[int, Decimal]]:
    return {
        str(name): (row["won"], Decimal(row["won_amount"]))
        for name, row in desk.report("sales", by).items()
        if row["won"]
    }


def test_wins_by_agent_are_those_of_the_file(desk: Desk) -> None:
    assert reported(desk, "manager") == won(lambda row: code(row["sales_agent"]))


def test_wins_by_product_are_those_of_the_file_with_its_dirt_put_right(desk: Desk) -> None:
    expected = won(lambda row: PRODUCTS.get(row["product"], row["product"]))
    assert reported(desk, "product") == expected
    assert "GTX Pro" in expected


def test_wins_by_month_are_those_of_the_file_not_of_the_import(desk: Desk) -> None:
    assert reported(desk, "month") == won(lambda row: row["close_date"][:7])


def test_wins_by_office_and_customer_are_those_of_the_file(desk: Desk) -> None:
    units = office()
    assert reported(desk, "unit") == won(lambda row: units[row["sales_agent"]])
    assert reported(desk, "customer") == won(lambda row: row["account"])


def test_what_is_still_open_and_what_was_lost_is_complete(desk: Desk) -> None:
    stages = [row["deal_stage"] for row in table("sales_pipeline")]
    found = desk.report("pipeline", "stage")
    assert found["lead"]["opportunities"] == stages.count("Prospecting")
    assert found["solution"]["opportunities"] == stages.count("Engaging")
    outcomes = desk.report("sales", "outcome")
    assert outcomes["lost"]["lost"] == stages.count("Lost")
    nobody = desk.report("pipeline", "customer")[None]  # type: ignore[index]
    assert nobody["opportunities"] == sum(not row["account"] for row in table("sales_pipeline"))


def test_accounts_stand_under_their_head_offices(desk: Desk) -> None:
    with desk.warehouse.reader() as cursor:
        found = cursor.execute(
            "SELECT below.name, above.name FROM history_customers AS below "
            "JOIN history_customers AS above ON above.id = below.parent_id "
            "WHERE below.valid_to_position IS NULL AND above.valid_to_position IS NULL"
        ).fetchall()
    rows = table("accounts")
    assert dict(found) == {
        row["account"]: row["subsidiary_of"] for row in rows if row["subsidiary_of"]
    }


def test_sectors_become_industries_the_misspelt_one_too(desk: Desk) -> None:
    expected: dict[str, int] = defaultdict(int)
    for row in table("accounts"):
        expected[industry(row["sector"])] += 1
    found = desk.report("customers", "industry")
    assert {name: row["customers"] for name, row in found.items()} == expected


def test_importing_the_files_again_changes_nothing(desk: Desk) -> None:
    before = desk.journal.head()
    assert desk.run("customer", "accounts", accounts()).unchanged == 85
    assert desk.run("opportunity", "sales_pipeline", pipeline()).unchanged == 8800
    assert desk.journal.head() == before
