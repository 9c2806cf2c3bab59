"""Analyses of sales won, as of anything that adds up: who has how much of it."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.aggregate import new_id
from domain.sales.opportunity import Opportunity
from projections.kernel.lists.parameters import BadParameter
from projections.kernel.reports.analyses import ANALYSES, Analysed
from projections.kernel.reports.comparing import Comparing
from projections.kernel.reports.report import reports
from projections.kernel.reports.report_scope import Standpoint
from projections.kernel.reports.stretches import Question
from tests.projections.happenings import Ledger
from tests.projections.kernel.reports.test_report import World
from tests.volume import examples

MARCH = [420, 310, 120, 60, 36, 24, 12, 9, 6, 3]
"""Thousands that ten customers brought."""


def sold(ledger: Ledger, customer: str, thousands: int, day: date, currency: str = "CNY") -> None:
    about: Any = {"title": "Sale", "customer_id": customer, "unit": "gd", "currency": currency}
    sale = Opportunity.open(**about, amount=Decimal(thousands * 1000))
    ledger.record(sale)
    sale.win(Decimal(thousands * 1000), closed_on=day)
    ledger.record(sale)


def market(*months: Sequence[int], customers: Sequence[str] = ()) -> Ledger:
    """Return what customers bought in months of 2026, by their places."""
    ledger = Ledger()
    ids = customers or [new_id() for _ in range(max(map(len, months)))]
    for month, amounts in enumerate(months, 1):
        for customer, amount in zip(ids, amounts, strict=False):
            if amount:
                sold(ledger, customer, amount, date(2026, month, 9))
    return ledger


def analysed(
    ledger: Ledger,
    name: str,
    first: date = date(2026, 1, 1),
    last: date = date(2026, 12, 31),
    compare: Sequence[str] = (),
    measure: str = "sales.won_amount",
    by: str = "customer",
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of an analysis, and the records."""
    of = Analysed(ANALYSES[name], measure, by)
    with duckdb.connect() as connection:
        cursor = World(connection, ledger.rows).connection
        comparing = Comparing(reports()["sales"], compare, None, False, False, last)
        found = of.figures(cursor, Question((), {}, first, last, None), comparing, Standpoint())
        table, records = of.run(cursor, found), of.records(cursor, found)
    return table.to_pylist(), records.to_pylist()


def test_how_much_the_few_have() -> None:
    (row,), records = analysed(market(MARCH), "concentration")
    assert row == {
        "currency": "CNY",
        "records": 10,
        "total": Decimal(1_000_000),
        "top_records": 2,
        "top_share": 0.73,
        "records_for_80": 3,
        "share_of_these": 0.85,
        "records_share": 0.3,
        "gini": 0.6592,
    }
    assert [each["value"] for each in records] == [Decimal(each * 1000) for each in MARCH]
    assert [each["cumulated"] for each in records][:3] == [0.42, 0.73, 0.85]
    assert [each["decile"] for each in records] == [*range(1, 11)]
    (corrected,), _ = analysed(market([*MARCH[:4], 30, *MARCH[5:]]), "concentration")
    assert (corrected["total"], corrected["top_share"]) == (Decimal(994_000), 0.7344)


def test_each_currency_is_analysed_by_itself_and_who_brought_nothing_is_not_there() -> None:
    ledger, customer = market([8, 2, 0]), new_id()
    sold(ledger, customer, 5, date(2026, 1, 9), "USD")
    rows, _ = analysed(ledger, "concentration")
    assert [(row["currency"], row["records"], row["top_share"]) for row in rows] == [
        ("CNY", 2, 0.8),
        ("USD", 1, 1.0),
    ]
    (counted,), records = analysed(ledger, "concentration", measure="sales.won")
    assert "currency" not in counted
    assert (counted["records"], counted["gini"]) == (3, 0.0)
    ids = [each["customer"] for each in records]
    assert ids == sorted(ids)  # of equals the least id is first


def test_twenty_three_customers_are_ten_groups_the_first_of_which_have_one_more() -> None:
    rows, records = analysed(market(range(23, 0, -1)), "deciles")
    assert [row["records"] for row in rows] == [3, 3, 3, 2, 2, 2, 2, 2, 2, 2]
    assert [row["largest"] for row in rows][:2] == [Decimal(23_000), Decimal(20_000)]
    assert sum(row["total"] for row in rows) == sum(each["value"] for each in records)
    assert round(sum(row["share"] for row in rows), 2) == 1
    assert len(analysed(market([3, 2]), "deciles")[0]) == 2


