"""The reports on customers: how many there are of which kind, and how complete profiles are."""

from __future__ import annotations

import sqlalchemy as sa

from domain.customers.customer_profile import Category, Grade, Industry, ProfileReach
from domain.customers.customer_standing import State
from projections.customers.profiles import WEIGHTS, completeness, profiles
from projections.kernel.lists.duckdb_queries import DUCK, historic
from projections.kernel.read_model import read_models
from projections.kernel.reports.dimensions import Dimension, currency
from projections.kernel.reports.measures import Measure, amount_each, count, mean, total
from projections.kernel.reports.report import Report
from projections.kernel.reports.report_scope import seen


def _scored(more: str = "") -> str:
    """Return the source with the completeness of each customer in sight that is open."""
    tables = {
        name: sa.table(seen(name), *historic(read_models()[name])).alias(name)
        for name in profiles.of
    }
    literally = {"literal_binds": True}
    made = completeness(tables).compile(dialect=DUCK, compile_kwargs=literally)
    return f"""SELECT scored.*, customer.registered_on{more} FROM ({made}) AS scored
    JOIN {seen("customers")} AS customer USING (id)
    WHERE scored.state NOT IN ('merged', 'closed')"""


_MISSING = """, unnest(if(json_array_length(scored.gaps) = 0, [NULL],
        from_json(scored.gaps, '["VARCHAR"]'))) AS gap"""

profiles_report = Report(
    name="profiles",
    title="Completeness of profiles",
    records="customers",
    source=_scored(),
    grains={"gap": _scored(_MISSING)},
    on="base.registered_on",
    period="registration",
    dimensions=(
        Dimension("unit", "Unit", "base.unit", of="units", tree=True),
        Dimension("grade", "Grade", "base.grade", order=tuple(Grade)),
        Dimension("manager", "Account manager", "base.manager", of="employees"),
        Dimension("state", "State", "base.state", order=tuple(State)),
        Dimension("gap", "What is missing", "base.gap", grain="gap", values=tuple(WEIGHTS)),
    ),
    measures=(
        Measure("profiles", "Profiles", "customers whose file is open", count()),
        Measure(
            "mean_score",
            "Mean score",
            "mean of how much is known of each, of 100",
            mean("base.score"),
            "round({}, 2)",
        ),
        Measure(
            "share_complete",
            "Share of 80 and more",
            "the share of those of whom at least 80 of 100 is known",
            {"complete": count("base.score >= 80"), "every": count()},
            "round({complete} / nullif({every}, 0), 4)",
        ),
    ),
)

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
