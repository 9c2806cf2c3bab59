"""Authority: the levels of approval, how far each goes, and who has which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, NamedTuple

from domain.kernel.types.decided import Decision
from domain.kernel.types.values import UNIT_CODE, Lineage, Value


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


Limits = Decision[Sequence[Limit]]
"""What is decided of an authority."""


@dataclass(frozen=True, slots=True)
class Highest:
    """Marks a parameter that the system fills in: how high up its party may give the command.

    It is the highest level over the record's unit at which that is permitted for all records
    there, `None` where it is at none.
    """


HighestLevel = Annotated[Level | None, Highest()]
"""The highest level at which who commands may do so."""
