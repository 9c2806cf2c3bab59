"""Opportunities as they are now: one row each, with the way through the stages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.kernel.belonging import Belongs, OfCustomer
from projections.kernel.columns import COARSE, CURRENCY, Day, Id, Json, Money, Text, holds
from projections.kernel.payload_values import day_of, money, once, share
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.todo import Todo
from projections.sales.row_shapes import SoldLine, StageStay

_AMOUNT = {"sensitive": "amount"}
_LINES = {"sensitive": {"monthly": "amount", "one_off": "amount"}} | holds(list[SoldLine])

opportunities = ReadModel(
    "opportunities",
    "opportunity",
    sa.Column("title", Text, nullable=False, default=""),
    sa.Column("stage", Text, nullable=False, default="lead", info=COARSE),
    sa.Column("stage_on", Day),
    sa.Column("probability", sa.Integer, nullable=False, default=0),
    sa.Column("amount", Money, info=_AMOUNT),
    sa.Column("expected_amount", Money, info=_AMOUNT),
    sa.Column("weighted_amount", Money, info=_AMOUNT),
    sa.Column("currency", Text, info=CURRENCY),
    sa.Column("expected_close", Day),
    sa.Column("source", Text, info=COARSE),
    sa.Column("opened_on", Day),
    sa.Column("closed_on", Day),
    sa.Column("close_reason", Text, info=COARSE),
    sa.Column("lost_to", Text),
    sa.Column("contract_number", Text),
    sa.Column("renews_id", Id),
    sa.Column("lines", Json, nullable=False, default=[], info=_LINES),
    sa.Column("stages", Json, nullable=False, default=[], info=holds(list[StageStay])),
    sa.Column("competitors", Json, nullable=False, default=[], info=holds(list[str])),
    order="expected_close",
    indexes=[
        ["customer_id", "status"],
        ["unit", "expected_close"],
        ["manager", "expected_close"],
        ["renews_id"],
    ],
    sorts=["expected_close", "changed_at", "amount", "opened_on"],
    filters=["status", "stage", "unit"],
    search=["title"],
    belongs=Belongs(
        customer=OfCustomer(end="abandon"),
    ),
    todos=(
        Todo(
            command="opportunity.win",
            text="Bring {title} to its close",
            when={"status": "open"},
            who="manager",
            since="opened_on",
            due="expected_close",
        ),
        Todo(
            command="opportunity.revise-expected-close",
            text="Say when {title} is expected to close",
            when={"status": "open", "expected_close": ""},
            who="manager",
            since="opened_on",
        ),
    ),
)
"""`amount` is what was agreed when won, else the `expected_amount`; `weighted_amount` the amount
times the probability while open, the amount when won, else nothing; `stages` the stages gone
through: stage, first and last day, days between; `renews_id` the contract that it is to renew."""

_ENDED = {"won": 100, "lost": 0, "abandoned": 0}


@opportunities.on("opportunity.opened")
def _opened(row: Row, event: Recorded) -> Row:
    on = day_of(event, "opened_on")
    changes = {
        **opportunities.stated(event),
        "opened_on": on,
        "stage_on": on,
        "stages": _entered([], event.data["stage"], on),
        **_expected(row, event),
    }
    return _weighed(row, changes)


@opportunities.on("opportunity.competitor-added")
def _competitor_added(row: Row, event: Recorded) -> Row:
    return {"competitors": once(row["competitors"], event.data["competitor"])}


@opportunities.on("opportunity.competitor-dropped")
def _competitor_dropped(row: Row, event: Recorded) -> Row:
    dropped = event.data["competitor"]
    return {"competitors": [each for each in row["competitors"] if each != dropped]}


@opportunities.on("opportunity.advanced", "opportunity.moved-back")
def _moved(row: Row, event: Recorded) -> Row:
    stage, on = event.data["stage"], day_of(event)
    changes = {"stage": stage, "stage_on": on, "probability": event.data["probability"]}
    return _weighed(row, changes | {"stages": _entered(_left(row["stages"], on), stage, on)})


@opportunities.on("opportunity.estimated")
def _estimated(row: Row, event: Recorded) -> Row:
    return _weighed(row, opportunities.stated(event))


@opportunities.on("opportunity.amount-revised")
def _amount_revised(row: Row, event: Recorded) -> Row:
    return _weighed(row, _expected(row, event))


@opportunities.on("opportunity.lines-revised")
def _lines_revised(row: Row, event: Recorded) -> Row:
    return _weighed(row, {"lines": event.data["lines"]} | _expected(row, event))


@opportunities.on("opportunity.won", "opportunity.lost", "opportunity.abandoned")
def _ended(row: Row, event: Recorded) -> Row:
    data, on = event.data, day_of(event, "closed_on")
    status = event.type.partition(".")[2]
    changes = {
        "status": status,
        "closed_on": on,
        "close_reason": data.get("reason"),
        "lost_to": data.get("competitor"),
        "contract_number": data.get("contract_number"),
        "stages": _left(row["stages"], on),
    }
    return _weighed(row, changes | ({"amount": money(data["amount"])} if status == "won" else {}))


@opportunities.on("opportunity.win-corrected")
def _win_corrected(row: Row, event: Recorded) -> Row:
    data, on = event.data, day_of(event, "closed_on")
    if day_of(event, "since") < on:  # it was not won yet
        return _weighed(row, _open(row) | {"stages": _not_left(row["stages"])})
    changes = {
        "status": "won",
        "closed_on": on,
        "contract_number": data["contract_number"],
        "amount": money(data["amount"]),
        "stages": _left(row["stages"], on),
    }
    return _weighed(row, changes)


@opportunities.on("opportunity.reopened")
def _reopened(row: Row, event: Recorded) -> Row:
    stages = _entered(row["stages"], row["stage"], day_of(event))
    return _weighed(row, _open(row) | {"stages": stages})


def _open(row: Row) -> Row:
    changes = dict.fromkeys(("closed_on", "close_reason", "lost_to", "contract_number"))
    return {**changes, "status": "open", "amount": row["expected_amount"]}


def _expected(row: Row, event: Recorded) -> Row:
    """Return the amount that an event expects, which is not what was agreed when won."""
    amount = money(event.data.get("amount"))
    return dict.fromkeys(("expected_amount",) + ("amount",) * (row["status"] != "won"), amount)


def _weighed(row: Row, changes: Row) -> Row:
    """Add to the changes what the amount is worth with them."""
    status: str = changes["status"] if "status" in changes else row["status"]
    chance: int = changes["probability"] if "probability" in changes else row["probability"]
    percent = _ENDED.get(status, chance)
    amount: Decimal | None = changes["amount"] if "amount" in changes else row["amount"]
    return {**changes, "weighted_amount": share(amount, percent)}


def _entered(stages: list[Row], stage: str, on: date) -> list[Row]:
    return [*stages, {"stage": stage, "from": on.isoformat(), "to": None, "days": None}]


def _not_left(stages: list[Row]) -> list[Row]:
    *before, last = stages
    return [*before, {**last, "to": None, "days": None}]


def _left(stages: list[Row], on: date) -> list[Row]:
    """Return the stages with the last one left on a day."""
    *before, last = stages
    days = max((on - date.fromisoformat(last["from"])).days, 0)
    return [*before, {**last, "to": on.isoformat(), "days": days}]
