"""Permissions: what a role may allow, named by the code itself: commands, reads, a few more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from domain.kernel.aggregate import RuleViolation, discover
from domain.kernel.commands import commands


class OwnPermissions(RuleViolation):
    """Nobody gives, revokes or widens permissions of their own, or changes a role they hold."""


class WiderThanOwn(RuleViolation):
    """Nobody gives permissions that they do not have there themselves."""


class LastAdministrator(RuleViolation):
    """The last unlimited grant of everything at the top of the organisation is not taken away."""


class FieldClass(StrEnum):
    """Fields that a grant may mask, wherever they stand.

    Scores of persons are the `assessment`; no kind of record has any yet, but a grant may mask
    them before the first is given.
    """

    PHONE = "phone"
    EMAIL = "email"
    BIRTHDAY = "birthday"
    PREFERENCES = "preferences"
    REVENUE = "revenue"
    IT_BUDGET = "it-budget"
    AMOUNT = "amount"
    COST = "cost"
    CREDIT = "credit"
    ASSESSMENT = "assessment"


HIDES = {FieldClass.AMOUNT: (FieldClass.COST,)}
"""What goes with what is masked: costs were amounts once, and whoever hid these hid them, too."""


DECLARED = {
    "access.explain": "Ask why somebody may or may not do something, and who could see a record.",
    "employee.set-password": "Give an employee a password for one sign-in.",
    "export.read": "Take lists and figures out of the system as files.",
    "operation.read": "See the operation log: who did, tried and read what.",
    "parked.read": "See the events that could not be applied, and why.",
    "parked.repair": "Retry events that could not be applied, or pass them over.",
    "proof.read": "Prove what was recorded: signed heads, and any event or operation whole.",
    "report.read": "See reports, statistics and the records behind their figures.",
    "system-log.read": "See the system log: starts, stops, jobs, errors, sign-ins.",
}
"""Permissions that neither a command nor an aggregate gives rise to."""


def hidden(masked: Iterable[str]) -> frozenset[str]:
    """Return the classes of fields that are not shown where some are masked."""
    stated = [FieldClass(each) for each in masked]
    return frozenset(str(each) for name in stated for each in (name, *HIDES.get(name, ())))


@cache
def permissions() -> Mapping[str, str]:
    """Return every permission by name, with what it allows in words.

    Each command is one, as in `customer.regrade`, and each kind of record has one for reading it,
    as in `customer.read`: lists, single records, their history and their events.
    """
    found = dict(DECLARED)
    for name, command in commands().items():
        found[name] = command.doc.partition("\n")[0]
        kind = command.aggregate.kind
        records = command.aggregate.plural.replace("-", " ")
        found[f"{kind}.read"] = f"See {records}, their history and their events."
    return dict(sorted(found.items()))


@cache
def rooms() -> Mapping[str, str]:
    """Return the room of the house in which each kind of record is, as in `sales`."""
    kinds = discover().aggregates
    return {kind: each.__module__.split(".")[1] for kind, each in kinds.items()}


def matches(pattern: str, name: str) -> bool:
    """Tell whether a role's entry allows a permission.

    It is `*`, `*.read`, the permission's name, or `customer.*` for all of a kind of record and
    `sales.*` for all kinds of a room, also those to come.
    """
    if pattern == "*":
        return True
    (kind, _, verb), (its_kind, _, its_verb) = pattern.partition("."), name.partition(".")
    return kind in ("*", its_kind, rooms().get(its_kind)) and verb in ("*", its_verb)


def expand(patterns: Iterable[str]) -> frozenset[str]:
    """Return the names of all permissions that a role's entries allow today."""
    return frozenset().union(*map(_matched, patterns))


@cache
def _matched(pattern: str) -> frozenset[str]:
    return frozenset(name for name in permissions() if matches(pattern, name))


def _known(pattern: str) -> str:
    if not _matched(pattern):
        raise PydanticCustomError(
            "unknown_permission", "No permission is called '{pattern}'.", {"pattern": pattern}
        )
    return pattern


def _distinct(patterns: list[str]) -> list[str]:
    return list(dict.fromkeys(patterns))


Pattern = Annotated[
    str,
    StringConstraints(
        max_length=100, pattern=r"^(\*|(\*|[a-z]+(-[a-z]+)*)\.(\*|[a-z]+(-[a-z]+)*))$"
    ),
    AfterValidator(_known),
    Field(examples=["customer.*"]),
]
"""The name of a permission, or `*`, `customer.*`, `sales.*`, `*.read`; it means something today."""

Patterns = Annotated[list[Pattern], Field(min_length=1, max_length=500), AfterValidator(_distinct)]
"""What a role allows."""

Masked = Annotated[list[FieldClass], Field(max_length=len(FieldClass)), AfterValidator(_distinct)]
"""Fields that are not shown."""
