"""The report on arrears: what of bills was not paid on a day, and for how long it has been due."""

from __future__ import annotations

from projections.billing.billing_sources import CUSTOMERS, bills
from projections.customers.customer_dimensions import CUSTOMER_BEHIND, CUSTOMER_THEN, customer_join
from projections.kernel.reports.dimensions import Dimension
from projections.kernel.reports.measures import Measure, Part, count, total
from projections.kernel.reports.report import Report
from projections.kernel.warehouse.typed_lists import typed

_SOURCE = f"""
    SELECT *, greatest(last - due_on, 0) AS age, amount - given - dropped AS open,
        due_on < last AS due, issued_on > last - INTERVAL 3 MONTH AS recent,
        due_on + 30 BETWEEN first AND last AS ripe
    FROM (
        SELECT * EXCLUDE (paid, written_off),
            coalesce(list_sum([e.amount FOR e IN made IF e."on" <= last
                AND (e.reversed_on IS NULL OR e.reversed_on > last)]), 0) AS given,
            coalesce(list_sum([e.amount FOR e IN made IF e."on" <= due_on + 30
                AND e.reversed_on IS NULL]), 0) AS in_time,
            coalesce(list_sum([e.amount FOR e IN off IF e."on" <= last]), 0) AS dropped
        FROM (
            SELECT *, {typed("payments")} AS made, {typed("write_offs")} AS off FROM ({bills()})
        ) CROSS JOIN spans WHERE issued_on <= last
    ) WHERE given + dropped <> amount OR recent OR ripe"""

_AGES = ("not due", "1-30", "31-60", "61-90", "91+")
_AGE = (
    "CASE WHEN base.age < 1 THEN 'not due' WHEN base.age < 31 THEN '1-30' "
    "WHEN base.age < 61 THEN '31-60' WHEN base.age < 91 THEN '61-90' ELSE '91+' END"
)


def _sum(of: str, where: str = "") -> Part:
    return total(f"CAST({of} AS DECIMAL(38, 2))", where=where)


_RECEIVABLES = _sum("base.open")

arrears_report = Report(
    name="arrears",
    title="Arrears: what of bills was not paid on a day, by how long it has been due",
    zh="欠费",
    records="bills",
    source=_SOURCE,
    joins=customer_join("base.last"),
    behind=CUSTOMER_BEHIND,
    on="base.last",
    dated=CUSTOMER_THEN,
    period="the day that the figures are of: the last one of each period asked for",
    spanning=True,
    dimensions=(
        Dimension("age", "Days since it was due", _AGE, order=_AGES, zh="账龄"),
        Dimension("bill_month", "Month that was billed", "base.month", zh="账期"),
        *CUSTOMERS,
    ),
    measures=(
        Measure(
            "bills_overdue",
            "Bills overdue",
            "bills that were due before the day and of which something remains",
            count("base.due AND base.open > 0"),
            kind="stock",
            zh="逾期账单数",
            better="down",
        ),
        Measure(
            "arrears",
            "Arrears",
            "what remains on the day of bills that were due before it",
            _sum("base.open", "base.due"),
            money=True,
            sensitive="revenue",
            kind="stock",
            zh="欠费",
            better="down",
            known_as="arrears",
        ),
        Measure(
            "receivables",
            "Receivables",
            "what remains on the day of all bills that were issued by then",
            _RECEIVABLES,
            money=True,
            sensitive="revenue",
            kind="stock",
            zh="应收账款",
            better="down",
        ),
        Measure(
            "dso",
            "Days sales outstanding",
            "receivables by what was billed in the three months before the day, times 90 days",
            {"receivables": _RECEIVABLES, "billed": _sum("base.amount", "base.recent")},
            "round({receivables} * 90.0 / nullif({billed}, 0), 1)",
            sensitive="revenue",
            kind="ratio",
            unit="days",
            zh="应收账款周转天数（DSO）",
            better="down",
        ),
        Measure(
            "collection_rate",
            "Collection rate",
            "share of bills, by amount, that was paid within 30 days of the day on which they were "
            "due, of those for which these days ended in the period",
            {
                "paid": _sum("base.in_time", "base.ripe"),
                "billed": _sum("base.amount", "base.ripe"),
            },
            "round({paid} / nullif({billed}, 0), 4)",
            sensitive="revenue",
            kind="ratio",
            unit="share",
            zh="收费率",
            better="up",
        ),
    ),
)
