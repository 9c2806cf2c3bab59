"""What is billed by how many customers there are."""

from __future__ import annotations

from projections.kernel.reports.ratios import Ratio

arpa = Ratio(
    "arpa",
    "ARPA",
    "what was billed for the months by the customers active on the last day of each, these added "
    "over the months: never a mean of months, and without those that have not ended",
    above="billed_revenue",
    below="customer_months",
    money=True,
    unit="CNY",
    zh="户均收入（ARPA）",
    better="up",
)

revenue_per_billed_customer = Ratio(
    "revenue_per_billed_customer",
    "Revenue per billed customer",
    "what was billed by the customers with a bill in the period, each once however many months",
    above="billed_revenue",
    below="customers_billed",
    money=True,
    unit="CNY",
    zh="出账客户户均收入",
    better="up",
)
