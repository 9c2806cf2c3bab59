"""Grants as they are now: one row each, who holds which role where, and from whom."""

from __future__ import annotations

from typing import get_args

import sqlalchemy as sa

from domain.kernel.actors import ActorKind
from domain.kernel.aggregate import Recorded
from projections.kernel.belonging import Belongs, Stays
from projections.kernel.columns import ACTOR, COARSE, Instant, Json, Text, naming, one_of
from projections.kernel.ownership import Scope
from projections.kernel.payload_values import moment_of
from projections.kernel.read_model import ReadModel, Row

grants = ReadModel(
    "grants",
    "grant",
    sa.Column("employee", Text, nullable=False, default=""),
    sa.Column("role", Text, nullable=False, default=""),
    sa.Column("unit", Text, nullable=False, default=""),
    sa.Column("reach", Text, nullable=False, default="unit", info=COARSE),
    sa.Column("masked", Json, nullable=False, default=[], info={"list": True}),
    sa.Column("starts", Instant),
    sa.Column("until", Instant),
    sa.Column(
        *("state", Text),
        nullable=False,
        default="active",
        info=COARSE | one_of("active", "revoked"),
    ),
    sa.Column("given_by", Text, info=naming(ACTOR)),
    sa.Column("given_by_kind", Text, info=one_of(*get_args(ActorKind))),
    sa.Column("reason", Text),
    order="employee",
    indexes=[["employee"], ["role"], ["unit", "employee"]],
    scope=Scope(unit="unit", owners=("employee",)),
    belongs=Belongs(
        ended=("revoked",),
        stays={
            "unit": Stays("A unit that has ended counts as its successor."),
            "employee": Stays("Permissions are given to a person, and to nobody in their stead."),
        },
    ),
)
"""`state` is active or revoked; an active grant counts from `starts` until `until`."""

grants.keeps("grant.revoked", "reason")
grants.becomes("state", {"grant.revoked": "revoked"})


@grants.on("grant.given")
def _given(row: Row, event: Recorded) -> Row:
    given = {"given_by": event.actor, "given_by_kind": event.actor_kind}
    return {**grants.stated(event), "starts": moment_of(event, "starts"), **given}
