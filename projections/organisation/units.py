"""Units as they are now: one row each, with what has taken over those that ended."""

from __future__ import annotations

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from domain.organisation.unit import State
from projections.kernel.belonging import Belongs, Stays
from projections.kernel.columns import COARSE, Day, Text, one_of
from projections.kernel.ownership import Scope
from projections.kernel.payload_values import day_of
from projections.kernel.read_model import ReadModel, Row

units = ReadModel(
    "units",
    "unit",
    sa.Column("code", Text, nullable=False, default=""),
    sa.Column("name", Text, nullable=False, default=""),
    sa.Column("english_name", Text),
    sa.Column("level", Text, nullable=False, default="", info=COARSE),
    sa.Column("parent", Text),
    sa.Column("state", Text, nullable=False, default="open", info=COARSE | one_of(*State)),
    sa.Column("successor", Text),
    sa.Column("opened_on", Day),
    sa.Column("ended_on", Day),
    order="code",
    indexes=[["code"], ["parent", "code"], ["successor"]],
    search=["name", "english_name"],
    scope=Scope(public=True),
    belongs=Belongs(
        ended=(
            "merged",
            "closed",
        ),
        stays={
            "parent": Stays("What is below an ended unit counts as below its successor."),
            "into": Stays("It says which unit went into which."),
            "successor": Stays("It says which unit took over from which."),
        },
    ),
)
"""`state` is open, merged or closed. What is below an ended unit, or belongs to it, counts as
belonging to its `successor`, which may have ended in turn."""


@units.on("unit.opened")
def _opened(row: Row, event: Recorded) -> Row:
    names = ("code", "name", "english_name", "level", "parent")
    return {**{name: event.data[name] for name in names}, "opened_on": day_of(event)}


@units.on("unit.renamed")
def _renamed(row: Row, event: Recorded) -> Row:
    return {"name": event.data["name"], "english_name": event.data["english_name"]}


@units.on("unit.moved")
def _moved(row: Row, event: Recorded) -> Row:
    return {"parent": event.data["parent"]}


@units.on("unit.merged")
def _merged(row: Row, event: Recorded) -> Row:
    return {"state": "merged", "successor": event.data["into"], "ended_on": day_of(event)}


@units.on("unit.closed")
def _closed(row: Row, event: Recorded) -> Row:
    return {"state": "closed", "successor": event.data["successor"], "ended_on": day_of(event)}
