"""Likely duplicates of a customer: the same registration number, or a name much like it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from rapidfuzz import fuzz

from domain.profile import normal_number
from projections.customers import customers
from projections.lens import Lens
from projections.names import name_key
from projections.sight import Sight

ALIKE = 85
"""From how many of 100 points on two names are much alike."""

_MOST = 10
_CANDIDATES = 1000
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A customer that may be the same; `likeness` of the names is in points of 100."""

    id: str
    name: str
    unit: str
    state: str
    likeness: int
    same_number: bool


def likely_duplicates(
    connection: sa.Connection,
    name: str,
    registration_number: str | None = None,
    sight: Sight | None = None,
) -> list[Duplicate]:
    """Return up to ten customers that may be the one described, the likeliest first.

    Only those in sight; by default all.

    Legal form, case and punctuation of names do not count. Names that are alike, not equal, are
    found when the first half is equal.
    """
    table = customers.table
    key = name_key(name)
    number = normal_number(registration_number) if registration_number else ""
    query = sa.select(
        *(table.c[each] for each in ("id", "name", "name_key", "unit", "state", "registration_key"))
    )
    query = query.where(table.c.state != "merged")
    query = Lens(customers, sight, connection.dialect.name, along=True).narrow(query)
    start = key[: max(2, (len(key) + 1) // 2)]
    wanted = [
        query.where(table.c.name_key == key).limit(_MOST),
        query.where(table.c.name_key >= start, table.c.name_key < start + _LAST).limit(_CANDIDATES),
    ]
    if number:
        wanted.insert(0, query.where(table.c.registration_key == number).limit(_MOST))
    if not key:
        wanted = wanted[:-2]
    found = {row.id: row for each in wanted for row in connection.execute(each)}
    likely = [
        Duplicate(
            row.id,
            row.name,
            row.unit,
            row.state,
            round(fuzz.ratio(key, row.name_key)),
            bool(number) and row.registration_key == number,
        )
        for row in found.values()
    ]
    likely = [each for each in likely if each.same_number or each.likeness >= ALIKE]
    return sorted(likely, key=lambda each: (not each.same_number, -each.likeness, each.id))[:_MOST]
