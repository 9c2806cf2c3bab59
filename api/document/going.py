"""Going: what of the API is deprecated, until when it is there, what takes its place."""

from __future__ import annotations

from typing import Any

from api.document.changes import SUNSET
from api.kernel.deprecations import Deprecation, deprecations


def going(document: dict[str, Any]) -> None:
    """Say of operations and parameters of a document that they are deprecated, in place."""
    for operations in document["paths"].values():
        for operation in operations.values():
            known = deprecations(operation["operationId"])
            if None in known:
                _mark(operation, known[None])
            for each in operation.get("parameters", ()):
                if each["name"] in known:
                    _mark(each, known[each["name"]])


def _mark(told: dict[str, Any], deprecation: Deprecation) -> None:
    words = told.get("description", "")
    until = deprecation.until.isoformat()
    told.get("schema", {}).pop("default", None)  # else generated clients send it always
    told |= {
        "description": f"{words}{'; ' * bool(words)}until {until}, see the `Link` of the answer",
        "deprecated": True,
        SUNSET: until,
    }
