"""A small read model and its events, for tests of what all read models have in common."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.kernel.columns import Day, Json, Money, Text
from projections.kernel.read_model import ReadModel, Row

accounts = ReadModel(
    "accounts",
    "account",
    sa.Column("name", Text, nullable=False, default=""),
    sa.Column("balance", Money, nullable=False, default=Decimal(0)),
    sa.Column("opened_on", Day),
    sa.Column("notes", Json, nullable=False, default=[]),
    sa.Column("frozen", sa.Boolean, nullable=False, default=False),
    indexes=[["name"], ["opened_on"]],
    search=["name"],
)


@accounts.on("account.opened")
def _opened(row: Row, event: Recorded) -> Row:
    day = event.data.get("on")
    return {"name": event.data["name"], "opened_on": date.fromisoformat(day) if day else None}


@accounts.on("account.paid")
def _paid(row: Row, event: Recorded) -> Row:
    amount = Decimal(event.data["amount"])
    return {"balance": row["balance"] + amount, "notes": [*row["notes"], str(amount)]}


@accounts.on("account.frozen", "account.thawed")
def _frozen(row: Row, event: Recorded) -> Row:
    return {"frozen": event.type == "account.frozen"}


START = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)


def happened(position: int, stream: str, version: int, type_: str, **data: Any) -> Recorded:
    """Return an event as the journal would hold it, one second after the one before."""
    return Recorded(
        position=position,
        stream=stream,
        version=version,
        type=type_,
        schema=1,
        time=START + timedelta(seconds=position),
        actor="e-1",
        unit="gd-gz",
        command_id=f"c-{position}",
        on_behalf_of=None,
        cause=None,
        data=data,
    )
