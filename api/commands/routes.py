"""Commands over HTTP: each command of the domain is a route; one handler serves them all."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
import structlog
from starlette.types import Receive, Send

from adapters.commands.exact_json import read
from adapters.commands.executor import Answer, Call
from adapters.refusals import Refusal
from api.commands.additions import Additions, additions
from api.commands.generated_parameters import issued
from api.kernel.access.authentication import Principal
from api.kernel.bodies import read_body, refuse_many_values, require_json
from api.kernel.problems import MalformedHeader
from api.kernel.process import Parts
from domain.kernel.aggregate import new_id
from domain.kernel.commands import Command, commands

log = structlog.get_logger(__name__)

_KEY = re.compile(rb"[\x21-\x7e]{1,200}")
_ETAG = re.compile(rb'(?:W/)?"([0-9]{1,9})(?:-[0-9a-f]{1,64})?"')


class Target(NamedTuple):
    """What a request commands: a command, and the id of the record unless it creates one."""

    command: Command
    id: str | None


class Asked(NamedTuple):
    """What every request carries, whatever it asks for."""

    headers: Mapping[bytes, bytes]
    who: Principal
    address: str
    trace: str
    whole: bool = False
    """Whether its body has come."""


class CommandRoutes:
    """`POST /customers` creates, `POST /customers/{id}/regrade` commands."""

    def __init__(self, parts: Parts) -> None:
        """Serve all commands of the domain through the executor of the given parts."""
        self._parts = parts
        self._creating: dict[str, Command] = {}
        self._others: dict[tuple[str, str], Command] = {}
        for command in commands().values():
            plural = command.aggregate.plural
            if command.creates:
                if plural in self._creating:
                    raise ValueError(f"two commands create {plural}")
                self._creating[plural] = command
            else:
                self._others[plural, command.verb] = command

    def find(self, path: str) -> Target | None:
        """Return what a path commands, `None` when it is no command."""
        steps = path.split("/")
        if len(steps) == 4:
            command, id = self._others.get((steps[1], steps[3])), steps[2]
        elif len(steps) == 2:
            command, id = self._creating.get(steps[1]), None
        else:
            return None
        return None if command is None else Target(command, id)

    async def serve(self, target: Target, asked: Asked, receive: Receive, send: Send) -> None:
        """Execute a command and send its answer. Raises a `Refusal`."""
        began = time.perf_counter()
        command = target.command
        outcome = "accepted"
        try:
            s = self._parts.settings
            seconds = None if asked.whole else s.body_seconds
            body = await read_body(asked.headers, receive, s.body_limit, seconds)
            if body:
                require_json(asked.headers)
                refuse_many_values(body, self._parts.settings.values_limit)
            key = idempotency_key(asked.headers)
            issue = issued(command.name)
            call = Call(
                command=command.name,
                id=target.id,
                body=body,
                origin=asked.who.origin(key or new_id()),
                if_match=if_match(asked.headers),
                keyed=key is not None,
                address=asked.address,
                trace=asked.trace,
                credential=asked.who.credential,
                issued=issue.given,
                party=asked.who.party,
            )
            answer = await self._parts.executor.begin(call)
        except Refusal as refusal:
            outcome = refusal.name
            raise
        except BaseException:
            outcome = "error"
            raise
        finally:
            self._parts.metrics.command(command.name, outcome, time.perf_counter() - began)
        content = _content(answer)
        if answer.added:
            content = _joined(content, answer.added)
        if issue.shown and not answer.repeated:
            content = _joined(content, issue.shown)
        if command.name in additions:
            done = [(answer, read(body))]
            look_up = self._parts.own(Additions).to
            for more in filter(None, await look_up(asked.who, command.name, done)):
                content = _joined(content, more)
        await send(_start(command, answer, len(content)))
        await send({"type": "http.response.body", "body": content})


def _joined(content: bytes, more: Mapping[str, Any]) -> bytes:
    """Return a JSON object with more members."""
    return content[:-1] + b"," + orjson.dumps(more, default=str)[1:]


def _content(answer: Answer) -> bytes:
    return b'{"id":"%b","version":%d,"position":%d}' % (
        answer.id.encode(),
        answer.version,
        answer.position,
    )


def _start(command: Command, answer: Answer, length: int) -> dict[str, Any]:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % length),
        (b"etag", b'"%d"' % answer.version),
    ]
    if command.creates:
        location = f"/{command.aggregate.plural}/{answer.id}"
        headers.append((b"location", location.encode()))
    if answer.repeated:
        headers.append((b"idempotency-replayed", b"true"))
    status = 201 if command.creates else 200
    return {"type": "http.response.start", "status": status, "headers": headers}


def idempotency_key(headers: Mapping[bytes, bytes]) -> str | None:
    """Return the client's key for its request, if it sent one. Raises `MalformedHeader`."""
    key = headers.get(b"idempotency-key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise MalformedHeader("Idempotency-Key has 1 to 200 visible ASCII characters.")
    return key.decode()


def if_match(headers: Mapping[bytes, bytes]) -> int | None:
    """Return the version that the client has seen, if it sent one. Raises `MalformedHeader`.

    It is the version alone, or the ETag of what the client read, which begins with it; a weak one
    if that was compressed on its way: whoever goes by the version needs not the same bytes.
    """
    tag = headers.get(b"if-match")
    if tag is None or tag == b"*":
        return None
    match = _ETAG.fullmatch(tag)
    if not match:
        raise MalformedHeader(
            'If-Match is the version in quotes, as in "3", or an ETag as it came.'
        )
    return int(match[1])
