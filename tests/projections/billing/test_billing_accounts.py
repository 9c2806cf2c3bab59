"""The row of a billing account: who holds it, and which arrangement it is in."""

from datetime import date

from projections.billing.billing_accounts import billing_accounts
from tests.projections.folding import row_after

OPENED = (
    "opened",
    {"account_number": "ZH-1", "customer_id": None, "unit": "gd-gz", "currency": "CNY"},
)


def test_an_account_is_held_by_nobody_until_it_is_assigned() -> None:
    assert row_after(billing_accounts, OPENED)["customer_id"] is None
    row = row_after(billing_accounts, OPENED, ("assigned", {"customer_id": "c"}))
    assert row["customer_id"] == "c"
    given = ("reassigned", {"customer_id": "d", "reason": "过户"})
    assert row_after(billing_accounts, OPENED, given)["customer_id"] == "d"


def test_an_account_that_left_is_in_no_arrangement() -> None:
    joined = ("joined", {"arrangement_id": "a"})
    assert row_after(billing_accounts, OPENED, joined)["arrangement_id"] == "a"
    left = ("left", {"reason": "退出", "arrangement_id": None})
    assert row_after(billing_accounts, OPENED, joined, left)["arrangement_id"] is None


def test_why_and_when_it_was_closed_is_told() -> None:
    closed = ("closed", {"reason": "销户", "on": "2026-03-31"})
    row = row_after(billing_accounts, OPENED, closed)
    assert (row["state"], row["close_reason"]) == ("closed", "销户")
    assert row["closed_on"] == date(2026, 3, 31)
