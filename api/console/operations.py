"""Operations: is everything up to date, what is parked, which heads are signed, who did what."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from api.console.asking import ask
from api.console.sheets import moment
from api.console.view import HOME, View, page_at

router = APIRouter(include_in_schema=False)

LATEST = 30


@page_at(router, f"{HOME}/operations")
async def operations(view: View) -> Response:
    """Show parts with their lag, processes, what is parked, signed heads, and both logs.

    What whoever looks may not see is left out.
    """
    ready = await ask(view.request, "/readyz")
    limit = [("limit", str(LATEST))]
    told: dict[str, Any] = {}
    for name, path, query in (
        ("parked", "/parked", []),
        ("heads", "/proofs/head", []),
        ("log", "/operations", limit),
        ("system", "/system-log", limit),
    ):
        told[name] = await view.get_if_seen(path, query, now=True)
    return await view.show(
        "operations.html",
        title=view.words("operations"),
        ready=ready.content,
        at=moment,
        **told,
    )
