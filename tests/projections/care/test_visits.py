"""The report on visits, worked out by hand: held, missed, told of late, what was found."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest

from domain.care.visit import Finding, FindingKind, Visit, VisitPurpose
from domain.kernel.time.business_day import begin_of
from projections.kernel.reports.report import run
from projections.kernel.warehouse.loader import Loader
from tests.bodies import IDS
from tests.projections.happenings import Ledger


def planned(customer: str, day: date) -> Visit:
    return Visit.plan(customer, "gd-gz", day, VisitPurpose.ROUTINE)


@pytest.fixture(scope="module")
def cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    """Have two visits held at one customer, one missed and one cancelled at another."""
    ledger = Ledger()
    first, second, missed, cancelled = (
        planned(IDS[each], date(2025, 3, 10)) for each in (0, 0, 1, 1)
    )
    # half past midnight on 1 April where the business is
    held = datetime(2025, 3, 31, 16, 30, tzinfo=UTC)
    kinds = (FindingKind.LEAD, FindingKind.LEAD, FindingKind.FAULT)
    found = [Finding(kind=kind, text="x") for kind in kinds]
    first.record(held, [IDS[3]], found, mood=5, reason="x")
    second.record(held - timedelta(days=9), [IDS[3]], mood=2, reason="x")
    missed.miss(begin_of(date(2025, 3, 14)))
    cancelled.cancel("Moved away")
    for each in (first, second, missed, cancelled):
        ledger.record(each)
    with duckdb.connect() as made:
        loader = Loader(made)
        loader.create()
        loader.load_all([ledger.rows])
        yield made


def test_visits_count_in_the_month_in_which_they_were_held_or_were_to_be(
    cursor: duckdb.DuckDBPyConnection,
) -> None:
    rows = {row["month"]: row for row in run(cursor, "visits", by=("month",)).rows()}
    names = ("visits", "held", "missed", "cancelled", "customers_visited", "late")
    assert [rows["2025-03"][name] for name in names] == [3, 1, 1, 1, 1, 1]
    assert [rows["2025-04"][name] for name in names] == [1, 1, 0, 0, 1, 1]
    (every,) = run(cursor, "visits").rows()
    assert (every["customers_visited"], every["mood"]) == (1, 3.5)
    assert [every[name] for name in ("leads", "faults", "complaints")] == [2, 1, 0]
