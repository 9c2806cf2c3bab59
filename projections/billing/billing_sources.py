"""What the reports on billing are made of: what was billed, paid and written off, of what."""

from __future__ import annotations

from dataclasses import replace

from projections.customers.customer_dimensions import of_customer
from projections.kernel.reports.dimensions import CURRENCY, MANAGER, UNIT, UNSEEN, Dimension
from projections.kernel.reports.report_scope import hidden, seen
from projections.kernel.warehouse.typed_lists import typed

_OF_BILL = "id, customer_id, unit, currency, account_number, source, month, provisional"
_RUNS_ONE = "if(line.kind = 'recurring' AND line.service_number IS NOT NULL, 1, 0)"


def bills() -> str:
    """Return the query of the bills that stand, each with whether its run is still open."""
    runs = " UNION ALL ".join(
        f"SELECT system, month FROM {each('bill_runs')} WHERE state <> 'balanced'"
        for each in (seen, hidden)
    )
    return f"""SELECT bill.*, run.month IS NOT NULL AS provisional
        FROM {seen("bills")} AS bill
        LEFT JOIN ({runs}) AS run ON run.system = bill.source AND run.month = bill.month
        WHERE bill.state <> 'cancelled'"""


def entries() -> str:
    """Return the query of what counts for revenue: lines, payments, what was written off.

    A line counts on the last day of the month, a payment and a write-off on their own.
    """
    return f"""
    SELECT {_OF_BILL}, last_day(CAST(month || '-01' AS DATE)) AS day, line.amount AS billed,
        NULL AS paid, NULL AS written_off, line.kind AS kind, line.quantity AS quantity,
        line.measure AS measure, coalesce(line.in_service, {_RUNS_ONE}) AS in_service,
        line.product_id AS product_id, line.product AS product
    FROM (SELECT *, unnest({typed("lines")}) AS line FROM ({bills()}))
    UNION ALL BY NAME
    SELECT {_OF_BILL}, made."on" AS day, made.amount AS paid
    FROM (SELECT *, unnest({typed("payments")}) AS made FROM ({bills()}))
    WHERE made.reversed_on IS NULL
    UNION ALL BY NAME
    SELECT {_OF_BILL}, made."on" AS day, made.amount AS written_off
    FROM (SELECT *, unnest({typed("write_offs")}) AS made FROM ({bills()}))"""


def product_join() -> str:
    """Return the join that gives the product of a line by its id or code, if there is one."""
    joined = {"product": seen("products"), "unseen_product": hidden("products")}
    return " ".join(
        f"LEFT JOIN (SELECT id AS key, * FROM {of} UNION ALL SELECT code AS key, * FROM {of}) "
        f"AS {name} ON {name}.key = coalesce(base.product_id, base.product)"
        for name, of in joined.items()
    )


def _told(sql: str) -> str:
    return f"CASE WHEN unseen_product.key IS NULL THEN {sql} ELSE '{UNSEEN}' END"


PRODUCTS = (
    Dimension("product", "Product", _told("product.id"), join="product", of="products", zh="产品"),
    Dimension(
        "product_category",
        "Product's category",
        _told("product.category"),
        join="product",
        zh="产品类别",
    ),
    Dimension(
        "unknown_product",
        "Product that is in no catalogue",
        "CASE WHEN product.key IS NULL AND unseen_product.key IS NULL "
        "THEN coalesce(base.product, base.product_id) END",
        join="product",
        zh="目录外产品",
    ),
)

CUSTOMERS = (
    UNIT,
    *of_customer("industry", "category", "grade", "reach", "region", "customer_state"),
    replace(
        MANAGER,
        sql=f"CASE WHEN unseen.id IS NULL THEN customer.manager ELSE '{UNSEEN}' END",
        join="customer",
    ),
    Dimension("account", "Billing account", "base.account_number", zh="账户"),
    Dimension("system", "Billing system", "base.source", zh="计费系统"),
    CURRENCY,
)
"""The dimensions of whatever is billed."""
