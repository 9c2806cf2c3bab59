"""Titles: what people call the fields of records above the columns of their sheets."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from domain.kernel.aggregate import Aggregate
from domain.kernel.chinese import title

ENGLISH = {
    "customer_id": "customer",
    "parent_id": "head office",
    "survivor_id": "survivor",
    "duplicate_id": "duplicate",
    "employees": "number of employees",
}
"""The title of a field in English where its name in words does not say it."""


def titled(aggregate: type[Aggregate], field: str, columns: Iterable[str]) -> list[str]:
    """Return the columns that are named as a field of a kind, or have a title of it."""
    wanted = {_compared(title) for title in titles(aggregate, field)}
    return [column for column in columns if _compared(column) in wanted]


def titles(aggregate: type[Aggregate], field: str) -> list[str]:
    """Return the name of a field of a kind, and the titles that it has in Chinese and English."""
    told = title(aggregate.kind, field), ENGLISH.get(field)
    return [field, *(each for each in told if each is not None)]


def _compared(title: str) -> str:
    return re.sub(r"[\s_-]+", "", unicodedata.normalize("NFKC", title)).casefold()
