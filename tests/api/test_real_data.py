"""Real sales data, dirt and all, comes in whole, and reports agree with the files themselves."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.executor import Executor
from adapters.journal import Journal
from adapters.warehouse import Warehouse
from api.importing import Importer, Result
from api.mapping import SheetMapping
from api.plan import Plan
from api.rebuilding import rows_of
from api.sheets import read_sheet
from projections.reports import run
from tests.adapters.keyring import keys_in
from tests.api.command_line import ROOT
from tests.organisation import organise

DATA = Path(os.environ.get("KEYLINE_TEST_DATA") or ROOT.parent / "shared" / "data")
SALES = DATA / "maven-crm-sales"

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not SALES.is_dir(), reason="the real sales data is not here"),
]

INDUSTRIES = {
    "technolgy": "technology",
    "technology": "I",
    "software": "I",
    "telecommunications": "I",
    "medical": "Q",
    "retail": "F",
    "marketing": "L",
    "employment": "L",
    "entertainment": "R",
    "finance": "J",
    "services": "O",
}
PRODUCTS = {"GTXPro": "GTX Pro"}


def table(name: str) -> list[dict[str, str]]:
    with (SALES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def code(agent: str) -> str:
    return agent.lower().replace(" ", ".")


def industry(sector: str) -> str:
    """Return the letter of a sector; the misspelt one is put right first."""
    meant = INDUSTRIES[sector]
    return INDUSTRIES.get(meant, meant)


def accounts() -> SheetMapping:
    """Return how accounts become customers, active ones, under their head offices."""
    mapping = SheetMapping()
    mapping.add(
        columns=[
            "account=name",
            "sector=industry",
            "year_established=founded",
            "revenue=annual_revenue",
            "employees=employees",
            "office_location=region",
            "subsidiary_of=parent_id",
        ],
        constants=["unit=group", "currency=USD"],
        values=[f"industry:{sector}={industry(sector)}" for sector in INDUSTRIES],
        scale=["annual_revenue=1000000"],
        when=["activate:sector=" + ",".join(INDUSTRIES)],
        key="account",
    )
    return mapping


def agents() -> SheetMapping:
    """Return how sales agents become employees of their regional offices."""
    mapping = SheetMapping()
    teams = table("sales_teams")
    mapping.add(
        columns=["sales_agent=name", "sales_agent=code", "regional_office=unit"],
        constants=["post=Sales agent"],
        values=[
            *(f"code:{row['sales_agent']}={code(row['sales_agent'])}" for row in teams),
            *(f"unit:{row['regional_office']}={row['regional_office'].lower()}" for row in teams),
        ],
        key="sales_agent",
    )
    return mapping


def pipeline() -> SheetMapping:
    """Return how deals become opportunities: opened when engaged, then worked, won or lost."""
    prices = {row["product"]: row["sales_price"] for row in table("products")}
    prices |= {dirty: prices[clean] for dirty, clean in PRODUCTS.items()}
    agents = table("sales_teams")
    renamed = [f"{dirty}={clean}" for dirty, clean in PRODUCTS.items()]
    mapping = SheetMapping()
    mapping.add(
        columns=[
            "account=customer_id",
            "product=title",
            "product=lines.product",
            "product=lines.one_off",
            "sales_agent=manager",
            "sales_agent=unit",
            "engage_date=opened_on",
            "engage_date=advance.effective",
            "close_date=win.closed_on",
            "close_value=win.amount",
            "close_date=lose.closed_on",
        ],
        constants=["currency=USD", "advance.stage=solution", "lose.reason=unknown"],
        values=[
            *(f"title:{each}" for each in renamed),
            *(f"lines.product:{each}" for each in renamed),
            *(f"lines.one_off:{product}={price}" for product, price in prices.items()),
            *(f"manager:{row['sales_agent']}={code(row['sales_agent'])}" for row in agents),
            *(f"unit:{row['sales_agent']}={row['regional_office'].lower()}" for row in agents),
        ],
        when=[
            "advance:deal_stage=Engaging,Won,Lost",
            "win:deal_stage=Won",
            "lose:deal_stage=Lost",
        ],
        key="opportunity_id",
    )
    return mapping


class Desk:
    """A journal into which the files are imported, with a warehouse behind it."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal(f"sqlite:///{folder / 'journal.db'}", keys=keys_in(folder))
        self.journal.create()
        self.executor = Executor(self.journal)
        self.executor.start()
        self.warehouse = Warehouse(folder / "warehouse.duckdb")

    def run(self, kind: str, name: str, mapping: SheetMapping) -> Result:
        sheet = read_sheet(SALES / f"{name}.csv")
        plan = Plan(kind, mapping, sheet)
        return Importer(plan, self.journal, self.executor).run(sheet)

    def load(self) -> None:
        for rows in rows_of(self.journal)(self.warehouse.position()):
            self.warehouse.load(rows)

    def report(self, name: str, by: str) -> dict[str, dict[str, Any]]:
        with self.warehouse.reader() as cursor:
            found = run(cursor, name, [by])
        return {row[by]: row for row in found.rows()}

    def close(self) -> None:
        self.executor.stop()
        self.warehouse.close()
        self.journal.close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = Desk(tmp_path_factory.mktemp("sales"))
    organise(desk.executor, units=["group", "central", "east", "west"])
    staff = desk.run("employee", "sales_teams", agents())
    assert (staff.imported, staff.faults) == (35, [])
    first = desk.run("customer", "accounts", accounts())
    assert (first.imported, first.faults) == (85, [])
    second = desk.run("opportunity", "sales_pipeline", pipeline())
    assert (second.imported, second.faults) == (8800, [])
    desk.load()
    yield desk
    desk.close()


def won(by: Callable[[Mapping[str, str]], str]) -> dict[str, tuple[int, Decimal]]:
    """Return count and amount of what was won, straight from the file."""
    count: dict[str, int] = defaultdict(int)
    amount: dict[str, Decimal] = defaultdict(Decimal)
    for row in table("sales_pipeline"):
        if row["deal_stage"] == "Won":
            count[by(row)] += 1
            amount[by(row)] += Decimal(row["close_value"])
    return {name: (count[name], amount[name]) for name in count}


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
    office = {row["sales_agent"]: row["regional_office"].lower() for row in table("sales_teams")}
    assert reported(desk, "unit") == won(lambda row: office[row["sales_agent"]])
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
