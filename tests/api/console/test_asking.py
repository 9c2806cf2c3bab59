"""Asking the API from inside: whole answers, also those that come in pieces."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.console.asking import ask


def test_an_answer_that_comes_in_pieces_is_whole_and_keeps_nobody_waiting() -> None:
    async def entrance(scope: Scope, receive: Receive, send: Send) -> None:
        pieces = iter([b'{"items"', b": [1, 2]}"])
        answer = StreamingResponse(pieces, media_type="application/json")
        await answer(scope, receive, send)

    state = SimpleNamespace(entrance=entrance)
    scope: Scope = {
        "type": "http",
        "client": None,
        "server": None,
        "scheme": "http",
        "headers": [],
        "asgi": {"spec_version": "2.3"},
        "state": {"trace": "0" * 32},
        "app": SimpleNamespace(state=state),
    }
    found = asyncio.run(asyncio.wait_for(ask(Request(scope), "/reports"), 10))
    assert (found.status, found.content) == (200, {"items": [1, 2]})
