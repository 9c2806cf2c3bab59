"""Asking: what a page shows is what the API answers whoever looks, asked within the process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import orjson
from fastapi import Request
from starlette.types import Message, Scope

from api.console.texts import words_for

Query = Iterable[tuple[str, str]]


class Answered(NamedTuple):
    """What the API answered: its status, headers and content, which is bytes unless it is JSON."""

    status: int
    headers: Mapping[str, str]
    content: Any


async def ask(
    request: Request,
    path: str,
    query: Query = (),
    *,
    token: str | None = None,
    body: Mapping[str, Any] | None = None,
    more: Mapping[str, str] | None = None,
) -> Answered:
    """Return what the API answers, by the way that every request goes: it is logged as any other.

    Args:
        request: The request for a page, from whose address and under whose trace it is asked.
        path: As in `/customers`.
        query: Its parameters.
        token: The access token of whoever is signed in.
        body: What is posted; a read has none.
        more: Further headers.
    """
    content = b"" if body is None else orjson.dumps(body)
    scope = scope_of(request, path, query, token=token, more=more)
    if body is not None:
        length = (b"content-length", str(len(content)).encode())
        scope["headers"] += [(b"content-type", b"application/json"), length]
        scope["method"] = "POST"
    begun, pieces = dict[str, Any](), list[bytes]()

    waiting = [content]

    async def receive() -> Message:
        if not waiting:  # nobody leaves before the answer is whole
            await asyncio.get_running_loop().create_future()
        return {"type": "http.request", "body": waiting.pop(), "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            begun.update(message)
        else:
            pieces.append(message.get("body", b""))

    await request.app.state.entrance(scope, receive, send)
    told = {name.decode(): value.decode("latin-1") for name, value in begun["headers"]}
    whole = b"".join(pieces)
    is_json = "json" in told.get("content-type", "")
    said: Any = orjson.loads(whole) if is_json and whole else whole or None
    return Answered(begun["status"], told, said)


def scope_of(
    request: Request,
    path: str,
    query: Query,
    *,
    token: str | None,
    more: Mapping[str, str] | None = None,
) -> Scope:
    """Return what a read of the API is asked by, from inside; arguments are those of `ask`."""
    headers = {
        "host": request.headers.get("host", ""),
        "accept": "application/json",
        "accept-language": words_for(request).tag,
        "traceparent": f"00-{request.state.trace}-{os.urandom(8).hex()}-01",
        **({} if token is None else {"authorization": f"Bearer {token}"}),
        **(more or {}),
    }
    scope = {name: request.scope[name] for name in ("type", "client", "server", "scheme", "asgi")}
    return scope | {
        "method": "GET",
        "path": path,
        "raw_path": quote(path).encode(),
        "query_string": urlencode(list(query)).encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "http_version": "1.1",
        "root_path": "",
    }
