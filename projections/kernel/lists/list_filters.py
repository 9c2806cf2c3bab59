"""Filters: by what a list may be asked, read from texts, and what holds for the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa

from projections.kernel.belonging import OfCustomer
from projections.kernel.columns import Instant, Json, Money
from projections.kernel.listed import Listed
from projections.kernel.lists.choices import OWN, choices, named
from projections.kernel.lists.parameters import BadParameter, read
from projections.kernel.read_model import ReadModel, models_by_kind, read_models
from projections.kernel.summary import summaries
from projections.kernel.visibility.column_masks import shown
from projections.kernel.visibility.owner_index import among, meets
from projections.kernel.visibility.row_security import Tables, narrowed
from projections.kernel.visibility.sealed_columns import personal
from projections.kernel.visibility.summed_sight import where_seen
from projections.kernel.visibility.visibility import Sight, Sights

SEVERAL = ("any", "has", "over")
"""The kinds of filters that take several values."""

LISTS = ("has", "over")
"""The kinds of filters that ask for members of a list."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter of a list: a column, and how its values are compared.

    `values` are all that there may be, if they are a closed set; `form` is the pattern of all of
    them, with an example, if they have one; `of` is the kind of what the column names, by code or
    id: its own record if it is `own`. The column is that of the record of another kind, `above`,
    whose id is in the column `through`, if it goes through one. What is asked for `during` a day
    begins on the day in the column and ends on that in the column `until`. Rows of records that
    belong to those of the list, `above` all the same, name these in the column `by`.
    """

    name: str
    column: str
    kind: Literal[
        "any",
        "from",
        "to",
        "below",
        "under",
        "has",
        "over",
        "during",
        "by_now",
        "within",
        "reached",
    ]
    type: Literal["text", "integer", "number", "money", "day", "instant", "boolean", "period"]
    values: tuple[str, ...] = ()
    of: str = ""
    own: bool = False
    form: tuple[str, str] | None = None
    above: str = ""
    through: str = ""
    until: str = ""
    by: str = "id"

    def read(self, text: str) -> tuple[Any, ...]:
        """Return the values that a text names; raises `BadParameter`.

        Several may be given with commas between, where equality is asked for; an empty text
        stands for no value.
        """
        for each in text.split(",") if text else ():
            if self.values and each not in self.values:
                told = ", ".join(self.values)
                raise BadParameter(self.name, f"{each[:100]!r} is none: it is one of {told}")
            if self.form is not None and re.fullmatch(self.form[0], each) is None:
                told = f"it is written as in {self.form[1]}"
                raise BadParameter(self.name, f"{each[:100]!r} is none: {told}")
        if self.kind not in SEVERAL:
            return (read(self.name, self.type, text, self.kind),)
        if not text:
            return (None,)
        if text.count(",") >= 1000:
            raise BadParameter(self.name, "at most 1000 values")
        return tuple(read(self.name, self.type, each, self.kind) for each in text.split(","))


@cache
def filters(model: Listed) -> Mapping[str, Filter]:
    """Return the filters of a read model by the name of their parameter.

    `<column>` asks for one of some values, `<column>_from` and `<column>_to` for a range with
    both ends, `unit_under` for a unit and all below it; a list is asked for one of some members,
    one of units for what reaches one of some units.
    Whatever belongs to a customer is asked for by who keeps that, its `customer_manager`, and a
    record by what summaries about it find, a customer by what its records find. What is sealed in
    rows is not compared with anything.
    """
    return {each.name: each for each in (*_of_columns(model), *_through(model))}


def _of_columns(model: Listed) -> list[Filter]:
    """Return the filters by the columns of the rows themselves."""
    found, kinds, closed = [], named(model), choices(model)
    for column in model.table.columns:
        name, type_ = column.name, type_of(column.type)
        of = kinds.get(name, "")
        if name in personal(model):
            continue
        if isinstance(column.type, Json):
            if column.info.get("list"):
                kind: Literal["has", "over"] = "over" if column.info.get("below") else "has"
                found.append(Filter(name, name, kind, "text", closed.get(name, ()), of))
        elif name in shown(model):
            own, form = name in OWN, column.info.get("form")
            found.append(Filter(name, name, "any", type_, closed.get(name, ()), of, own, form))
            if type_ not in ("text", "boolean"):
                found.append(Filter(f"{name}_from", name, "from", type_))
                found.append(Filter(f"{name}_to", name, "to", type_))
            if "during" in column.info:
                ends = column.info["until"]
                found.append(Filter(column.info["during"], name, "during", type_, until=ends))
                if by_now := column.info["by_now"]:
                    found.append(Filter(by_now, name, "by_now", "boolean", until=ends))
            if "within" in column.info:
                found.append(Filter(column.info["within"], name, "within", "period"))
            if "before" in column.info:
                found.append(Filter(column.info["before"], name, "below", type_))
            if "reached" in column.info:
                found.append(Filter(column.info["reached"], name, "reached", "boolean"))
            if name == "unit":
                found.append(Filter("unit_under", name, "under", "text", of=of))
    return found


def above(name: str) -> Listed:
    """Return the table of the records through which a filter goes: a kind's, or a summary."""
    return {**models_by_kind(), **{each.kind: each for each in summaries().values()}}[name]


