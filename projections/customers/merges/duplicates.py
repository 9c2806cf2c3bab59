"""Likely duplicates of a customer: the same registration number, or a name much like it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from rapidfuzz import fuzz, process

from domain.customers.customer_profile import normal_number
from projections.customers.customers import customers
from projections.customers.merges.likeness import ALIKE, figures, likeness
from projections.customers.merges.name_words import name_words
from projections.kernel.rows.rotated_index import near as nearest
from projections.kernel.visibility.row_security import lens_of
from projections.kernel.visibility.visibility import Sight

MOST = 10
"""Customers of the same name or number that are told at most."""

_COMPARED = 20
"""Names that are compared word by word at most: those of which the most letters are equal."""

_ENOUGH = 50
"""From how many of 100 points on of equal letters, in any order of words, that is done."""

COLUMNS = ("id", "name", "name_words", "unit", "state", "registration_key", "position")
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
    """A customer as it is compared: the words of its name, and its number."""

    words: str
    number: str

    @classmethod
    def by(cls, name: str, registration_number: str | None = None) -> Described:
        """Describe a customer by its name and its registration number, if it has one."""
        number = normal_number(registration_number) if registration_number else ""
        return cls(name_words(name), number)


def named_alike(words: str, near: Mapping[str, str]) -> list[str]:
    """Return the ids, of words near to some, whose names are much alike, the likeliest first."""
    own = figures(words)
    different = [each for each in {*near.values()} if figures(each) == own]
    most = process.extract(
        words, different, scorer=fuzz.token_sort_ratio, score_cutoff=_ENOUGH, limit=_COMPARED
    )
    alike = {each: points for each, *_ in most if (points := likeness(words, each)) >= ALIKE}
    return sorted((id_ for id_ in near if near[id_] in alike), key=lambda id_: -alike[near[id_]])


def neighbours(connection: sa.Connection, words: str) -> dict[str, str]:
    """Return the words of those names of customers, by id, that are nearest to some: dozens."""
    return nearest(connection, customers.name, words)


def candidates(
    connection: sa.Connection,
    ids: Iterable[str],
    number: str = "",
    sight: Sight | None = None,
) -> list[Any]:
    """Return the rows of customers with these ids, or a number, in sight, by default of all."""
    queries, found = _queries(sight, connection.dialect.name), list[Any]()
    if wanted := list(ids)[:_COMPARED]:
        found += connection.execute(queries.of_ids, {"ids": wanted})
    if number:
        found += connection.execute(queries.numbered, {"number": number})
    return found


class _Queries(NamedTuple):
    """Customers of some ids, and those of a number."""

    of_ids: sa.Select[Any]
    numbered: sa.Select[Any]


@lru_cache(maxsize=100)
def _queries(sight: Sight | None, dialect: str) -> _Queries:
    """Return the queries of a sight: to build them takes longer than to run them."""
    table = customers.table
    query = sa.select(*(table.c[each] for each in COLUMNS)).where(table.c.state != "merged")
    query = lens_of(customers, sight, dialect, along=True).narrow(query)
    return _Queries(
        query.where(table.c.id.in_(sa.bindparam("ids", expanding=True))),
        query.where(table.c.registration_key == sa.bindparam("number")).limit(MOST),
    )


def likely(described: Described, compared: Iterable[Any]) -> list[Duplicate]:
    """Return up to ten that may be the customer described, the likeliest first.

    Each of those `compared` has the columns of a row; one of them that comes later stands for an
    earlier one of its id.
    """
    found = [
        Duplicate(
            row.id,
            row.name,
            row.unit,
            row.state,
            likeness(described.words, row.name_words),
            bool(described.number) and row.registration_key == described.number,
        )
        for row in {each.id: each for each in compared}.values()
    ]
    alike = [each for each in found if each.same_number or each.likeness >= ALIKE]
    return sorted(alike, key=lambda each: (not each.same_number, -each.likeness, each.id))[:MOST]
