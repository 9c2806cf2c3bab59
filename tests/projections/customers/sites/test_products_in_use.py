"""The row of a product in use: what was used since which day, and to whom it was lost."""

from datetime import date
from decimal import Decimal
from typing import Any

from projections.customers.sites.products_in_use import products_in_use
from tests.projections.folding import row_after

NOTHING = (
    *("product_id", "plan", "site_id", "far_site_id", "service_number", "account_number"),
    *("one_off", "order_id", "contract_number", "activated_on"),
)
INSTALLED: dict[str, Any] = {
    **dict.fromkeys(NOTHING),
    "customer_id": "c",
    "unit": "gd-gz",
    "product_name": "老专线",
    "quantity": 2,
    "attributes": {},
    "monthly_fee": "200.00",
    "currency": "CNY",
}
ACTIVE = ("installed", INSTALLED | {"activated_on": "2020-03-01"})


def test_what_is_active_since_a_day_was_installed_then() -> None:
    row = row_after(products_in_use, ACTIVE)
    assert (row["state"], row["activated_on"]) == ("active", date(2020, 3, 1))
    pending = row_after(products_in_use, ("installed", INSTALLED))
    assert (pending["state"], pending["activated_on"]) == ("pending", None)
    used = row_after(products_in_use, ("installed", INSTALLED), ("activated", {"on": "2025-02-01"}))
    assert (used["state"], used["activated_on"]) == ("active", date(2025, 2, 1))


def test_quantity_and_fee_are_known_of_each_day() -> None:
    row = row_after(
        products_in_use,
        ACTIVE,
        ("changed", {"quantity": 3, "monthly_fee": "300.00", "reason": "扩容", "on": "2025-05-01"}),
        ("changed", {"plan": "ZX-2", "reason": "套餐", "on": "2025-06-01"}),
    )
    assert row["steps"] == [
        {"from": "2020-03-01", "quantity": 2, "monthly_fee": "200.00"},
        {"from": "2025-05-01", "quantity": 3, "monthly_fee": "300.00"},
    ]
    assert (row["quantity"], row["monthly_fee"]) == (3, Decimal("300.00"))
    assert (row["changed_on"], row["plan"]) == (date(2025, 6, 1), "ZX-2")


def test_why_it_is_suspended_is_said_as_long_as_it_is() -> None:
    suspended = ("suspended", {"reason": "arrears"})
    row = row_after(products_in_use, ACTIVE, suspended)
    assert (row["state"], row["suspended_for"]) == ("suspended", "arrears")
    assert row_after(products_in_use, ACTIVE, suspended, ("resumed", {}))["suspended_for"] is None


def test_a_competitor_that_gained_it_is_told() -> None:
    ceased = {"reason": "转网", "competitor": "华联通信", "on": "2025-09-30"}
    row = row_after(products_in_use, ACTIVE, ("ceased", ceased))
    assert (row["state"], row["lost_to"]) == ("ceased", "华联通信")
    assert row["close_reason"] == "转网"
    assert row["ceased_on"] == date(2025, 9, 30)
