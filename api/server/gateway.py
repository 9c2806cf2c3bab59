"""The entrance: every request is named, identified, answered and counted here."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Mapping, Sequence
from urllib.parse import unquote_to_bytes

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.refusals import Refusal
from api.commands.batch import PATH, serve_batch
from api.commands.operation_entries import NOBODY, Visit
from api.commands.routes import Asked, CommandRoutes, Target
from api.kernel import problems
from api.kernel.access.authentication import Principal
from api.kernel.access.tickets import presented
from api.kernel.bodies import Disconnected
from api.kernel.headers import once_each
from api.kernel.lasting import Answers, Lasting
from api.kernel.limits.caller_turns import CURRENT, CallerTurns, Turn
from api.kernel.problems import (
    Crowded,
    InternalError,
    InvalidParameter,
    MalformedRequest,
    MethodNotAllowed,
    TooManyRequests,
    Unauthenticated,
)
from api.kernel.process import Parts
from api.kernel.reading.answer_headers import Header, completed
from api.kernel.reading.read_parameters import none_known
from api.kernel.reading.told import listen
from api.server.compression import compressing
from api.server.origins import Origins
from api.server.short_way import ShortWay, answer

log = structlog.get_logger(__name__)

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Entrance:
    """The outermost application: commands and reads take short ways, the rest the router's."""

    def __init__(
        self, parts: Parts, inner: ASGIApp, reads: ShortWay, commands: CommandRoutes | None
    ) -> None:
        """Stand before `inner`; without `commands` there are only reads."""
        self.parts = parts
        """What the server is made of."""
        self._inner = inner
        self._reads = reads
        self._commands = commands
        self._doorkeeper = parts.doorkeeper
        self._answers = Answers(parts.doorkeeper)
        self._inside = 0
        self._most = parts.settings.requests
        self._origins = Origins(parts.settings.origins)
        self._turns = CallerTurns(max(1, parts.settings.reads_each))

    def end_streams(self) -> None:
        """Let streams of events end, so that the server can."""
        self.parts.end_streams()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the life of the server."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        began = time.perf_counter()
        headers = dict(scope["headers"])
        trace = _trace(headers)
        address = scope["client"][0] if scope.get("client") else ""
        visit = Visit(self.parts, scope, address, trace)
        packed = compressing(send, scope["method"], headers)
        sent = _Sent(packed, trace, visit, self._origins.headers(headers))
        self._inside += 1
        try:
            if "refusal" in scope:  # the connection could not read it
                raise scope["refusal"]
            if self._inside > self._most:
                raise Crowded("Too many requests are being answered; try again shortly.")
            if len(headers) < len(scope["headers"]):
                scope["headers"] = once_each(scope["headers"])
                headers = dict(scope["headers"])
            await self._serve(
                scope, visit, Asked(headers, visit.who, address, trace), receive, sent
            )
        except Disconnected:
            return
        except asyncio.CancelledError:
            if not await _ended(sent, visit):
                raise
            log.info("answer.ended", path=scope["path"], status=sent.status, trace=trace)
        except Refusal as refusal:
            if isinstance(refusal, TooManyRequests):
                sent.told = refusal.told
            visit.refused(refusal)
            await _refuse(refusal, sent)
            _log_refusal(refusal, scope, trace)
        except Exception:
            log.exception("request.failed", path=scope["path"], trace=trace)
            error = InternalError(f"Its trace id is {trace}.")
            visit.refused(error)
            await _refuse(error, sent)
        finally:
            self._inside -= 1
        if not scope.get("command"):
            route = getattr(scope.get("route"), "path", "none")
            seconds = time.perf_counter() - began
            self.parts.metrics.request(scope["method"], route, sent.status, seconds)

    async def _serve(
        self,
        scope: Scope,
        visit: Visit,
        asked: Asked,
        receive: Receive,
        send: _Sent,
    ) -> None:
        path: str = scope["path"]
        method: str = scope["method"]
        if allowed := self._origins.preflight(method, asked.headers):
            send.told = self.parts.rates_of_strangers.take(asked.address)
            await send({"type": "http.response.start", "status": 204, "headers": allowed})
            await send({"type": "http.response.body"})
            return
        target = None if self._commands is None else self._commands.find(path)
        if method == "POST":
            visit.target = target
        if self._doorkeeper.needed(path, asked.address):
            try:
                headers = await presented(self.parts.tickets, scope, asked.headers)
                asked = asked._replace(headers=headers)
                visit.who = await self._identify(asked.headers, path, visit.target is not None)
            except Unauthenticated:
                send.told = self.parts.rates_of_strangers.take(asked.address)
                raise
            send.told = self.parts.rates.take(visit.who.caller)
            whole = False
            if "connection" in scope:
                scope["connection"].recognise()
                whole = scope["connection"].whole
            asked = asked._replace(who=visit.who, whole=whole)
        else:
            send.told = self.parts.rates_of_strangers.take(asked.address)
        if self._commands is not None:
            query = scope["query_string"]
            if query and method == "POST" and (target is not None or path == PATH):
                none_known(query)
            if target is not None and method == "POST":
                scope["command"] = True
                await self._command(target, asked, receive, send)
                return
            if target is not None and target.id is not None:
                raise MethodNotAllowed("POST")
            if target is not None and method not in ("GET", "HEAD"):
                raise MethodNotAllowed("GET, HEAD, POST")
            if path == PATH:
                if method != "POST":
                    raise MethodNotAllowed("POST")
                await serve_batch(self.parts, asked, receive, send)
                return
        _refuse_unreadable(scope)
        if method == "HEAD":  # the server leaves the body away; an endless one is not begun
            bounded = [(name, value) for name, value in scope["headers"] if name != b"accept"]
            scope = {**scope, "method": "GET", "headers": bounded}
        scope.setdefault("state", {}).update(who=visit.who, trace=asked.trace, visit=visit)
        scope["app"] = self._inner
        visit.routed = scope
        visit.told = listen()
        await self.parts.notes.room()
        with structlog.contextvars.bound_contextvars(trace=asked.trace):
            if method not in ("GET", "HEAD"):
                await self._inner(scope, receive, send)
                return
            if visit.who is NOBODY:
                await self._read(scope, receive, send)
                return
            with (
                self._turns.of(visit.who.caller) as send.turn,
                Lasting(self._answers, asked.headers, path) as send.lasting,
            ):
                await send.turn.take()
                CURRENT.set(send.turn)
                await self._read(scope, receive, send)

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> None:
        read = self._reads.find(scope)
        if read is None:
            await self._inner(scope, receive, send)
        else:
            await answer(read, scope, receive, send)

    async def _identify(
        self, headers: Mapping[bytes, bytes], path: str, commands: bool
    ) -> Principal:
        who = self._doorkeeper.at_once(headers) if commands else None
        return who or await self._doorkeeper.identify(headers, path)

    async def _command(self, target: Target, asked: Asked, receive: Receive, send: Send) -> None:
        assert self._commands is not None
        try:
            await self._commands.serve(target, asked, receive, send)
        except Refusal as refusal:
            if refusal.status in (403, 404, 422):
                # The key may have been revoked since the last look: that is then the reason.
                await self._doorkeeper.identify(asked.headers, "")
            raise


