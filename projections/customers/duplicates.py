"""Likely duplicates of a customer: the same registration number, or a name much like it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from rapidfuzz import fuzz

from domain.customers.customer_profile import normal_number
from projections.customers.customers import customers
from projections.customers.name_key import name_key
from projections.kernel.visibility.row_security import lens_of
from projections.kernel.visibility.visibility import Sight

ALIKE = 85
"""From how many of 100 points on two names are much alike."""

MOST = 10
"""Customers of the same name or number that are told at most."""

NEAR = 40
"""Customers whose names begin alike that are compared, of those before a name in their order and of
those behind it: the nearer, the more of their beginnings is equal. Many lines may ask at a time."""

_LAST = "\U0010ffff"

COLUMNS = ("id", "name", "name_key", "unit", "state", "registration_key", "position")
"""What of a customer is compared or told."""

NAMING = (
    *("customer.registered", "customer.details-corrected", "customer.merged-into"),
    *("customer.separated", "customer.absorbed", "customer.gave-back"),
)
"""The events by which a customer comes to be, is called otherwise, or does not count any more."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A customer that may be the same; `likeness` of the names is in points of 100."""

    id: str
    name: str
    unit: str
    state: str
    likeness: int
    same_number: bool


@dataclass(frozen=True, slots=True)
class Described:
    """A customer as it is compared: the key of its name, where alike names begin, its number."""

    key: str
    start: str
    number: str

    @classmethod
    def by(cls, name: str, registration_number: str | None = None) -> Described:
        """Describe a customer by its name and its registration number, if it has one."""
        key = name_key(name)
        number = normal_number(registration_number) if registration_number else ""
        return cls(key, key[: max(2, (len(key) + 1) // 2)], number)


def candidates(
    connection: sa.Connection, described: Described, sight: Sight | None = None
) -> list[Any]:
    """Return those rows of customers in sight, by default of all, that are to be compared."""
    queries = _queries(sight, connection.dialect.name)
    found: list[Any] = []
    if described.number:
        found += connection.execute(queries.numbered, {"number": described.number})
    if described.key:
        near = {"start": described.start, "key": described.key, "end": described.start + _LAST}
        found += connection.execute(queries.near, near)
    return found


class _Queries(NamedTuple):
    """Customers of a number, and those whose names begin alike, around a name."""

    numbered: sa.Select[Any]
    near: sa.CompoundSelect[Any]


@lru_cache(maxsize=100)
def _queries(sight: Sight | None, dialect: str) -> _Queries:
    """Return the queries of a sight: to build them takes longer than to run them."""
    table = customers.table
    query = sa.select(*(table.c[each] for each in COLUMNS)).where(table.c.state != "merged")
    query = lens_of(customers, sight, dialect, along=True).narrow(query)
    number, key = table.c.registration_key, table.c.name_key
    here: sa.BindParameter[str] = sa.bindparam("key")
    before = query.where(key >= sa.bindparam("start"), key < here).order_by(key.desc()).limit(NEAR)
    behind = query.where(key >= here, key < sa.bindparam("end")).order_by(key).limit(NEAR)
    return _Queries(
        query.where(number == sa.bindparam("number")).limit(MOST),
        sa.union_all(*(sa.select(each.subquery()) for each in (before, behind))),
    )


def likely(described: Described, compared: Iterable[Any]) -> list[Duplicate]:
    """Return up to ten that may be the customer described, the likeliest first.

    Legal form, case and punctuation of names do not count. Names that are alike, not equal, are
    found when the first half is equal. Each of those `compared` has the columns of a row; one of
    them that comes later stands for an earlier one of its id.
    """
    found = [
        Duplicate(
            row.id,
            row.name,
            row.unit,
            row.state,
            round(fuzz.ratio(described.key, row.name_key)) if described.key else 0,
            bool(described.number) and row.registration_key == described.number,
        )
        for row in {each.id: each for each in compared}.values()
    ]
    alike = [each for each in found if each.same_number or each.likeness >= ALIKE]
    return sorted(alike, key=lambda each: (not each.same_number, -each.likeness, each.id))[:MOST]
