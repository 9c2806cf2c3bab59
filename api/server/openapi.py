"""OpenAPI: the document of all routes; those of commands are drawn from the domain."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from adapters.refusals import HistoryFull, RuleBroken
from api.commands.batch import Line
from api.kernel import problems
from api.kernel.access.authentication import OPEN, OPEN_FOLDERS
from api.reads.row_schemas import PAGE, row_schema
from api.server.shared_parameters import plain, share
from domain.kernel.aggregate import discover
from domain.kernel.commands import Command, commands
from domain.kernel.rule import kebab
from projections.kernel.summary import listed

DESCRIPTION = """Key account management: every change is a command that becomes a fact, and every
answer can be had as of any day.

Every command may carry an `Idempotency-Key`: sent again with the same key it is not done again,
and is answered as before. Commands answer with the `position` of what they recorded; a read with
`min_position=` waits until it can see that. Whatever is refused is answered with a problem document
(RFC 9457), whose `type` leads to its explanation.

The `ETag` of a record is its version with a digest of what you may see of it: it is another for
whoever sees other fields, `If-None-Match` takes it, and so does the `If-Match` of commands, which
goes by the version and takes that alone too. It is a weak one (`W/"…"`) of what is sent compressed
(`Accept-Encoding`: zstd or gzip), which both take as well. What is streamed ends when your
credentials do: a stream of events by an event `end` with a problem as its data, an export by a
broken transfer.

