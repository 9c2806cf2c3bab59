"""Plain schemas: what generators of clients read best, of what pydantic writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_NULL = {"type": "null"}
_ID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_LARGE = 2**31
AMOUNT = {"type": "string", "format": "decimal", "pattern": r"^-?[0-9]{1,18}(\.[0-9]{1,2})?$"}
"""An amount of money."""


def plain(document: dict[str, Any]) -> None:
    """Make the schemas of a document plain, in place.

    None has a title, as a component has its name. What may be null says so by its
    type. Defaults are told in words: a field that has one may be left away, and generators that
    read it ask for it. An amount is a text, though a number is taken as well. A whole number that
    may be large says so: else it has 32 bits where clients are made in Java.
    """
    for schema in _all(document):
        make_plain(schema)


def make_plain(schema: dict[str, Any]) -> None:
    """Make one schema plain, in place; not those within it."""
    schema.pop("title", None)
    _plain(schema)


def _plain(schema: dict[str, Any]) -> None:
    some = schema.get("anyOf", [])
    if {"number", "string"} == {each.get("type") for each in some}:
        bound = next(each for each in some if each["type"] == "number")
        del schema["anyOf"]
        schema |= AMOUNT
        if bound.get("minimum") == 0:
            schema["pattern"] = AMOUNT["pattern"].replace("-?", "")
    elif _NULL in some and len(some) == 2:
        (other,) = (each for each in some if each != _NULL)
        _plain(other)
        if isinstance(other.get("type"), str) and "enum" not in other:
            del schema["anyOf"]
            schema |= {**other, **schema, "type": [other["type"], "null"]}
    if "integer" in schema.get("type", ()) and schema.get("maximum", _LARGE) >= _LARGE:
        schema.setdefault("format", "int64")
    if schema.get("pattern") == _ID:
        del schema["pattern"]
        schema["format"] = "uuid"
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
        schema["type"] = "string"


def without_defaults(schema: dict[str, Any]) -> None:
    """Tell the defaults of a body's fields in words."""
    for each in schema.get("properties", {}).values():
        default = each.pop("default", None)
        if default not in (None, "", [], {}):
            value = str(default).lower() if isinstance(default, bool) else default
            told = f"by default `{value}`"
            each["description"] = (
                f"{each['description']}; {told}" if "description" in each else told
            )


def within(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield a schema and those within it, from the outermost to the innermost."""
    if isinstance(schema, dict):
        yield schema
        inner = [*schema.get("properties", {}).values()]
        inner += [schema.get(name) for name in ("items", "additionalProperties", "propertyNames")]
        inner += (each for name in ("anyOf", "oneOf", "allOf") for each in schema.get(name, ()))
        for each in inner:
            yield from within(each)


def _all(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for schema in document["components"]["schemas"].values():
        yield from within(schema)
    for operations in document["paths"].values():
        for operation in operations.values():
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            contents = [of for each in bodies for of in each.get("content", {}).values()]
            for each in (*operation.get("parameters", ()), *contents):
                yield from within(each.get("schema"))
