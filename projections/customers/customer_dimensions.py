"""The customer as a dimension: of the reports whose rows belong to one, and what it is like."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from domain.customers.customer_profile import Category, Grade, Industry, ProfileReach
from domain.customers.customer_standing import State
from projections.kernel.reports.dimensions import MANAGER, UNIT, UNSEEN, Dimension
from projections.kernel.reports.report_scope import hidden, on, seen

CUSTOMER = Dimension("customer", "Customer", "base.customer_id", of="customers", zh="客户")


def own(*names: str) -> tuple[Dimension, ...]:
    """Return dimensions of a report whose rows are customers, or are like them."""
    return tuple(_CUSTOMERS[name] for name in names)


def of_customer(*names: str) -> tuple[Dimension, ...]:
    """Return dimensions of a report whose rows have a `customer_id`: the customer, and its own.

    They need the join `customer_join`. What a customer out of sight is like is not told.
    """
    about = (
        replace(
            each,
            sql=f"CASE WHEN unseen.id IS NULL THEN customer.{each.sql.removeprefix('base.')} "
            f"ELSE '{UNSEEN}' END",
            join="customer",
        )
        for each in own(*names)
    )
    return (CUSTOMER, *about)


def _like(name: str, title: str, zh: str, order: type[StrEnum] | None = None) -> Dimension:
    sql = f"base.{name.removeprefix('customer_')}"
    return Dimension(name, f"Customer's {title}", sql, order=tuple(order or ()), zh=zh)


_CUSTOMERS = {
    each.name: each
    for each in (
        _like("industry", "industry (GB/T 4754 section)", "客户行业（GB/T 4754 门类）", Industry),
        _like("category", "category", "客户类别", Category),
        _like("grade", "grade", "客户等级", Grade),
        _like("reach", "reach", "客户业务范围", ProfileReach),
        _like("region", "region", "客户地区"),
        _like("state", "state", "客户状态", State),
        _like("customer_state", "state", "客户状态", State),
    )
}


STANDING = (
    UNIT,
    MANAGER,
    replace(CUSTOMER, sql="base.id"),
    *own("category", "grade", "reach", "industry", "customer_state", "region"),
)
"""The dimensions of customers as they stood on a day."""


CUSTOMER_THEN = {"customers": "base.customer_id"}
"""What a report whose customers are told as they were on the day of a row says of that."""


def customer_join(day: str = "") -> dict[str, str]:
    """Return the join that gives the customer of a row, by its name: as on a day, if that is so."""
    customers = on("customers") if day else seen("customers")
    dated = f" AND customer.as_on = {day}" * bool(day)
    return {
        "customer": f"LEFT JOIN {customers} AS customer "
        f"ON customer.id = base.customer_id{dated} "
        f"LEFT JOIN {hidden('customers')} AS unseen ON unseen.id = base.customer_id"
    }
