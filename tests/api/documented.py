"""The document as tests read it: every operation with its parameters and answers, whole."""

from __future__ import annotations

from typing import Any

import orjson

from api.openapi_file import FILE


def whole(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document with its shared parts in each operation that has them."""
    shared, told = document["components"]["parameters"], document["components"]["responses"]
    made: dict[str, Any] = orjson.loads(orjson.dumps(document))
    for operations in made["paths"].values():
        for operation in operations.values():
            answers = operation["responses"]
            for code, each in answers.items():
                if "$ref" in each:
                    ours = {key: each[key] for key in each if key != "$ref"}
                    answers[code] = told[each["$ref"].rpartition("/")[2]] | ours
            parameters = operation.get("parameters", [])
            parameters[:] = [
                shared[each["$ref"].rpartition("/")[2]] if "$ref" in each else each
                for each in parameters
            ]
    return made


def committed() -> dict[str, Any]:
    """Return the committed document."""
    return whole(orjson.loads(FILE.read_bytes()))
