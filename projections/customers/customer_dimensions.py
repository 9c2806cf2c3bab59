"""The customer as a dimension: of the reports whose rows belong to one, and what it is like."""

from __future__ import annotations

from dataclasses import replace

from domain.customers.customer_profile import Category, Grade, Industry
from domain.customers.customer_standing import State
from projections.kernel.reports.dimensions import UNSEEN, Dimension
from projections.kernel.reports.report_scope import hidden, seen


def of_customer(*names: str) -> tuple[Dimension, ...]:
    """Return dimensions of a report whose rows have a `customer_id`: the customer, and its own.

    They need the join `customer_join`. What a customer out of sight is like is not told.
    """
    own = (
        replace(
            _CUSTOMERS[name],
            sql=f"CASE WHEN unseen.id IS NULL THEN customer.{name.removeprefix('customer_')} "
            f"ELSE '{UNSEEN}' END",
            join="customer",
        )
        for name in names
    )
    return (Dimension("customer", "Customer", "base.customer_id", of="customers"), *own)


_CUSTOMERS = {
    "industry": Dimension("industry", "Customer's industry", "", values=tuple(Industry)),
    "category": Dimension("category", "Customer's category", "", values=tuple(Category)),
    "grade": Dimension("grade", "Customer's grade", "", values=tuple(Grade)),
    "region": Dimension("region", "Customer's region", ""),
    "customer_state": Dimension("customer_state", "Customer's state", "", values=tuple(State)),
}


def customer_join() -> dict[str, str]:
    """Return the join that gives the customer of a row, by its name."""
    return {
        "customer": f"LEFT JOIN {seen('customers')} AS customer ON customer.id = base.customer_id "
        f"LEFT JOIN {hidden('customers')} AS unseen ON unseen.id = base.customer_id"
    }