Every request but those to sign in carries `Authorization: Bearer` with a key or token. A deputy
adds `On-Behalf-Of` with the code of the employee whose permissions apply."""

REFS = "#/components/schemas/{model}"

_ID = {
    "type": "string",
    "description": "a UUID",
    "examples": ["01997e2b-0000-7000-8000-000000000001"],
}
_POSITION = {"type": "integer", "description": "of the last event recorded by the command"}
_VERSION = {"type": "integer", "description": "of the record: its events are numbered from 1"}
_TEXT = {"type": "string"}
_SEEN = 'the version that you have seen, as in "3", or the ETag of what you read, as it came'

SCHEMAS: dict[str, Any] = {
    "Problem": {
        "type": "object",
        "title": "Problem",
        "description": "Why a request was refused, as RFC 9457 has it.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {**_TEXT, "description": "a stable name, and the page that explains it"},
            "title": _TEXT,
            "status": {"type": "integer"},
            "detail": {**_TEXT, "description": "what was wrong with this request, in words"},
            "errors": {
                "type": "array",
                "description": "the fault of each field (by JSON pointer) or parameter",
                "items": {
                    "type": "object",
                    "properties": {"pointer": _TEXT, "parameter": _TEXT, "detail": _TEXT},
                },
            },
        },
    },
    "Done": {
        "type": "object",
        "title": "Done",
        "description": "A command was carried out, and is durable.",
        "required": ["id", "version", "position"],
        "properties": {"id": _ID, "version": _VERSION, "position": _POSITION},
    },
    "Result": {
        "type": "object",
        "title": "Result",
        "description": "What became of one of many commands.",
        "required": ["line", "status"],
        "properties": {
            "line": {"type": "integer", "description": "the line of the request, from 1"},
            "status": {"type": "integer", "description": "as a single command's"},
            "id": _ID,
            "version": _VERSION,
            "position": _POSITION,
            "repeated": {"type": "boolean", "description": "it had been done before"},
            "problem": {"$ref": "#/components/schemas/Problem"},
        },
    },
}

SCHEMES: dict[str, Any] = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "the administrator's key, or that of a system: `kl_<prefix>_<secret>`",
    },
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "an access token: from `POST /sign-in`, or from the OpenID Connect provider "
        "that the settings name",
    },
}

_MEANINGS = {
    400: "The request cannot be read.",
    401: "The key or token is missing, not known, expired or revoked.",
    403: "You may not, or not on behalf of that employee, or must change your password first.",
    404: "There is no such record.",
    408: "The body did not arrive in time.",
    412: "The record has changed since the version named by If-Match.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "A field or parameter does not have the shape that it must have.",
    503: "Not now: too much is waiting, or it is not there yet; try again shortly.",
}


_TAG = {"ETag": {"schema": _TEXT, "description": "the version, in quotes"}}
_PLACE = {"Location": {"schema": _TEXT, "description": "where the record is"}}
_SAID = {"application/json": {"schema": {"$ref": "#/components/schemas/Done"}}}

_DONE: dict[str, Any] = {
    "200": {"description": "Done.", "headers": _TAG, "content": _SAID},
    "201": {"description": "Done.", "headers": _TAG | _PLACE, "content": _SAID},
}


def describe(app: FastAPI) -> None:
    """Give an application its complete document."""
    app.openapi = cache(lambda: _document(app))  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes
    )
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _complete(path, operation)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    bodies = [(each.body, "validation") for each in commands().values()]
    _, found = models_json_schema([*bodies, (Line, "validation")], ref_template=REFS)  # type: ignore[list-item]
    schemas |= SCHEMAS | found["$defs"] | {"Page": PAGE}
    schemas |= {model.title: row_schema(model) for model in listed().values()}
    for command in commands().values():
        path, operation = _command(command)
        document["paths"].setdefault(path, {})["post"] = operation
    document["paths"]["/commands"] = {"post": _many()}
    document["components"]["responses"] = _DONE | {
        str(status): _problem(meaning) for status, meaning in _MEANINGS.items()
    }
    document["components"]["securitySchemes"] = SCHEMES
    document["security"] = [{name: []} for name in SCHEMES]
    document["paths"] = dict(sorted(document["paths"].items()))
    plain(document)
    share(document)
    document["tags"] = [
        {"name": each.plural, "description": (each.__doc__ or "").partition("\n")[0]}
        for _, each in sorted(discover().aggregates.items())
    ]
    return document


def _complete(path: str, operation: dict[str, Any]) -> None:
    """Add to a read what every read can be answered with."""
    statuses = [400, 422]
    if path in OPEN or path.startswith(OPEN_FOLDERS):
        operation["security"] = []
    else:
        statuses += [401, 403, 503]
    if path == "/metrics":
        operation["security"] = [{}, *({name: []} for name in SCHEMES)]
        statuses.append(401)
    if "{" in path:
        statuses.append(404)
    given = _responses(statuses) | operation["responses"]
    given["422"] = _responses([422])["422"]
    operation["responses"] = {code: given[code] for code in sorted(given)}


def _responses(statuses: Iterable[int]) -> dict[str, Any]:
    return {str(each): {"$ref": f"#/components/responses/{each}"} for each in statuses}


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {problems.MEDIA_TYPE: {"schema": schema}}}


def _command(command: Command) -> tuple[str, dict[str, Any]]:
    path = f"/{command.aggregate.plural}"
    parameters = [_header("Idempotency-Key", "your own key for this request", {"maxLength": 200})]
    refused = [400, 401, 403, 408, 413, 415, 422, 503]
    if not command.creates:
        path += f"/{{id}}/{command.verb}"
        parameters.append({"name": "id", "in": "path", "required": True, "schema": _ID})
        parameters.append(_header("If-Match", _SEEN, {}))
        refused += [404, 412]
    status = 201 if command.creates else 200
    responses = _responses([*refused, status])
    rules = [f"- `{rule.rule()}`: {rule.text()}" for rule in command.rules]
    if not command.creates:
        rules.append(f"- `{kebab(HistoryFull.__name__)}`: {inspect.getdoc(HistoryFull)}")
    if rules:
        responses["409"] = _problem("\n".join([f"{RuleBroken.title}:", *rules]))
    body = {"schema": {"$ref": REFS.format(model=command.body.__name__)}}
    summary, _, rest = command.doc.partition("\n")
    return path, {
        "tags": [command.aggregate.plural],
        "summary": summary,
        "description": rest.strip(),
        "operationId": command.name,
        "parameters": parameters,
        "requestBody": {"required": True, "content": {"application/json": body}},
        "responses": dict(sorted(responses.items())),
    }


def _header(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "description": description,
        "schema": {"type": "string", **schema},
    }


def _many() -> dict[str, Any]:
    line = {"schema": {"$ref": REFS.format(model=Line.__name__)}}
    results = {"schema": {"$ref": "#/components/schemas/Result"}}
    return {
        "tags": ["commands"],
        "summary": "Many commands",
        "description": "One JSON object a line, in and out, in the same order; what is wrong with "
        "one line does not keep the others from being done. Read results while you send: those "
        "that you do not take are kept up to a limit, then your lines wait. Who takes none while "
        "lines wait is let go; what was done is told when they are sent again with their keys.",
        "operationId": "commands",
        "requestBody": {"required": True, "content": {"application/x-ndjson": line}},
        "responses": {
            "200": {
                "description": "A result a line.",
                "content": {"application/x-ndjson": results},
            },
            **_responses([400, 401, 403, 408, 413, 415]),
        },
    }
