"""Common parts: what answers of all kinds have, and what headers and problems there are."""

from __future__ import annotations

from typing import Any

from api.kernel import problems

REFS = "#/components/schemas/{model}"

ID = {"type": "string", "format": "uuid", "examples": ["01997e2b-0000-7000-8000-000000000001"]}
_POSITION = {"type": "integer", "description": "of the last event recorded by the command"}
_VERSION = {"type": "integer", "description": "of the record: its events are numbered from 1"}
_TEXT = {"type": "string"}

SCHEMAS: dict[str, Any] = {
    "Problem": {
        "type": "object",
        "description": "Why a request was refused, as RFC 9457 has it.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {
                **_TEXT,
                "description": "a stable name, and the page that explains it",
                "examples": ["/problems/parent-cycle"],
            },
            "title": _TEXT,
            "status": {"type": "integer"},
            "detail": {**_TEXT, "description": "what was wrong with this request, in words"},
            "errors": {
                "type": "array",
                "description": "the fault of each field (by JSON pointer) or parameter",
                "items": {"$ref": REFS.format(model="Fault")},
            },
        },
    },
    "Fault": {
        "type": "object",
        "description": "What is wrong with a field or a parameter.",
        "properties": {"pointer": _TEXT, "parameter": _TEXT, "detail": _TEXT},
    },
    "Done": {
        "type": "object",
        "description": "A command was carried out, and is durable.",
        "required": ["id", "version", "position"],
        "properties": {"id": ID, "version": _VERSION, "position": _POSITION},
    },
    "Result": {
        "type": "object",
        "description": "What became of one of many commands, with what its single answer adds.",
        "required": ["line", "status"],
        "properties": {
            "line": {"type": "integer", "description": "its place in the request, from 1"},
            "status": {"type": "integer", "description": "as a single command's"},
            "id": ID,
            "version": _VERSION,
            "position": _POSITION,
            "repeated": {"type": "boolean", "description": "it had been done before"},
            "problem": {"$ref": REFS.format(model="Problem")},
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

_SECONDS = {"schema": {"type": "integer"}}
HEADERS: dict[str, Any] = {
    "ETag": {
        "schema": _TEXT,
        "description": "the version, in quotes, with a digest of what is read",
    },
    "Deprecation": {
        "schema": _TEXT,
        "description": "since when something that was asked for is to go: a second since 1970, "
        "as in `@1796054400` (RFC 9745)",
    },
    "Idempotency-Replayed": {
        "schema": {"type": "string", "enum": ["true"]},
        "description": "it had been done before: this is the first answer again",
    },
    "Link": {"schema": _TEXT, "description": 'the next page, `rel="next"` (RFC 8288)'},
    "Location": {"schema": _TEXT, "description": "where the record is"},
    "Narrowed": {"schema": _TEXT, "description": "only rows that show these classes are in it"},
    "Position": {"schema": {"type": "integer"}, "description": "all events up to here are in it"},
    "Retry-After": {**_SECONDS, "description": "seconds to wait before it is tried again"},
    "Rows": {"schema": {"type": "integer"}, "description": "how many rows or records it tells"},
    "Sunset": {"schema": _TEXT, "description": "when that will not be there any more (RFC 8594)"},
    "Trace-Id": {"schema": _TEXT, "description": "names the request in the logs"},
}

ON_BEHALF_OF = {
    "name": "On-Behalf-Of",
    "in": "header",
    "description": "the code of the employee whose permissions apply; it takes a delegation",
    "schema": {"type": "string", "maxLength": 64},
}

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "your own key for this request",
    "schema": {"type": "string", "maxLength": 200},
}

MAY_BE = {
    400: "It cannot be read.",
    401: "The key or token is missing, not known, expired or revoked.",
    403: "You may not, or not on behalf of that employee, or must change your password first.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    415: "The body is of another media type than is taken.",
    422: "A field or parameter does not have the shape that it must have.",
    429: "Too many requests or attempts; wait for as many seconds as `Retry-After` says.",
}
"""What any request may be refused with, which stands once: operations name one range for it."""

_MEANINGS = {
    "404": "There is no such record.",
    "409": "A rule of the business forbids it, one of those that the command names.",
    "412": "The record has changed since the version named by If-Match.",
    "4XX": "The request is refused.\n\n"
    + "\n".join(f"- {status}: {meaning}" for status, meaning in MAY_BE.items()),
    "503": "Not now: too much is waiting, or it is not there yet; try again shortly.",
}


def headers(*names: str) -> dict[str, Any]:
    """Return the headers of an answer, each by reference, with those of every answer."""
    return {each: {"$ref": f"#/components/headers/{each}"} for each in (*names, "Trace-Id")}


def problem(description: str, *names: str) -> dict[str, Any]:
    """Return an answer that is a problem, with headers."""
    schema = {"$ref": REFS.format(model="Problem")}
    content = {problems.MEDIA_TYPE: {"schema": schema}}
    return {"description": description, "headers": headers(*names), "content": content}


def refused(*statuses: int) -> dict[str, Any]:
    """Return the answers that are problems, those of any request and these, by reference."""
    names = sorted([*map(str, statuses), "4XX"])
    return {each: {"$ref": f"#/components/responses/E{each}"} for each in names}


def responses() -> dict[str, Any]:
    """Return the answers to which operations refer."""
    return {
        f"E{status}": problem(meaning, *(["Retry-After"] if status in ("4XX", "503") else []))
        for status, meaning in _MEANINGS.items()
    }
