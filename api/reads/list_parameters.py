"""List parameters: what a list may be asked for, as the document tells it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, Literal

from fastapi import Query

from api.reads.meant import ME, PERSONS
from projections.kernel.listed import Listed
from projections.kernel.lists.list_filters import Filter, filters

Sort = Annotated[
    str | None,
    Query(
        max_length=200,
        description="columns with commas between, - before one for downwards; texts by the numbers "
        "of their characters in Unicode, so Chinese names not by pinyin nor strokes",
    ),
]
Fields = Annotated[
    str | None, Query(max_length=1000, description="columns with commas between; else all")
]
Words = Annotated[str | None, Query(max_length=200, description="words to find")]
Rows = Annotated[
    int,
    Query(
        ge=1,
        le=1000,
        description="rows of a page at most; it ends sooner, with `next`, when what they list, "
        "contacts for instance, is much",
    ),
]
SHORT = 100
"""Rows of a page that is found without waiting for others that take long."""
Count = Annotated[
    Literal["exact"] | None, Query(description="`exact` adds the number of rows of the whole list")
]


def filter_parameters(model: Listed, but: Collection[str] = ()) -> Iterator[Mapping[str, Any]]:
    """Yield what the document says of the filters of a list, but for some."""
    meanings = {"from": "at least", "to": "at most", "under": "the unit, or one below it"}
    meanings["below"] = "less than"
    meanings |= {
        "any": "one of these, with commas between",
        "has": "one of these at least, with commas between",
        "over": "one of these at least, or a unit above it, with commas between",
        "during": "what is so on this day",
        "by_now": "`true` for what is so on the day asked about, `false` for what is not",
        "within": "in this month, quarter or year, as `2026-03`, `2026-Q1`, `2026`",
        "reached": "`true` for what had come by the moment asked about, `false` for what had not",
    }
    for each in filters(model).values():
        if each.name in but:
            continue
        whose = f" of its {each.above}" if each.above else ""
        yield {
            "name": each.name,
            "in": "query",
            "description": f"`{each.column}`{whose}: {meanings[each.kind]}{_said_of(each)}",
            "schema": {"type": "string"},
        }


def _said_of(asked: Filter) -> str:
    """Return which values a filter takes, and what becomes of others."""
    if asked.values:
        return f", of {', '.join(f'`{value}`' for value in asked.values)}"
    if asked.form is not None:
        return f", as in `{asked.form[1]}`"
    if asked.of:
        me = f", or `{ME}`" * (asked.of in PERSONS)
        return f"{me}; what is no {asked.of} in sight is refused"
    return "; a text that is nowhere finds nothing" if asked.type == "text" else ""
