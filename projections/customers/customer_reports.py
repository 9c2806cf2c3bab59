"""The reports on customers: how many there are of which kind, and how complete profiles are."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from projections.customers.customer_dimensions import (
    OWN_BEHIND,
    OWN_GROUP,
    STANDING,
    own,
    own_group,
)
from projections.customers.profiles import WEIGHTS, completeness, profiles
from projections.kernel.lists.duckdb_queries import DUCK, historic
from projections.kernel.read_model import read_models
from projections.kernel.reports.dimensions import CURRENCY, MANAGER, UNIT, Dimension
from projections.kernel.reports.measures import Measure, amount_each, count, mean, total
from projections.kernel.reports.report import Report
from projections.kernel.reports.report_scope import seen, then


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
        UNIT,
        MANAGER,
        *own("grade", "state"),
        Dimension(
            "gap", "What is missing", "base.gap", grain="gap", values=tuple(WEIGHTS), zh="缺项"
        ),
    ),
    measures=(
        Measure("profiles", "Profiles", "customers whose file is open", count(), zh="档案数"),
        Measure(
            "mean_score",
            "Mean score",
            "mean of how much is known of each, of 100",
            mean("base.score"),
            "round({}, 2)",
            zh="平均完整度",
            kind="ratio",
            unit="points",
            better="up",
        ),
        Measure(
            "share_complete",
            "Share of 80 and more",
            "the share of those of whom at least 80 of 100 is known",
            {"complete": count("base.score >= 80"), "every": count()},
            "round({complete} / nullif({every}, 0), 4)",
            zh="80 分以上占比",
            kind="ratio",
            unit="share",
            better="up",
        ),
    ),
    zh="客户档案完整度",
)

customers_report = Report(
    name="customers",
    title="Customers",
    records="customers",
    source=f"FROM {seen('customers')} WHERE state <> 'merged'",
    joins=own_group(),
    behind=OWN_BEHIND,
    on="base.registered_on",
    period="registration",
    dimensions=(
        UNIT,
        MANAGER,
        OWN_GROUP,
        *own("category", "grade", "reach", "industry", "state", "region"),
        Dimension(
            "lost_to",
            "Competitor that gained a lapsed customer",
            "base.lost_to",
            zh="流失去向（竞争对手）",
        ),
        replace(CURRENCY, note="of revenue and IT budget"),
    ),
    measures=(
        Measure(
            "customers",
            "Customers",
            "customers, of whatever state; one that was merged counts in the other",
            count(),
            zh="客户数",
            better="up",
        ),
        Measure(
            "annual_revenue",
            "Annual revenue",
            "sum of the customers' own annual revenues, as far as known",
            total("base.annual_revenue"),
            money=True,
            sensitive="revenue",
            zh="年营业收入",
            better="up",
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
            zh="平均年营业收入",
            kind="ratio",
        ),
        Measure(
            "it_budget",
            "IT budget",
            "sum of the customers' IT budgets, as far as known",
            total("base.it_budget"),
            money=True,
            sensitive="it-budget",
            zh="信息化预算",
        ),
        Measure(
            "employees",
            "Employees",
            "sum of the customers' employees, as far as known",
            total("base.employees", "BIGINT"),
            zh="员工人数",
        ),
    ),
    zh="客户",
)

customer_base = Report(
    name="customer-base",
    title="Customer base: customers as they stood on a day",
    zh="客户存量",
    records="customers",
    source=f"FROM {then('customers')} WHERE state <> 'merged'",
    on="base.last",
    period="the day that the figures are of: the last one of each period asked for",
    spanning=True,
    joins=own_group(),
    behind=OWN_BEHIND,
    dimensions=STANDING,
    measures=(
        Measure(
            "active",
            "Active customers",
            "customers in the state active on the day; one that was merged by then counts in the "
            "other",
            count("base.state = 'active'"),
            zh="在网客户数",
            kind="stock",
            better="up",
            known_as="active_customers",
        ),
        Measure(
            "customers",
            "Customers",
            "customers known on the day, of whatever state",
            count(),
            zh="客户数",
            kind="stock",
            better="up",
        ),
    ),
)

customer_months = Report(
    name="customer-months",
    title="Customer months: customers as they stood at the ends of months, added",
    zh="客户月数",
    records="customers",
    source=f"FROM {then('customers')} WHERE state = 'active' AND last = last_day(last)",
    on="base.last",
    period="the last day of each month; one that has not ended by the day asked for has none",
    spanning=True,
    monthly=True,
    joins=own_group(),
    behind=OWN_BEHIND,
    dimensions=STANDING,
    measures=(
        Measure(
            "customer_months",
            "Customer months",
            "customers in the state active on the last day of a month; of several months those of "
            "each, added",
            count(),
            zh="在网客户月数",
            better="up",
            known_as="customer_months",
        ),
    ),
)
