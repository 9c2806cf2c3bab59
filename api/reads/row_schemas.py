"""Row schemas: what the rows of a read model, and the pages of its list, look like as JSON."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from projections.kernel.columns import Instant, Json, Money
from projections.kernel.listed import Listed
from projections.kernel.visibility.column_masks import MASKED, classes, shown
from projections.kernel.visibility.sealed_columns import SEALED, personal


def row_schema(model: Listed) -> dict[str, Any]:
    """Return the JSON schema of a row."""
    properties = {name: _type(model.table.c[name]) for name in shown(model)}
    if classes(model):
        properties[MASKED] = {
            "type": "array",
            "items": {"enum": sorted(classes(model))},
            "description": "what is masked in this row, if anything is",
        }
    if personal(model):
        properties[SEALED] = {
            "type": "array",
            "items": {"type": "string"},
            "description": "the fields beside it, in the row or in a contact of it, that nobody "
            "can read: their person was erased, or the key is missing",
        }
    return {"type": "object", "title": model.kind, "properties": properties}


def _type(column: sa.Column[Any]) -> dict[str, Any]:
    match column.type:
        case Money():
            found: dict[str, Any] = {"type": "string", "format": "decimal"}
        case Instant():
            found = {"type": "string", "format": "date-time"}
        case sa.Date():
            found = {"type": "string", "format": "date"}
        case sa.Boolean():
            found = {"type": "boolean"}
        case sa.Integer():
            found = {"type": "integer"}
        case sa.Float():
            found = {"type": "number"}
        case Json():
            return {}
        case _:
            found = {"type": "string"}
    return found | ({"type": [found["type"], "null"]} if column.nullable else {})


def reference(model: Listed) -> str:
    """Return where the document has the schema of a row."""
    return f"#/components/schemas/{model.title}"


PAGE: dict[str, Any] = {
    "type": "object",
    "title": "Page",
    "description": "What every page of a list says beside its items.",
    "required": ["next", "position"],
    "properties": {
        "next": {"type": ["string", "null"], "description": "the cursor of the next page"},
        "position": {"type": "integer", "description": "all events up to here are in it"},
        "count": {"type": "integer"},
        "narrowed": {
            "type": "array",
            "items": {"type": "string"},
            "description": "only rows that show these classes of fields are in the list, as it "
            "is filtered or sorted by them and they are masked for you in others",
        },
    },
}


def page_schema(model: Listed) -> dict[str, Any]:
    """Return the JSON schema of a page."""
    items = {"items": {"type": "array", "items": {"$ref": reference(model)}}}
    own = {"type": "object", "required": ["items"], "properties": items}
    return {"allOf": [{"$ref": "#/components/schemas/Page"}, own]}
