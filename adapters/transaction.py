"""Transactions of the journal: many units of work, each all-or-nothing, in one commit."""

from __future__ import annotations

import time
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa

from adapters.journal_tables import claims, events, head, operations
from domain.kernel import Aggregate, Origin, Stored, evolve, to_stored

T = TypeVar("T")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

IN_ONE_QUERY = 500
"""Values in one IN list: few enough for every database, many enough that queries are rare."""


def instant(time_us: int) -> datetime:
    """Return microseconds since 1970 UTC as a datetime."""
    return EPOCH + timedelta(microseconds=time_us)


class Conflict(Exception):
    """An append expected another version of the stream than the one it has."""


class Done(NamedTuple):
    """An accepted command as the operation log remembers it: the answer to its repeats."""

    digest: str
    target: str
    version: int
    position: int


class Cache:
    """The aggregates last used, as of a position; only the holder of the head lock touches it."""

    def __init__(self, size: int) -> None:
        """Keep up to `size` aggregates."""
        self.position = 0
        self.size = size
        self._aggregates: OrderedDict[str, Aggregate] = OrderedDict()

    def get(self, stream: str) -> Aggregate | None:
        """Return an aggregate, if it is kept, and note its use."""
        aggregate = self._aggregates.get(stream)
        if aggregate is not None:
            self._aggregates.move_to_end(stream)
        return aggregate

    def put(self, aggregate: Aggregate) -> None:
        """Keep an aggregate, at the cost of the one that was not used for longest."""
        self._aggregates[aggregate.id] = aggregate
        if len(self._aggregates) > self.size:
            self._aggregates.popitem(last=False)

    def drop(self, streams: Iterable[str]) -> None:
        """Forget aggregates that somebody changed elsewhere, or here in vain."""
        for stream in streams:
            self._aggregates.pop(stream, None)

    def clear(self) -> None:
        """Forget everything."""
        self._aggregates.clear()


