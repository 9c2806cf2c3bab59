"""Units as they are now: one row each, with what has taken over those that ended."""

from __future__ import annotations

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.kernel.belonging import Belongs, Stays
from projections.kernel.columns import COARSE, Day, Text
from projections.kernel.ownership import Scope
from projections.kernel.read_model import ReadModel, Row

units = ReadModel(
    "units",
    "unit",
    sa.Column("code", Text, nullable=False, default=""),
    sa.Column("name", Text, nullable=False, default=""),
    sa.Column("english_name", Text),
    sa.Column("level", Text, nullable=False, default="", info=COARSE),
    sa.Column("parent", Text),
    sa.Column("successor", Text),
    sa.Column("opened_on", Day),
    sa.Column("ended_on", Day),
    order="code",
    indexes=[["code"], ["parent", "code"], ["successor"]],
    search=["name", "english_name"],
    scope=Scope(public=True),
    belongs=Belongs(
        stays={
            "parent": Stays("What is below an ended unit counts as below its successor."),
            "into": Stays("It says which unit went into which."),
            "successor": Stays("It says which unit took over from which."),
        },
    ),
)
"""`state` is open, merged or closed. What is below an ended unit, or belongs to it, counts as
belonging to its `successor`, which may have ended in turn."""

units.dates("opened_on", "unit.opened")
units.dates("ended_on", "unit.merged", "unit.closed")


@units.on("unit.merged")
def _merged(row: Row, event: Recorded) -> Row:
    return {"successor": event.data["into"]}
