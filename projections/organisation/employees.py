"""Employees as they are now: one row each, with what they can do and where they work."""

from __future__ import annotations

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.kernel.belonging import Belongs, Stays
from projections.kernel.columns import COARSE, Day, Instant, Json, Text, holds, one_of
from projections.kernel.ownership import Scope
from projections.kernel.read_model import ReadModel, Row

employees = ReadModel(
    "employees",
    "employee",
    sa.Column("code", Text, nullable=False, default=""),
    sa.Column("name", Text, nullable=False, default=""),
    sa.Column("unit", Text, nullable=False, default=""),
    sa.Column("post", Text),
    sa.Column("phone", Text, info={"sensitive": "phone"}),
    sa.Column("email", Text, info={"sensitive": "email"}),
    sa.Column(
        *("state", Text),
        nullable=False,
        default="active",
        info=COARSE | one_of("active", "left"),
    ),
    sa.Column("engaged_on", Day),
    sa.Column("left_on", Day),
    sa.Column("skills", Json, nullable=False, default={}, info=holds(dict[str, int])),
    sa.Column("certificates", Json, nullable=False, default={}),
    sa.Column("sessions_after", Instant),
    order="code",
    indexes=[["code"], ["unit", "code"]],
    search=["name"],
    scope=Scope(unit="unit", owners=("code",)),
    belongs=Belongs(
        ended=("left",),
        stays={
            "unit": Stays(
                "Whom a unit employed moves one by one, and until then counts as its successor's."
            ),
        },
    ),
)
"""`state` is active or left; `skills` the level of each, 1 to 5; `certificates` by name: number,
day of issue, last day. Tokens issued up to `sessions_after` are void."""

employees.dates("engaged_on", "employee.engaged", "employee.reengaged")
employees.dates("left_on", "employee.left")
employees.becomes("left_on", {"employee.reengaged": None})
employees.becomes("state", {"employee.left": "left", "employee.reengaged": "active"})


@employees.on("employee.skill-recorded")
def _skill_recorded(row: Row, event: Recorded) -> Row:
    return {"skills": {**row["skills"], event.data["skill"]: event.data["level"]}}


@employees.on("employee.skill-removed")
def _skill_removed(row: Row, event: Recorded) -> Row:
    return {"skills": _without(row["skills"], event.data["skill"])}


@employees.on("employee.certificate-recorded")
def _certificate_recorded(row: Row, event: Recorded) -> Row:
    about = {name: event.data[name] for name in ("number", "issued_on", "until")}
    return {"certificates": {**row["certificates"], event.data["name"]: about}}


@employees.on("employee.certificate-removed")
def _certificate_removed(row: Row, event: Recorded) -> Row:
    return {"certificates": _without(row["certificates"], event.data["name"])}


@employees.on("employee.left", "employee.sessions-ended")
def _sessions_ended(row: Row, event: Recorded) -> Row:
    return {"sessions_after": event.time}


def _without(known: Row, name: str) -> Row:
    return {each: value for each, value in known.items() if each != name}
