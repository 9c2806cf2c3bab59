"""OpenAPI: the document of all routes; those of commands are drawn from the domain."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema

from api.commands.batch import Line
from api.document import command_operations as given
from api.document import common_parts as common
from api.document.body_examples import add_examples
from api.document.going import going
from api.document.plain_schemas import plain, without_defaults
from api.document.shared_parameters import say_once, share, share_answers
from api.kernel.access.authentication import OPEN, OPEN_FOLDERS
from api.kernel.deprecations import deprecations
from api.reads.row_schemas import row_schemas
from domain.kernel.aggregate import discover
from domain.kernel.commands import commands
from domain.kernel.discovery import declared
from projections.kernel.summary import listed, summaries

DESCRIPTION = """Key account management: every change is a command that becomes a fact, and every
answer can be had as of any day.

Every command may carry an `Idempotency-Key`: sent again with the same key it is not done again,
and is answered as before. Commands answer with the `position` of what they recorded; a read with
`min_position=` waits until it can see that. Whatever is refused is answered with a problem document
(RFC 9457), whose `type` leads to its explanation; `GET /problems` has all of them, the rules that
commands name too.

The `ETag` of a record is its version with a digest of what you may see of it: it is another for
whoever sees other fields, `If-None-Match` takes it, and so does the `If-Match` of commands, which
goes by the version and takes that alone too. It is a weak one (`W/"…"`) of what is sent compressed
(`Accept-Encoding`: zstd or gzip), which both take as well. What is streamed ends when your
credentials do: a stream of events by an event `end` with a problem as its data, an export by a
broken transfer.

Every request but those to sign in carries `Authorization: Bearer` with a key or token. A deputy
adds `On-Behalf-Of` with the code of the employee whose permissions apply.

Rows are described whole: with `fields=` they have the columns asked for alone. An amount of money
is a decimal in a text; a number is taken as well."""

INFO = {
    "license": {"name": "As agreed with the operator", "identifier": "LicenseRef-Keyline"},
    "contact": {"name": "Keyline"},
}


def describe(app: FastAPI) -> None:
    """Give an application its complete document."""
    app.openapi = cache(lambda: _document(app))  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes
    )
    document["info"] |= INFO
    document["servers"] = [{"url": "/", "description": "the server that the document is from"}]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _complete(path, operation)
    parts = document["components"]
    parts["schemas"] = _schemas(parts.get("schemas", {}))
    for command in commands().values():
        path, operation = given.operation(command)
        document["paths"].setdefault(path, {})["post"] = operation
    document["paths"]["/commands"] = {"post": given.many()}
    going(document)
    for path, operations in document["paths"].items():
        if not _is_open(path):
            for operation in operations.values():
                operation.setdefault("parameters", []).append(common.ON_BEHALF_OF)
    parts["responses"] = given.responses() | common.responses()
    parts["headers"] = common.HEADERS
    parts["securitySchemes"] = common.SCHEMES
    document["security"] = [{name: []} for name in common.SCHEMES]
    document["paths"] = dict(sorted(document["paths"].items()))
    plain(document)
    add_examples(parts["schemas"])
    say_once(document)
    share(document)
    share_answers(document)
    document["tags"] = [
        {"name": name, "description": words} for name, words in sorted(_tags().items())
    ]
    return document


def _schemas(found: dict[str, Any]) -> dict[str, Any]:
    """Return the schemas of all that operations take and answer, by name."""
    for name in ("HTTPValidationError", "ValidationError"):
        found.pop(name, None)
    bodies = [(each.body, "validation") for each in commands().values()]
    _, taken = models_json_schema([*bodies, (Line, "validation")], ref_template=common.REFS)  # type: ignore[list-item]
    for schema in taken["$defs"].values():
        without_defaults(schema)
    rows = map(row_schemas, listed().values())
    for more in (taken["$defs"], given.answers(common.REFS), common.SCHEMAS, *rows):
        unite(found, more)
    return found


def unite(found: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Add schemas by name. Raises `ValueError` where two different ones have one name."""
    if taken := [name for name in more if found.get(name, more[name]) != more[name]]:
        raise ValueError(f"Two types are called {', '.join(taken)}: a client would know one alone")
    found.update(more)


def _complete(path: str, operation: dict[str, Any]) -> None:
    """Add to a read what every read can be answered with."""
    statuses = [404] * ("{" in path)
    if _is_open(path):
        operation["security"] = []
    else:
        statuses.append(503)
    if path == "/metrics":
        operation["security"] = [{}, *({name: []} for name in common.SCHEMES)]
    operation["tags"] = operation["tags"][-1:]
    if operation.get("description") == operation["summary"]:
        del operation["description"]
    parameters = operation.get("parameters", [])
    exported = operation["operationId"].endswith(".export")
    # Rows are described whole; with `fields` they are not.
    operation["parameters"] = [p for p in parameters if exported or p["name"] != "fields"]
    given = common.refused(*statuses) | operation["responses"]
    given.pop("422", None)  # the framework's, of another shape than ours
    for code, each in given.items():
        if "$ref" not in each:
            each["headers"] = each.get("headers", {}) | common.headers(*_headers(code, operation))
    operation["responses"] = {code: given[code] for code in sorted(given)}


def _headers(code: str, operation: dict[str, Any]) -> list[str]:
    """Return the headers that an answer has besides those of every answer."""
    names = {each["name"] for each in operation["parameters"]}
    found = ["Position"] * ("as_of_position" in names) + ["Link"] * ("cursor" in names)
    found += ["ETag"] * ("if-none-match" in names)
    found += ["Narrowed", "Rows"] * operation["operationId"].endswith(".export")
    found += ["Deprecation", "Sunset"] * bool(deprecations(operation["operationId"]))
    return found if code in ("200", "304") else []


def _is_open(path: str) -> bool:
    return path in OPEN or path.startswith(OPEN_FOLDERS)


def _tags() -> dict[str, str]:
    """Return what operations are about, in words: aggregates, and rooms that say so themselves."""
    found = {
        each.plural: (each.__doc__ or "").partition("\n")[0]
        for each in discover().aggregates.values()
    }
    found |= {each.plural: _words(each.told_in) for each in summaries().values()}
    found |= {given.TAG: given.MANY}
    for router in declared("api", APIRouter):
        for route in router.routes:
            if isinstance(route, APIRoute):
                module = route.endpoint.__module__
                if (name := module.rpartition(".")[2].replace("_", "-")) in route.tags:
                    found.setdefault(name, _words(module))
    return found


def _words(module: str) -> str:
    return (sys.modules[module].__doc__ or "").partition("\n")[0]
