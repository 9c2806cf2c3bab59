"""Payloads: the fields of an event, written to JSON and read back with their types."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import cache
from typing import Any, cast, get_args, get_type_hints

import orjson
from pydantic import BaseModel, ConfigDict, TypeAdapter
from typing_extensions import TypedDict, is_typeddict

ENVELOPE = frozenset({"originator_id", "originator_version", "originator_topic", "timestamp"})
"""Fields of an event that the journal keeps in columns of their own, outside the payload."""


class Payload:
    """How the facts of one event class are written to JSON and read back, with their types."""

    def __init__(self, event_class: type[Any]) -> None:
        """Read the fields of an event class."""
        hints = fields_of(event_class)
        # Not total: a field with a default may be missing in facts older than the field.
        shape = TypedDict("shape", hints, total=False)  # type: ignore[misc]
        # What cannot be read may be of a person: it is not repeated in errors, which are logged.
        shape.__pydantic_config__ = ConfigDict(hide_input_in_errors=True)  # type: ignore[attr-defined]
        self.adapter: TypeAdapter[Any] = TypeAdapter(shape)
        self.names = tuple(hints)
        self.defaults = {
            f.name: f.default
            for f in dataclasses.fields(event_class)
            if f.name in hints and f.default is not dataclasses.MISSING
        }

        self.plain: dict[str, Any] = orjson.loads(self.adapter.dump_json(self.defaults))
        """The defaults as plain JSON values."""

    def complete(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Give a payload of plain JSON values the defaults of fields younger than it; returns it.

        Those that can be changed are its own. It has no fields but those of its class, so one that
        has as many has them all.
        """
        if len(payload) >= len(self.names):
            return payload
        for name, value in self.plain.items():
            if name not in payload:
                payload[name] = value if value.__class__ not in (list, dict) else _own(value)
        return payload

    def encode(self, fact: Any) -> bytes:
        """Return the payload of a fact as JSON."""
        state = vars(fact)
        return self.adapter.dump_json({name: state[name] for name in self.names})

    def decode(self, data: bytes | str) -> dict[str, Any]:
        """Return the fields of a fact, with their types, from JSON."""
        return self.defaults | cast("dict[str, Any]", self.adapter.validate_json(data))


def _own(value: Any) -> Any:
    return deepcopy(value) if value else value.copy()  # most are empty, which takes a tenth


codec = cast("Callable[[type[Any]], Payload]", cache(Payload))
"""Returns the payload of an event class; each is made once."""


def _fields_of(event_class: type[Any]) -> Mapping[str, Any]:
    hints = get_type_hints(event_class, include_extras=True)
    names = (field.name for field in dataclasses.fields(event_class))
    return {name: hints[name] for name in names if name not in ENVELOPE}


fields_of = cast("Callable[[type[Any]], Mapping[str, Any]]", cache(_fields_of))
"""Returns the fields of an event's payload with their types."""


def fields_within(hints: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a payload, and those at any depth within them, with each of their types.

    Of `list[ProductLine] | None` these are that itself, the list, the line and nothing, and then
    the fields of the line.
    """
    for name, hint in hints.items():
        for each in _types(hint):
            yield name, each
            if is_typeddict(each) or (isinstance(each, type) and issubclass(each, BaseModel)):
                yield from fields_within(get_type_hints(each, include_extras=True))


def _types(hint: Any) -> Iterator[Any]:
    yield hint
    for each in get_args(hint):
        if isinstance(each, type) or get_args(each):
            yield from _types(each)
