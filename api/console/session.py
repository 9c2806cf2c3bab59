"""The session of a browser: tokens in a cookie that no script reads, renewed when they end."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request, Response

from api.console.asking import Answered, Query, ask
from api.kernel.bodies import read_body
from api.kernel.problems import Forbidden

COOKIE = "__Host-keyline"
"""The name: browsers take it from this host alone, over HTTPS or from this machine."""

_AGE = 30 * 24 * 3600
"""Seconds for which a browser keeps it; how long a session goes on is not up to it."""


_LIMIT = 65_536
"""Bytes of a form."""


class SignedOut(Exception):
    """Nobody is signed in, or not any more."""


class Session(NamedTuple):
    """What the cookie holds: a mark that forms have to repeat, and the tokens of a sign-in."""

    mark: str
    access: str
    refresh: str

    @classmethod
    def begun(cls, tokens: Answered) -> Session:
        """Return the session of an answer to `POST /sign-in`."""
        given = tokens.content
        return cls(secrets.token_urlsafe(18), given["access_token"], given.get("refresh_token", ""))

    def keep(self, answer: Response) -> None:
        """Let the browser keep it."""
        answer.set_cookie(
            COOKIE, "~".join(self), _AGE, secure=True, httponly=True, samesite="strict"
        )


def forget(answer: Response) -> None:
    """Let the browser forget its session."""
    answer.delete_cookie(COOKIE, secure=True, httponly=True, samesite="strict")


def session_of(request: Request) -> Session | None:
    """Return the session that a request brings."""
    parts = request.cookies.get(COOKIE, "").split("~")
    return Session(*parts) if len(parts) == 3 else None


def require_own(request: Request, mark: str) -> None:
    """Raise `Forbidden` unless a form was sent by a page of ours, in this session."""
    session = session_of(request)
    if session is None or not hmac.compare_digest(session.mark.encode(), mark.encode()):
        raise Forbidden("This form is of a session that has ended: load the page again.")
    require_same_origin(request)


def require_same_origin(request: Request) -> None:
    """Raise `Forbidden` when the page that sent a form is somebody else's."""
    origin = request.headers.get("origin")
    if origin is None or urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden("This form was sent by a page of another place.")


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form."""
    seconds = request.app.state.parts.settings.body_seconds
    body = await read_body(dict(request.scope["headers"]), request.receive, _LIMIT, seconds)
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


class Visitor:
    """Whoever looks at a page: asks the API as them, with new tokens where it takes that."""

    def __init__(self, request: Request) -> None:
        """Be who the request's cookie says. Raises `SignedOut`."""
        session = session_of(request)
        if session is None:
            raise SignedOut
        self.request = request
        self.session = session
        self.renewed = False
        """Whether the browser has to be told of new tokens."""

    async def ask(self, path: str, query: Query = ()) -> Answered:
        """Return what the API answers them. Raises `SignedOut`."""
        return await self._as_them(partial(ask, self.request, path, list(query)))

    async def give(
        self, path: str, body: Mapping[str, Any], more: Mapping[str, str], query: Query = ()
    ) -> Answered:
        """Give a command as them, with further headers. Raises `SignedOut`."""
        return await self._as_them(partial(ask, self.request, path, query, body=body, more=more))

    async def _as_them(self, asking: Callable[..., Awaitable[Answered]]) -> Answered:
        found = await asking(token=self.session.access)
        if found.status == 401:
            await self._renew()
            found = await asking(token=self.session.access)
            if found.status == 401:
                raise SignedOut
        return found

    async def _renew(self) -> None:
        if self.renewed or not self.session.refresh:
            raise SignedOut
        body = {"refresh_token": self.session.refresh}
        found = await ask(self.request, "/sign-in/refresh", body=body)
        if found.status != 200:
            raise SignedOut
        self.renewed = True
        self.session = Session.begun(found)._replace(mark=self.session.mark)
