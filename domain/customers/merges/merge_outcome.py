"""Outcomes of merges: the records that follow a customer, and what is left to decide."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from domain.customers.customer_profile import Details
from domain.customers.merges.merge_survivorship import Difference, Outcome
from domain.kernel.types.values import Id, Kind, Value


class MergeOutcomeItem(Value):
    """A record that follows the duplicate; `version` is the last before the merge."""

    kind: Kind
    id: Id
    version: int = 0


class Conflict(Value):
    """What was changed since the merge, for decision: what it was, what it is, how to change it.

    `command` is given to the record with `body`. Without one there is nothing that would make it
    as it was: `because` says what stands in the way, and so what is to be decided, if anything.
    """

    kind: Kind
    id: Id
    field: str
    was: str | None = None
    now: str | None = None
    command: str | None = None
    body: dict[str, str | int | list[str] | None] | None = None
    because: str | None = None


CLOSED = "The customer is closed by now."
TOGETHER = "Category and reach are given together."
UNGRADED = "A grade is changed, not taken away."

REASON = "As before the merge"
"""The reason that is proposed where a command wants one."""

_VERBS = {
    "grade": "regrade",
    "unit": "transfer",
    "manager": "assign-manager",
    "parent_id": "place-under",
}
"""The command that changes a field, where it is not the correction of details."""

_REASONED = ("grade", "unit")
_WHOLE_NUMBERS = ("founded", "employees")
_DETAILS = {field.name for field in dataclasses.fields(Details)}


def decisions(
    merge_id: str, survivor: Outcome, duplicate: Outcome, followers: Iterable[Conflict]
) -> list[Conflict]:
    """Return all that is to be decided once a merge is undone, with commands that can be given.

    Args:
        merge_id: The merge.
        survivor: What undoing it came to at the one.
        duplicate: What it came to at the other.
        followers: What is to be decided of the records that followed, or came since.
    """
    found = [
        # A person went back as they were corrected since.
        _conflict(duplicate.id if "/" in each.field else side.id, each)
        for side in (survivor, duplicate)
        if merge_id in side.returns
        for each in side.returns[merge_id].kept
    ]
    closed = {side.id for side in (survivor, duplicate) if side.closed}
    barred = {"command": None, "body": None, "because": CLOSED}
    return [
        each
        if each.body is None or closed.isdisjoint({each.id, *map(str, each.body.values())})
        else each.model_copy(update=barred)
        for each in (*found, *followers)
    ]


def _conflict(id: str, found: Difference) -> Conflict:
    """Return what was changed at a customer since the merge, with the command that decides it."""
    told = {"kind": "customer", "id": id, **found.model_dump()}
    return Conflict(**told | _proposal(found))


def _proposal(found: Difference) -> dict[str, Any]:
    """Return the command that makes a field as it was, with its body; else why there is none."""
    name, was = found.field, found.was
    if name == "manager" and was in (None, found.now):  # there was nobody, or one who has left
        return {"command": "customer.release-manager", "body": {}}
    if name in ("category", "reach"):
        return {"because": TOGETHER}
    if name == "grade" and was is None:
        return {"because": UNGRADED}
    if found.because is not None or name not in _VERBS.keys() | _DETAILS:
        return {}
    command = f"customer.{_VERBS.get(name, 'correct-details')}"
    if was is None and name in _DETAILS:
        return {"command": command, "body": {"clear": [name]}}
    reason = {"reason": REASON} if name in _REASONED else {}
    value = int(was) if name in _WHOLE_NUMBERS and was is not None else was
    return {"command": command, "body": {name: value, **reason}}
