"""Handovers as they are now: one row each, with what went over and what was kept."""

from __future__ import annotations

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.kernel.belonging import Belongs, Stays
from projections.kernel.columns import Json, Text, holds
from projections.kernel.ownership import Scope
from projections.kernel.read_model import ReadModel, Row
from projections.organisation.row_shapes import MovedRecord

handovers = ReadModel(
    "handovers",
    "handover",
    sa.Column("employee", Text, nullable=False, default=""),
    sa.Column("unit", Text, nullable=False, default=""),
    sa.Column("successors", Json, nullable=False, default=[]),
    sa.Column("planned", sa.Integer),
    sa.Column("moved", Json, nullable=False, default=[], info=holds(list[MovedRecord])),
    sa.Column("kept", Json, nullable=False, default=[], info=holds(list[MovedRecord])),
    sa.Column("reason", Text),
    order="-created_at",
    indexes=[["created_at"], ["employee"], ["unit"]],
    scope=Scope(unit="unit", owners=("employee",)),
    belongs=Belongs(
        stays={
            "employee": Stays("It says whose business went to whom."),
            "successors": Stays("It says whose business went to whom."),
        },
    ),
)
"""`state` is begun, planned, done, reversing or reversed; `planned` how many records are to go
over; `moved` those that are with a successor now: kind, id, employee; `kept` those that stayed
where they were, at the handover or, after it was reversed, at the return."""

handovers.keeps("handover.reversed", "employee", "moved", "reason")


@handovers.on("handover.planned")
def _planned(row: Row, event: Recorded) -> Row:
    return {"planned": len(event.data["moves"])}


@handovers.on("handover.reversal-completed")
def _reversal_completed(row: Row, event: Recorded) -> Row:
    returned = {(each["kind"], each["id"]) for each in event.data["returned"]}
    moved = [each for each in row["moved"] if (each["kind"], each["id"]) not in returned]
    return {"moved": moved, "kept": event.data["kept"]}
