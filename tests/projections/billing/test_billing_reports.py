"""The reports on revenue and arrears, worked out by hand: as corrected, as known, as of a day."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from domain.billing.bill import Bill
from domain.billing.bill_lines import BillLine, LineKind, total
from domain.billing.bill_run import BillRun
from domain.billing.billing_terms import Billed, last_day
from domain.kernel.tally import Tally
from domain.products.product import Ends, Product
from projections.kernel.reports.analyses import ANALYSES, Analysed
from projections.kernel.reports.comparing import Comparing
from projections.kernel.reports.drill_across import Across, ask_each, join
from projections.kernel.reports.report import run
from projections.kernel.reports.report_scope import Standpoint
from projections.kernel.reports.stretches import Question
from projections.kernel.warehouse.loader import Loader
from tests.projections.happenings import Ledger, told
from tests.projections.kernel.reports.test_drill_across import account

MARCH = "2025-03"
THOUSANDS = (420, 310, 120, 60, 36, 24, 12, 9, 6, 3)


def line(amount: int, kind: LineKind = LineKind.RECURRING, **more: Any) -> BillLine:
    return BillLine(kind=kind, amount=Decimal(amount), **more)


def bill(customer: str | None, *lines: BillLine, month: str = MARCH, **more: Any) -> Bill:
    currency = more.pop("currency", "CNY")
    held = Billed(((date.min, customer),) if customer else (), "gd-gz", currency)
    issued = more.pop("issued_on", last_day(month) + timedelta(5))
    told = {"issued_on": issued, "due_on": more.pop("due_on", issued + timedelta(20))}
    told |= {"account_number": f"ZH-{customer}", "month": month, "lines": list(lines)}
    amount = total(list(lines))
    return Bill.receive(**told, amount=amount, account=(held,), closed=False, run=(), **more)


@contextmanager
def warehouse(ledger: Ledger) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as found:
        loader = Loader(found, told=told(ledger.rows))
        loader.create()
        loader.load_all([ledger.rows])
        yield found


def figures(rows: list[dict[str, Any]], *names: str) -> list[list[Any]]:
    return [[row[name] for name in names] for row in rows]


def test_what_was_known_then_stays_beside_what_was_corrected() -> None:  # the two axes
    ledger = Ledger()
    april = bill("c", line(38_000, in_service=16), month="2025-04")
    ledger.record(april)
    then = len(ledger.rows)
    april.correct([line(48_000, in_service=16)], Decimal(48_000), "补计")
    ledger.record(april)
    with warehouse(ledger) as cursor:
        for as_of, billed, arpu in ((then, "38000.00", "2375.00"), (None, "48000.00", "3000.00")):
            rows = run(cursor, "revenue", where={"month": ["2025-04"]}, as_of=as_of).rows()
            assert figures(rows, "billed", "arpu", "lines_in_service") == [[billed, arpu, 16]]


@pytest.fixture(scope="module")
def march() -> Iterator[tuple[duckdb.DuckDBPyConnection, int]]:
    """Have ten customers with 1,000,000 billed in March, of which 6,000 is taken back later."""
    ledger = Ledger()
    made = [bill(f"C{n:02}", line(each * 1000)) for n, each in enumerate(THOUSANDS, 1)]
    for each in made:
        ledger.record(each)
    then, fifth = len(ledger.rows), made[4]
    fifth.correct([line(30_000)], Decimal(30_000), "多计")
    ledger.record(fifth)
    with warehouse(ledger) as cursor:
        yield cursor, then


def test_a_correction_is_the_difference_to_what_was_known(  # B2
    march: tuple[duckdb.DuckDBPyConnection, int],
) -> None:
    cursor, then = march
    rows = run(cursor, "revenue", where={"month": [MARCH]}).rows()
    assert figures(rows, "billed") == [["994000.00"]]
    rows = run(cursor, "revenue", where={"month": [MARCH]}, as_of=then).rows()
    assert figures(rows, "billed") == [["1000000.00"]]
    one = run(cursor, "revenue", by=("customer",), where={"customer": ["C05"]}).rows()
    assert figures(one, "customer", "billed") == [["C05", "30000.00"]]


def test_how_much_the_few_have_is_told_as_published_and_as_now_known(  # A1
    march: tuple[duckdb.DuckDBPyConnection, int],
) -> None:
    cursor, then = march
    of = Analysed(ANALYSES["concentration"], "billed_revenue", "customer")
    comparing = Comparing(of.metric.report, (), None, False, False, date(2025, 3, 31))
    told = []
    for known in (then, None):
        question = Question((), {"month": [MARCH]}, None, None, known)
        found = of.figures(cursor, question, comparing, Standpoint())
        told += of.run(cursor, found).to_pylist()
    names = ("total", "top_share", "records_for_80", "share_of_these", "records_share", "gini")
    published, corrected = figures(told, *names)
    assert published == [Decimal(1_000_000), 0.73, 3, 0.85, 0.3, 0.6592]
    assert corrected[:2] == [Decimal(994_000), 0.7344]


def test_bills_tickets_and_sales_are_not_multiplied_by_one_another() -> None:  # M1
    ledger = Ledger()
    for month in ("2025-01", "2025-02", MARCH):
        ledger.record(bill("C01", line(20_000), month=month))
    account(ledger, [(5, "CNY")] * 2, tickets=2, customer="C01")
    across = Across(["billed_revenue", "tickets", "sales.won"], ["customer"], ())
    comparing = Comparing(across.metrics[0].report, (), None, False, False, date(2025, 3, 31))
    with warehouse(ledger) as cursor:
        question = Question(across.by, {}, None, None, None)
        found = ask_each(cursor, across, question, comparing, Standpoint())
        rows = join(cursor, across, across.by, found).table.to_pylist()
    names = ("customer", "billed_revenue", "tickets", "sales.won")
    assert figures(rows, *names) == [["C01", Decimal(60_000), 2, 2]]


def test_arrears_are_by_their_age_on_the_day_and_by_what_was_known() -> None:  # A8
    ledger = Ledger()
    due = {"2024-11-25": 100, "2024-12-25": 80, "2025-01-25": 90, "2025-02-25": 95}
    made = {}
    for day, thousands in {**due, "2025-04-25": 97}.items():
        on = date.fromisoformat(day)
        issued = on - timedelta(30 if day == "2025-04-25" else 20)
        month = f"{issued.replace(day=1) - timedelta(1):%Y-%m}"
        made[day] = bill("c", line(thousands * 1000), month=month, issued_on=issued, due_on=on)
    made["2024-11-25"].record_payment(Decimal(100_000), date(2024, 11, 20), "p1")
    made["2024-12-25"].record_payment(Decimal(30_000), date(2025, 1, 5), "p2")
    for each in made.values():
        ledger.record(each)
    then = len(ledger.rows)
    made["2024-12-25"].record_payment(Decimal(50_000), date(2025, 3, 28), "p3")
    ledger.record(made["2024-12-25"])
    asked: Any = {"first": date(2025, 1, 1), "last": date(2025, 3, 31)}
    with warehouse(ledger) as cursor:
        rows = run(cursor, "arrears", **asked, as_of=then).rows()
        assert figures(rows, "arrears", "receivables", "dso") == [["235000.00", "332000.00", 106.0]]
        rows = run(cursor, "arrears", **asked).rows()
        assert figures(rows, "arrears") == [["185000.00"]]
        rows = run(cursor, "arrears", by=("age",), **asked, as_of=then).rows()
        found = {row["age"]: row["arrears"] for row in rows}
    assert {age: amount for age, amount in found.items() if amount} == {
        "31-60": "95000.00",
        "61-90": "90000.00",
        "91+": "50000.00",
    }


def test_figures_of_a_month_are_provisional_until_its_run_is_balanced() -> None:
    ledger = Ledger()
    ledger.record(bill("c", line(100)))
    run_ = BillRun.announce(MARCH, 1, Decimal(100), "gd")
    ledger.record(run_)
    announced = len(ledger.rows)
    run_.balance(Tally(1, Decimal(100)))
    ledger.record(run_)
    with warehouse(ledger) as cursor:
        for as_of, told in ((1, "final"), (announced, "provisional"), (None, "final")):
            rows = run(cursor, "revenue", by=("standing",), as_of=as_of).rows()
            assert figures(rows, "standing", "billed") == [[told, "100.00"]]


def test_revenue_is_told_by_product_kind_and_unit_of_quantity() -> None:
    ledger = Ledger()
    product = Product.plan("p1", "专线", "data", "gd", [], Ends.ONE)
    ledger.record(product)
    usage: dict[str, Any] = {"kind": LineKind.USAGE, "product": "p1"}
    record = bill(
        None,
        line(100, product_id=product.id, service_number="1"),
        line(30, **usage, quantity=Decimal(12), measure="GB"),
        line(20, **usage, quantity=Decimal(7), measure="min"),
        line(-10, LineKind.DISCOUNT, product="旧套餐", service_number="1"),
    )
    record.record_payment(Decimal(60), date(2025, 4, 10), "p1")
    record.write_off(Decimal(5), "坏账")
    record.since(date(2025, 5, 1))
    ledger.record(record)
    with warehouse(ledger) as cursor:
        rows = run(cursor, "revenue", by=("product", "unknown_product", "month")).rows()
        told = figures(rows, "month", "unknown_product", "billed", "paid", "written_off")
        assert [(r["product"] == product.id) for r in rows] == [True, False, False, False]
        assert told == [
            ["2025-03", None, "150.00", None, None],
            ["2025-03", "旧套餐", "-10.00", None, None],
            ["2025-04", None, None, "60.00", None],
            ["2025-05", None, None, None, "5.00"],
        ]
        whole = run(cursor, "revenue").rows()
        assert figures(whole, "billed", "discount", "usage_gb", "lines_in_service", "arpu") == [
            ["140.00", "-10.00", "12.0000", 1, "140.00"]
        ]
        assert figures(whole, "usage_minutes") == [["7.0000"]]
        nobody = run(cursor, "revenue", where={"customer": [""]}).rows()
        assert figures(nobody, "billed") == [["140.00"]]
