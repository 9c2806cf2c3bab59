"""Live: a page that is open hears of what was recorded when the lists have it, and comes anew."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request, Response
from starlette.types import Message, Receive, Scope, Send

from api.console.asking import scope_of
from api.console.view import HOME, View, page_at

router = APIRouter(include_in_schema=False)

PATIENCE = 5.0
"""Seconds for which what was recorded waits until the lists have it."""

_POSITIONS = re.compile(rb"^id: (\d+)$", re.MULTILINE)


@page_at(router, f"{HOME}/live")
async def live(view: View) -> Response:
    """Follow the events that whoever looks may see, as `GET /events` streams them."""
    await view.get("/me", now=True)  # the tokens are renewed where it takes that
    return _Stream(view)


class _Stream(Response):
    """The API's own stream, held back until a page that is asked for has what it tells."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        told = {"accept": "text/event-stream"}
        if last := request.headers.get("last-event-id"):
            told["last-event-id"] = last
        query = [*request.query_params.multi_items(), ("named", "false")]
        token = self._view.visitor.session.access
        asked = scope_of(request, "/events", query, token=token, more=told)

        async def held_back(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [each for each in self.raw_headers if each[0] == b"set-cookie"]
                message["headers"] = [*message["headers"], *kept]
            elif positions := _POSITIONS.findall(message.get("body", b"")):
                visible = request.app.state.parts.visible
                await visible.reach(int(positions[-1]), PATIENCE)
            await send(message)

        await request.app.state.entrance(asked, receive, held_back)
