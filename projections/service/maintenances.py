"""Planned work as it is now: one row each, with whom it affects, who objected, what it took."""

from __future__ import annotations

import sqlalchemy as sa
from typing_extensions import TypedDict

from domain.kernel.aggregate import Recorded
from domain.service.maintenance_terms import WorkKind, WorkRisk, WorkState
from projections.kernel.belonging import Belongs, Stays
from projections.kernel.columns import COARSE, Instant, Json, Text, holds, one_of
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.todo import Todo


class WorkObjection(TypedDict):
    """What a customer has against planned work, and what it was answered."""

    customer_id: str
    reason: str
    answer: str | None


class WorkInterruption(TypedDict):
    """From when to when a product in use was interrupted by planned work."""

    product_in_use_id: str
    since: str
    until: str


def _list(name: str, of: object) -> sa.Column[object]:
    return sa.Column(name, Json, nullable=False, default=[], info=holds(of))


maintenances = ReadModel(
    "maintenances",
    "maintenance",
    sa.Column("kind", Text, nullable=False, default="", info=COARSE | one_of(*WorkKind)),
    sa.Column("starts_at", Instant),
    sa.Column("until", Instant),
    sa.Column("interruption_minutes", sa.Integer, nullable=False, default=0),
    sa.Column("risk", Text, nullable=False, default="", info=COARSE | one_of(*WorkRisk)),
    sa.Column("fallback", Text),
    _list("products_in_use", list[str]),
    _list("sites", list[str]),
    _list("customer_ids", list[str]),
    _list("objections", list[WorkObjection]),
    sa.Column("objections_open", sa.Integer, nullable=False, default=0),
    sa.Column("announced_at", Instant),
    sa.Column("began_at", Instant),
    sa.Column("finished_at", Instant),
    sa.Column("completed", sa.Boolean),
    _list("findings", list[str]),
    _list("interruptions", list[WorkInterruption]),
    sa.Column("moves", sa.Integer, nullable=False, default=0),
    sa.Column("held_because", Text),
    sa.Column("close_reason", Text),
    order="-starts_at",
    indexes=[["unit", "starts_at"], ["manager", "starts_at"], ["state", "starts_at"]],
    sorts=["starts_at", "changed_at"],
    filters=["state", "kind", "unit"],
    belongs=Belongs(
        stays={
            "customer_id": Stays("Who objected stays named."),
        }
    ),
    todos=[
        Todo(
            command="maintenance.answer-objection",
            text="Answer what customers have against planned work ({kind})",
            when={"state": WorkState.ANNOUNCED, "objections_open_from": "1"},
            who="manager",
            since="announced_at",
            due="starts_at",
        ),
        Todo(
            command="maintenance.finish",
            text="Do the planned work and finish it ({kind})",
            when={"state": f"{WorkState.ANNOUNCED},{WorkState.IN_PROGRESS}"},
            who="manager",
            since="announced_at",
            due="until",
        ),
    ],
)
"""It is planned from `starts_at` to `until`, after so many `moves`; `announced_at` is when it was
announced for that time. `interruptions` are what the work took, known when it is `finished_at`."""

maintenances.counts("moves", "maintenance.postponed")


@maintenances.on("maintenance.announced", "maintenance.began", "maintenance.finished")
def _happened(row: Row, event: Recorded) -> Row:
    moment = f"{event.type.partition('.')[2]}_at"
    told = maintenances.stated(event)
    return {**told, moment: told.get(moment) or event.time}


@maintenances.on("maintenance.postponed")
def _postponed(row: Row, event: Recorded) -> Row:
    return {**maintenances.stated(event), "announced_at": None, "held_because": None}


@maintenances.on("maintenance.held")
def _held(row: Row, event: Recorded) -> Row:
    return {"held_because": event.data["reason"]}


@maintenances.on("maintenance.objected")
def _objected(row: Row, event: Recorded) -> Row:
    told = {name: event.data[name] for name in ("customer_id", "reason")}
    return _objections([*row["objections"], {**told, "answer": None}])


@maintenances.on("maintenance.objection-answered")
def _answered(row: Row, event: Recorded) -> Row:
    open_ = {"customer_id": event.data["customer_id"], "answer": None}
    told = {"answer": event.data["answer"]}
    return _objections(
        [each | told if open_.items() <= each.items() else each for each in row["objections"]]
    )


@maintenances.on("maintenance.cancelled")
def _cancelled(row: Row, event: Recorded) -> Row:
    return {"close_reason": event.data["reason"]}


def _objections(told: list[Row]) -> Row:
    """Return what a row tells of the objections."""
    return {"objections": told, "objections_open": sum(each["answer"] is None for each in told)}
