"""The report on campaigns: whom they reached, what they cost, what they brought."""

from __future__ import annotations

from dataclasses import replace

from domain.marketing.campaign import CampaignKind
from domain.marketing.campaign_course import Status
from projections.kernel.reports.dimensions import (
    CURRENCY,
    MANAGER,
    PLACE,
    SUCCESSOR,
    UNIT,
    Dimension,
)
from projections.kernel.reports.measures import Measure, Part, amount_each, count, total
from projections.kernel.reports.report import Report
from projections.kernel.reports.report_scope import seen

# What the linked opportunities came to; amounts in another currency than the campaign's do not
# add up with its cost and stay out.
_BROUGHT = f"""
    SELECT campaign.*, coalesce(linked, 0) AS linked, coalesce(orders, 0) AS orders,
        coalesce(won, 0) AS won, brought_by
    FROM {seen("campaigns")} AS campaign
    LEFT JOIN (
        SELECT link.id AS id, count(*) AS linked,
            count(*) FILTER (WHERE opportunity.status = 'won') AS orders,
            sum(opportunity.amount) FILTER (
                WHERE opportunity.status = 'won' AND opportunity.currency = link.currency) AS won,
            list(opportunity.id ORDER BY opportunity.id) AS brought_by
        FROM (
            SELECT id, currency, unnest(from_json(opportunities, '["VARCHAR"]')) AS opportunity_id
            FROM {seen("campaigns")}
        ) AS link
        JOIN {seen("opportunities")} AS opportunity ON opportunity.id = link.opportunity_id
        GROUP BY link.id
    ) AS brought USING (id)"""

_UNITS = """from_json(base.units, '["VARCHAR"]')"""
_BY_UNIT = f"SELECT base.*, unnest({_UNITS}) AS unit FROM ({_BROUGHT}) AS base"

# Once in each of the units that have succeeded some of its own.
_BY_SUCCESSOR = f"""
    SELECT DISTINCT base.* REPLACE ({SUCCESSOR} AS unit) FROM ({_BY_UNIT}) AS base {PLACE}"""


def _whole(of: str) -> Part:
    return total(f"base.{of}", "BIGINT")


campaigns_report = Report(
    name="campaigns",
    title="Campaigns",
    records="campaigns",
    source=_BROUGHT,
    behind={"": ("opportunities", "base.brought_by")},
    grains={"unit": _BY_UNIT, "unit now": _BY_SUCCESSOR},
    on="base.starts_on",
    period="the start",
    dimensions=(
        Dimension("campaign", "Campaign", "base.id", of="campaigns", zh="营销活动"),
        Dimension("kind", "Kind", "base.kind", values=tuple(CampaignKind), zh="类型"),
        Dimension("status", "Status", "base.status", order=tuple(Status), zh="状态"),
        replace(
            UNIT,
            grain="unit",
            within=_UNITS,
            note="that the campaign is of: it counts in each of them",
        ),
        MANAGER,
        CURRENCY,
    ),
    measures=(
        Measure("campaigns", "Campaigns", "campaigns", count(), zh="活动数"),
        Measure("targets", "Targets", "customers addressed", _whole("targets"), zh="目标客户"),
        Measure("contacts", "Contacts", "contacts recorded", _whole("contacts"), zh="接触次数"),
        Measure(
            "contacted",
            "Contacted",
            "customers contacted",
            _whole("contacted"),
            zh="已接触客户",
            better="up",
        ),
        Measure(
            "responses",
            "Responses",
            "responses recorded",
            _whole("responses"),
            zh="响应次数",
            better="up",
        ),
        Measure(
            "responded",
            "Responded",
            "customers that responded",
            _whole("responded"),
            zh="响应客户",
            better="up",
        ),
        Measure(
            "response_rate",
            "Response rate",
            "customers that responded as a share of the targets",
            {"responded": _whole("responded"), "targets": _whole("targets")},
            "round({responded} / nullif({targets}, 0), 4)",
            zh="响应率",
            kind="ratio",
            unit="share",
            better="up",
        ),
        Measure(
            "budget",
            "Budget",
            "sum of the budgets",
            total("base.budget"),
            money=True,
            sensitive="cost",
            zh="预算",
        ),
        Measure(
            "cost",
            "Cost",
            "sum of the costs recorded",
            total("base.cost"),
            money=True,
            sensitive="cost",
            zh="费用",
        ),
        Measure(
            "cost_per_response",
            "Cost per response",
            "cost divided by the customers that responded",
            {"cost": total("base.cost"), "responded": _whole("responded")},
            amount_each("{cost}", "{responded}"),
            money=True,
            sensitive="cost",
            zh="单个响应成本",
            kind="ratio",
            better="down",
        ),
        Measure(
            "opportunities",
            "Opportunities",
            "opportunities linked",
            _whole("linked"),
            zh="商机数",
            better="up",
        ),
        Measure(
            "orders",
            "Orders",
            "linked opportunities won",
            _whole("orders"),
            zh="成交数",
            better="up",
        ),
        Measure(
            "won_amount",
            "Amount won",
            "sum of the amounts of linked opportunities won, in the campaign's currency",
            total("base.won"),
            money=True,
            sensitive="amount",
            zh="赢单金额",
            better="up",
        ),
        Measure(
            "roi",
            "Return on investment",
            "amount won beyond the cost, as a share of the cost",
            {"won": total("base.won"), "cost": total("base.cost")},
            "round(({won} - {cost}) / nullif({cost}, 0), 4)",
            money=True,
            sensitive="cost",
            zh="投资回报率",
            kind="ratio",
            unit="share",
            better="up",
        ),
    ),
    zh="营销活动",
)
