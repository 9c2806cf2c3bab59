"""Personal fields: which fields of which events tell of a person outside the staff, and of whom."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from domain.kernel.aggregate import discover
from domain.kernel.codec import fields_of
from domain.kernel.types.values import Erases, Personal


@dataclasses.dataclass(frozen=True, slots=True)
class Each:
    """Stands for a list, or for objects by their keys: what is in each of them."""

    of: Shape


Shape = Personal | Each | Mapping[str, "Shape"]
"""Where in a JSON value the personal fields are; what has none is left out."""

NOTHING: Mapping[str, Any] = {}

Change = Callable[[str, str, Any], Any]
"""Takes the id of a person, a field and its value; returns what stands there instead."""


@cache
def personal_fields(event_type: str) -> Mapping[str, Shape]:
    """Return where an event type has personal fields: nowhere, if nobody declares the type."""
    known = discover().events.get(event_type)
    return {} if known is None else _within(fields_of(known))


@cache
def erasures() -> Mapping[str, str]:
    """Return the event types by which a person is erased, with the field that names the person."""
    return {
        type_: name
        for type_, known in discover().events.items()
        for name, hint in fields_of(known).items()
        if any(isinstance(mark, Erases) for mark in getattr(hint, "__metadata__", ()))
    }


def _within(hints: Mapping[str, Any]) -> Mapping[str, Shape]:
    found = {name: _shape(hint) for name, hint in hints.items()}
    return {name: shape for name, shape in found.items() if shape}


def _shape(hint: Any) -> Shape | None:
    for mark in getattr(hint, "__metadata__", ()):
        if isinstance(mark, Personal):
            return mark
    origin, args = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and (issubclass(hint, BaseModel) or dataclasses.is_dataclass(hint)):
        return _within(get_type_hints(hint, include_extras=True)) or None
    inner = next((shape for arg in args if (shape := _shape(arg))), None)
    many = isinstance(origin, type) and issubclass(origin, (list, tuple, set, dict, Mapping))
    return Each(inner) if inner and many else inner


def through(
    value: Any,
    shape: Shape,
    own: str,
    change: Change,
    *,
    name: str = "",
    beside: Mapping[str, Any] = NOTHING,
    key: str = "",
) -> Any:
    """Return a JSON value with its personal fields changed; the value itself stays as it is.

    Args:
        value: The payload of an event, a column of a row, or a part of either.
        shape: Where the personal fields are in it.
        own: The id of the record.
        change: What becomes of each personal value; null stays null.
        name: The field that has the value.
        beside: The object that has the field.
        key: The key under which that object is kept, if it is kept by one.
    """
    if value is None:
        return None
    if isinstance(shape, Personal):
        person = own if shape.person is None else beside.get(shape.person, key)
        return change(str(person), name, value)
    if isinstance(shape, Each):
        if isinstance(value, dict):
            return {
                each: through(part, shape.of, own, change, name=name, beside=beside, key=each)
                for each, part in value.items()
            }
        if isinstance(value, list):
            return [
                through(part, shape.of, own, change, name=name, beside=beside) for part in value
            ]
        return value
    if not isinstance(value, dict):
        return value
    return value | {
        each: through(value[each], part, own, change, name=each, beside=value, key=key)
        for each, part in shape.items()
        if each in value
    }