def _through(model: Listed) -> Iterator[Filter]:
    """Yield the filters by who keeps the customer of a record, by what summaries and others find.

    What is found by the records that belong to one has one of them at least, or none.
    """
    for each in summaries().values() if isinstance(model, ReadModel) else ():
        for found in each.finds if each.aggregate == model.aggregate else ():
            type_ = type_of(each.table.c[found.column].type)
            yield Filter(found.name, found.column, "below", type_, above=each.kind, through="id")
    for other in read_models().values() if isinstance(model, ReadModel) else ():
        whose = other.belongs.customer
        if isinstance(whose, OfCustomer) and named(other)[whose.column] == model.aggregate:
            for asked in _of_columns(other) if whose.finds else ():
                if asked.name in whose.finds:
                    yield replace(asked, above=other.kind, through="id", by=whose.column)
    its = model.belongs.customer if isinstance(model, ReadModel) else None
    if isinstance(its, OfCustomer) and (kind := named(model)[its.column]) != model.aggregate:
        keeper = models_by_kind()[kind].belongs.keeper
        if keeper is not None:
            name = f"{its.column.removesuffix('_id')}_{keeper.column}"
            yield Filter(
                *(name, keeper.column, "any", "text"),
                of="employee",
                above=kind,
                through=its.column,
            )


def type_of(type_: sa.types.TypeEngine[Any]) -> Any:
    """Return how the values of a column of a type are read."""
    match type_:
        case Money():
            return "money"
        case Instant():
            return "instant"
        case sa.Date():
            return "day"
        case sa.Boolean():
            return "boolean"
        case sa.Integer():
            return "integer"
        case sa.Float():
            return "number"
    return "text"


def condition(
    filter_: Filter,
    column: sa.ColumnElement[Any],
    values: Sequence[Any],
    dialect: str,
    until: sa.ColumnElement[Any] | None = None,
) -> sa.ColumnElement[bool]:
    """Return what holds for a column of the rows that a filter with some values lets through.

    What it asks for a day ends in the column `until`.
    """
    value, one = values[0], len(values) == 1
    match filter_.kind:
        case "from":
            return sa.and_(column >= value)
        case "to":
            return sa.and_(column <= value)
        case "below":
            return sa.and_(column < value)
        case "reached":
            wanted, moment = values
            return column <= moment if wanted else sa.or_(column.is_(None), column > moment)
        case "during" | "by_now":
            assert until is not None
            day, wanted = values[-1], value is not False
            if wanted:
                return sa.and_(column <= day, sa.or_(until.is_(None), until > day))
            return sa.or_(column.is_(None), column > day, until <= day)
        case "within":
            return column.between(*value)
        case "under":
            return among(column, values, dialect)
        case "has" | "over":
            none = value is None
            return sa.cast(column, sa.Text) == "[]" if none else meets(column, values, dialect)
    if value is None:
        return column.is_(None)
    return column == value if one else column.in_(values)


def through(
    filter_: Filter,
    values: Sequence[Any],
    model: Listed,
    tables: Tables,
    sight: Sight | Sights | None,
    dialect: str,
) -> sa.ColumnElement[bool]:
    """Return what holds for rows that belong to a record in sight which a filter lets through."""
    other, seen = above(filter_.above), where_seen(sight, dialect, tables)
    their = seen(other).c
    until = their[filter_.until] if filter_.until else None
    some = filter_.kind != "by_now" or values[0]
    told = values if some else (True, *values[1:])
    holds = condition(filter_, their[filter_.column], told, dialect, until)
    by = their[filter_.by]
    query = sa.select(by).where(by.is_not(None), holds)
    mine = tables(model).c[filter_.through]
    return (mine.in_ if some else mine.not_in)(narrowed(query, other, [sight], dialect, seen))
