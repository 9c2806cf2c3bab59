"""Choices: the values that a column of a closed set may have, and the kind of what it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

import sqlalchemy as sa

from domain.kernel.aggregate import discover
from domain.kernel.chinese import enumerated
from domain.kernel.codec import fields_of, fields_within
from projections.kernel.columns import HOLDS
from projections.kernel.history.sentences import references
from projections.kernel.listed import Listed

OWN = ("id", "code", "prefix")
"""The columns by which the records of a read model are known themselves."""


@cache
def choices(model: Listed) -> Mapping[str, tuple[str, ...]]:
    """Return the values that columns may have, by column, of those that have a closed set.

    That is what the column says (`one_of`), else what the domain says of the field of this name,
    of the aggregate or of its events.
    """
    stated, found = _stated(model), dict[str, tuple[str, ...]]()
    for name, column in model.table.columns.items():
        known = list(column.info.get("values", ()))
        known = known or [each for hints in stated for each in _values(hints.get(name))]
        if stated and known and _is_text(column):
            found[name] = tuple(dict.fromkeys(known))
    return found


@cache
def held_choices(model: Listed) -> Mapping[str, tuple[str, ...]]:
    """Return the values of closed sets within what columns hold, by field, at any depth."""
    held = {name: it.info[HOLDS] for name, it in model.table.columns.items() if HOLDS in it.info}
    found = dict[str, tuple[str, ...]]()
    for name, hint in fields_within(held):
        if values := tuple(_values(hint)):
            found[name] = tuple(dict.fromkeys([*found.get(name, ()), *values]))
    return found


@cache
def words(model: Listed) -> Mapping[str, Mapping[str, str]]:
    """Return what the codes of columns are called, of those whose closed sets have codes.

    What has no other name than its code, as `OPEN = "open"`, is left out.
    """
    closed, found = enumerated(model.aggregate), dict[str, Mapping[str, str]]()
    for name in choices(model):
        called = closed.get(name, {})
        if any(code != word for code, word in called.items()):
            found[name] = called
    return found


def named(model: Listed) -> Mapping[str, str]:
    """Return the kind of what columns name by code or id, by column, of those that do.

    That is a record, of the list itself too, an `ACTOR` or a `PERMISSION`.
    """
    known = {"unit": "unit", "units": "unit", **references(model.aggregate)}
    known |= dict.fromkeys(OWN, model.aggregate)
    known |= {each.name: each.info["of"] for each in model.table.columns if "of" in each.info}
    return {name: known[name] for name in model.table.columns.keys() & known.keys()}


def _is_text(column: sa.Column[Any]) -> bool:
    """Tell whether a column has a text, or a list of them."""
    return isinstance(column.type, sa.Text | sa.String) or bool(column.info.get("list"))


def _stated(model: Listed) -> list[Mapping[str, Any]]:
    """Return the types of the fields of the aggregate and of its events."""
    aggregate = discover().aggregates.get(model.aggregate)
    if aggregate is None:
        return []
    stated: list[Mapping[str, Any]] = [get_type_hints(aggregate, include_extras=True)]
    if aggregate.states is not None:
        stated.append({aggregate.states.attribute: type(aggregate.states.first)})
    return stated + [
        fields_of(each)
        for type_, each in discover().events.items()
        if discover().owners[type_] is aggregate
    ]


def _values(hint: Any) -> Iterator[str]:
    """Yield the texts that a type consists of, if it is a closed set."""
    if isinstance(hint, type) and issubclass(hint, Enum):
        yield from (str(each.value) for each in hint)
    elif get_origin(hint) is Literal:
        yield from (each for each in get_args(hint) if isinstance(each, str))
    else:
        for each in get_args(hint):
            yield from _values(each)
