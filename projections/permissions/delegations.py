"""Delegations as they are now: one row each, who acts for whom and until when."""

from __future__ import annotations

import sqlalchemy as sa

from projections.kernel.belonging import Belongs, Stays
from projections.kernel.columns import COARSE, Instant, Text, one_of
from projections.kernel.ownership import Scope
from projections.kernel.read_model import ReadModel

delegations = ReadModel(
    "delegations",
    "delegation",
    sa.Column("principal", Text, nullable=False, default=""),
    sa.Column("deputy", Text, nullable=False, default=""),
    sa.Column("starts", Instant),
    sa.Column("until", Instant),
    sa.Column(
        *("state", Text),
        nullable=False,
        default="active",
        info=COARSE | one_of("active", "withdrawn"),
    ),
    sa.Column("reason", Text),
    order="-starts",
    indexes=[["principal"], ["deputy"]],
    scope=Scope(owners=("principal", "deputy")),
    belongs=Belongs(
        ended=("withdrawn",),
        stays={
            "principal": Stays("It is between two persons, and passes to nobody."),
            "deputy": Stays("It is between two persons, and passes to nobody."),
        },
    ),
)
"""`state` is active or withdrawn; an active delegation counts from `starts` until `until`."""

delegations.keeps("delegation.withdrawn", "reason")
delegations.becomes("state", {"delegation.withdrawn": "withdrawn"})
