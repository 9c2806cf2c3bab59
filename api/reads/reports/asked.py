"""Asked: what may be asked of a report, and from where it is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import pyarrow as pa
from fastapi import Query, Request

from adapters.journal.history_queries import at, position_at
from api.kernel.access.visibility import Seeing
from api.kernel.process import Parts
from api.kernel.reading.as_of import When
from api.kernel.reading.as_of_reads import units_then
from api.kernel.reading.read_parameters import (
    Day,
    instant_of,
    invalid,
)
from api.reads.meant import ME, coded
from domain.kernel.time.business_day import recorded_day
from projections.kernel.read_model import read_models
from projections.kernel.reports.dimensions import Dimension
from projections.kernel.reports.record_names import key_of
from projections.kernel.reports.report import Report
from projections.kernel.reports.report_scope import Standpoint, places
from projections.kernel.visibility.visibility import Sight

Format = Literal["json", "csv", "xlsx", "parquet"]

By = Annotated[
    str | None,
    Query(max_length=200, description="dimensions with commas between; none: the total"),
]
Measures = Annotated[
    str | None, Query(max_length=500, description="measures with commas between; else all")
]
From = Annotated[Day | None, Query(alias="from", description="first day of the period")]
To = Annotated[Day | None, Query(description="last day of the period")]
Organised = Annotated[
    Literal["then", "now"],
    Query(description="`now` counts what belonged to a unit that has ended to its successor"),
]
Compare = Annotated[
    str | None,
    Query(
        max_length=200,
        description="with commas between: `previous`, the period before, or as many months or "
        "days; `year-ago`; `known:` and an instant, a day or a position: the same, as it was known "
        "then. Each adds `<measure>_<comparison>`, its `_change` and `_share`, null of nothing",
        examples=["previous,year-ago", "known:2026-04-10"],
    ),
]
ToDate = Annotated[
    bool,
    Query(description="compares the period that has not ended up to the same day of the other one"),
]
Fill = Annotated[
    bool, Query(description="periods without rows have some: counts and sums of 0, else nothing")
]
Top = Annotated[
    int | None,
    Query(
        ge=1,
        le=1000,
        description="only so many rows, in each currency: those with the greatest of the first "
        "measure, the greatest first; compared with nothing",
    ),
]
ATTRIBUTES = "attributes"
"""The parameter that says as of when the customer of a fact is told."""

_ATTRIBUTES: Mapping[str, Any] = {
    "name": ATTRIBUTES,
    "in": "query",
    "description": "`then` tells what a customer is like as on the day of the fact, of one that "
    "was not there yet as now; `now` as of the moment that is asked for",
    "schema": {"type": "string", "enum": ["then", "now"], "default": "then"},
}
PERMISSION = "report.read"

_COMPARISONS = ("previous", "year-ago")

_PERSONS = "employees"
"""The read model of those whom `me` may stand for."""


def names_in(text: str | None) -> list[str]:
    """Return the names in a text with commas between."""
    return text.split(",") if text else []


def filters_in(request: Request, report: Report, see: Seeing) -> dict[str, list[str]]:
    """Return the values that a request asks for, by the dimension of a report.

    Raises `InvalidParameter` for `me` of who is no employee.
    """
    known = {parameter["name"] for parameter in parameters_of(report)} - {ATTRIBUTES}
    persons = [each.name for each in report.angles() if each.of == _PERSONS]
    where: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if name in known:
            where.setdefault(name, []).extend(_values(value))
    return where | {name: coded(see, name, where[name]) for name in persons if name in where}


def _values(text: str) -> Iterator[str]:
    """Yield the values in a text with commas between; one within a value has a backslash before."""
    value, letters = "", iter(text)
    for letter in letters:
        if letter == ",":
            yield value
            value = ""
        else:
            value += next(letters, letter) if letter == "\\" else letter
    yield value


def attributes_in(request: Request, *of: Report) -> Literal["then", "now"]:
    """Return as of when a request asks what customers are like.

    Raises `InvalidParameter` for another word, and where none of the reports has that.
    """
    asked = request.query_params.get(ATTRIBUTES, "then")
    if ATTRIBUTES in request.query_params and not any(each.dated for each in of):
        raise invalid(ATTRIBUTES, "What is asked for is of customers as they are.")
    if asked not in ("then", "now"):
        raise invalid(ATTRIBUTES, "There is then, and now.")
    return "now" if asked == "now" else "then"


def compared_with(parts: Parts, text: str | None) -> tuple[list[str], int | None]:
    """Return the names of comparisons, and the position that one of them speaks of."""
    known, names = None, list[str]()
    for each in names_in(text):
        name, _, moment = each.partition(":")
        if name == "known" and moment and known is None:
            known = int(moment) if moment.isdecimal() and moment.isascii() else None
            known = known or position_at(parts.journal, instant_of(moment, "compare"))
            if not known:
                raise invalid("compare", "Nothing had been recorded by then.")
        elif each not in _COMPARISONS:
            raise invalid("compare", f"There is {', '.join(_COMPARISONS)} and known:<instant>.")
        names.append(name)
    return list(dict.fromkeys(names)), known


def standpoint(
    parts: Parts,
    see: Seeing,
    sight: Sight,
    when: When,
    organised: Organised,
    attributes: Literal["then", "now"],
) -> Standpoint:
    """Return from where a report is looked at: what is in sight, and where units count."""
    today, position = organised == "now", when.position

    def under(unit: str) -> frozenset[str] | None:
        return see.under(unit) if today else see.under(unit, position, when.valid_at)

    def where_units_count() -> pa.Table:
        at = (None, None) if today else (position, when.valid_at)
        return places(*units_then(parts, *at), now=today)

    day = when.valid_at or when.day
    if day is None and position is not None:
        day = next((recorded_day(each.time) for each in at(parts.journal, [position])), None)
    told: Any = {"day": day, "attributes": attributes}
    return Standpoint(sight, under, where_units_count, today, when.valid_at, **told)


def parameters_of(report: Report) -> Iterator[Mapping[str, Any]]:
    """Yield the parameters that filter a report, as OpenAPI has them."""
    for dimension in report.angles():
        yield {
            "name": dimension.name,
            "in": "query",
            "description": f"{dimension.full}: {_which(dimension)}, with commas between; "
            "a comma within one has a backslash before it",
            "schema": {"type": "string"},
        }
        if dimension.tree:
            yield {
                "name": f"{dimension.name}_under",
                "in": "query",
                "description": f"{dimension.full}: one of these or below it, with commas between",
                "schema": {"type": "string"},
            }
    if report.dated:
        yield _ATTRIBUTES


def _which(dimension: Dimension) -> str:
    if dimension.of:
        me = f" or `{ME}`" * (dimension.of == _PERSONS)
        return f"one of these {key_of(read_models()[dimension.of])}s{me}"
    if dimension.form:
        return f"one of these, as in `{dimension.example}`"
    values = dimension.values or dimension.order
    return f"any of {', '.join(f'`{each}`' for each in values)}" if values else "one of these"
