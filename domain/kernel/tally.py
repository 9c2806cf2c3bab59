"""Tallies: how many records count for something, as the bills of a run, and what they come to."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple


class Tally(NamedTuple):
    """How many records there are of those that count for something, and to what they come."""

    number: int = 0
    amount: Decimal = Decimal(0)


@dataclasses.dataclass(frozen=True, slots=True)
class Tallied:
    """Marks a parameter that the system fills in: the `Tally` of all records of a `kind` by a key.

    `start` is the name of the record's attribute that is the key by which these are `tallied`.
    Such a parameter is no part of the command's body.
    """

    kind: str
    start: str


class Counting:
    """What may count for something."""

    @property
    def tallied(self) -> Mapping[str, Decimal]:
        """For which tallies of its kind it counts, by their keys, with what it comes to there."""
        return {}
