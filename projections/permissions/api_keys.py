"""API keys as they are now: one row each, what a system may do where, and until when."""

from __future__ import annotations

import sqlalchemy as sa

from domain.kernel.types.sensitive import SECRET
from projections.kernel.belonging import Belongs, Stays
from projections.kernel.columns import COARSE, Instant, Json, Text, one_of
from projections.kernel.ownership import Scope
from projections.kernel.read_model import ReadModel

api_keys = ReadModel(
    "api_keys",
    "api-key",
    sa.Column("name", Text, nullable=False, default=""),
    sa.Column("prefix", Text, nullable=False, default=""),
    sa.Column("digest", Text, nullable=False, default="", info={"sensitive": SECRET}),
    sa.Column("role", Text, nullable=False, default=""),
    sa.Column("unit", Text, nullable=False, default=""),
    sa.Column("masked", Json, nullable=False, default=[], info={"list": True}),
    sa.Column("until", Instant),
    sa.Column(
        *("state", Text),
        nullable=False,
        default="active",
        info=COARSE | one_of("active", "revoked"),
    ),
    order="name",
    indexes=[["prefix"]],
    search=["name"],
    scope=Scope(unit="unit"),
    belongs=Belongs(
        ended=("revoked",),
        stays={
            "unit": Stays("A unit that has ended counts as its successor."),
        },
    ),
)
"""`state` is active or revoked."""

api_keys.becomes("state", {"api-key.revoked": "revoked"})
