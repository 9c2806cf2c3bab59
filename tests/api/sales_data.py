"""The real sales data: what its files say, and the way by which they come in."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.commands.executor import Executor
from adapters.journal.journal import Journal
from adapters.warehouse.warehouse import Warehouse
from api.cli.rebuild_jobs import rows_of
from api.imports.files.sheets import read_sheet
from api.imports.importer import Importer
from api.imports.mapping import SheetMapping
from api.imports.result import Result
from api.imports.row_commands import Plan
from projections.kernel.reports.report import run
from tests.adapters.keyring import keys_in
from tests.api.command_line import ROOT
from tests.organisation import organise

DATA = Path(os.environ.get("KEYLINE_TEST_DATA") or ROOT.parent / "shared" / "data")
SALES = DATA / "maven-crm-sales"

needs_the_data = [
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
        return {row.get("customer_name", row[by]): row for row in found.rows()}

    def fill(self) -> None:
        """Import all files; nothing fails."""
        organise(self.executor, units=["group", "central", "east", "west"])
        staff = self.run("employee", "sales_teams", agents())
        assert (staff.imported, staff.faults) == (35, [])
        first = self.run("customer", "accounts", accounts())
        assert (first.imported, first.faults) == (85, [])
        second = self.run("opportunity", "sales_pipeline", pipeline())
        assert (second.imported, second.faults) == (8800, [])

    def close(self) -> None:
        self.executor.stop()
        self.warehouse.close()
        self.journal.close()


def won(by: Callable[[Mapping[str, str]], str]) -> dict[str, tuple[int, Decimal]]:
    """Return count and amount of what was won, straight from the file."""
    count: dict[str, int] = defaultdict(int)
    amount: dict[str, Decimal] = defaultdict(Decimal)
    for row in table("sales_pipeline"):
        if row["deal_stage"] == "Won":
            count[by(row)] += 1
            amount[by(row)] += Decimal(row["close_value"])
    return {name: (count[name], amount[name]) for name in count}


def office() -> dict[str, str]:
    """Return the unit of each agent."""
    return {row["sales_agent"]: row["regional_office"].lower() for row in table("sales_teams")}
