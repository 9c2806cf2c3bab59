"""Sensitive fields: which fields of which events not everybody sees, and events without them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from domain.kernel.aggregate import discover
from domain.kernel.codec import fields_of
from domain.kernel.types.values import Sensitive

SECRET = "secret"  # noqa: S105 - a class of fields
"""The class of fields that leave the system for nobody; they are left out, not masked."""

NOTHING: Mapping[str, str] = {}


@cache
def sensitive_fields(event_type: str) -> Mapping[str, str]:
    """Return the class of each sensitive field of an event type by its name, at whatever depth.

    An event type that nobody declares has none.
    """
    known = discover().events.get(event_type)
    if known is None:
        return NOTHING
    return dict(
        found for name, hint in fields_of(known).items() for found in _sensitive(name, hint)
    )


def _sensitive(name: str, hint: Any) -> Iterator[tuple[str, str]]:
    """Yield the sensitive fields in a type, with the field `name` itself."""
    for mark in getattr(hint, "__metadata__", ()):
        for each in mark.metadata if isinstance(mark, FieldInfo) else [mark]:
            if isinstance(each, Sensitive):
                yield name, each.name
    if isinstance(hint, type) and (issubclass(hint, BaseModel) or dataclasses.is_dataclass(hint)):
        for part, inner in get_type_hints(hint, include_extras=True).items():
            yield from _sensitive(part, inner)
    for inner in get_args(hint):
        yield from _sensitive(name, inner)


def without(value: Any, fields: Mapping[str, str], hidden: frozenset[str]) -> Any:
    """Return a JSON value without what is sensitive in it; the value itself is not changed.

    Args:
        value: Objects and lists of any depth.
        fields: The class of each sensitive field by its name.
        hidden: The classes that are masked: such a field becomes nothing. A secret goes whole.
    """
    if not fields:
        return value
    if isinstance(value, dict):
        return {
            name: None if fields.get(name) in hidden else without(inner, fields, hidden)
            for name, inner in value.items()
            if fields.get(name) != SECRET
        }
    if isinstance(value, list):
        return [without(inner, fields, hidden) for inner in value]
    return value
