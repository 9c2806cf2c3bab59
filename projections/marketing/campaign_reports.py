"""The report on campaigns: whom they reached, what they cost, what they brought."""

from __future__ import annotations

from domain.marketing.campaign import CampaignKind
from domain.marketing.campaign_course import Status
from projections.kernel.reports.dimensions import PLACE, SUCCESSOR, Dimension, currency
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
        Dimension("campaign", "Campaign", "base.id", of="campaigns"),
        Dimension("kind", "Kind", "base.kind", values=tuple(CampaignKind)),
        Dimension("status", "Status", "base.status", order=tuple(Status)),
        Dimension(
            "unit",
            "Unit: a campaign counts in each of its units",
            "base.unit",
            grain="unit",
            of="units",
            within=_UNITS,
            tree=True,
        ),
        Dimension("manager", "Manager", "base.manager", of="employees"),
        currency(),
    ),
    measures=(
        Measure("campaigns", "Campaigns", "campaigns", count()),
        Measure("targets", "Targets", "customers addressed", _whole("targets")),
        Measure("contacts", "Contacts", "contacts recorded", _whole("contacts")),
        Measure("contacted", "Contacted", "customers contacted", _whole("contacted")),
        Measure("responses", "Responses", "responses recorded", _whole("responses")),
        Measure(
            "responded",
            "Responded",
            "customers that responded",
            _whole("responded"),
        ),
        Measure(
            "response_rate",
            "Response rate",
            "customers that responded as a share of the targets",
            {"responded": _whole("responded"), "targets": _whole("targets")},
            "round({responded} / nullif({targets}, 0), 4)",
        ),
        Measure(
            "budget",
            "Budget",
            "sum of the budgets",
            total("base.budget"),
            money=True,
            sensitive="cost",
        ),
        Measure(
            "cost",
            "Cost",
            "sum of the costs recorded",
            total("base.cost"),
            money=True,
            sensitive="cost",
        ),
        Measure(
            "cost_per_response",
            "Cost per response",
            "cost divided by the customers that responded",
            {"cost": total("base.cost"), "responded": _whole("responded")},
            amount_each("{cost}", "{responded}"),
            money=True,
            sensitive="cost",
        ),
        Measure(
            "opportunities",
            "Opportunities",
            "opportunities linked",
            _whole("linked"),
        ),
        Measure("orders", "Orders", "linked opportunities won", _whole("orders")),
        Measure(
            "won_amount",
            "Amount won",
            "sum of the amounts of linked opportunities won, in the campaign's currency",
            total("base.won"),
            money=True,
            sensitive="amount",
        ),
        Measure(
            "roi",
            "Return on investment",
            "amount won beyond the cost, as a share of the cost",
            {"won": total("base.won"), "cost": total("base.cost")},
            "round(({won} - {cost}) / nullif({cost}, 0), 4)",
            money=True,
            sensitive="cost",
        ),
    ),
)