def test_moves_between_deciles_are_a_table_of_ten_by_ten_with_those_who_came_and_went() -> None:
    february, march = [*range(20, 0, -1), 0], [1, *range(19, 1, -1), 0, 30]
    february_on = date(2026, 2, 1), date(2026, 2, 28)
    rows, _ = analysed(market(february, march), "decile-moves", *february_on, ["previous"])
    table = {row["decile_before"]: row for row in rows}
    assert [*table] == [*range(1, 11), None]
    assert table[1] | {"to_1": 1, "to_10": 1, "gone": 0} == table[1]  # the first fell to the last
    assert table[None]["to_1"] == 1  # one is new
    assert table[10]["gone"] == 1
    counts = [sum(v for k, v in row.items() if k.startswith(("to_", "gone"))) for row in rows]
    assert counts == [2] * 10 + [1]


def test_a_trend_is_told_month_by_month_with_its_mean_and_slope() -> None:
    ids = [new_id(), new_id()]
    ledger = market([10, 6], [20, 0], [30, 3], customers=ids)
    rows, _ = analysed(ledger, "trend", date(2026, 1, 1), date(2026, 3, 31))
    told = [[e["month"], e["value"], e["change"], e["share"]] for e in rows]
    assert told == [
        ["2026-01", Decimal(10_000), None, None],
        ["2026-02", Decimal(20_000), Decimal(10_000), 1.0],
        ["2026-03", Decimal(30_000), Decimal(10_000), 0.5],
        ["2026-01", Decimal(6_000), None, None],
        ["2026-02", Decimal(0), Decimal(-6_000), -1.0],
        ["2026-03", Decimal(3_000), Decimal(3_000), None],
    ]
    assert [(e["mean"], e["slope"]) for e in rows[::3]] == [(20_000, 10_000), (3_000, -1_500)]
    (unit, *_), _ = analysed(ledger, "trend", date(2026, 1, 1), date(2026, 3, 31), by="unit")
    assert (unit["unit"], unit["value"], unit["slope"]) == ("gd", Decimal(16_000), 8_500)


@settings(max_examples=examples(6), deadline=None)
@given(st.lists(st.integers(1, 500), min_size=1, max_size=20))
def test_shares_and_groups_follow_from_the_records(amounts: list[int]) -> None:
    ledger = market(amounts)
    (row,), records = analysed(ledger, "concentration")
    values = sorted(amounts, reverse=True)
    total = sum(values)
    top = -(-len(values) // 5)
    assert row["top_share"] == pytest.approx(sum(values[:top]) / total, abs=6e-5)
    least = next(k for k in range(1, 41) if 10 * sum(values[:k]) >= 8 * total)
    assert row["records_for_80"] == least
    mean = sum(abs(a - b) for a in values for b in values) / (2 * len(values) * total)
    assert row["gini"] == pytest.approx(mean, abs=6e-5)
    assert records[-1]["cumulated"] == 1
    deciles = [each["decile"] for each in records]
    assert deciles == sorted(deciles)


@pytest.mark.parametrize(
    ("measure", "by", "parameter"),
    [
        ("weather", "customer", "measures"),
        ("win_rate", "customer", "measures"),
        ("active_customers", "customer", "measures"),
        ("sales.won_amount", "month", "by"),
        ("sales.won_amount", "currency", "by"),
        ("sales.won_amount", "product", "by"),
        ("sales.won_amount", "colour", "by"),
    ],
)
def test_what_does_not_add_up_is_not_analysed(measure: str, by: str, parameter: str) -> None:
    with pytest.raises(BadParameter) as refused:
        Analysed(ANALYSES["concentration"], measure, by)
    assert refused.value.name == parameter


@pytest.mark.parametrize(
    ("name", "compare"),
    [("decile-moves", []), ("decile-moves", ["previous", "year-ago"]), ("deciles", ["previous"])],
)
def test_an_analysis_is_compared_where_it_compares(name: str, compare: list[str]) -> None:
    with pytest.raises(BadParameter, match="compare"):
        analysed(market([1]), name, compare=compare)


def test_of_nothing_there_are_no_rows() -> None:
    for name in ("concentration", "deciles"):
        assert analysed(market([1]), name, date(2020, 1, 1), date(2020, 1, 31)) == ([], [])
