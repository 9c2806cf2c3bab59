"""Many commands in one request: NDJSON lines in, one result a line out, in the same order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

import orjson
import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.types import Receive, Send

from adapters.commands.body_validation import unfit
from adapters.commands.exact_json import read
from adapters.commands.executor import Answer, Call
from adapters.refusals import InvalidBody, Overloaded, Refusal
from api.commands.additions import Additions, Done, additions
from api.commands.generated_parameters import NOTHING, Issue, issued
from api.commands.listed import is_list, lines, whole
from api.commands.operation_entries import note_line
from api.commands.routes import Asked
from api.kernel.bodies import Disconnected, Pace, pieces, refuse_many_values, require_json
from api.kernel.lasting import AGAIN
from api.kernel.limits.results import Results
from api.kernel.problems import BodyTooLarge, InternalError, document
from api.kernel.process import Parts
from api.kernel.reading.ndjson import line as line_of
from domain.kernel.aggregate import new_id
from domain.kernel.commands import commands

log = structlog.get_logger(__name__)

AT_ONCE = 512
"""Commands of one request that wait for the journal, or to be put into words, at a time."""

TOLD_AT_ONCE = 16
"""Results that are put into words together, so that what is added to them is looked up at once.

The commands of others wait for that, as theirs is looked up next.
"""

BYTES_OF_A_PLACE = 1024
"""Bytes of a line for which it takes one more of the places that commands have under way."""

PATH = "/commands"

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

    A list of commands, which comes whole before the first is begun, is answered by a list. A line
    that cannot be read is answered by a problem, and the rest goes on. Results that the
    client does not take are kept, as many bytes as the settings say; then no more lines are read.
    Who goes on to take nothing is let go, and told what was done when it sends the lines again
    with their keys. Whoever may not go on is told so by the last result; what was begun before is
    done and told. Raises a `Refusal` only while no command was begun.
    """
    require_json(asked.headers, MEDIA_TYPE, b"application/jsonl", b"application/ndjson")
    s = parts.settings
    pace = Pace(s.stall_seconds, s.least_rate)
    body = pieces(asked.headers, receive, s.batch_limit, pace)
    first = await anext(body, b"")
    listed = is_list(first)
    if listed:
        told = lines(await whole(first, body, s.body_limit))
        first = b"\n".join(told)
    headers = [(b"content-type", b"application/json" if listed else MEDIA_TYPE)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    results = Results(parts.kept, parts.settings.results_limit)
    batch = _Batch(parts, asked, results, listed=listed)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(results.send(send))
            group.create_task(batch.tell())
            await batch.read(first, body)
    except* Disconnected:
        pass  # what was begun is done all the same


class _Result(NamedTuple):
    """The outcome of one line, known now or later."""

    line: int
    command: str
    outcome: asyncio.Future[Answer] | bytes
    """The answer; or the whole result, which takes a tenth of the memory of a refusal."""
    shown: Mapping[str, str]
    body: Mapping[str, Any] | None = None
    """The body, when something is to be looked up by it."""


class _Batch:
    """The commands of one request on their way, and their results."""

    def __init__(self, parts: Parts, asked: Asked, results: Results, *, listed: bool) -> None:
        self._before, self._after = (b"[", b"]") if listed else (b"", b"")
        self._between = b"," if listed else b""
        self._parts = parts
        self._asked = asked
        self._results = results
        self._line = 0
        self._rest = bytearray()
        self._asked_at = time.monotonic()
        self._told: asyncio.Queue[_Result | None] = asyncio.Queue(AT_ONCE)

    async def read(self, first: bytes, body: AsyncIterator[bytes]) -> None:
        """Begin the commands of a body; when the rest of it was refused, that is the result."""
        try:
            await self._take(first)
            async for piece in body:
                await self._ask_again()
                await self._take(piece)
            await self._begin(self._rest)
        except Refusal as refusal:
            text = self._refused(self._line + 1, "unknown", refusal)
            await self._told.put(_Result(self._line + 1, "unknown", text, {}))
        await self._told.put(None)

    async def tell(self) -> None:
        """Put the results into words, in the order of the lines."""
        last = False
        while not last:
            some = [await self._told.get()]
            while some[-1] is not None and len(some) < TOLD_AT_ONCE and not self._told.empty():
                some.append(self._told.get_nowait())
            results = [each for each in some if each is not None]
            last = len(results) < len(some)
            more = await self._additions(results)
            for number, result in enumerate(results):
                text = await self._text(result, more.get(number, {}))
                await self._results.add(self._before + text)
                self._before = self._between
        if self._after:
            await self._results.add(self._before.strip(b",") + self._after)
        self._results.end()

    async def _additions(self, results: Sequence[_Result]) -> Mapping[int, Mapping[str, Any]]:
        """Return what is added to the answers among some results, by their places in them."""
        by_command: dict[str, dict[int, Done]] = {}
        for number, result in enumerate(results):
            if result.body is not None and not isinstance(result.outcome, bytes):
                with suppress(Exception):  # is told when it is put into words
                    answered = (await result.outcome, result.body)
                    by_command.setdefault(result.command, {})[number] = answered
        found: dict[int, Mapping[str, Any]] = {}
        for command, done in by_command.items():
            look_up = self._parts.own(Additions).to
            more = await look_up(self._asked.who, command, list(done.values()))
            found |= zip(done, more, strict=True)
        return found

    async def _take(self, piece: bytes) -> None:
        """Begin the commands whose lines are complete with this piece of the body."""
        start = 0
        while (end := piece.find(b"\n", start)) >= 0:
            self._keep(piece[start:end])
            await self._begin(self._rest)
            self._rest.clear()
            start = end + 1
        self._keep(piece[start:])

    def _keep(self, part: bytes) -> None:
        # One byte past the limit is enough to know that a line is too long.
        self._rest += part[: self._parts.settings.body_limit + 1 - len(self._rest)]

    async def _ask_again(self) -> None:
        """Raise a `Refusal` when whoever sends the lines is not let in any more."""
        self._asked_at = time.monotonic()
        await self._parts.doorkeeper.identify(self._asked.headers, PATH)

    async def _begin(self, text: bytearray) -> None:
        if time.monotonic() - self._asked_at > AGAIN:  # a piece may wait for results to be taken
            await self._ask_again()
        self._line += 1
        if self._parts.turns.over:
            await self._parts.turns.next()
        if not text or text.isspace():
            return
        if seconds := self._parts.rates.owe(self._asked.who.caller):
            await asyncio.sleep(seconds)
        command, issue, body = "unknown", NOTHING, None
        outcome: asyncio.Future[Answer] | bytes
        try:
            refuse_many_values(text, self._parts.settings.values_limit)
            line = _read(bytes(text), self._parts.settings.body_limit)
            command = line.command if line.command in commands() else "unknown"
            issue = issued(command)
            body = line.body if command in additions else None
            outcome = await self._submit(line, issue, len(text))
        except Refusal as refusal:
            outcome = self._refused(self._line, command, refusal)
        except Exception as error:  # lines before it are to be answered, those behind it done
            outcome = self._failed(self._line, command, error)
        await self._told.put(_Result(self._line, command, outcome, issue.shown, body))
        if isinstance(outcome, bytes):
            await self._parts.notes.room(0.5)

    async def _submit(self, line: Line, issue: Issue, size: int) -> asyncio.Future[Answer]:
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
        room = self._parts.under_way
        taken = await room.enter(1 + size // BYTES_OF_A_PLACE)
        while True:
            try:
                future = self._parts.executor.begin(call, many=True)
            except Overloaded:
                await asyncio.sleep(0.01)
            except BaseException:
                room.leave(taken)
                raise
            else:
                future.add_done_callback(partial(self._leave, taken))
                return future

    def _leave(self, taken: int, future: asyncio.Future[Answer]) -> None:
        self._parts.under_way.leave(taken)
        if not future.cancelled():
            future.exception()  # looked at, so that nobody complains when the client has gone

    def _failed(self, line: int, command: str, error: Exception) -> bytes:
        """Return the answer to a line that nobody could know to fail, and log why it did."""
        log.error("command.failed", command=command, trace=self._asked.trace, exc_info=error)
        refusal = InternalError(f"Its trace id is {self._asked.trace}.")
        return self._refused(line, command, refusal, noted=True)

    async def _text(self, result: _Result, more: Mapping[str, Any]) -> bytes:
        """Return the line that answers a line, with what is added to it."""
        if self._parts.turns.over:
            await self._parts.turns.next()
        if isinstance(result.outcome, bytes):
            return result.outcome
        try:
            answer = await result.outcome
        except Refusal as refusal:
            return self._refused(result.line, result.command, refusal)
        except Exception as error:
            return self._failed(result.line, result.command, error)
        status = 201 if commands()[result.command].creates else 200
        content: dict[str, Any] = {"line": result.line, "status": status, "id": answer.id}
        content |= {"version": answer.version, "position": answer.position, **answer.added}
        content |= {"repeated": True} if answer.repeated else result.shown
        self._parts.metrics.command(result.command, "accepted")
        return line_of({**content, **more})

    def _refused(self, line: int, command: str, refusal: Refusal, *, noted: bool = False) -> bytes:
        """Return the line that answers a refused line, and note that it was refused."""
        if not noted:
            note_line(self._parts, self._asked, command, refusal)
        self._parts.metrics.command(command, refusal.name)
        problem = orjson.Fragment(document(refusal))
        content = {"line": line, "status": refusal.status, "problem": problem}
        return line_of(content)


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
