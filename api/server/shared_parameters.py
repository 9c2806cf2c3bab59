"""Shared parameters: what many operations have alike stands once in the document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson

OFTEN = 3
"""Operations that have a parameter alike before it is a component."""


def share(document: dict[str, Any]) -> None:
    """Move parameters that operations have alike to the components of a document.

    A component is named by its parameter, `as_of` by `AsOf`; where there are several forms of one
    name, it is the one that most operations have, the others stay where they are.
    """
    counted = Counter(_text(each) for parameters in _lists(document) for each in parameters)
    forms: dict[str, str] = {}
    for text, times in sorted(counted.items(), key=lambda each: (-each[1], each[0])):
        if times >= OFTEN:
            forms.setdefault(_name(orjson.loads(text)), text)
    for parameters in _lists(document):
        for i, each in enumerate(parameters):
            name = _name(each)
            if forms.get(name) == _text(each):
                parameters[i] = {"$ref": f"#/components/parameters/{name}"}
    document["components"]["parameters"] = {
        name: orjson.loads(text) for name, text in sorted(forms.items())
    }


def plain(document: dict[str, Any]) -> None:
    """Take from the schemas of parameters what the parameters say themselves."""
    for parameters in _lists(document):
        for each in parameters:
            schema = each["schema"]
            schema.pop("title", None)
            if schema.get("description") == each.get("description"):
                schema.pop("description", None)


def _lists(document: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    for operations in document["paths"].values():
        for operation in operations.values():
            yield operation.get("parameters", [])


def _text(parameter: dict[str, Any]) -> str:
    return orjson.dumps(parameter, option=orjson.OPT_SORT_KEYS).decode()


def _name(parameter: dict[str, Any]) -> str:
    words = parameter["name"].replace("-", "_").split("_")
    return "".join(word[:1].upper() + word[1:] for word in words)
