"""Exports: all of what a read answers page by page, as a file, at an address of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Query, Response
from fastapi.routing import APIRoute

from api.kernel.deprecations import Deprecation, deprecate
from api.kernel.reading.cursors import BEGIN
from api.reads.spreadsheets import XLSX

MEDIA_TYPES: Mapping[str, str] = {
    "csv": "text/csv",
    "xlsx": XLSX,
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}

_TEXT = {"type": "string"}
_SCHEMAS = {"csv": _TEXT, "ndjson": _TEXT}
_FILE = {"type": "string", "format": "binary"}
_OF_PAGES = ("limit", "count", "cursor", "_sort", "expand", "changes_since")

_FORMER = frozenset({"format", "for_"})
"""Parameters by which the read of pages gave a file, before there were exports."""

SINCE, UNTIL = date(2026, 11, 30), date(2027, 5, 31)
"""The days from when and until when it does so for those who have not changed yet."""

_DESCRIPTION = """The file: all that is asked for, not a page. It needs `export.read` where the read
of pages shows what is exported; answers say their `Position`, and what is masked as pages do."""


def add_export(
    router: APIRouter,
    path: str,
    answer: Callable[..., Any],
    name: str,
    summary: str,
    parameters: Iterable[Mapping[str, Any]] = (),
    tags: list[str | Enum] | None = None,
) -> None:
    """Serve what a read answers with a `format` other than JSON at `<path>/export`.

    There the read is asked for it too, for a while.

    Args:
        router: Where the read is; the read of one record below the path is to be added after it.
        path: The path of the read.
        answer: What answers it, with its parameter `format`.
        name: The operation id.
        summary: What it is, in a line.
        parameters: Those that the read takes beside those of `answer`.
        tags: If they are not those of the router.
    """
    wanted = inspect.signature(answer, eval_str=True).parameters
    pages = next(r for r in router.routes if isinstance(r, APIRoute) and r.path == path)
    for former in _FORMER.intersection(wanted):
        going = Deprecation(SINCE, UNTIL, f"{path}/export")
        deprecate(pages.operation_id or pages.name, former.rstrip("_"), going)
    formats = [each for each in _formats(wanted["format"].annotation) if each != "json"]
    chosen = wanted["format"].replace(
        annotation=Annotated[Literal[tuple(formats)], Query()], default=formats[0]
    )
    kept = {name: each for name, each in wanted.items() if name not in _OF_PAGES}
    begin = {"cursor": BEGIN} if "cursor" in wanted else {}

    async def export(**given: Any) -> Response:
        found: Response = await answer(**given, **begin)
        return found

    export.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        list((kept | {"format": chosen}).values())
    )
    content = {MEDIA_TYPES[each]: {"schema": _SCHEMAS.get(each, _FILE)} for each in formats}
    router.add_api_route(
        f"{path}/export",
        export,
        operation_id=name,
        summary=summary,
        tags=tags,
        response_class=Response,
        openapi_extra={"parameters": list(parameters)},
        responses={200: {"description": _DESCRIPTION, "content": content}},
    )


def _formats(annotation: Any) -> tuple[str, ...]:
    """Return the values of a parameter that has some alone, whatever is said about it."""
    inner = get_args(annotation)
    return inner if isinstance(inner[0], str) else _formats(inner[0])
