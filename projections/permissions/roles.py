"""Roles as they are now: one row each, with what they allow."""

from __future__ import annotations

import sqlalchemy as sa

from projections.kernel.belonging import Belongs, Stays
from projections.kernel.columns import COARSE, PERMISSION, Json, Text, naming, one_of
from projections.kernel.ownership import Scope
from projections.kernel.read_model import ReadModel

roles = ReadModel(
    "roles",
    "role",
    sa.Column("code", Text, nullable=False, default=""),
    sa.Column("name", Text, nullable=False, default=""),
    sa.Column("unit", Text, nullable=False, default=""),
    sa.Column(
        *("permissions", Json),
        nullable=False,
        default=[],
        info={"list": True} | naming(PERMISSION),
    ),
    sa.Column("description", Text),
    sa.Column(
        *("state", Text),
        nullable=False,
        default="active",
        info=COARSE | one_of("active", "retired"),
    ),
    order="code",
    indexes=[["code"]],
    search=["name"],
    scope=Scope(public=True),
    belongs=Belongs(
        ended=("retired",),
        stays={
            "unit": Stays("A unit that has ended counts as its successor."),
        },
    ),
)
"""`state` is active or retired."""

roles.becomes("state", {"role.retired": "retired"})
