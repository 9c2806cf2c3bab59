"""The report on customers: how many there are of which kind, and how large they are."""

from __future__ import annotations

from domain.customers.customer_profile import Category, Grade, Industry, ProfileReach
from domain.customers.customer_standing import State
from projections.kernel.reports.dimensions import Dimension, currency
from projections.kernel.reports.measures import Measure, amount_each, count, total
from projections.kernel.reports.report import Report
from projections.kernel.reports.report_scope import seen

customers_report = Report(
    name="customers",
    title="Customers",
    records="customers",
    source=f"FROM {seen('customers')} WHERE state <> 'merged'",
    on="base.registered_on",
    period="registration",
    dimensions=(
        Dimension("unit", "Unit", "base.unit", of="units", tree=True),
        Dimension("category", "Category", "base.category", values=tuple(Category)),
        Dimension("grade", "Grade", "base.grade", order=tuple(Grade)),
        Dimension("reach", "Reach", "base.reach", values=tuple(ProfileReach)),
        Dimension(
            *("industry", "Industry (GB/T 4754 section)", "base.industry"), values=tuple(Industry)
        ),
        Dimension("state", "State", "base.state", order=tuple(State)),
        Dimension("region", "Region", "base.region"),
        Dimension("manager", "Account manager", "base.manager", of="employees"),
        Dimension("lost_to", "Competitor that gained a lapsed customer", "base.lost_to"),
        currency("Currency of revenue and IT budget"),
    ),
    measures=(
        Measure(
            "customers",
            "Customers",
            "customers, of whatever state; one that was merged counts in the other",
            count(),
        ),
        Measure(
            "annual_revenue",
            "Annual revenue",
            "sum of the customers' own annual revenues, as far as known",
            total("base.annual_revenue"),
            money=True,
            sensitive="revenue",
        ),
        Measure(
            "average_revenue",
            "Average annual revenue",
            "mean annual revenue of the customers whose revenue is known",
            {
                "sum": total("base.annual_revenue"),
                "count": count("base.annual_revenue IS NOT NULL"),
            },
            amount_each("{sum}", "{count}"),
            money=True,
            sensitive="revenue",
        ),
        Measure(
            "it_budget",
            "IT budget",
            "sum of the customers' IT budgets, as far as known",
            total("base.it_budget"),
            money=True,
            sensitive="it-budget",
        ),
        Measure(
            "employees",
            "Employees",
            "sum of the customers' employees, as far as known",
            total("base.employees", "BIGINT"),
        ),
    ),
)
