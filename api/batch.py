"""Many commands in one request: NDJSON lines in, one result a line out, in the same order."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.types import Receive, Send

from adapters.exact_json import read
from adapters.executor import Answer, Call
from adapters.refusals import InvalidBody, Overloaded, Refusal
from adapters.shapes import unfit
from api.bodies import pieces, require_json
from api.commands import Asked
from api.issuing import NOTHING, Issue, issued
from api.noted import note_line
from api.parts import Parts
from api.problems import BodyTooLarge, InternalError, document
from domain.commands import commands
from domain.kernel import new_id

log = structlog.get_logger(__name__)

AT_ONCE = 512
"""Commands of one request that wait for the journal at a time."""

MEDIA_TYPE = b"application/x-ndjson"


class Line(BaseModel):
    """One command of many: its name, the record, the client's key for it, and its body."""

    model_config = ConfigDict(extra="forbid", strict=True)

    command: str = Field(examples=["customer.regrade"], max_length=100)
    id: str | None = Field(None, max_length=100, description="the record; none to create one")
    key: str | None = Field(
        None, pattern=r"^[\x21-\x7e]{1,200}$", description="as Idempotency-Key of a single command"
    )
    if_match: int | None = Field(
        None, ge=0, le=999_999_999, description="the version that the client has seen"
    )
    body: dict[str, Any] = Field(default_factory=dict, description="as of a single command")


async def serve_batch(parts: Parts, asked: Asked, receive: Receive, send: Send) -> None:
    """Execute commands while their lines arrive; send the results in order as they are there.

    A line that cannot be read is answered by a problem, and the rest goes on. Results that the
    client does not take are kept, so that it may send everything before it reads anything.
    Raises a `Refusal` only while no command was begun.
    """
    require_json(asked.headers, MEDIA_TYPE, b"application/jsonl", b"application/ndjson")
    body = pieces(asked.headers, receive, parts.settings.batch_limit)
    first = await anext(body, b"")
    headers = [(b"content-type", MEDIA_TYPE)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    batch = _Batch(parts, asked)
    sender = asyncio.create_task(batch.send(send))
    try:
        await batch.take(first)
        async for piece in body:
            await batch.take(piece)
        await batch.end()
    except Refusal as refusal:
        await batch.end(refusal)
    except BaseException:
        sender.cancel()
        raise
    await sender


class _Result(NamedTuple):
    """The outcome of one line, known now or later."""

    line: int
    command: str
    outcome: asyncio.Future[Answer] | Refusal
    shown: Mapping[str, str]


class _Batch:
    """The commands of one request on their way, and their results."""

    def __init__(self, parts: Parts, asked: Asked) -> None:
        self._parts = parts
        self._asked = asked
        self._line = 0
        self._rest = b""
        self._room = asyncio.Semaphore(AT_ONCE)
        self._results: asyncio.Queue[_Result | None] = asyncio.Queue()

    async def take(self, piece: bytes) -> None:
        """Begin the commands whose lines are complete with this piece of the body."""
        first, *others = piece.split(b"\n")
        # One byte past the limit is enough to know that a line is too long.
        self._rest = (self._rest + first)[: self._parts.settings.body_limit + 1]
        for following in others:
            await self._begin(self._rest)
            self._rest = following

    async def end(self, refusal: Refusal | None = None) -> None:
        """Begin the last command; when the rest of the body was refused, that is the result."""
        if refusal is None:
            await self._begin(self._rest)
        else:
            self._results.put_nowait(_Result(self._line + 1, "unknown", refusal, {}))
        self._results.put_nowait(None)

    async def send(self, send: Send) -> None:
        """Send results in the order of the lines, those that are there together."""
        lines: list[bytes] = []
        while (result := await self._results.get()) is not None:
            waits = isinstance(result.outcome, asyncio.Future) and not result.outcome.done()
            if lines and (waits or len(lines) >= AT_ONCE):
                await send(_body(lines, more=True))
                lines = []
            lines.append(await self._text(result))
            if self._results.empty():
                await send(_body(lines, more=True))
                lines = []
        await send(_body(lines, more=False))

    async def _begin(self, text: bytes) -> None:
        self._line += 1
        if not text.strip():
            return
        command, issue = "unknown", NOTHING
        outcome: asyncio.Future[Answer] | Refusal
        try:
            line = _read(text, self._parts.settings.body_limit)
            command = line.command if line.command in commands() else "unknown"
            issue = issued(command)
            outcome = await self._submit(line, issue)
        except Refusal as refusal:
            outcome = refusal
        except Exception as error:  # lines before it are to be answered, those behind it done
            outcome = self._failed(command, error)
        self._results.put_nowait(_Result(self._line, command, outcome, issue.shown))

    async def _submit(self, line: Line, issue: Issue) -> asyncio.Future[Answer]:
        who = self._asked.who
        call = Call(
            command=line.command,
            id=line.id,
            body=line.body,
            origin=who.origin(line.key or new_id()),
            if_match=line.if_match,
            keyed=line.key is not None,
            address=self._asked.address,
            trace=self._asked.trace,
            credential=who.credential,
            issued=issue.given,
            party=who.party,
        )
        await self._room.acquire()
        while True:
            try:
                future = self._parts.executor.begin(call)
            except Overloaded:
                await asyncio.sleep(0.01)
            except BaseException:
                self._room.release()
                raise
            else:
                future.add_done_callback(self._leave)
                return future

    def _leave(self, future: asyncio.Future[Answer]) -> None:
        self._room.release()
        if not future.cancelled():
            future.exception()  # looked at, so that nobody complains when the client has gone

    def _failed(self, command: str, error: Exception) -> InternalError:
        """Return the answer to a line that nobody could know to fail, and log why it did."""
        log.error("command.failed", command=command, trace=self._asked.trace, exc_info=error)
        return InternalError(f"Its trace id is {self._asked.trace}.")

    async def _text(self, result: _Result) -> bytes:
        """Return the line that answers a line."""
        content: dict[str, Any] = {"line": result.line}
        outcome = "accepted"
        try:
            if isinstance(result.outcome, Refusal):
                raise result.outcome
            answer = await result.outcome
            status = 201 if commands()[result.command].creates else 200
            content |= {"status": status, "id": answer.id}
            content |= {"version": answer.version, "position": answer.position}
            content |= {"repeated": True} if answer.repeated else result.shown
        except Refusal as refusal:
            note_line(self._parts, self._asked, result.command, refusal)
            outcome = refusal.name
            content |= {"status": refusal.status, "problem": orjson.Fragment(document(refusal))}
        except Exception as error:
            failure = self._failed(result.command, error)
            outcome = failure.name
            content |= {"status": failure.status, "problem": orjson.Fragment(document(failure))}
        self._parts.metrics.command(result.command, outcome)
        return orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE)


def _body(lines: list[bytes], *, more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": b"".join(lines), "more_body": more}


def _read(text: bytes, limit: int) -> Line:
    if len(text) > limit:
        raise BodyTooLarge(f"A line has {limit} bytes at most.")
    try:
        line = Line.model_validate(read(text))
    except ValidationError as error:
        raise unfit(error) from error
    command = commands().get(line.command)
    if command is not None and command.creates is (line.id is not None):
        detail = "no id is given to create" if command.creates else "the id of the record is needed"
        raise InvalidBody(f"/id: {detail}", [{"pointer": "/id", "detail": detail}])
    return line
