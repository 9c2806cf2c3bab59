"""Campaigns as they are now: one row each, with what they cost and brought."""

from __future__ import annotations

from decimal import Decimal

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from domain.marketing.campaign import CampaignKind
from projections.kernel.belonging import Belongs, OfMany, Stays
from projections.kernel.columns import COARSE, CURRENCY, Day, Json, Money, Text, naming, one_of
from projections.kernel.ownership import Scope
from projections.kernel.payload_values import day, day_of, money, once
from projections.kernel.read_model import ReadModel, Row

_AMOUNT = {"sensitive": "amount"}

campaigns = ReadModel(
    "campaigns",
    "campaign",
    sa.Column("name", Text, nullable=False, default=""),
    sa.Column("goal", Text),
    sa.Column("kind", Text, nullable=False, default="", info=COARSE | one_of(*CampaignKind)),
    sa.Column("status", Text, nullable=False, default="planned", info=COARSE),
    sa.Column("units", Json, nullable=False, default=[], info={"list": True}),
    sa.Column("manager", Text),
    sa.Column("starts_on", Day),
    sa.Column("ends_on", Day),
    sa.Column("launched_on", Day),
    sa.Column("closed_on", Day),
    sa.Column("budget", Money, info=_AMOUNT),
    sa.Column("cost", Money, nullable=False, default=Decimal(0), info=_AMOUNT),
    sa.Column("currency", Text, info=CURRENCY),
    sa.Column("targets", sa.Integer, nullable=False, default=0),
    sa.Column("contacts", sa.Integer, nullable=False, default=0),
    sa.Column("contacted", sa.Integer, nullable=False, default=0),
    sa.Column("responses", sa.Integer, nullable=False, default=0),
    sa.Column("responded", sa.Integer, nullable=False, default=0),
    sa.Column(
        *("opportunities", Json),
        nullable=False,
        default=[],
        info={"list": True} | naming("opportunity"),
    ),
    sa.Column("evaluated", sa.Boolean, nullable=False, default=False),
    sa.Column("orders_won", sa.Integer),
    sa.Column("won_amount", Money, info=_AMOUNT),
    sa.Column("response_rate", sa.Float),
    sa.Column("cost_per_response", Money, info=_AMOUNT),
    sa.Column("roi", sa.Float),
    sa.Column("conclusion", Text),
    order="-starts_on",
    indexes=[["manager"]],
    sorts=["starts_on", "name", "changed_at"],
    filters=["status", "kind"],
    search=["name"],
    counted=["targets", "contacted", "responded"],
    scope=Scope(unit="units", owners=("manager",)),
    belongs=Belongs(
        customer=OfMany(
            count="targets",
            adds=("campaign.targets-added",),
            removes=("campaign.targets-removed",),
            replaces=("campaign.target-replaced",),
            follow="replace-target",
            give_back="return-target",
        ),
        ended=("closed",),
        stays={
            "units": Stays("A unit that has ended counts as its successor."),
            "manager": Stays("The plan says who manages it, and is revised."),
        },
    ),
)
"""`contacts` and `responses` count what was recorded, `contacted` and `responded` the customers;
`response_rate` and `roi` are those of the evaluation."""

_PLAIN = ("name", "goal", "kind", "units", "manager")


def _plan(event: Recorded) -> Row:
    data = event.data
    changes: Row = {name: data[name] for name in _PLAIN if data.get(name) is not None}
    changes |= {
        name: day(data[name]) for name in ("starts_on", "ends_on") if data.get(name) is not None
    }
    return changes | ({"budget": money(data["budget"])} if data.get("budget") is not None else {})


@campaigns.on("campaign.planned")
def _planned(row: Row, event: Recorded) -> Row:
    return {**_plan(event), "currency": event.data["currency"]}


@campaigns.on("campaign.plan-revised")
def _plan_revised(row: Row, event: Recorded) -> Row:
    return _plan(event)


_STATUS = {
    "campaign.submitted": "submitted",
    "campaign.approved": "approved",
    "campaign.rejected": "planned",
    "campaign.paused": "paused",
    "campaign.resumed": "running",
}


@campaigns.on(*_STATUS)
def _status_changed(row: Row, event: Recorded) -> Row:
    return {"status": _STATUS[event.type]}


@campaigns.on("campaign.launched")
def _launched(row: Row, event: Recorded) -> Row:
    return {"status": "running", "launched_on": day_of(event)}


@campaigns.on("campaign.closed")
def _closed(row: Row, event: Recorded) -> Row:
    return {"status": "closed", "closed_on": day_of(event)}


@campaigns.on("campaign.targets-added")
def _targets_added(row: Row, event: Recorded) -> Row:
    return {"targets": row["targets"] + len(event.data["customer_ids"])}


@campaigns.on("campaign.targets-removed")
def _targets_removed(row: Row, event: Recorded) -> Row:
    return {"targets": row["targets"] - len(event.data["customer_ids"])}


@campaigns.on("campaign.target-replaced", "campaign.target-returned")
def _target_replaced(row: Row, event: Recorded) -> Row:
    return {name: row[name] + event.data[name] for name in ("targets", "contacted", "responded")}


@campaigns.on("campaign.contact-recorded")
def _contact_recorded(row: Row, event: Recorded) -> Row:
    contacted = row["contacted"] + event.data.get("first", True)
    return {"contacts": row["contacts"] + 1, "contacted": contacted}


@campaigns.on("campaign.response-recorded")
def _response_recorded(row: Row, event: Recorded) -> Row:
    responded = row["responded"] + event.data.get("first", True)
    return {"responses": row["responses"] + 1, "responded": responded}


@campaigns.on("campaign.opportunity-linked")
def _opportunity_linked(row: Row, event: Recorded) -> Row:
    return {"opportunities": once(row["opportunities"], event.data["opportunity_id"])}


@campaigns.on("campaign.cost-recorded")
def _cost_recorded(row: Row, event: Recorded) -> Row:
    return {"cost": row["cost"] + Decimal(event.data["amount"])}


@campaigns.on("campaign.evaluated")
def _evaluated(row: Row, event: Recorded) -> Row:
    data = event.data
    return {
        "evaluated": True,
        "conclusion": data["conclusion"],
        "orders_won": data["orders_won"],
        "won_amount": money(data["won_amount"]),
        "cost_per_response": money(data["cost_per_response"]),
        "response_rate": _float(data["response_rate"]),
        "roi": _float(data["roi"]),
    }


def _float(text: str | None) -> float | None:
    return None if text is None else float(text)
