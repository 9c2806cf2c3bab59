"""The report on campaigns: whom they reached, what they cost, what they brought."""

from __future__ import annotations

from domain.campaign_course import Status
from projections.reports import Dimension, Measure, Report
from projections.standpoint import seen

# What the linked opportunities came to; amounts in another currency than the campaign's do not
# add up with its cost and stay out.
_BROUGHT = f"""
    SELECT campaign.*, coalesce(linked, 0) AS linked, coalesce(orders, 0) AS orders,
        coalesce(won, 0) AS won
    FROM {seen("campaigns")} AS campaign
    LEFT JOIN (
        SELECT link.id AS id, count(*) AS linked,
            count(*) FILTER (WHERE opportunity.status = 'won') AS orders,
            sum(opportunity.amount) FILTER (
                WHERE opportunity.status = 'won' AND opportunity.currency = link.currency) AS won
        FROM (
            SELECT id, currency, unnest(from_json(opportunities, '["VARCHAR"]')) AS opportunity_id
            FROM {seen("campaigns")}
        ) AS link
        JOIN {seen("opportunities")} AS opportunity ON opportunity.id = link.opportunity_id
        GROUP BY link.id
    ) AS brought USING (id)"""

_UNITS = """from_json(base.units, '["VARCHAR"]')"""
_BY_UNIT = f"SELECT base.*, unnest({_UNITS}) AS unit FROM ({_BROUGHT}) AS base"

campaigns_report = Report(
    name="campaigns",
    title="Campaigns",
    source=_BROUGHT,
    grains={"unit": _BY_UNIT},
    on="base.starts_on",
    period="the start",
    dimensions=(
        Dimension("campaign", "Campaign", "base.name"),
        Dimension("kind", "Kind", "base.kind"),
        Dimension("status", "Status", "base.status", order=tuple(Status)),
        Dimension(
            "unit",
            "Unit: a campaign counts in each of its units",
            "base.unit",
            grain="unit",
            within=_UNITS,
            tree=True,
        ),
        Dimension("manager", "Manager", "base.manager"),
        Dimension("currency", "Currency", "base.currency"),
    ),
    measures=(
        Measure("campaigns", "Campaigns", "campaigns", "{records}"),
        Measure("targets", "Targets", "customers addressed", "CAST(sum(base.targets) AS BIGINT)"),
        Measure("contacts", "Contacts", "contacts recorded", "CAST(sum(base.contacts) AS BIGINT)"),
        Measure(
            "contacted", "Contacted", "customers contacted", "CAST(sum(base.contacted) AS BIGINT)"
        ),
        Measure(
            "responses", "Responses", "responses recorded", "CAST(sum(base.responses) AS BIGINT)"
        ),
        Measure(
            "responded",
            "Responded",
            "customers that responded",
            "CAST(sum(base.responded) AS BIGINT)",
        ),
        Measure(
            "response_rate",
            "Response rate",
            "customers that responded as a share of the targets",
            "round(sum(base.responded) / nullif(sum(base.targets), 0), 4)",
        ),
        Measure(
            "budget",
            "Budget",
            "sum of the budgets",
            "sum(base.budget)",
            money=True,
            sensitive="amount",
        ),
        Measure(
            "cost",
            "Cost",
            "sum of the costs recorded",
            "sum(base.cost)",
            money=True,
            sensitive="amount",
        ),
        Measure(
            "cost_per_response",
            "Cost per response",
            "cost divided by the customers that responded",
            "CAST(round(sum(base.cost) / nullif(sum(base.responded), 0), 2) AS DECIMAL(38, 2))",
            money=True,
            sensitive="amount",
        ),
        Measure(
            "opportunities",
            "Opportunities",
            "opportunities linked",
            "CAST(sum(base.linked) AS BIGINT)",
        ),
        Measure("orders", "Orders", "linked opportunities won", "CAST(sum(base.orders) AS BIGINT)"),
        Measure(
            "won_amount",
            "Amount won",
            "sum of the amounts of linked opportunities won, in the campaign's currency",
            "sum(base.won)",
            money=True,
            sensitive="amount",
        ),
        Measure(
            "roi",
            "Return on investment",
            "amount won beyond the cost, as a share of the cost",
            "round((sum(base.won) - sum(base.cost)) / nullif(sum(base.cost), 0), 4)",
            money=True,
        ),
    ),
)
