"""Documentation: the OpenAPI document, and a page to read and try it without the internet."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Annotated

import orjson
from fastapi import APIRouter, FastAPI, Header, Request, Response

from api.kernel.problems import NotFound
from api.kernel.reading.answer_headers import PUBLIC, matches, tag_of
from api.kernel.reading.read_parameters import JSON

router = APIRouter(include_in_schema=False)

_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "start.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""

_START = b"""localStorage.removeItem("authorized"); // keys that earlier versions of this page kept
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  persistAuthorization: false,
});
"""
"""Begins the page; a key that is entered is known to the open page alone."""

_OWN = "; ".join(
    (
        *("default-src 'none'", "script-src 'self'", "style-src 'self'"),
        *("img-src 'self' data:", "connect-src 'self'", "base-uri 'none'"),
        *("form-action 'none'", "frame-ancestors 'none'"),
    )
)
"""What the page may load and run: our own files, and the styles that its elements bear."""

Tag = Annotated[str | None, Header(alias="If-None-Match")]


@router.get("/openapi.json")
async def openapi(request: Request, have: Tag = None) -> Response:
    """Return the OpenAPI document."""
    return kept(_document(request.app), "application/json", have)


@router.get("/docs")
async def docs(request: Request, have: Tag = None) -> Response:
    """Return the page."""
    page = _PAGE.format(title=request.app.title).encode()
    answer = kept(page, "text/html", have)
    answer.headers["Content-Security-Policy"] = _OWN
    return answer


@router.get("/docs/{name}")
async def asset(name: str, have: Tag = None) -> Response:
    """Return a file of the page."""
    if name not in _ASSETS:
        raise NotFound(f"There is no {name!r} here.")
    return kept(_asset(name), _ASSETS[name], have)


@router.get("/favicon.ico")
async def favicon(have: Tag = None) -> Response:
    """Return the icon of the page, where browsers look for it by themselves."""
    return kept(_asset("favicon-32x32.png"), "image/png", have)


def kept(content: bytes, media_type: str, have: str | None) -> Response:
    """Return what is the same for everybody, unless the browser has it already."""
    headers = {"Cache-Control": PUBLIC, "ETag": _tag(content)}
    if matches(have, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


@cache
def _document(app: FastAPI) -> bytes:
    return orjson.dumps(app.openapi(), option=JSON)


_tag = cache(tag_of)


@cache
def _asset(name: str) -> bytes:
    if name == "start.js":
        return _START
    return (resources.files("fastapi_swagger") / "resources" / name).read_bytes()
