"""Reviews: the columns of records that are reviewed, the folds that keep them, and the to-do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import sqlalchemy as sa

from domain.kernel.actors import ActorKind
from domain.kernel.aggregate import Aggregate, Recorded
from domain.kernel.parts.reviewed import SUBMITTED, Ruled
from domain.kernel.types.authority import Level
from domain.kernel.types.decided import Decided
from projections.kernel.columns import ACTOR, COARSE, Instant, Json, Text, naming, one_of
from projections.kernel.declared_folds import Fold, Row
from projections.kernel.todo import Todo


def review_columns(aggregate: type[Aggregate]) -> list[sa.Column[Any]]:
    """Return columns for where a record is in its review; `REVIEW_FOLDS` keep them.

    `awaits` is the level for which it waits, at the unit `awaits_unit`; `route` the levels of its
    last submission, by who and when, and by which version of a `rule`. What was approved by its
    own submission has `own` for its `approved_level`.
    """
    kinds, levels = one_of(*get_args(ActorKind)), COARSE | one_of(*Level)
    (decided,) = (m for m in get_args(vars(aggregate)["given"][Ruled]) if isinstance(m, Decided))
    return [
        sa.Column("submitted_by", Text, info=naming(ACTOR)),
        sa.Column("submitted_by_kind", Text, info=kinds),
        sa.Column("submitted_at", Instant),
        sa.Column("route", Json, nullable=False, default=[]),
        sa.Column("rule", Text, info=COARSE | one_of(decided.rule)),
        sa.Column("rule_version", sa.Integer),
        sa.Column("awaits", Text, info=levels),
        sa.Column("awaits_unit", Text, info=naming("unit")),
        sa.Column("approved_by", Text, info=naming(ACTOR)),
        sa.Column("approved_by_kind", Text, info=kinds),
        sa.Column("approved_at", Instant),
        sa.Column("approved_level", Text, info=levels),
    ]


def review_todo(aggregate: type[Aggregate], named: str) -> Todo:
    """Return what is to be done about a record that waits for approval: by whom, at which unit.

    It is `named` by a column.
    """
    kind = aggregate.kind
    text = f"Approve the {kind.replace('-', ' ')} {{{named}}}"
    when = {aggregate.states.attribute: SUBMITTED} if aggregate.states else {}
    return Todo(
        command=f"{kind}.approve", text=text, when=when, at="awaits_unit", since="submitted_at"
    )


UNDECIDED: Mapping[str, None] = {
    "approved_by": None,
    "approved_by_kind": None,
    "approved_at": None,
    "approved_level": None,
}
"""What a record has of an approval that waits for another."""


def _waiting(route: list[Row], level: str | None) -> Row:
    """Return the level for which a record waits, at which unit of a route."""
    unit = next((each["unit"] for each in route if each["level"] == level), None)
    return {"awaits": level, "awaits_unit": unit}


def _submitted(_: Row, event: Recorded) -> Row:
    route = event.data["route"]
    return {
        "submitted_by": event.principal.id,
        "submitted_by_kind": event.principal.kind,
        "submitted_at": event.time,
        "route": route,
        "rule": event.data["rule"],
        "rule_version": event.data["rule_version"],
        **UNDECIDED,
        **_waiting(route, route[0]["level"] if route else None),
    }


def _passed_on(row: Row, event: Recorded) -> Row:
    return _waiting(row["route"], event.data["to"])


def _approved(_: Row, event: Recorded) -> Row:
    return {
        "approved_by": event.principal.id,
        "approved_by_kind": event.principal.kind,
        "approved_at": event.time,
        "approved_level": event.data["level"],
        **_waiting([], None),
    }


def _back(row: Row, event: Recorded) -> Row:
    return _waiting([], None)


REVIEW_FOLDS: Mapping[str, Fold] = {
    "submitted": _submitted,
    "passed-on": _passed_on,
    "approved": _approved,
    "sent-back": _back,
    "taken-back": _back,
}