class Transaction:
    """One commit in the making, under the head lock: what it reads is the latest there is.

    Units of work follow one another; each begins with `begin_unit` and, when it fails, is taken
    back with `undo_unit`, which leaves its neighbours as they are. Nothing is sent to the
    database before `flush`.
    """

    def __init__(self, connection: sa.Connection, cache: Cache) -> None:
        """Take the head lock and bring the cache up to what other processes have written."""
        self.connection = connection
        self.cache = cache
        row = connection.execute(sa.select(head).with_for_update()).one()
        self.position: int = row.position
        self._operation: int = row.operation
        self.time_us = max(time.time_ns() // 1000, row.time_us)
        if cache.position != self.position:
            self._catch_up()
        self._events: list[dict[str, Any]] = []
        self._operations: list[dict[str, Any]] = []
        self._versions: dict[str, int] = {}
        self._claims: dict[tuple[str, str], str | None] = {}
        self._done: dict[tuple[str, str], Done | None] = {}
        self._absent: set[str] = set()
        self._touched: set[str] = set()
        self.begin_unit()

    def _catch_up(self) -> None:
        changed = sa.select(events.c.stream).where(events.c.position > self.cache.position)
        behind = self.position - self.cache.position
        if not 0 <= behind <= self.cache.size:  # below 0: the database was restored
            self.cache.clear()
        else:
            self.cache.drop(self.connection.scalars(changed.distinct()))
        self.cache.position = self.position

    def begin_unit(self) -> None:
        """Begin the next unit of work."""
        self._mark = (len(self._events), len(self._operations), self.position)
        self._unit_claims: dict[tuple[str, str], str | None] = {}
        self._unit_versions: dict[str, int] = {}
        self._touched = set()

    def undo_unit(self) -> None:
        """Take back everything that the current unit of work did."""
        n_events, n_operations, self.position = self._mark
        del self._events[n_events:], self._operations[n_operations:]
        self._unit_claims.clear()
        self._unit_versions.clear()
        self.cache.drop(self._touched)
        self.begin_unit()

    def end_unit(self) -> None:
        """Keep what the current unit of work did."""
        self._claims |= self._unit_claims
        self._versions |= self._unit_versions
        self._operation += len(self._operations) - self._mark[1]

    def load(self, stream: str) -> Aggregate | None:
        """Return the record with this id as it is now, or `None`."""
        self._touched.add(stream)
        aggregate = self.cache.get(stream)
        if aggregate is None and stream not in self._absent:
            self.prefetch([stream])
            aggregate = self.cache.get(stream)
        return aggregate

    def prefetch(self, streams: Iterable[str]) -> None:
        """Read all these records that are not in the cache, in as few queries as may be."""
        wanted = [s for s in dict.fromkeys(streams) if s and self.cache.get(s) is None]
        for part in _parts(wanted, min(IN_ONE_QUERY, self.cache.size)):
            columns = [events.c[name] for name in ("stream", "version", "type", "schema")]
            query = (
                sa.select(*columns, events.c.time_us, events.c.data)
                .where(events.c.stream.in_(part))
                .order_by(events.c.stream, events.c.version)
            )
            histories = defaultdict(list)
            for row in self.connection.execute(query):
                stored = (row.stream, row.version, row.type, row.schema)
                histories[row.stream].append((*stored, instant(row.time_us), row.data))
            for history in histories.values():
                if (aggregate := evolve(None, history)) is not None:
                    self.cache.put(aggregate)
            self._absent.update(set(part) - histories.keys())

    def existing(self, streams: Collection[str], kind: str) -> set[str]:
        """Return those of the ids that name a record of this kind, without reading it."""
        found: set[str] = set()
        for part in _parts(list(streams), IN_ONE_QUERY):
            query = sa.select(events.c.stream).where(
                events.c.stream.in_(part),
                events.c.version == 1,
                events.c.type.startswith(f"{kind}.", autoescape=True),
            )
            found.update(self.connection.scalars(query))
        fresh = (row for row in self._events if row["version"] == 1)
        found.update(
            row["stream"]
            for row in fresh
            if row["stream"] in streams and row["type"].startswith(f"{kind}.")
        )
        return found

    def save(self, aggregate: Aggregate, origin: Origin) -> int:
        """Append the pending facts of a record that this transaction loaded or made.

        Returns the position of the last of them, or the present one when there are none.
        """
        self._touched.add(aggregate.id)
        facts = [to_stored(fact) for fact in aggregate.collect_events()]  # type: ignore[arg-type]
        if facts:
            self._unit_versions[aggregate.id] = facts[0].version - 1
            self.append(facts, origin)
        self.cache.put(aggregate)
        self._absent.discard(aggregate.id)
        return self.position

    def append(self, facts: Sequence[Stored], origin: Origin) -> None:
        """Append facts, each expecting its stream to be one version behind it.

        Raises `Conflict` when a stream is not.
        """
        for fact in facts:
            if self._version(fact.stream) != fact.version - 1:
                raise Conflict(f"{fact.stream} is not at version {fact.version - 1}")
            self._unit_versions[fact.stream] = fact.version
            self.position += 1
            self._events.append(
                {
                    "position": self.position,
                    "stream": fact.stream,
                    "version": fact.version,
                    "type": fact.type,
                    "schema": fact.schema,
                    "time_us": self.time_us,
                    "actor": origin.actor,
                    "unit": origin.unit,
                    "command_id": origin.command_id,
                    "on_behalf_of": origin.on_behalf_of,
                    "cause": origin.cause,
                    "data": fact.data.decode(),
                }
            )

    def _version(self, stream: str) -> int:
        for known in (self._unit_versions, self._versions):
            if stream in known:
                return known[stream]
        if (aggregate := self.cache.get(stream)) is not None:
            return aggregate.version
        if stream in self._absent:
            return 0
        query = sa.select(sa.func.max(events.c.version)).where(events.c.stream == stream)
        return self.connection.scalar(query) or 0

    def holder(self, rule: str, value: str) -> str | None:
        """Return the id of the record that holds a claim, or `None`."""
        for known in (self._unit_claims, self._claims):
            if (rule, value) in known:
                return known[rule, value]
        query = sa.select(claims.c.stream).where(claims.c.rule == rule, claims.c.value == value)
        holder: str | None = self.connection.scalar(query)
        return holder

    def claim(self, rule: str, value: str, stream: str | None) -> None:
        """Give a claim to a record, or to nobody."""
        self._unit_claims[rule, value] = stream

    def remember(self, keys: Iterable[tuple[str, str]]) -> None:
        """Look up which of these (command id, actor) were accepted before, in one query."""
        wanted = [key for key in dict.fromkeys(keys) if key not in self._done]
        for part in _parts(wanted, IN_ONE_QUERY):
            columns = ("command_id", "actor", *Done._fields)
            query = sa.select(*(operations.c[name] for name in columns)).where(
                operations.c.command_id.in_([command_id for command_id, _ in part]),
                operations.c.accepted,
            )
            self._done.update(dict.fromkeys(part))
            for row in self.connection.execute(query):
                answer = Done(row.digest, row.target, row.version, row.position)
                self._done[row.command_id, row.actor] = answer

    def done(self, command_id: str, actor: str) -> Done | None:
        """Return what an accepted command with this id was answered, or `None`."""
        if (command_id, actor) not in self._done:
            self.remember([(command_id, actor)])
        return self._done[command_id, actor]

    def log(self, operation: dict[str, Any]) -> None:
        """Enter an attempt to command in the operation log; `operation` has its columns."""
        number = self._operation + len(self._operations) - self._mark[1] + 1
        self._operations.append(operation | {"number": number, "time_us": self.time_us})
        if operation["accepted"]:
            key = (operation["command_id"], operation["actor"])
            self._done[key] = Done(*(operation[name] for name in Done._fields))

    def flush(self) -> int:
        """Send all units of work to the database. Returns the number of events."""
        if self._events:
            self.connection.execute(events.insert(), self._events)
        if self._operations:
            self.connection.execute(operations.insert(), self._operations)
        for (rule, value), stream in self._claims.items():
            match = sa.and_(claims.c.rule == rule, claims.c.value == value)
            self.connection.execute(claims.delete().where(match))
            if stream is not None:
                row = {"rule": rule, "value": value, "stream": stream}
                self.connection.execute(claims.insert(), row)
        if self._events or self._operations:
            at = {
                "position": self.position,
                "operation": self._operation,
                "time_us": self.time_us,
            }
            self.connection.execute(head.update(), at)
        return len(self._events)


def _parts(values: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    return (values[i : i + size] for i in range(0, len(values), size))
