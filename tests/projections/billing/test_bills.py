"""The row of a bill: what remains, since when it is overdue, and how it was settled."""

from datetime import date
from decimal import Decimal
from typing import Any

from projections.billing.bill_runs import bill_runs
from projections.billing.bills import bills
from tests.projections.folding import row_after

LINE = {"kind": "recurring", "amount": "100.00", "product": "专线"}
RECEIVED: tuple[str, dict[str, Any]] = (
    "received",
    {
        "account_number": "ZH-1",
        "month": "2025-11",
        "source": "billing",
        "unit": "gd-gz",
        "issued_on": "2025-12-05",
        "due_on": "2025-12-25",
        "lines": [LINE],
        "amount": "100.00",
        "currency": "CNY",
        "customer_id": None,
    },
)


def paid(amount: str, on: str, reference: str = "p1") -> tuple[str, dict[str, Any]]:
    return "payment-recorded", {"amount": amount, "on": on, "reference": reference}


def settled(*events: tuple[str, dict[str, Any]]) -> tuple[str, Decimal, date | None]:
    row = row_after(bills, RECEIVED, *events)
    assert row["amount"] - row["paid"] - row["written_off"] == row["remaining"]
    return row["state"], row["remaining"], row["settled_on"]


def test_it_is_overdue_from_the_day_after_it_was_due_until_nothing_remains() -> None:
    assert row_after(bills, RECEIVED)["overdue_from"] == date(2025, 12, 26)
    assert settled() == ("received", Decimal(100), None)
    assert settled(paid("40.00", "2025-12-28")) == ("part-paid", Decimal(60), None)
    all_ = (paid("40.00", "2025-12-28"), paid("60.00", "2025-12-30", "p2"))
    assert settled(*all_) == ("paid", Decimal(0), date(2025, 12, 30))
    back = ("payment-reversed", {"reference": "p2", "reason": "退票", "on": "2025-12-31"})
    assert settled(*all_, back) == ("part-paid", Decimal(60), None)
    off = ("written-off", {"amount": "60.00", "reason": "坏账", "on": "2025-12-31"})
    assert settled(*all_, back, off) == ("written-off", Decimal(0), date(2025, 12, 31))


def test_a_correction_counts_with_what_was_paid() -> None:
    lines = [{**LINE, "amount": "40.00"}]
    told = {"lines": lines, "amount": "40.00", "reason": "多计", "on": "2025-12-31"}
    row = row_after(bills, RECEIVED, paid("40.00", "2025-12-28"), ("corrected", told))
    assert (row["state"], row["corrections"], row["close_reason"]) == ("paid", Decimal(1), "多计")
    assert row["settled_on"] == date(2025, 12, 31)


def test_nothing_remains_of_a_cancelled_bill() -> None:
    assert settled_away()["remaining"] == 0
    assert settled_away()["state"] == "cancelled"


def settled_away() -> dict[str, Any]:
    return row_after(bills, RECEIVED, ("cancelled", {"reason": "误出", "on": "2025-12-31"}))


def test_what_is_disputed_is_so_until_it_is_settled() -> None:
    open_ = ("disputed", {"lines": [1], "reason": "不符"})
    assert row_after(bills, RECEIVED, open_)["disputed"] == [1]
    row = row_after(bills, RECEIVED, open_, ("dispute-settled", {"outcome": "upheld"}))
    assert (row["disputed"], row["outcome"]) == ([], "upheld")


def test_a_run_says_what_was_announced_last_and_since_when_it_is_balanced() -> None:
    announced = {"month": "2025-11", "system": "billing", "unit": "gd", "bills": 2, "total": "5.00"}
    events: list[tuple[str, dict[str, Any]]] = [
        ("announced", announced),
        ("balanced", {"on": "2025-12-31"}),
    ]
    assert row_after(bill_runs, *events)["balanced_on"] == date(2025, 12, 31)
    row = row_after(bill_runs, *events, ("reopened", {"reason": "补账", "bills": 3, "total": None}))
    assert (row["state"], row["bills"], row["total"]) == ("announced", 3, 5)
    assert (row["balanced_on"], row["reopened"]) == (None, 1)
