"""Reviews: the columns of records that are reviewed, and the folds that keep them."""

from __future__ import annotations

from typing import Any, get_args

import sqlalchemy as sa

from domain.kernel.actors import ActorKind
from domain.kernel.aggregate import Recorded
from domain.kernel.types.authority import Level
from projections.kernel.columns import COARSE, Instant, Json, Text, naming, one_of
from projections.kernel.lists.choices import ACTOR
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.todo import Todo


def review_columns(rule: str) -> list[sa.Column[Any]]:
    """Return columns for where a record is in its review, for `keep_review` to keep.

    `rule` is the one that says how far each level's authority goes, as the command has it.

    `awaits` is the level for which it waits, at the unit `awaits_unit`; `route` the levels of its
    last submission, by who and when, and by which version of a `rule`. What was approved by its
    own submission has `own` for its `approved_level`.
    """
    kinds, levels = one_of(*get_args(ActorKind)), COARSE | one_of(*Level)
    return [
        sa.Column("submitted_by", Text, info=naming(ACTOR)),
        sa.Column("submitted_by_kind", Text, info=kinds),
        sa.Column("submitted_at", Instant),
        sa.Column("route", Json, nullable=False, default=[]),
        sa.Column("rule", Text, info=COARSE | one_of(rule)),
        sa.Column("rule_version", sa.Integer),
        sa.Column("awaits", Text, info=levels),
        sa.Column("awaits_unit", Text, info=naming("unit")),
        sa.Column("approved_by", Text, info=naming(ACTOR)),
        sa.Column("approved_by_kind", Text, info=kinds),
        sa.Column("approved_at", Instant),
        sa.Column("approved_level", Text, info=levels),
    ]


def keep_review(model: ReadModel) -> None:
    """Keep the `review_columns` of the read model of an aggregate that is `Reviewed`."""
    for fact, fold in _FOLDS.items():
        model.on(f"{model.aggregate}.{fact}")(fold)


def review_todo(kind: str, text: str) -> Todo:
    """Return what is to be done about a record that waits for approval: by whom, at which unit."""
    when = {"status": "submitted"}
    return Todo(
        command=f"{kind}.approve", text=text, when=when, at="awaits_unit", since="submitted_at"
    )


_UNDECIDED = {
    "approved_by": None,
    "approved_by_kind": None,
    "approved_at": None,
    "approved_level": None,
}


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
        **_UNDECIDED,
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


_FOLDS = {
    "submitted": _submitted,
    "passed-on": _passed_on,
    "approved": _approved,
    "sent-back": _back,
    "taken-back": _back,
}
