"""Part columns: what the state of an aggregate and its Parts give the rows of its read model."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from enum import Enum
from typing import Any, get_args, get_type_hints

import sqlalchemy as sa
from typing_extensions import TypedDict

from domain.kernel.aggregate import Aggregate, Recorded
from domain.kernel.parts.in_unit import InUnit
from domain.kernel.parts.managed import Managed
from domain.kernel.parts.noted import Noted
from domain.kernel.parts.of_customer import OfCustomer
from domain.kernel.parts.outlives import Outlives
from domain.kernel.parts.reviewed import Reviewed
from domain.kernel.parts.staffed import Staffed
from projections.kernel.columns import COARSE, Day, Id, Json, Text, holds, naming
from projections.kernel.declared_folds import DeclaredFolds, Fold, Row
from projections.kernel.reviews import REVIEW_FOLDS, review_columns, review_todo
from projections.kernel.todo import Todo


class Remark(TypedDict):
    """What somebody remarked on a record, and when."""

    by: str
    at: datetime
    text: str


def part_columns(aggregate: type[Aggregate], told: Collection[str]) -> list[sa.Column[Any]]:
    """Return the columns that an aggregate gives its read model, but for those that this has told.

    A state of a closed set, customer, unit, manager, team, comments and review have one each, by
    the names that the Parts give them.
    """
    return [each for each in _columns(aggregate) if each.name not in told]


def _columns(aggregate: type[Aggregate]) -> Iterator[sa.Column[Any]]:
    if issubclass(aggregate, OfCustomer):
        yield sa.Column("customer_id", Id, **_needed(aggregate, "customer_id"))
    if issubclass(aggregate, Outlives):
        yield sa.Column("customer_closed_on", Day)
    if issubclass(aggregate, InUnit):
        yield sa.Column("unit", Text, **_needed(aggregate, "unit"))
    if issubclass(aggregate, Managed):
        yield sa.Column("manager", Text)
    if issubclass(aggregate, Staffed):
        yield sa.Column(
            "team",
            Json,
            nullable=False,
            default={},
            info=holds(dict[str, str]) | naming("employee"),
        )
    if issubclass(aggregate, Noted):
        yield sa.Column("comments", Json, nullable=False, default=[], info=holds(list[Remark]))
    if (states := aggregate.states) is not None and isinstance(states.first, Enum):
        first = str(states.first.value)
        yield sa.Column(states.attribute, Text, nullable=False, default=first, info=COARSE)
    if issubclass(aggregate, Reviewed):
        yield from review_columns(aggregate)


def _needed(aggregate: type[Aggregate], field: str) -> dict[str, Any]:
    """Return the options of a column for a field that a record has from its first fact on."""
    events = (each for each in vars(aggregate).values() if isinstance(each, type))
    first = [get_type_hints(each) for each in events if issubclass(each, Aggregate.Created)]
    if any(type(None) in get_args(hints.get(field)) for hints in first):
        return {}
    return {"nullable": False, "default": ""}


def part_folds(aggregate: type[Aggregate]) -> dict[str, Fold]:
    """Return the folds of the facts of Parts that do more than give their fields, by type."""
    folds: dict[str, Fold] = {}
    if issubclass(aggregate, Staffed):
        folds |= {"team-member-added": _added, "team-member-removed": _removed}
    if issubclass(aggregate, Noted):
        folds["commented"] = _commented
    if issubclass(aggregate, Reviewed):
        folds |= REVIEW_FOLDS
    return {f"{aggregate.kind}.{fact}": fold for fact, fold in folds.items()}


def tell_parts(folds: DeclaredFolds, aggregate: type[Aggregate]) -> None:
    """Declare what facts of Parts do to columns that bear another name than their fields."""
    if issubclass(aggregate, Outlives):
        column, kind = "customer_closed_on", aggregate.kind
        folds.dates(column, f"{kind}.customer-closed")
        folds.becomes(column, {f"{kind}.customer-named": None})


def part_todos(aggregate: type[Aggregate], columns: Collection[str]) -> tuple[Todo, ...]:
    """Return what the Parts of an aggregate ask to be done about the rows of its read model."""
    named = next((each for each in ("title", "name", "code") if each in columns), "id")
    return (review_todo(aggregate, named),) if issubclass(aggregate, Reviewed) else ()


def _added(row: Row, event: Recorded) -> Row:
    return {"team": {**row["team"], event.data["employee"]: event.data["role"]}}


def _removed(row: Row, event: Recorded) -> Row:
    removed = event.data["employee"]
    return {"team": {name: role for name, role in row["team"].items() if name != removed}}


def _commented(row: Row, event: Recorded) -> Row:
    at = event.time.isoformat().replace("+00:00", "Z")
    told = {"by": event.principal.id, "at": at, "text": event.data["text"]}
    return {"comments": [*row["comments"], told]}
