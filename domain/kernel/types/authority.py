"""Authority: the levels of approval, how far each goes, and the parameters that say so."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

from domain.kernel.types.values import UNIT_CODE, Lineage, Value

T = TypeVar("T")


class Level(StrEnum):
    """Where something is approved, lowest first: by its author, or by whoever may at a unit."""

    OWN = "own"
    NETWORK = "network"
    PROVINCE = "province"
    GROUP = "group"

    @property
    def height(self) -> int:
        """How high it is."""
        return [*Level].index(self)


class Seat(NamedTuple):
    """A unit at which something is approved, and its level."""

    level: Level
    unit: str


Seats = Annotated[
    Sequence[Seat | None], Lineage("unit", "unit", "leads_to", claim=UNIT_CODE, take="seat")
]
"""Of the record's unit and those above it, nearest first, where something can be approved."""


class Limit(NamedTuple):
    """How far the authority of a level goes, without end for `None`; whether that is `enough`."""

    level: Level
    limit: Decimal | None
    enough: bool


class Step(Value):
    """One level of a route: at which unit it is, and the limit of its authority, if it has one."""

    level: Level
    unit: str
    limit: Decimal | None


@dataclass(frozen=True, slots=True)
class Decision(Generic[T]):
    """What a rule set decided, and in which of its versions."""

    rule: str
    version: int
    outcome: T


Limits = Decision[Sequence[Limit]]
"""What is decided of an authority."""


@dataclass(frozen=True, slots=True, init=False)
class Decided:
    """Marks a parameter that the rule set in force decides, a `Decision`.

    `rule` is the name of the rule set, as in `contract-value`; `of` are the attributes of the
    record that it is decided from, or methods that take what the command was given by the same
    names. Such a parameter is no part of the command's body.
    """

    rule: str
    of: tuple[str, ...]

    def __init__(self, rule: str, *of: str) -> None:
        object.__setattr__(self, "rule", rule)
        object.__setattr__(self, "of", of)

    def facts(self, record: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the rule set is to know of a record, for the arguments of a command."""
        return {name: _told(getattr(record, name), arguments) for name in self.of}


def _told(fact: Any, arguments: Mapping[str, Any]) -> Any:
    if not inspect.ismethod(fact):
        return fact
    return fact(*(arguments[name] for name in inspect.signature(fact).parameters))


@dataclass(frozen=True, slots=True)
class Highest:
    """Marks a parameter that the system fills in: how high up its party may give the command.

    It is the highest level over the record's unit at which that is permitted for all records
    there, `None` where it is at none.
    """


HighestLevel = Annotated[Level | None, Highest()]
"""The highest level at which who commands may do so."""