class _Sent:
    """Completes the headers of an answer, and notes and remembers how the request was answered."""

    def __init__(self, send: Send, trace: str, visit: Visit, always: Sequence[Header] = ()) -> None:
        self._send = send
        self._visit = visit
        self._always = (*always, (b"trace-id", trace.encode()))
        self.told: Sequence[tuple[bytes, bytes]] = ()
        """What the caller is told of how much more they may ask."""
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.complete = False
        self.lasting: Lasting | None = None
        """The answer, when it may go on for long and is to somebody known."""
        self.turn: Turn | None = None
        """The turn in which it is found; that it is taken slowly holds up no other."""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._visit.answered(self.status, message.get("headers", ()))
            given = [each for each in message.get("headers", ()) if each[0] != b"rows"]
            given += [*self._visit.how_many(), *self._visit.deprecations()]
            self.headers = completed([*given, *self.told], *self._always)
            message["headers"] = self.headers
            if self.turn is not None:
                self.turn.give_back()
        elif not message.get("more_body"):
            self.complete = True
        elif self.lasting is not None:
            await self.lasting.go_on()
        await self._send(message)


def _trace(headers: Mapping[bytes, bytes]) -> str:
    """Return the id of the caller's trace (W3C Trace Context), or a new one."""
    match = _TRACEPARENT.fullmatch(headers.get(b"traceparent", b""))
    return match[1].decode() if match else os.urandom(16).hex()


def _refuse_unreadable(scope: Scope) -> None:
    """Refuse what no parameter may have in it, once for all routes."""
    if _CONTROL.search(scope["path"]) or "\N{REPLACEMENT CHARACTER}" in scope["path"]:
        raise MalformedRequest("The path has a control character in it, or is not UTF-8.")
    query: bytes = scope["query_string"]
    if not query:
        return
    try:
        text = unquote_to_bytes(query.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise MalformedRequest("The query is not UTF-8.") from None
    if _CONTROL.search(text):
        raise InvalidParameter("The query has a control character in it.")


async def _refuse(refusal: Refusal, sent: _Sent) -> None:
    if sent.status:  # too late for another answer: the server breaks the connection off
        return
    content = problems.document(refusal)
    headers = [*problems.headers(refusal), (b"content-length", b"%d" % len(content))]
    await sent({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await sent({"type": "http.response.body", "body": content})


async def _ended(sent: _Sent, visit: Visit) -> bool:
    """End an answer that whoever gets it may not have any more; tell whether it was that."""
    if sent.lasting is None or sent.lasting.over is None:
        return False
    task = asyncio.current_task()
    assert task is not None
    task.uncancel()
    if not sent.status:
        visit.refused(sent.lasting.over)
        await _refuse(sent.lasting.over, sent)
    elif not sent.complete:
        await sent.lasting.say_why(dict(sent.headers).get(b"content-type", b""), sent)
    return True


def _log_refusal(refusal: Refusal, scope: Scope, trace: str) -> None:
    """Note in the system log what the operation log does not have."""
    if refusal.status in (401, 403):
        client = scope["client"][0] if scope.get("client") else None
        path = scope["path"]
        log.warning("request.refused", refusal=refusal.name, path=path, address=client, trace=trace)
