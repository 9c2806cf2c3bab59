"""Visits as they are now: one row each, with what was found and promised."""

from __future__ import annotations

import sqlalchemy as sa

from domain.care.visit import VisitPurpose, VisitState
from domain.kernel.aggregate import Recorded
from projections.care.row_shapes import VisitFinding, VisitNextStep, VisitRivalNote
from projections.kernel.belonging import Belongs, OfCustomer, Stays
from projections.kernel.columns import COARSE, Day, Id, Instant, Json, Text, holds, one_of
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.todo import Todo

AHEAD = 7
"""How many days ahead a visit is among the to-dos of its manager."""


def _list(name: str, of: object) -> sa.Column[object]:
    return sa.Column(name, Json, nullable=False, default=[], info=holds(of))


visits = ReadModel(
    "visits",
    "visit",
    sa.Column("day", Day),
    sa.Column("purpose", Text, nullable=False, default="", info=COARSE | one_of(*VisitPurpose)),
    _list("participants", list[str]),
    _list("contacts", list[str]),
    sa.Column("agenda", Text),
    sa.Column("site_id", Id),
    sa.Column("moves", sa.Integer, nullable=False, default=0),
    sa.Column("planned_on", Day),
    sa.Column("happened_at", Instant),
    sa.Column("recorded_on", Day),
    _list("met", list[str]),
    _list("findings", list[VisitFinding]),
    _list("needs", list[str]),
    _list("competitor_notes", list[VisitRivalNote]),
    _list("next_steps", list[VisitNextStep]),
    sa.Column("mood", sa.Integer),
    sa.Column("late_because", Text),
    sa.Column("close_reason", Text),
    order="-day",
    indexes=[["customer_id", "day"], ["unit", "day"], ["manager", "day"]],
    sorts=["day", "changed_at"],
    filters=["state", "purpose", "unit"],
    belongs=Belongs(
        customer=OfCustomer(end="cancel", shown=("day", "purpose", "site_id")),
        stays={
            "participants": Stays("Who was to go, or went, stays named."),
            "next_steps": Stays("Who promised something stays named."),
        },
    ),
    todos=[
        Todo(
            command="visit.record",
            text="Hold the visit to the customer, and record it ({purpose})",
            when={"state": f"{VisitState.PLANNED},{VisitState.MISSED}"},
            who="manager",
            since="planned_on",
            due="day",
            ahead=AHEAD,
        )
    ],
)
"""It is planned for the `day`, after so many `moves`. `close_reason` is why it was cancelled."""

visits.dates("planned_on", "visit.planned")
visits.dates("recorded_on", "visit.recorded")
visits.counts("moves", "visit.moved")


@visits.on("visit.cancelled")
def _cancelled(row: Row, event: Recorded) -> Row:
    return {"close_reason": event.data["reason"]}
