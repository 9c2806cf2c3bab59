"""The document as tests read it: every operation with its parameters whole, not by reference."""

from __future__ import annotations

from typing import Any

import orjson

from api.openapi_file import FILE


def whole(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document with its shared parameters in each operation that has them."""
    shared = document["components"]["parameters"]
    made: dict[str, Any] = orjson.loads(orjson.dumps(document))
    for operations in made["paths"].values():
        for operation in operations.values():
            parameters = operation.get("parameters", [])
            parameters[:] = [
                shared[each["$ref"].rpartition("/")[2]] if "$ref" in each else each
                for each in parameters
            ]
    return made


def committed() -> dict[str, Any]:
    """Return the committed document."""
    return whole(orjson.loads(FILE.read_bytes()))
