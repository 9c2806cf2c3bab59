"""Merges of customers as they are now: one row each, with what followed and what is to decide."""

from __future__ import annotations

from typing import get_args

import sqlalchemy as sa

from domain.kernel.actors import ActorKind
from domain.kernel.aggregate import Recorded
from projections.kernel.belonging import Belongs, Stays
from projections.kernel.columns import ACTOR, Id, Json, Text, naming, one_of
from projections.kernel.ownership import Scope
from projections.kernel.read_model import ReadModel, Row

customer_merges = ReadModel(
    "customer_merges",
    "customer-merge",
    sa.Column("survivor_id", Id, nullable=False, default=""),
    sa.Column("duplicate_id", Id, nullable=False, default=""),
    sa.Column("units", Json, nullable=False, default=[], info={"list": True}),
    sa.Column("take", Json, nullable=False, default=[]),
    sa.Column("reason", Text),
    sa.Column("merged_by", Text, info=naming(ACTOR)),
    sa.Column("merged_by_kind", Text, info=one_of(*get_args(ActorKind))),
    sa.Column("planned", sa.Integer),
    sa.Column("moved", Json, nullable=False, default=[]),
    sa.Column("returned", Json, nullable=False, default=[]),
    sa.Column("changed", Json, nullable=False, default=[]),
    sa.Column("kept", Json, nullable=False, default=[]),
    sa.Column("conflicts", Json, nullable=False, default=[]),
    sa.Column("without_number", sa.Boolean, nullable=False, default=False),
    sa.Column("undone_because", Text),
    order="-created_at",
    indexes=[["created_at"], ["survivor_id"], ["duplicate_id"]],
    scope=Scope(unit="units"),
    belongs=Belongs(
        stays={
            "survivor_id": Stays("It says which customer went into which."),
            "duplicate_id": Stays("It says which customer went into which."),
        },
    ),
)
"""`state` is begun, planned, done, reversing or reversed; `planned` how many records are to
follow; `moved` those that are with the survivor now; `returned` those that came back when it was
undone, `changed` those of them that were changed since the merge, `kept` those that stayed where
they were; `conflicts` what is to be decided then. `without_number`: the duplicate's registration
number was somebody else's by the time the survivor should have had it."""

customer_merges.becomes("moved", {"customer-merge.reversal-completed": []})


@customer_merges.on("customer-merge.begun")
def _begun(row: Row, event: Recorded) -> Row:
    who = {"merged_by": event.principal.id, "merged_by_kind": event.principal.kind}
    return {**customer_merges.stated(event), **who}


@customer_merges.on("customer-merge.planned")
def _planned(row: Row, event: Recorded) -> Row:
    return {"planned": len(event.data["items"])}


@customer_merges.on("customer-merge.reversed")
def _reversed(row: Row, event: Recorded) -> Row:
    return {"undone_because": event.data["reason"]}
