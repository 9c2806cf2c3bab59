"""The report on payments of contracts: what fell due and was paid, what is overdue on a day."""

from __future__ import annotations

from dataclasses import replace

from projections.customers.customer_dimensions import CUSTOMER_BEHIND, customer_join
from projections.kernel.reports.measures import Measure, Part, count, total
from projections.kernel.reports.report import Report
from projections.kernel.reports.report_scope import seen
from projections.sales.contract_sources import ABOUT, DIMENSIONS, SIGNED

_PAYMENTS = '[{"amount":"DECIMAL(18,2)","paid":"DECIMAL(18,2)","due_on":"DATE"}]'

_SOURCE = f"""
    SELECT * EXCLUDE (payments), list_sum([each.amount FOR each IN falling]) AS due,
        list_sum([each.paid FOR each IN falling]) AS paid,
        list_sum([each.amount - each.paid FOR each IN late]) AS overdue,
        len(late) AS late_ones, list_sum([last - each.due_on FOR each IN late]) AS late_days
    FROM (
        SELECT *, [each FOR each IN payments IF each.due_on BETWEEN first AND last] AS falling,
            [each FOR each IN payments IF each.due_on < last AND each.paid < each.amount] AS late
        FROM (
            SELECT {ABOUT}, from_json(payments, '{_PAYMENTS}') AS payments
            FROM {seen("contracts")} WHERE status IN ({SIGNED})
        ) CROSS JOIN spans
    ) WHERE len(falling) + len(late) > 0"""


def _amount(name: str, title: str, zh: str, definition: str) -> Measure:
    part: Part = total(f"CAST(base.{name} AS DECIMAL(38, 2))")
    return Measure(name, title, definition, part, money=True, sensitive="amount", zh=zh)


payments_report = Report(
    name="payments",
    title="Payments: what fell due, was paid and is overdue",
    records="contracts",
    source=_SOURCE,
    joins=customer_join(),
    behind=CUSTOMER_BEHIND,
    on="base.last",
    period="each period asked for, by its last day",
    spanning=True,
    dimensions=DIMENSIONS,
    measures=(
        Measure(
            "contracts",
            "Contracts",
            "signed contracts of which payments are due in the period or overdue at its end",
            count(),
            zh="合同数",
            kind="stock",
        ),
        _amount(
            "due", "Due", "到期应付", "sum of the scheduled payments that are due in the period"
        ),
        _amount("paid", "Paid", "已付", "what was paid of these, whenever, as far as known"),
        replace(
            _amount(
                "overdue",
                "Overdue",
                "逾期",
                "what was not paid, as far as known, of payments that were due before the last day",
            ),
            kind="stock",
            better="down",
        ),
        Measure(
            "days_overdue",
            "Days overdue",
            "mean of the days from when overdue payments were due to the last day",
            {"days": total("base.late_days"), "payments": total("base.late_ones")},
            "round({days} / nullif({payments}, 0), 1)",
            sensitive="amount",
            zh="逾期天数",
            kind="ratio",
            unit="days",
            better="down",
        ),
    ),
    zh="收款：到期、已付与逾期",
)
