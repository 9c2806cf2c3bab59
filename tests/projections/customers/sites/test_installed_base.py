"""The report on the installed base, worked out by hand: what is in use, what came, what went."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from domain.customers.sites.product_in_use import ProductInUse
from domain.customers.sites.product_in_use_course import SuspensionReason
from domain.customers.sites.site import Area, Site, SiteKind
from domain.customers.sites.site_access import OURS, Medium
from projections.kernel.reports.report import run
from projections.kernel.warehouse.loader import Loader
from tests.bodies import IDS
from tests.projections.happenings import Ledger

Rows = list[dict[str, Any]]


def used(quantity: int, fee: int, since: date, **more: Any) -> ProductInUse:
    return ProductInUse.install(
        *(IDS[0], "gd-gz", None, None, {}),
        product_name=more.pop("name", "专线"),
        quantity=quantity,
        monthly_fee=Decimal(fee),
        activated_on=since,
        **more,
    )


@pytest.fixture(scope="module")
def cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    """Have four products: one that grows, one that is lost, one that is suspended, one pending."""
    ledger = Ledger()
    head, branch = (
        Site.open(IDS[0], "x", "gd-gz", kind, "x", Area.TOWN)
        for kind in (SiteKind.HEAD_OFFICE, SiteKind.BRANCH)
    )
    head.add_access_point("A", Medium.FIBRE, OURS)
    branch.add_access_point("A", Medium.FIBRE, OURS)
    branch.add_access_point("B", Medium.COPPER, OURS)
    grown = used(2, 200, date(2025, 1, 10), site_id=head.id)
    grown.change("扩容", None, quantity=3, monthly_fee=Decimal(330))
    grown.since(date(2025, 3, 1))
    lost = used(1, 1000, date(2025, 2, 1), site_id=branch.id)
    lost.cease("转网", "华联通信")
    lost.since(date(2025, 3, 15))
    still = used(1, 50, date(2025, 3, 31), name="中继")
    still.suspend(SuspensionReason.REQUEST)
    pending = ProductInUse.install(IDS[0], "gd-gz", None, None, {}, product_name="专线")
    for each in (head, branch, grown, lost, still, pending):
        ledger.record(each)
    with duckdb.connect() as found:
        loader = Loader(found)
        loader.create()
        loader.load_all([ledger.rows])
        yield found


def asked(cursor: duckdb.DuckDBPyConnection, by: tuple[str, ...] = (), **more: Any) -> Rows:
    return run(cursor, "installed-base", by=by, **more).rows()


def figures(row: dict[str, Any], *names: str) -> list[Any]:
    return [row[name] for name in names]


def test_what_is_in_use_is_that_of_the_last_day_of_each_month(
    cursor: duckdb.DuckDBPyConnection,
) -> None:
    quarter = {"first": date(2025, 1, 1), "last": date(2025, 3, 31)}
    rows = asked(cursor, ("month",), **quarter)
    names = ("month", "active", "quantity", "monthly_fees", "added", "ceased", "net")
    assert [figures(row, *names) for row in rows] == [
        ["2025-01", 1, 2, "200.00", 1, 0, 1],
        ["2025-02", 2, 3, "1200.00", 1, 0, 1],
        ["2025-03", 2, 4, "380.00", 1, 1, 0],
    ]


def test_it_is_told_by_site_medium_and_who_gained_it(cursor: duckdb.DuckDBPyConnection) -> None:
    march = {"first": date(2025, 3, 1), "last": date(2025, 3, 31)}

    def by(name: str) -> dict[Any, list[Any]]:
        rows = asked(cursor, (name,), **march)
        return {row[name]: figures(row, "active", "ceased") for row in rows}

    assert by("site_kind") == {"head-office": [1, 0], "branch": [0, 1], None: [1, 0]}
    assert by("medium") == {"fibre": [1, 0], "several": [0, 1], None: [1, 0]}
    assert by("competitor") == {"华联通信": [0, 1], None: [2, 0]}
    assert by("old_product") == {"专线": [1, 1], "中继": [1, 0]}
