"""Teams as they are now: one row each, with who is in them in what role."""

from __future__ import annotations

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.kernel.belonging import Belongs, OfCustomer, Stays
from projections.kernel.columns import COARSE, Id, Json, Text, holds, naming, one_of
from projections.kernel.ownership import Scope
from projections.kernel.read_model import ReadModel, Row

teams = ReadModel(
    "teams",
    "team",
    sa.Column("name", Text, nullable=False, default=""),
    sa.Column("unit", Text, nullable=False, default=""),
    sa.Column("purpose", Text),
    sa.Column("customer_id", Id),
    sa.Column(
        "members", Json, nullable=False, default={}, info=holds(dict[str, str]) | naming("employee")
    ),
    sa.Column(
        *("state", Text),
        nullable=False,
        default="active",
        info=COARSE | one_of("active", "dissolved"),
    ),
    order="name",
    indexes=[["unit", "name"], ["customer_id"]],
    search=["name"],
    scope=Scope(unit="unit", owners=("members",)),
    belongs=Belongs(
        customer=OfCustomer(
            follow=Stays("A team is formed for a customer, whose id leads on to the survivor."),
            end=Stays("A team is dissolved by those who keep it."),
            page=Stays("Who sees to a customer is in its account team."),
        ),
        ended=("dissolved",),
        stays={
            "unit": Stays("A unit that has ended counts as its successor."),
            "employee": Stays("Who is in a team is said one by one."),
        },
    ),
)
"""`state` is active or dissolved; `members` the role of each employee."""

teams.becomes("state", {"team.dissolved": "dissolved"})


@teams.on("team.member-added")
def _member_added(row: Row, event: Recorded) -> Row:
    return {"members": {**row["members"], event.data["employee"]: event.data["role"]}}


@teams.on("team.member-removed")
def _member_removed(row: Row, event: Recorded) -> Row:
    removed = event.data["employee"]
    return {"members": {code: role for code, role in row["members"].items() if code != removed}}
