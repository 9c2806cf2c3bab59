"""Row schemas: what the rows of a read model, and the pages of its list, look like as JSON."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from api.document.answers import RowChanges
from api.document.common_parts import REFS
from api.document.plain_schemas import AMOUNT
from api.reads.beside.names import nameable
from projections.kernel.columns import HOLDS, Instant, Json, Money
from projections.kernel.listed import Listed
from projections.kernel.lists.choices import choices
from projections.kernel.visibility.column_masks import MASKED, classes, sensitive, shown
from projections.kernel.visibility.sealed_columns import SEALED, personal

_UUID = {"type": "string", "format": "uuid"}
_DAY = {"type": "string", "format": "date"}
_MOMENT = {"type": "string", "format": "date-time"}
_NEXT = {"type": ["string", "null"], "description": "the cursor of the next page"}
_POSITION = {"type": "integer", "description": "all events up to here are in it"}

_CALLED = {"type": ["string", "null"]}
_EACH = {"type": "object", "additionalProperties": _CALLED}
_OF_EXPAND = "What codes and ids are called, by column, of those in `expand`."
_NAMES = {**_EACH, "description": _OF_EXPAND}


def row_schemas(model: Listed) -> dict[str, Any]:
    """Return the JSON schema of a row, and those that it needs, by name."""
    found: dict[str, Any] = {}
    properties = {}
    for name in shown(model):
        column, closed = model.table.c[name], choices(model).get(name, ())
        if isinstance(column.type, Json) and HOLDS in column.info:
            adapter = TypeAdapter(column.info[HOLDS])
            schema = adapter.json_schema(mode="serialization", ref_template=REFS)
            found |= schema.pop("$defs", {})
        elif isinstance(column.type, Json) and not column.info.get("list"):
            keyed = getattr(column.default, "arg", None) == {}
            one = {"type": "object"}
            schema = one if keyed else {"type": "array", "items": one}
        elif isinstance(column.type, Json):
            text = {"type": "string"} | ({"enum": list(closed)} if closed else {})
            schema = {"type": "array", "items": text}
        else:
            schema = _type(column.type) | ({"enum": list(closed)} if closed else {})
        masks = isinstance(sensitive(model).get(name), str)
        properties[name] = _or_nothing(schema) if column.nullable or masks else schema
    required = list(properties)
    if classes(model):
        properties[MASKED] = {
            "type": "array",
            "items": {"type": "string", "enum": sorted(classes(model))},
            "description": "what is masked in this row, if anything is",
        }
    if personal(model):
        properties[SEALED] = {
            "type": "array",
            "items": {"type": "string"},
            "description": "the fields beside it, in the row or in a contact of it, that nobody "
            "can read: their person was erased, or the key is missing",
        }
    if nameable(model):
        called = _names(model)
        properties["names"] = reference(called)
        found[called] = _NAMES if called == "Names" else _names_of(model)
    properties["changes"] = reference("RowChanges")
    news = TypeAdapter(RowChanges).json_schema(mode="serialization", ref_template=REFS)
    found |= {**news.pop("$defs"), "RowChanges": news}
    row = {"type": "object", "required": required, "properties": properties}
    return {**found, model.title: row, f"{model.title}Page": _page(model)}


def _names(model: Listed) -> str:
    """Return what the schema of the names beside a row is called: its own with lists of codes."""
    lists = any(isinstance(model.table.c[name].type, Json) for name in nameable(model))
    return f"{model.title}Names" if lists else "Names"


def _names_of(model: Listed) -> dict[str, Any]:
    properties = {
        name: _EACH if isinstance(model.table.c[name].type, Json) else _CALLED
        for name in nameable(model)
    }
    return {"type": "object", "description": _OF_EXPAND, "properties": properties}


def _type(of: Any) -> dict[str, Any]:
    """Return the schema of a column's values."""
    match of:
        case Money():
            return dict(AMOUNT)
        case Instant():
            return dict(_MOMENT)
        case sa.Date():
            return dict(_DAY)
        case sa.Boolean():
            return {"type": "boolean"}
        case sa.Integer():
            return {"type": "integer"}
        case sa.Float():
            return {"type": "number"}
        case sa.String(length=36):
            return dict(_UUID)
        case _:
            return {"type": "string"}


def _or_nothing(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of what may be null as well."""
    if not isinstance(schema.get("type"), str):
        return {"anyOf": [schema, {"type": "null"}]}
    found = schema | {"type": [schema["type"], "null"]}
    return found | ({"enum": [*schema["enum"], None]} if "enum" in schema else {})


def reference(name: str) -> dict[str, str]:
    """Return the reference to a schema."""
    return {"$ref": REFS.format(model=name)}


def _page(model: Listed) -> dict[str, Any]:
    return {
        "type": "object",
        "description": "A page of the list.",
        "required": ["items", "next", "position"],
        "properties": {
            "items": {"type": "array", "items": reference(model.title)},
            "next": _NEXT,
            "position": _POSITION,
            "count": {"type": "integer", "description": "rows of the whole list, if asked for"},
            "narrowed": {
                "type": "array",
                "items": {"type": "string"},
                "description": "only rows that show these classes of fields are in the list, as it "
                "is filtered or sorted by them and they are masked for you in others",
            },
        },
    }
