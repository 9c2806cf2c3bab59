"""The report on revenue: what was billed for a month, of which product, and what was paid."""

from __future__ import annotations

from domain.billing.bill_lines import LineKind
from projections.billing.billing_sources import CUSTOMERS, PRODUCTS, entries, product_join
from projections.customers.customer_dimensions import CUSTOMER_BEHIND, CUSTOMER_THEN, customer_join
from projections.kernel.reports.dimensions import Dimension
from projections.kernel.reports.measures import Measure, across, amount_each, total
from projections.kernel.reports.report import Report

_BILLED = total("base.billed")
_CUSTOMERS = "CASE WHEN base.billed IS NOT NULL THEN base.customer_id END"
_IN_SERVICE = total("base.in_service", "BIGINT")


def _usage(name: str, title: str, zh: str, unit: str) -> Measure:
    """Return the measure of what was used in one unit of quantity: units are never added."""
    used = f"base.kind = 'usage' AND base.measure = '{unit}'"
    definition = f"sum of the quantities of lines for usage in {unit}; others: by `quantity_unit`"
    return Measure(name, title, definition, total("base.quantity", where=used), zh=zh, better="up")


revenue_report = Report(
    name="revenue",
    title="Revenue: what was billed, of what, and what was paid of it",
    zh="收入",
    records="bills",
    source=entries(),
    joins={**customer_join("base.day"), "product": product_join()},
    behind={**CUSTOMER_BEHIND, "product": ("products", "[product.id]")},
    on="base.day",
    dated=CUSTOMER_THEN,
    period="the month that a bill is for; of payments and write-offs, their own day",
    dimensions=(
        *PRODUCTS,
        Dimension("kind", "Kind of line", "base.kind", order=tuple(LineKind), zh="明细类型"),
        Dimension("quantity_unit", "Unit of quantity", "base.measure", zh="计量单位"),
        Dimension(
            "standing",
            "Whether all bills of the month are in",
            "if(base.provisional, 'provisional', 'final')",
            values=("provisional", "final"),
            zh="数据状态",
        ),
        *CUSTOMERS,
    ),
    measures=(
        Measure(
            "bill_lines",
            "Lines of bills",
            "lines of bills that stand",
            total("CAST(base.billed IS NOT NULL AS BIGINT)", "BIGINT"),
            zh="账单明细数",
        ),
        Measure(
            "billed",
            "Billed",
            "sum of the lines of bills for the month before tax, as corrected; without cancelled "
            "bills; of the customer who held the account on the month's last day",
            _BILLED,
            money=True,
            sensitive="revenue",
            zh="出账收入",
            better="up",
            known_as="billed_revenue",
        ),
        Measure(
            "customers_billed",
            "Customers billed",
            "customers with a bill in the period, each once",
            across("count(DISTINCT {})", _CUSTOMERS),
            zh="出账客户数",
            better="up",
        ),
        Measure(
            "provisional",
            "Of it provisional",
            "the part of it that is of runs which are announced and not balanced yet",
            total("base.billed", where="base.provisional"),
            money=True,
            sensitive="revenue",
            zh="其中暂定",
        ),
        _usage("usage_minutes", "Minutes used", "用量（分钟）", "min"),
        _usage("usage_gb", "GB used", "用量（GB）", "GB"),
        Measure(
            "discount",
            "Discount",
            "sum of the lines for discounts, which are below nothing",
            total("base.billed", where="base.kind = 'discount'"),
            money=True,
            sensitive="revenue",
            zh="优惠",
        ),
        Measure(
            "paid",
            "Paid",
            "sum of the payments of the period that were not reversed",
            total("base.paid"),
            money=True,
            sensitive="revenue",
            zh="回款",
            better="up",
        ),
        Measure(
            "written_off",
            "Written off",
            "sum of what was written off in the period",
            total("base.written_off"),
            money=True,
            sensitive="revenue",
            zh="坏账核销",
            better="down",
        ),
        Measure(
            "lines_in_service",
            "Lines in service",
            "service numbers that lines are for; of several months, those of each",
            _IN_SERVICE,
            kind="flow",
            zh="在用线数",
            better="up",
        ),
        Measure(
            "arpu",
            "ARPU",
            "what was billed by the number of lines in service",
            {"billed": _BILLED, "lines": _IN_SERVICE},
            amount_each("{billed}", "{lines}"),
            money=True,
            sensitive="revenue",
            kind="ratio",
            zh="每线平均收入（ARPU）",
            better="up",
        ),
    ),
)
