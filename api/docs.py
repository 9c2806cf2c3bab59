"""Documentation: the OpenAPI document, and a page to read and try it without the internet."""

from __future__ import annotations

from functools import cache
from importlib import resources

from fastapi import APIRouter, Depends, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html

from api.problems import NotFound
from api.reading import json_response, known_only

router = APIRouter(include_in_schema=False, dependencies=[Depends(known_only)])

_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}


@router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    """Return the OpenAPI document."""
    return json_response(request.app.openapi())


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Return the page."""
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title=request.app.title,
        swagger_js_url="/docs/swagger-ui-bundle.js",
        swagger_css_url="/docs/swagger-ui.css",
        swagger_favicon_url="/docs/favicon-32x32.png",
        swagger_ui_parameters={
            "persistAuthorization": True,
            "docExpansion": "none",
            "filter": True,
        },
    )


@router.get("/docs/{name}")
async def asset(name: str) -> Response:
    """Return a file of the page."""
    if name not in _ASSETS:
        raise NotFound(f"There is no {name!r} here.")
    headers = {"Cache-Control": "max-age=86400"}
    return Response(_asset(name), media_type=_ASSETS[name], headers=headers)


@router.get("/favicon.ico")
async def favicon() -> Response:
    """Return the icon of the page, where browsers look for it by themselves."""
    return Response(_asset("favicon-32x32.png"), media_type="image/png")


@cache
def _asset(name: str) -> bytes:
    return (resources.files("fastapi_swagger") / "resources" / name).read_bytes()
