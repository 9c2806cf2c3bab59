"""Noting: reads and refused requests on their way into the operation log; no answer waits."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import Any, Literal

import structlog

from adapters.journal.group_commit import Writer
from adapters.journal.operation_entries import Repeat
from adapters.journal.unit_of_work import Transaction
from adapters.refusals import Overloaded, Refusal
from domain.kernel.actors import STRANGER, ActorKind
from domain.kernel.aggregate import new_id

log = structlog.get_logger(__name__)

GATHER = 0.1
"""Seconds for which entries gather, so that reading costs no commit a request."""

RETRY = 0.5
"""Seconds after which entries that could not be written are tried again."""

PATIENCE = 5.0
"""Seconds that a read waits for room in the queue before it is refused."""

IN_ONE_COMMIT = 2000
"""Entries that are written together at most."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A read, or a request that was refused before it came to the writer.

    `command` names what was asked (`customer.read`), `query` is its path and query; `times` is how
    many attempts that were refused alike it stands for. A read told what there was at a `position`,
    so many `rows`, of the records `targets`, ids with spaces between, when they are few.
    """

    kind: Literal["command", "read"]
    command: str
    actor: str
    unit: str
    on_behalf_of: str | None
    credential: str | None
    address: str
    trace: str | None
    target: str | None
    query: str | None
    status: int
    refusal: str | None = None
    detail: str | None = None
    duration_us: int = 0
    times: int = 1
    actor_kind: ActorKind = "person"
    position: int | None = None
    rows: int | None = None
    targets: str | None = None


class Notes:
    """The queue of entries that are not yet in the log; it belongs to one event loop.

    It is bounded: a read asks for `room` first, and is refused when there is none for too long.
    Requests that were refused alike while they wait here share an entry; past the bound they are
    only counted, in one entry. What the journal could not take stays and is tried again.
    """

    def __init__(self, writer: Writer, capacity: int = 8192) -> None:
        """Write through the journal's one writer; let `capacity` entries wait."""
        self._writer = writer
        self._capacity = capacity
        self._waiting: deque[Entry] = deque()
        self._refused: dict[Entry, Entry] = {}
        self._missed = 0
        self._writing: Batch | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._noted = self._durable = 0
        self._watchers: list[tuple[int, asyncio.Future[None]]] = []
        self._stopped = False

    def start(self) -> None:
        """Begin to write; call it on the event loop that will note."""
        self._loop = asyncio.get_running_loop()

    def stop(self) -> None:
        """Hand everything to the writer, which writes it before it ends."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        while batch := self._batch():
            self._writer.enqueue(batch, Future())

    @property
    def waiting(self) -> int:
        """How many entries wait to be written."""
        return len(self._waiting) + len(self._refused)

    async def room(self, share: float = 1.0) -> None:
        """Wait until there is room for an entry. Raises `Overloaded` after `PATIENCE` seconds.

        Who notes much and can wait asks for room within a `share`, and leaves the rest to others.
        Requests that found room at the same time may exceed the bound by their own number.
        """
        full = self.waiting >= self._capacity * share
        if full and not await self._reach(self._durable + 1, PATIENCE):
            raise Overloaded("The operation log cannot take the request now; try again shortly.")

    def note(self, entry: Entry) -> None:
        """Queue an entry; it is written within about `GATHER` seconds."""
        self._noted += entry.times
        if entry.refusal is None:
            self._waiting.append(entry)
        elif self.waiting < self._capacity:
            alike = dataclasses.replace(entry, trace=None, duration_us=0, times=1)
            before = self._refused.get(alike)
            times = entry.times + (before.times if before else 0)
            self._refused[alike] = dataclasses.replace(before or entry, times=times)
        else:
            self._missed += entry.times
        self._later(GATHER)

    async def settled(self, seconds: float = 2.0) -> bool:
        """Wait until everything noted so far is durable; tell whether it is."""
        self._flush()
        return await self._reach(self._noted, seconds)

    def _later(self, seconds: float) -> None:
        if self._timer is None and self._writing is None and not self._stopped:
            self._timer = self._loop.call_later(seconds, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writing is None and (batch := self._batch()) is not None:
            self._write(batch)

    def _batch(self) -> Batch | None:
        """Take what waits out of the queue, the oldest first."""
        refused = list(self._refused)[:IN_ONE_COMMIT]
        entries = [self._refused.pop(alike) for alike in refused]
        size = min(len(self._waiting), IN_ONE_COMMIT - len(entries))
        entries += [self._waiting.popleft() for _ in range(size)]
        if self._missed:
            entries.append(_uncounted(self._missed))
            self._missed = 0
        return Batch(entries) if entries else None

    def _write(self, batch: Batch) -> None:
        reply: asyncio.Future[None] = self._loop.create_future()
        self._writing = batch
        try:
            self._writer.enqueue(batch, reply)
        except Refusal:
            self._again()
        else:
            reply.add_done_callback(self._written)

    def _written(self, reply: asyncio.Future[None]) -> None:
        if reply.cancelled():
            return
        if (error := reply.exception()) is not None:
            log.warning("operation_log.waiting", error=str(error), entries=self.waiting)
            self._again()
            return
        assert self._writing is not None
        self._durable += sum(entry.times for entry in self._writing.entries)
        self._writing = None
        for wanted, watcher in self._watchers:
            if wanted <= self._durable and not watcher.done():
                watcher.set_result(None)
        if self._waiting or self._refused:
            self._later(0 if self._watchers else GATHER)

    def _again(self) -> None:
        """Try the entries that were being written again, a little later."""
        batch = self._writing
        assert batch is not None
        if not self._stopped:
            self._loop.call_later(RETRY, self._write, batch)

    async def _reach(self, count: int, seconds: float) -> bool:
        """Wait until so many entries are durable, for so many seconds at most."""
        if self._durable >= count:
            return True
        watcher: asyncio.Future[None] = self._loop.create_future()
        self._watchers.append((count, watcher))
        try:
            async with asyncio.timeout(seconds):
                await watcher
        except TimeoutError:
            return False
        finally:
            self._watchers.remove((count, watcher))
        return True


class Batch:
    """Entries on their way through the writer, as one unit of work."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries

    def needs(self) -> Iterable[str]:
        """Return nothing: no record is read."""
        return ()

    def codes(self) -> Iterable[tuple[str, str]]:
        """Return nothing: no record is read."""
        return ()

    def repeats(self) -> Iterable[Repeat]:
        """Return nothing: nothing is asked twice."""
        return ()

    def waits(self, transaction: Transaction) -> bool:  # noqa: ARG002
        """Wait for nothing: nobody's permissions are asked."""
        return False

    def run(self, transaction: Transaction) -> None:
        """Enter everything in the operation log."""
        for entry in self.entries:
            transaction.operations.log(_row(entry))

    def refused(self, transaction: Transaction, error: Exception) -> None:
        """Do nothing: the entries are tried again."""


def _row(entry: Entry) -> dict[str, Any]:
    row = dataclasses.asdict(entry)
    for name, length in (("command", 100), ("target", 36), ("query", 2000), ("detail", 1000)):
        if row[name] is not None:
            row[name] = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", row[name])[:length]
    return row | {
        "on_behalf_kind": entry.on_behalf_of and "person",
        "accepted": entry.refusal is None,
        "command_id": new_id(),
        "digest": "",
        "version": None,
    }


def _uncounted(times: int) -> Entry:
    """Return the entry of requests that were refused while the queue was full."""
    return Entry(
        kind="command",
        command="any",
        actor=STRANGER.id,
        actor_kind=STRANGER.kind,
        unit="none",
        on_behalf_of=None,
        credential=None,
        address="",
        trace=None,
        target=None,
        query=None,
        status=503,
        refusal="overloaded",
        detail="Refused while the operation log could not be written.",
        times=times,
    )
