"""Shared parts: parameters and answers that many operations have alike stand once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import orjson

_OF_ONE_READ = (".export", ".records", ".list")
"""What stands behind the name of what is read in ids of operations that have parameters alike."""


def share(document: dict[str, Any]) -> None:
    """Move parameters that operations have alike to the components of a document.

    A component is named by its parameter, `as_of` by `AsOf`; where there are several forms of one
    name, that is the one that most operations have, and the others are named by what is read as
    well, as in `CampaignStatus`.
    """
    found = [(id_, each) for id_, parameters in _lists(document) for each in parameters]
    counted = Counter(_text(each) for _, each in found)
    ids = {_text(each): id_ for id_, each in reversed(found)}
    names: dict[str, str] = {}
    for text, times in sorted(counted.items(), key=lambda each: (-each[1], each[0])):
        name = _camel(orjson.loads(text)["name"])
        if name in names.values():
            name = _camel(_read(ids[text])) + name
        if times > 1 and name not in names.values():
            names[text] = name
    for _, parameters in _lists(document):
        for i, each in enumerate(parameters):
            if (text := _text(each)) in names:
                parameters[i] = {"$ref": f"#/components/parameters/{names[text]}"}
    shared = {name: orjson.loads(text) for text, name in names.items()}
    document["components"]["parameters"] = dict(sorted(shared.items()))


def share_answers(document: dict[str, Any]) -> None:
    """Move what operations answer alike, where all is well, to the components of a document.

    A component is named by its schema, or what is read, as in `Export`; of several forms of one
    name, the others by what is read as well.
    """
    found = [
        (operation["operationId"], code, operation["responses"])
        for operations in document["paths"].values()
        for operation in operations.values()
        for code in operation["responses"].keys() & {"200", "304"}
        if "$ref" not in operation["responses"][code]
    ]
    counted = Counter(_text(answers[code]) for _, code, answers in found)
    firsts = {_text(answers[code]): (id_, code) for id_, code, answers in reversed(found)}
    names: dict[str, str] = {}
    for text, times in sorted(counted.items(), key=lambda each: (-each[1], each[0])):
        id_, code = firsts[text]
        name = "NotModified" if code == "304" else _answered(orjson.loads(text), id_)
        if name in names.values():
            name = _camel(_read(id_)) + name
        if times > 1 and name not in names.values():
            names[text] = name
    for _, code, answers in found:
        if (text := _text(answers[code])) in names:
            answers[code] = {"$ref": f"#/components/responses/{names[text]}"}
    shared = {name: orjson.loads(text) for text, name in sorted(names.items(), key=itemgetter(1))}
    document["components"]["responses"] |= shared


def _answered(answer: dict[str, Any], id_: str) -> str:
    (schema,) = [each["schema"] for each in list(answer.get("content", {}).values())[:1]] or [{}]
    return str(schema.get("$ref", "")).rpartition("/")[2] or _camel(id_.rpartition(".")[2])


def say_once(document: dict[str, Any]) -> None:
    """Take from the schemas of parameters what the parameters say themselves."""
    for _, parameters in _lists(document):
        for each in parameters:
            schema = each["schema"]
            if schema.get("description") == each.get("description"):
                schema.pop("description", None)


def _lists(document: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for operations in document["paths"].values():
        for operation in operations.values():
            yield operation["operationId"], operation.get("parameters", [])


def _text(parameter: dict[str, Any]) -> str:
    return orjson.dumps(parameter, option=orjson.OPT_SORT_KEYS).decode()


def _read(operation_id: str) -> str:
    """Return what an operation reads: the same for its pages and its export."""
    for end in _OF_ONE_READ:
        operation_id = operation_id.removesuffix(end)
    return operation_id


def _camel(name: str) -> str:
    words = name.replace("-", "_").replace(".", "_").split("_")
    return "".join(word[:1].upper() + word[1:] for word in words)
