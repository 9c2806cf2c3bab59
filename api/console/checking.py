"""Checking: an event with its proof, which the browser verifies: leaf, path and signed head."""

from __future__ import annotations

import orjson
from fastapi import APIRouter, Response

from api.console.view import HOME, View, page_at

router = APIRouter(include_in_schema=False)


@page_at(router, f"{HOME}/events/{{position}}")
async def event(view: View) -> Response:
    """Show an event's proof and the public keys, to be altered and checked by whoever looks."""
    position = view.request.path_params["position"]
    proof = await view.get(f"/proofs/events/{position}", now=True)
    keys = await view.get("/proofs/keys", now=True)
    return await view.show(
        "event.html",
        title=f"{view.words('event')} {proof['number']}",
        proof=orjson.dumps(proof, option=orjson.OPT_INDENT_2).decode(),
        keys=orjson.dumps(keys["items"]).decode(),
        leaf=orjson.loads(proof["leaf"]),
    )
