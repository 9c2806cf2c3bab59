"""Typed lists: what the lists of a row hold, with types of DuckDB's own, so that SQL counts it.

Lists are JSON, which is as exact as the fold made it; but to read JSON takes ten times as long as
to sum it up. So whatever reports count is kept a second time, read once as the row is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, NotRequired, Union, get_args, get_origin

import orjson
from typing_extensions import get_type_hints, is_typeddict

from projections.kernel.columns import HOLDS, REPORTED
from projections.kernel.listed import Listed
from projections.kernel.warehouse.facts import literal, quote

_PLAIN: Mapping[type, str] = {
    str: "VARCHAR",
    StrEnum: "VARCHAR",
    bool: "BOOLEAN",
    int: "BIGINT",
    Decimal: "DECIMAL(18,2)",
    datetime: "TIMESTAMPTZ",
    date: "DATE",
}
"""The types of DuckDB; the first that fits counts."""


def typed(column: str) -> str:
    """Return the name under which the list of a column is kept with types."""
    return f"{column}_typed"


def typed_lists(model: Listed) -> dict[str, Any]:
    """Return the columns of a read model whose lists are kept with types, and these.

    A type is the name of one of DuckDB's, a list with the one of its elements, or an object with
    those of its fields.
    """
    return {
        each.name: _shape(each.info[HOLDS])
        for each in model.table.columns
        if each.info.get(REPORTED)
    }


def declared(lists: Mapping[str, Any]) -> Iterator[str]:
    """Yield the SQL of the columns that keep lists with types."""
    for name, shape in lists.items():
        yield f"{quote(typed(name))} {_sql(shape)}"


def read(lists: Mapping[str, Any], of: str = "") -> Iterator[str]:
    """Yield the SQL that reads each list from its JSON, which stands in a table `of` that name."""
    for name, shape in lists.items():
        column = f"{of}.{quote(name)}" if of else quote(name)
        spec = literal(orjson.dumps(shape).decode())
        yield f"from_json({column}, {spec}) AS {quote(typed(name))}"


def _shape(told: Any) -> Any:
    """Return what a declared type is in DuckDB. Raises `TypeError` when it is nothing there."""
    origin = get_origin(told)
    if origin is Annotated:
        known = [each for each in told.__metadata__ if isinstance(each, str)]
        return known[0] if known else _shape(told.__origin__)
    if origin in (Union, UnionType, NotRequired):
        (only,) = (each for each in get_args(told) if each is not NoneType)
        return _shape(only)
    if origin is list:
        return [_shape(*get_args(told))]
    if is_typeddict(told):
        hints = get_type_hints(told, include_extras=True)
        return {name: _shape(each) for name, each in hints.items()}
    for plain, name in _PLAIN.items():
        if isinstance(told, type) and issubclass(told, plain):
            return name
    raise TypeError(f"{told!r} has no type in DuckDB")


def _sql(shape: Any) -> str:
    if isinstance(shape, list):
        return f"{_sql(shape[0])}[]"
    if isinstance(shape, dict):
        fields = (f"{quote(name)} {_sql(each)}" for name, each in shape.items())
        return f"STRUCT({', '.join(fields)})"
    return str(shape)
