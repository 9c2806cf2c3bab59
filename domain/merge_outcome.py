"""Outcomes of merges: the records that follow a customer, and what is left to decide."""

from __future__ import annotations

from typing import Any, Literal

from domain.estate import Difference
from domain.values import Id, Value


class Item(Value):
    """A record that follows the duplicate; `version` is the last before the merge."""

    kind: Literal["customer", "opportunity", "service-ticket", "campaign"]
    id: Id
    version: int = 0


class Conflict(Value):
    """What was changed since the merge, for decision: what it was, what it is, how to change it.

    `command` is given to the record with `body`; without one nothing is left to do.
    """

    kind: Literal["customer", "opportunity", "service-ticket", "campaign"]
    id: Id
    field: str
    was: str | None = None
    now: str | None = None
    command: str | None = None
    body: dict[str, str | None] | None = None


_VERBS = {
    "category": "classify",
    "reach": "classify",
    "grade": "regrade",
    "unit": "transfer",
    "manager": "assign-manager",
    "parent_id": "place-under",
}
"""The command that changes a field, where it is not the correction of details."""


def conflict(survivor_id: str, duplicate_id: str, found: Difference) -> Conflict:
    """Return what was changed at a survivor since the merge, with the command that decides it."""
    name, _, part = found.field.partition("/")
    told: dict[str, Any] = {
        "kind": "customer",
        "field": found.field,
        "was": found.was,
        "now": found.now,
    }
    if part:  # it went back as it was corrected since
        return Conflict(id=duplicate_id, **told)
    if name in ("contacts", "purchases", "team"):
        return Conflict(id=survivor_id, **told)
    command = f"customer.{_VERBS.get(name, 'correct-details')}"
    return Conflict(id=survivor_id, command=command, body={name: found.was}, **told)
