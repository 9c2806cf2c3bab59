"""Campaigns as they are now: one row each, with what they cost and brought."""

from __future__ import annotations

from decimal import Decimal

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from domain.marketing.campaign import CampaignKind
from projections.kernel.belonging import Belongs, OfMany, Stays
from projections.kernel.columns import COARSE, CURRENCY, Day, Json, Money, Text, naming, one_of
from projections.kernel.ownership import Scope
from projections.kernel.payload_values import once
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.todo import Todo

_COST = {"sensitive": "cost"}
_REACHED = ("targets", "contacted", "responded")

campaigns = ReadModel(
    "campaigns",
    "campaign",
    sa.Column("name", Text, nullable=False, default=""),
    sa.Column("goal", Text),
    sa.Column("kind", Text, nullable=False, default="", info=COARSE | one_of(*CampaignKind)),
    sa.Column("units", Json, nullable=False, default=[], info={"list": True}),
    sa.Column("manager", Text),
    sa.Column("starts_on", Day),
    sa.Column("ends_on", Day),
    sa.Column("launched_on", Day),
    sa.Column("closed_on", Day),
    sa.Column("budget", Money, info=_COST),
    sa.Column("cost", Money, nullable=False, default=Decimal(0), info=_COST),
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
    sa.Column("won_amount", Money, info={"sensitive": "amount"}),
    sa.Column("response_rate", sa.Float),
    sa.Column("cost_per_response", Money, info=_COST),
    sa.Column("roi", sa.Float, info=_COST),
    sa.Column("conclusion", Text),
    order="-starts_on",
    indexes=[["manager"]],
    sorts=["starts_on", "name", "changed_at"],
    filters=["status", "kind"],
    search=["name"],
    counted=_REACHED,
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
        stays={
            "units": Stays("A unit that has ended counts as its successor."),
            "manager": Stays("The plan says who manages it, and is revised."),
        },
    ),
    todos=(
        Todo(
            command="campaign.approve",
            text="Approve {name}, or reject it",
            when={"status": "submitted"},
            since="changed_at",
            due="starts_on",
        ),
        Todo(
            command="campaign.launch",
            text="Launch {name}",
            when={"status": "approved"},
            who="manager",
            since="changed_at",
            due="starts_on",
        ),
        Todo(
            command="campaign.close",
            text="Carry {name} out: {contacted} of {targets} targets contacted",
            when={"status": "running"},
            who="manager",
            since="launched_on",
            due="ends_on",
        ),
        Todo(
            command="campaign.evaluate",
            text="Evaluate {name}",
            when={"status": "closed", "evaluated": "false"},
            who="manager",
            since="closed_on",
        ),
    ),
)
"""`contacts` and `responses` count what was recorded, `contacted` and `responded` the customers;
`response_rate` and `roi` are those of the evaluation."""

campaigns.dates("launched_on", "campaign.launched")
campaigns.dates("closed_on", "campaign.closed")
campaigns.counts("contacts", "campaign.contact-recorded")
campaigns.counts("responses", "campaign.response-recorded")
campaigns.becomes("evaluated", {"campaign.evaluated": True})
campaigns.keeps("campaign.evaluated", "cost", *_REACHED)


@campaigns.on("campaign.targets-added")
def _targets_added(row: Row, event: Recorded) -> Row:
    return {"targets": row["targets"] + len(event.data["customer_ids"])}


@campaigns.on("campaign.targets-removed")
def _targets_removed(row: Row, event: Recorded) -> Row:
    return {"targets": row["targets"] - len(event.data["customer_ids"])}


@campaigns.on("campaign.target-replaced", "campaign.target-returned")
def _target_replaced(row: Row, event: Recorded) -> Row:
    return {name: row[name] + event.data[name] for name in _REACHED}


@campaigns.on("campaign.contact-recorded")
def _contact_recorded(row: Row, event: Recorded) -> Row:
    return {"contacted": row["contacted"] + event.data.get("first", True)}


@campaigns.on("campaign.response-recorded")
def _response_recorded(row: Row, event: Recorded) -> Row:
    return {"responded": row["responded"] + event.data.get("first", True)}


@campaigns.on("campaign.opportunity-linked")
def _opportunity_linked(row: Row, event: Recorded) -> Row:
    return {"opportunities": once(row["opportunities"], event.data["opportunity_id"])}


@campaigns.on("campaign.cost-recorded")
def _cost_recorded(row: Row, event: Recorded) -> Row:
    return {"cost": row["cost"] + Decimal(event.data["amount"])}
