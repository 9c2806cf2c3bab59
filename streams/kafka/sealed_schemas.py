"""Sealed schemas: what is known of persons is told on Kafka as tokens that only a call opens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.privacy.field_encryption import PREFIX
from domain.kernel.types.personal import Each, Shape
from domain.kernel.types.values import Personal

NAME = "Sealed"

_TOKEN = {"$ref": f"#/components/schemas/{NAME}"}

SCHEMA = {
    "title": NAME,
    "type": "string",
    "pattern": f"^{PREFIX}[^:]+:[A-Za-z0-9_-]+={{0,2}}$",
    "description": "What is known of a person, sealed with the person's own key: their id, then "
    "what is sealed. `GET /events/page?after={ce_position - 1}&limit=1` of the API answers the "
    "event with it opened, for whoever may see the record and this class of fields; who asked is "
    "in the operation log. Once the person is erased nobody opens it.",
}


def seal(schema: dict[str, Any], shape: Shape, schemas: Mapping[str, Any]) -> None:
    """Say in a schema, in place, where values may be sealed.

    Args:
        schema: That of an event's payload, or of a part of one.
        shape: Where the personal fields are in it.
        schemas: Those to which it refers, by name.
    """
    for part in _parts(schema, schemas):
        if isinstance(shape, Each):
            for name in ("items", "additionalProperties"):
                if isinstance(part.get(name), dict):
                    seal(part[name], shape.of, schemas)
        elif isinstance(shape, Mapping):
            for field, inner in shape.items():
                if field in (fields := part.get("properties", {})):
                    if isinstance(inner, Personal):
                        fields[field] = _either(fields[field])
                    else:
                        seal(fields[field], inner, schemas)


def _either(schema: dict[str, Any]) -> dict[str, Any]:
    if "oneOf" in schema:  # two events have the value in common
        return schema
    return {"oneOf": [_TOKEN, schema | {"not": _TOKEN}]}


def _parts(schema: dict[str, Any], schemas: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a schema, or those among which it leaves the choice."""
    if "$ref" in schema:
        return _parts(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    return [part for each in schema.get("anyOf", ()) for part in _parts(each, schemas)] or [schema]
